"""Parts of fingerprints: the dependencies of a call by name, and differences between two sets of parts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

__all__ = ["Part", "PartKind", "Parts", "body_key", "combined_digest", "differences"]

_COMPACT = json.JSONEncoder(separators=(",", ":"))

PartKind: TypeAlias = Literal["code", "component", "setting", "library", "input", "file", "state"]


class Part(NamedTuple):
    """One dependency of a call."""

    kind: PartKind
    name: str
    """Path of a setting or component, name of code, of a library, of an argument, or of a file."""
    digest: str | None
    """Digest of its content; None if that cannot be determined."""
    shown: str = ""
    """The content for messages; empty if it is too long, or code."""
    place: str = ""
    """Its place: ``lolpop.yaml:9:22``, ``features.py:31``."""
    caller: str = ""
    """For code: the code that reaches it first."""

    @property
    def key(self) -> tuple[str, str]:
        """What identifies it among the parts of a call."""
        return self.kind, self.name


_DERIVED = frozenset({"digest", "dumped", "identity"})
"""Attributes of parts that are derived from all of them."""


class Parts:
    """The parts of one call, or of one method without arguments."""

    def __init__(self, parts: Iterable[Part] = ()) -> None:
        self._parts: dict[tuple[str, str], Part] = {}
        for part in parts:
            self.add(part)

    def add(self, part: Part) -> None:
        """Add ``part``, unless it is there."""
        key = part[:2]
        if key not in self._parts:
            self._parts[key] = part
            for derived in _DERIVED & self.__dict__.keys():
                del self.__dict__[derived]

    def __iter__(self) -> Iterator[Part]:
        return iter(self._parts.values())

    @property
    def lasting(self) -> Parts:
        """The parts without those that a run itself may change, such as which model is deployed."""
        return Parts(part for part in self if part.kind != "state")

    @property
    def determined(self) -> Parts:
        """The parts whose content is determined."""
        return Parts(part for part in self if part.digest is not None)

    @property
    def unknown(self) -> list[Part]:
        """The parts whose content cannot be determined: calls with such parts are never the same."""
        return [part for part in self if part.digest is None]

    @cached_property
    def digest(self) -> str | None:
        """One digest of all parts; None if one of them is unknown."""
        if self.unknown:
            return None
        content = sorted((*part.key, part.digest) for part in self)
        return hashlib.sha256(json.dumps(content).encode("utf-8", "surrogatepass")).hexdigest()

    @cached_property
    def dumped(self) -> str:
        """The parts as a text, for ``Parts.loaded``."""
        return _COMPACT.encode(list(self))

    @cached_property
    def identity(self) -> str:
        """What identifies the parts, in any order, whether or not all of them are known."""
        return hashlib.sha256(_COMPACT.encode(sorted(self)).encode("utf-8", "surrogatepass")).hexdigest()

    @classmethod
    def loaded(cls, text: str) -> Parts:
        """The parts that were dumped."""
        return cls(Part(*fields) for fields in json.loads(text))


def body_key(method: str) -> str:
    """The key of the body of a method among the parts that a store keeps, by the key of its parts."""
    return f"body {method}"


def combined_digest(method: Parts, inputs: Parts) -> str | None:
    """The digest of a call by its parts; None if one of them is unknown."""
    if method.digest is None or inputs.digest is None:
        return None
    return hashlib.sha256(f"{method.digest}{inputs.digest}".encode()).hexdigest()


def differences(old: Parts, new: Parts) -> list[str]:
    """The differences between two sets of parts, in a few words each, the most important first."""
    before: Mapping[tuple[str, str], Part] = {part.key: part for part in old}
    after: Mapping[tuple[str, str], Part] = {part.key: part for part in new}
    changed = {
        key
        for key in {*before, *after}
        if key not in before or key not in after or not _are_equal(before[key], after[key])
    }
    # Another implementation has other settings and other code: it is the difference.
    replaced = tuple(f"{name}." for kind, name in changed if kind == "component")
    lines = [
        _described(before.get(key), after.get(key))
        for key in sorted(changed, key=_importance)
        if key[0] == "component" or not (replaced and key[1].startswith(replaced))
    ]
    return list(dict.fromkeys(lines))


_ORDER = ("component", "setting", "code", "file", "state", "input", "library")


def _importance(key: tuple[str, str]) -> tuple[int, str]:
    return _ORDER.index(key[0]) if key[0] in _ORDER else len(_ORDER), key[1]


def _are_equal(old: Part, new: Part) -> bool:
    return old.digest is not None and old.digest == new.digest


def _described(old: Part | None, new: Part | None) -> str:
    part = new or old
    assert part is not None  # noqa: S101  (the key is of one of them)
    if part.kind == "code":
        return _described_code(part, is_new=old is None, is_gone=new is None)
    if new is not None and new.digest is None:
        return f"{part.name}: its content cannot be determined"
    if part.kind == "file" and not part.shown:
        return f"{part.name}: {'content' if old and new else 'read' if new else 'no longer read'}"
    change = _change(old, new)
    if part.kind == "library":
        return f"{part.name} {change}"
    return f"{part.name}: {change}" + (f" ({new.place})" if new is not None and new.place else "")


def _described_code(part: Part, *, is_new: bool, is_gone: bool) -> str:
    description = f"{part.place} {part.name}".strip()
    caller = f", called by {part.caller}" if part.caller else ""
    return description + caller + (" (new)" if is_new else " (no longer used)" if is_gone else "")


def _change(old: Part | None, new: Part | None) -> str:
    before = "unset" if old is None else old.shown
    after = "unset" if new is None else new.shown
    if before == after:  # what is shown is shortened or masked
        return "content"
    return f"{before} → {after}"
