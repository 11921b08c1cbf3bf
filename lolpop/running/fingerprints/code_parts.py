"""The code that is reached, by its parts."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CodePart", "CodeParts"]


class CodePart(NamedTuple):
    """One function, class, constant or module that is reached."""

    name: str
    """Module and qualified name, such as ``features.clean_names``."""
    digest: str
    place: str = ""
    """File and line, such as ``features.py:31``."""
    caller: str = ""
    """The name of the part that reaches it first; empty for what was asked for."""


class CodeParts(NamedTuple):
    """The code that some functions and classes reach."""

    parts: dict[str, CodePart]
    versions: dict[str, str]
    """The versions of the distributions that are used, by name."""
