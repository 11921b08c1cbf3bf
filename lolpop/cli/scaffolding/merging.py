"""Merging two texts that were made from one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

__all__ = ["Merge", "merge"]

_LABELS = ("<<<<<<< yours", "||||||| the earlier template", "=======", ">>>>>>> today's template")


@dataclass(frozen=True, slots=True)
class Merge:
    """The lines of both texts; where they contradict each other, both stand between marks, as in diff3."""

    text: str
    conflicts: tuple[str, ...]
    """What stands between marks."""


def merge(base: str, yours: str, theirs: str) -> Merge:
    """Merge ``yours`` and ``theirs``, both made from ``base``, line by line."""
    texts = [text.splitlines() for text in (base, yours, theirs)]
    lines: list[str] = []
    conflicts: list[str] = []
    for old, own, new in _chunks(*texts):
        if own == new or new == old:
            lines += own
        elif own == old:
            lines += new
        else:
            conflict = [_LABELS[0], *own, _LABELS[1], *old, _LABELS[2], *new, _LABELS[3]]
            conflicts.append("\n".join(conflict))
            lines += conflict
    return Merge("".join(f"{line}\n" for line in lines), tuple(conflicts))


def _chunks(
    base: Sequence[str], yours: Sequence[str], theirs: Sequence[str]
) -> Iterator[tuple[Sequence[str], Sequence[str], Sequence[str]]]:
    """The texts in pieces that belong together: by turns what differs, and what is common to all."""
    done = (0, 0, 0)
    for place, own, new, size in _common(base, yours, theirs):
        yield base[done[0] : place], yours[done[1] : own], theirs[done[2] : new]
        common = base[place : place + size]
        yield common, common, common
        done = place + size, own + size, new + size


def _common(
    base: Sequence[str], yours: Sequence[str], theirs: Sequence[str]
) -> Iterator[tuple[int, int, int, int]]:
    """The runs of lines that all have: the place in each of them, and the length; the last run is empty."""
    own_blocks, new_blocks = (
        SequenceMatcher(None, base, other, autojunk=False).get_matching_blocks() for other in (yours, theirs)
    )
    at, beside = 0, 0
    while at < len(own_blocks) and beside < len(new_blocks):
        own, new = own_blocks[at], new_blocks[beside]
        start, end = max(own.a, new.a), min(own.a + own.size, new.a + new.size)
        if start < end:
            yield start, own.b + start - own.a, new.b + start - new.a, end - start
        if own.a + own.size < new.a + new.size:
            at += 1
        else:
            beside += 1
    yield len(base), len(yours), len(theirs), 0
