"""What a source of settings says, as a tree whose every value knows where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from lolpop.errors import DEFAULT, Origin

__all__ = ["DEEPEST", "Layer", "Node", "mapping_of", "nests_too_deeply", "plain"]

_JSON_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')

DEEPEST = 100
"""Levels of nesting that settings may have."""

Scalar: TypeAlias = Any
"""What a source gives for one setting: text, numbers, dates, None; in code, any object."""


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a source: a scalar, or nodes by key or index, and where it stands.

    In sources made of single names (variables, flags, overrides) a name may be given beside others below
    it, such as ``LOLPOP_STORE=sql`` beside ``LOLPOP_STORE__URL=…``. Its value then stands in their mapping,
    first, under the empty key, which no file can hold.
    """

    value: Scalar | Mapping[str, Node] | tuple[Node, ...]
    origin: Origin
    key_origin: Origin | None = None
    """Of the key, where the value stands under one: errors about unknown keys point there."""
    text: bool = False
    """Given as text (a variable, a flag): it may be JSON, as the type that reads it decides."""

    @property
    def is_default(self) -> bool:
        """Whether no source gave it."""
        return self.origin == DEFAULT


@dataclass(frozen=True, slots=True)
class Layer:
    """What one source says."""

    name: str
    """What a person calls the source: ``lolpop.yaml``, ``.env``, ``environment``, ``command line``."""
    root: Node
    """A mapping."""
    folded: bool = False
    """Its keys have no case of their own: they are lower-case, and match declared names of any case."""


def mapping_of(leaves: Iterable[tuple[tuple[str, ...], Node]], origin: Origin) -> Node:
    """The mapping that nodes at paths make together; of two at the same path the later one counts."""
    below: dict[str, list[tuple[tuple[str, ...], Node]]] = {}
    own: dict[str, Node] = {}
    for path, leaf in leaves:
        if path:
            below.setdefault(path[0], []).append((path[1:], leaf))
        elif leaf.value != {}:
            own = {"": leaf}
    return Node(own | {key: _child(inner) for key, inner in below.items()}, origin, origin)


def plain(node: Node) -> Any:
    """The value of a node without origins, in dicts and lists; texts stay texts."""
    if isinstance(node.value, Mapping):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, tuple):
        return [plain(child) for child in node.value]
    return node.value


def nests_too_deeply(value: object) -> bool:
    """Whether mappings and sequences, or text that is JSON of such, nest deeper than settings may."""
    if isinstance(value, str):
        return value.lstrip()[:1] in ("{", "[") and _depth_of_json(value) > DEEPEST
    level = [value]
    for _ in range(DEEPEST):
        level = [
            child
            for outer in level
            if isinstance(outer, Mapping | list | tuple)
            for child in (outer.values() if isinstance(outer, Mapping) else outer)
        ]
        if not level:
            return False
    return True


def _depth_of_json(text: str) -> int:
    depth = deepest = 0
    for letter in _JSON_TEXT.sub("", text):
        depth += (letter in "{[") - (letter in "}]")
        deepest = max(deepest, depth)
    return deepest


def _child(leaves: list[tuple[tuple[str, ...], Node]]) -> Node:
    if any(path for path, _ in leaves):
        return mapping_of(leaves, leaves[0][1].origin)
    return leaves[-1][1]
