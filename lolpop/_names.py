"""Near names, for messages that say what may have been meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def near(name: str, known: Iterable[str]) -> str | None:
    """The known name that is nearest to ``name``, if any is near."""
    by_folded = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(name.lower(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """The sentence that proposes the known name nearest to ``name``; None if none is near."""
    candidate = near(name, known)
    return f"Did you mean {_visible(candidate)}?" if candidate else None


def one_of(name: str, known: Iterable[str], *, what: str = "Known") -> str:
    """``did_you_mean``, or all known names where none is near."""
    names = sorted(known)
    shown = ", ".join(map(_visible, names))
    return did_you_mean(name, names) or (f"{what}: {shown}." if names else f"{what}: none.")


def _visible(name: str) -> str:
    # Nobody sees a space at the end of a name, or a name of nothing.
    return name if name and name == name.strip() else repr(name)
