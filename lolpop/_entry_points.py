"""Entry points of installed packages, read without importlib.metadata: importing that takes longer."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_METADATA = re.compile(r"(?P<name>[^-]+)(?:-(?P<version>[^-]+))?(?:-.*)?\.(?:dist|egg)-info$")
_FILE = "entry_points.txt"


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """A name that an installed distribution registers, and its import path."""

    group: str
    name: str
    value: str
    distribution: str


def scan(path: Sequence[str], prefix: str) -> list[EntryPoint]:
    """The entry points in groups that begin with ``prefix``, of all distributions on a search path.

    If a distribution is installed twice, the first one counts, as for imports.
    """
    entries: list[EntryPoint] = []
    seen: set[str] = set()
    for place in path:
        for distribution, text in _texts(place or os.curdir):
            folded = re.sub(r"[-_.]+", "-", distribution).lower()
            if folded in seen:
                continue
            seen.add(folded)
            if f"[{prefix}" in text:
                entries += _parsed(text.splitlines(), prefix, folded)
    return entries


def _texts(place: str) -> Iterator[tuple[str, str]]:
    """Each distribution in a folder, or in an archive, with the text that declares its entry points."""
    try:
        names = sorted(os.listdir(place))  # noqa: PTH208  (Path takes several times as long)
    except NotADirectoryError:
        yield from _texts_in_archive(place)
        return
    except OSError:
        return
    for name in names:
        if (match := _METADATA.match(name)) is not None:
            yield match["name"], _text(f"{place}/{name}/{_FILE}")


def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _texts_in_archive(place: str) -> Iterator[tuple[str, str]]:
    from importlib.metadata import distributions

    for distribution in distributions(path=[place]):
        yield distribution.name, distribution.read_text(_FILE) or ""


def _parsed(lines: Iterable[str], prefix: str, distribution: str) -> Iterator[EntryPoint]:
    group = ""
    for line in map(str.strip, lines):
        if line.startswith("["):
            group = line.strip("[]").strip()
        elif line and line[0] not in "#;" and group.startswith(prefix):
            name, equals, value = line.partition("=")
            if equals:
                # Extras in brackets were for pkg_resources and are ignored.
                yield EntryPoint(group, name.strip(), value.partition("[")[0].strip(), distribution)
