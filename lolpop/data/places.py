"""Files and folders that settings name, and which locations are the same."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import has_magic
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import unquote, urlsplit

from lolpop.errors import Origin

__all__ = ["WRITING", "Access", "Place", "Places", "is_same_file"]

Access: TypeAlias = Literal["read", "written", "appended", "kept"]
"""The use of a file: it is read, replaced as a whole, appended to, or owned by a component."""

WRITING: frozenset[Access] = frozenset({"written", "appended"})
"""Uses that destroy a file that is also used otherwise."""

_ALIASES = {"s3a": "s3", "s3n": "s3", "gcs": "gs", "local": "file", "abfss": "abfs", "adl": "abfs"}
_CACHES = ("simplecache", "filecache", "blockcache", "cached")
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """A file, a folder with its content, or all files that match a pattern, that a setting names.

    ``location`` is an absolute path or a URL. In messages, its name is ``name``, or else the setting.
    """

    setting: str
    location: str
    access: Access
    is_folder: bool = False
    name: str = ""
    origin: Origin | None = None
    is_pattern: bool = False

    def holds(self, location: str) -> bool:
        """Whether ``location`` is this file, by any spelling or link, is in this folder, or matches it."""
        if self.is_pattern:
            return _matches(location, self.location)
        return (
            _is_within(location, self.location) if self.is_folder else is_same_file(location, self.location)
        )

    @property
    def shown(self) -> str:
        """Its name in messages."""
        name = self.name or f"{'one of the files' if self.is_pattern else 'the file'} of {self.setting}"
        return f"in {name}" if self.is_folder else name


class Places:
    """All places that the settings of a container name, computed at each call."""

    __slots__ = ("_named",)

    def __init__(self, named: Callable[[], Iterable[Place]]) -> None:
        self._named = named

    def protecting(self, location: str) -> Place | None:
        """The place that a file written at ``location`` would wrongly replace, or lie in."""
        for place in self._named():
            if place.access != "written" and place.holds(location):
                return place
        return None


def is_same_file(one: str, other: str) -> bool:
    """Whether two locations are one file: by another spelling, by a link, or by a URL."""
    first, second = _plain(one), _plain(other)
    if first == second:
        return True
    if _SCHEME.match(first) or _SCHEME.match(second):
        return False
    try:
        return Path(first).samefile(second)
    except (OSError, ValueError):  # one of them does not exist, or cannot
        return False


def _is_within(location: str, folder: str) -> bool:
    inner, outer = _plain(location), _plain(folder)
    return inner == outer or inner.startswith(f"{outer.rstrip('/')}/")


def _matches(location: str, pattern: str) -> bool:
    """Whether a file would be among those of ``pattern``, whose ``*`` matches no slash, and ``**`` does."""
    place, names = _plain(location).split("/"), pattern.split("/")
    first = next((at for at, name in enumerate(names) if has_magic(name)), len(names))
    folder = _plain("/".join(names[:first])).split("/")
    return place[: len(folder)] == folder and _match_names(place[len(folder) :], names[first:])


def _match_names(names: Sequence[str], patterns: Sequence[str]) -> bool:
    if not patterns:
        return not names
    first, *rest = patterns
    if first == "**":
        return any(_match_names(names[start:], rest) for start in range(len(names) + 1))
    return bool(names) and fnmatchcase(names[0], first) and _match_names(names[1:], rest)


def _plain(location: str) -> str:
    """The canonical spelling of a location: a path without links, or a normalised URL."""
    while (match := _SCHEME.match(location)) or "::" in location:
        before, chained, after = location.partition("::")
        if chained and before.partition("://")[0].lower() in _CACHES:
            location = after  # a copy of what comes after it
            continue
        if match is None:
            break
        scheme = match["scheme"].lower()
        scheme = _ALIASES.get(scheme, scheme)
        if scheme != "file":
            return _plain_url(scheme, match["rest"])
        location = match["rest"]
    try:
        return os.path.realpath(Path(location).expanduser())
    except (OSError, ValueError, RuntimeError):  # no such user, a NUL byte
        return location


def _plain_url(scheme: str, rest: str) -> str:
    if scheme in {"http", "https"}:
        try:
            parts = urlsplit(f"//{rest}")
        except ValueError:  # it is no URL
            return f"{scheme}://{rest}"
        path = posixpath.normpath(unquote(parts.path) or "/")
        return f"{scheme}://{parts.netloc.rpartition('@')[2].lower()}{path}?{parts.query}"
    authority, slash, key = rest.partition("?")[0].lstrip("/").partition("/")
    key = posixpath.normpath(key).lstrip("/") if key else ""
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{key}"
