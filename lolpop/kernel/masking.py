"""Masking the secrets of a container in texts of libraries, such as errors of database drivers."""

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
"""Secrets of fewer characters are not masked: they occur in too many texts by chance."""

_NAME = re.compile(r"[A-Za-z_]+")

_LONG = 8
"""Secrets of this many characters do not occur in words by chance."""


def masked(root: Scope, text: str) -> str:
    """The text without the secrets of a tree of containers.

    Secrets are the values of pydantic's secret types, values that came by ``${env:…}`` (shown as the link),
    and the passwords in URLs.
    """
    return masker(root)(text)


def masker(root: Scope, *, names: bool = True) -> Callable[[str], str]:
    """A function that does what ``masked`` does, for many texts.

    Without ``names``, plain words that came by a variable are not masked: they may be names of columns.
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
    """The values of secret types, however short."""
    return {secret for value in _setting_values(root) for secret in secrets_of(value) if secret}


def _anywhere(secret: str) -> str:
    """The pattern of a secret in a text; a short secret is not searched inside words."""
    pattern = re.escape(secret)
    return pattern if len(secret) >= _LONG else rf"(?<!\w){pattern}(?!\w)"


def _names(root: Scope) -> Iterator[str]:
    """The names of columns and of the model in the problem of a container."""
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
    """Each secret, the text that is shown for it, and whether it counts as a secret only because it came by
    a variable.
    """
    secrets = {secret for value in _setting_values(root) for secret in secrets_of(value)}
    for secret in secrets:
        yield secret, MASK, False
    for name, value in root.configuration.links.linked_variables().items():
        # A secret that came by a variable is shown as the link to that.
        yield value, f"${{env:{name}}}", value not in secrets
        for secret in url_secrets(value):
            yield secret, MASK, False
