"""Keeping the secrets of a container out of texts that others wrote, such as the errors of drivers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from lolpop._urls import MASK, mask_urls, url_secrets
from lolpop.settings.secrets import secrets_of

if TYPE_CHECKING:
    from lolpop.kernel.scopes import Scope

__all__ = ["masked", "masker", "secrets_in"]

_SHORTEST = 4
"""Characters of a secret worth the name: shorter texts stand in too many others by chance."""

_NAME = re.compile(r"[A-Za-z_]+")

_LONG = 8
"""Characters of a secret that stands in no word by chance."""


def masked(root: Scope, text: str) -> str:
    """The text without the secrets of a tree of containers.

    Those are what settings of pydantic's secret types hold, what came by ``${env:…}`` (the link stands in its
    place), and the secrets in URLs.
    """
    return masker(root)(text)


def masker(root: Scope, *, names: bool = True) -> Callable[[str], str]:
    """What ``masked`` does, for many texts.

    Without ``names``, words that came by a variable stay: the name of a column may have come so.
    """
    columns = set() if names else set(_names(root))
    shown = {
        secret: shown
        for secret, shown, by_variable in _secrets(root)
        if len(secret) >= _SHORTEST
        and (names or not by_variable or not (_NAME.fullmatch(secret) or secret in columns))
    }
    if not shown:
        return mask_urls
    longest_first = sorted(shown, key=len, reverse=True)
    pattern = re.compile("|".join(map(_anywhere, longest_first)))

    def mask(text: str) -> str:
        return mask_urls(pattern.sub(lambda secret: shown[secret[0]], text))

    return mask


def secrets_in(root: Scope) -> set[str]:
    """What settings of secret types hold, however short it is."""
    return {secret for value in _setting_values(root) for secret in secrets_of(value) if secret}


def _anywhere(secret: str) -> str:
    """The pattern of a secret in a text; a short one is not looked for inside of words."""
    pattern = re.escape(secret)
    return pattern if len(secret) >= _LONG else rf"(?<!\w){pattern}(?!\w)"


def _names(root: Scope) -> Iterator[str]:
    """The names of columns, and of the model, that the problem of a container is told by."""
    from lolpop.problem import Problem

    for problem in _setting_values(root):
        if isinstance(problem, Problem):
            for value in dict(problem).values():
                yield from value if isinstance(value, tuple) else [str(value)]


def _setting_values(root: Scope) -> Iterator[Any]:
    for scope in root.walk():
        for cell in scope.cells.values():
            yield from cell.setting_values()


def _secrets(root: Scope) -> Iterator[tuple[str, str, bool]]:
    """Each secret, what is shown for it, and whether nothing but a link to a variable says that it is one."""
    secrets = {secret for value in _setting_values(root) for secret in secrets_of(value)}
    for secret in secrets:
        yield secret, MASK, False
    for name, value in root.configuration.links.linked_variables().items():
        # A secret that came by a variable is shown as the link to that.
        yield value, f"${{env:{name}}}", value not in secrets
        for secret in url_secrets(value):
            yield secret, MASK, False
