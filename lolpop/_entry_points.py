"""Entry points of installed packages, read without importlib.metadata: importing that takes longer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lolpop._distributions import canonical, metadata_folders, read_text

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
        for distribution, text in _texts(place):
            folded = canonical(distribution)
            if folded in seen:
                continue
            seen.add(folded)
            if f"[{prefix}" in text:
                entries += _parsed(text.splitlines(), prefix, folded)
    return entries


def _texts(place: str) -> Iterator[tuple[str, str]]:
    """Each distribution in a folder, or in an archive, with the text that declares its entry points."""
    try:
        for name, _, folder in metadata_folders(place):
            yield name, read_text(f"{folder}/{_FILE}") or ""
    except NotADirectoryError:
        yield from _texts_in_archive(place)


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
