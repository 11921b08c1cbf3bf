"""The content of a source of settings, as a tree whose values know their origins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from lolpop.errors import DEFAULT, Origin

__all__ = [
    "Layer",
    "Node",
    "SettingPath",
    "Statement",
    "leaves",
    "mapping_of",
    "node_of",
    "plain",
]

SettingPath: TypeAlias = tuple[str, ...]
"""The keys that lead to a setting, and the indexes of lists as text."""

Scalar: TypeAlias = Any
"""The value of one setting in a source: text, numbers, dates, None; in code, any object."""


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a source: a scalar, or nodes by key or index, with its origin."""

    value: Scalar | Mapping[str, Node] | tuple[Node, ...]
    origin: Origin
    key_origin: Origin | None = None
    """The origin of its key, if it has one: errors about unknown keys point there."""
    text: bool = False
    """Set as text (a variable, a flag): it may be JSON, as the type that reads it decides."""
    json: str | None = None
    """The text that the mapping or list was read from, which a type may take as it is."""
    own: Node | None = None
    """The value of the mapping itself, if a source sets that beside keys below it.

    Variables, flags and overrides can: ``LOLPOP_STORE=sql`` beside ``LOLPOP_STORE__URL=…``. It is weaker
    than the keys below.
    """

    @property
    def is_default(self) -> bool:
        """Whether no source gave it."""
        return self.origin == DEFAULT


@dataclass(frozen=True, slots=True)
class Layer:
    """The settings of one source."""

    name: str
    """The name of the source in messages: ``lolpop.yaml``, ``.env``, ``environment``, ``command line``."""
    root: Node
    """A mapping."""
    case_insensitive: bool = False
    """Its keys are lower-case, and match declared names of any case."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The settings of one layer for one section."""

    rank: int
    """The index of the layer, weakest first; -1 for a default of the declaration."""
    layer: Layer
    node: Node


def mapping_of(values: Iterable[tuple[SettingPath, Node]], origin: Origin) -> Node:
    """The mapping of nodes at their paths; of two at the same path the later one counts."""
    below: dict[str, list[tuple[SettingPath, Node]]] = {}
    own: Node | None = None
    for path, node in values:
        if path:
            below.setdefault(path[0], []).append((path[1:], node))
        elif node.value != {}:
            own = node
    return Node({key: _child(inner) for key, inner in below.items()}, origin, origin, own=own)


def node_of(value: Any, origin: Origin) -> Node:
    """Nodes for a value in code."""
    if isinstance(value, Mapping):
        return Node({str(key): node_of(child, origin) for key, child in value.items()}, origin, origin)
    if isinstance(value, list | tuple):
        return Node(tuple(node_of(child, origin) for child in value), origin, origin)
    return Node(value, origin, origin)


def leaves(node: Node, path: SettingPath = ()) -> Iterator[tuple[SettingPath, Node]]:
    """Every value below a node that is neither a mapping nor a sequence, with its path."""
    if node.own is not None:
        yield from leaves(node.own, path)
    if isinstance(node.value, Mapping):
        for key, child in node.value.items():
            yield from leaves(child, (*path, key))
    elif isinstance(node.value, tuple):
        for index, child in enumerate(node.value):
            yield from leaves(child, (*path, str(index)))
    else:
        yield path, node


def plain(node: Node) -> Any:
    """The value of a node without origins, in dicts and lists; texts stay texts."""
    if isinstance(node.value, Mapping):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, tuple):
        return [plain(child) for child in node.value]
    return node.value


def _child(values: list[tuple[SettingPath, Node]]) -> Node:
    if any(path for path, _ in values):
        return mapping_of(values, values[0][1].origin)
    return values[-1][1]
