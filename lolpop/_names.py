"""Similar names for suggestions in messages, and unused names."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

_FEW = 64
"""Up to this many names are compared one by one."""

_POSTINGS = 256
"""The most entries of the index that one search reads, those of the rarest letters first."""

_COMPARED = 8
"""How many names, chosen by the index, are compared with one."""

_LISTED = 20
"""How many names a message lists."""


class Names:
    """Names to search for similar ones. The index is built once."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_folded: dict[str, list[str]] = {}
        for name in dict.fromkeys(names):
            self._by_folded.setdefault(name.lower(), []).append(name)
        self._index: dict[str, list[str]] | None = None

    @classmethod
    def of(cls, names: Iterable[str] | Names) -> Names:
        """``names`` as Names; returned as they are if they are Names already."""
        return names if isinstance(names, Names) else cls(names)

    def __bool__(self) -> bool:
        return bool(self._by_folded)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._by_folded.get(name.lower(), ())

    def near(self, name: str) -> str | None:
        """The name that is nearest to ``name``, if any is near."""
        folded = name.lower()
        matches = [folded]
        if folded not in self._by_folded:
            matches = difflib.get_close_matches(folded, self._candidates(folded), n=1, cutoff=0.6)
        if not matches:
            return None
        # Of names that differ in case only, the one with the nearest case wins.
        return max(
            self._by_folded[matches[0]],
            key=lambda candidate: difflib.SequenceMatcher(None, candidate, name).ratio(),
        )

    def listed(self) -> str:
        """The names in their order; of many, only the first."""
        names = sorted(name for names in self._by_folded.values() for name in names)
        shown = ", ".join(map(_visible, names[:_LISTED]))
        return f"{shown}, … ({len(names)} in all)" if len(names) > _LISTED else shown

    def _candidates(self, folded: str) -> Iterable[str]:
        if len(self._by_folded) <= _FEW:
            return self._by_folded
        if self._index is None:
            self._index = {}
            for name in self._by_folded:
                for pair in _pairs(name):
                    self._index.setdefault(pair, []).append(name)
        shared: Counter[str] = Counter()
        for postings in sorted((self._index.get(pair, []) for pair in _pairs(folded)), key=len):
            shared.update(postings[:_POSTINGS])
            if shared.total() > _POSTINGS:
                break
        return [name for name, _ in shared.most_common(_COMPARED)]


def near(name: str, names: Iterable[str] | Names) -> str | None:
    """The known name that is nearest to ``name``, if any is near."""
    return Names.of(names).near(name)


def did_you_mean(name: str, names: Iterable[str] | Names) -> str | None:
    """The sentence that proposes the known name nearest to ``name``; None if none is near."""
    candidate = near(name, names)
    return f"Did you mean {_visible(candidate)}?" if candidate else None


def one_of(name: str, names: Iterable[str] | Names, *, what: str = "Known") -> str:
    """``did_you_mean``, or all known names if none is near."""
    names = Names.of(names)
    return did_you_mean(name, names) or f"{what}: {names.listed() or 'none'}."


def with_article(noun: str, *, capital: bool = False) -> str:
    """A noun, such as the name of a type, after its indefinite article: ``an object``."""
    article = "an" if noun[:1].lower() in "aeio" else "a"
    return f"{article.capitalize() if capital else article} {noun}"


def shortened(text: str, limit: int = 120) -> str:
    """The text as a message quotes it: the middle of a long one is left out."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}…{text[-half // 2 :]} ({len(text)} characters)"


def _pairs(name: str) -> Iterator[str]:
    """The pairs of letters in a name, its ends included, each once."""
    padded = f" {name} "
    return iter(dict.fromkeys(padded[at : at + 2] for at in range(len(padded) - 1)))


def free_name(name: str, taken: Collection[str]) -> str:
    """``name``, or one like it that is not among those that are ``taken``."""
    while name in taken:
        name += "_"
    return name


def _visible(name: str) -> str:
    # A space at the end, or an empty name, would be invisible.
    return shortened(name) if name and name == name.strip() else repr(name)
