"""Keeping the secrets of a container out of texts that others wrote, such as the errors of drivers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lolpop.settings.secrets import MASK, mask_urls

if TYPE_CHECKING:
    from lolpop.kernel.scopes import Scope

__all__ = ["masked", "masker"]

_SHORTEST = 4
"""Characters of a secret worth the name: shorter texts stand in too many others by chance."""

_LONG = 8
"""Characters of a secret that stands in no word by chance."""


def masked(root: Scope, text: str) -> str:
    """The text without the secrets of a tree of containers.

    Those are what settings of pydantic's secret types hold, what came by ``${env:…}`` (the link stands in its
    place), and the user part of any URL.
    """
    return masker(root)(text)


def masker(root: Scope) -> Callable[[str], str]:
    """What ``masked`` does, for many texts."""
    shown = {secret: shown for secret, shown in _secrets(root) if len(secret) >= _SHORTEST}
    if not shown:
        return mask_urls
    longest_first = sorted(shown, key=len, reverse=True)
    pattern = re.compile("|".join(map(_anywhere, longest_first)))

    def mask(text: str) -> str:
        return mask_urls(pattern.sub(lambda found: shown[found[0]], text))

    return mask


def _anywhere(secret: str) -> str:
    """The pattern of a secret in a text; a short one is not looked for inside of words."""
    pattern = re.escape(secret)
    return pattern if len(secret) >= _LONG else rf"(?<!\w){pattern}(?!\w)"


def _secrets(root: Scope) -> Iterator[tuple[str, str]]:
    from lolpop.kernel.providers.queries import slots_in

    for slot in slots_in(root):
        for secret in slot.secrets():
            yield secret, MASK
    for name, value in root.configuration.links.linked_variables().items():
        yield value, f"${{env:{name}}}"
