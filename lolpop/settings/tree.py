"""One tree of settings out of all sources: which source says what, and which of them counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from lolpop.errors import Origin
from lolpop.settings.nodes import Layer, Node

__all__ = [
    "NOTHING",
    "Entry",
    "KnownKeys",
    "Path",
    "Section",
    "Tree",
    "child_of",
    "is_users_own",
    "leaves",
    "merge",
    "node_of",
    "parsed",
    "sequence_of",
]

Path: TypeAlias = tuple[str, ...]

KnownKeys: TypeAlias = Callable[[Path], Iterable[str]]
"""The declared keys below a path that is relative to a section; none where a mapping is free-form."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one layer says of one setting. ``path`` is relative to the section that it belongs to."""

    path: Path
    node: Node
    layer: str
    rank: int
    dropped: str | None = None
    """Why it does not count although nothing stronger sets it."""
    above: tuple[Node, ...] = ()
    """The mappings that lead to it, the section first: they know where their own keys stand."""


@dataclass(frozen=True, slots=True)
class Section:
    """What all layers say of one part of the tree."""

    use: Entry | None
    """The entry that names the implementation, if any does."""
    root: Node
    """The settings that count, merged; a mapping."""
    history: tuple[Entry, ...]
    """Everything that was said, strongest first."""


NOTHING = Section(None, Node({}, Origin("default")), ())
"""What is said of a section that no source speaks of."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The layers of all sources, weakest first, read as one tree."""

    layers: tuple[Layer, ...] = ()

    def nodes(self, path: Path) -> list[tuple[int, Layer, Node]]:
        """What each layer says at ``path``, weakest first, with the layer's rank."""
        found = ((rank, layer, _at(layer, path)) for rank, layer in enumerate(self.layers))
        return [(rank, layer, node) for rank, layer, node in found if node is not None]

    def node(self, path: Path) -> Node | None:
        """What the strongest layer that speaks of ``path`` says there."""
        found = self.nodes(path)
        return found[-1][2] if found else None

    def keys(self, path: Path) -> dict[str, list[Node]]:
        """The keys that any layer has in the mapping at ``path``, each with its nodes, weakest first."""
        keys: dict[str, list[Node]] = {}
        for _, _, node in self.nodes(path):
            if isinstance(node.value, Mapping):
                for key, child in node.value.items():
                    keys.setdefault(key, []).append(child)
        return keys

    def section(
        self,
        path: Path,
        *,
        default_use: str | None = None,
        known: KnownKeys = lambda _: (),
        skip: Collection[str] = (),
        whole: bool = False,
    ) -> Section:
        """Merge what the layers say at ``path``.

        With ``whole`` it is one value, of which ``use`` is an ordinary key. Otherwise ``use``, or a scalar in
        place of the mapping, names an implementation, and when a layer names another one than the weaker
        layers did (``default_use`` where none did), what those said is dropped. Keys in ``skip`` belong to
        somebody else.
        """
        return merge(self.nodes(path), default_use=default_use, known=known, skip=skip, whole=whole)


def merge(
    nodes: Iterable[tuple[int, Layer, Node]],
    *,
    default_use: object = None,
    called: Callable[[object], object] = lambda use: use,
    known: KnownKeys = lambda _: (),
    skip: Collection[str] = (),
    whole: bool = False,
) -> Section:
    """Merge nodes of several layers, weakest first, as ``Tree.section`` describes.

    ``called`` gives the same for whatever names the same implementation.
    """
    nodes = list(nodes)
    use: Entry | None = None
    current = called(default_use)
    said: list[Entry] = []
    skipped = {key.lower() for key in skip}
    for rank, layer, given in nodes:
        node = _expanded(given)
        if whole:
            # An empty mapping is a value too.
            said.extend(
                _entries(node, layer, rank) if node.value != {} else [Entry((), node, layer.name, rank)]
            )
            continue
        named, own = _split(node, skipped if layer.folded else skip)
        if named is not None:
            use = Entry(("use",), named, layer.name, rank)
            if (name := called(named.value)) != current:
                reason = f"{layer.name} uses {name!r} instead"
                said = [replace(old, dropped=old.dropped or reason) for old in said]
            current = name
            said.append(use)
        said.extend(_entries(own, layer, rank))
    said = _named(said, {rank for rank, layer, _ in nodes if layer.folded}, known)
    counting = [entry for entry in said if entry.dropped is None and (whole or entry.path != ("use",))]
    return Section(use, _merged(counting), tuple(reversed(said)))


def parsed(node: Node) -> Any:
    """The scalar of a leaf; text that is JSON is read as JSON."""
    if not node.text or not isinstance(node.value, str):
        return node.value
    try:
        return json.loads(node.value)
    except ValueError:
        return node.value


def is_users_own(section: Path, key: str) -> bool:
    """Whether a key is the user's to fill, such as with parts of YAML to repeat: ``x-…`` at the root."""
    return not section and key.startswith("x-")


def child_of(node: Node, step: str | int) -> Node | None:
    """The child of a mapping by key or of a sequence by index; None if there is none."""
    if isinstance(node.value, Mapping):
        return node.value.get(str(step))
    if isinstance(node.value, tuple) and str(step).isdecimal() and int(step) < len(node.value):
        return node.value[int(step)]
    return None


def node_of(value: Any, origin: Origin) -> Node:
    """Nodes for a value given in code."""
    if isinstance(value, Mapping):
        return Node({str(key): node_of(child, origin) for key, child in value.items()}, origin, origin)
    if isinstance(value, list | tuple):
        return Node(tuple(node_of(child, origin) for child in value), origin, origin)
    return Node(value, origin, origin)


def leaves(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """What stands in a node that is neither a mapping nor a sequence, with its path."""
    if isinstance(node.value, Mapping):
        for key, child in node.value.items():
            yield from leaves(child, (*path, key))
    elif isinstance(node.value, tuple):
        for index, child in enumerate(node.value):
            yield from leaves(child, (*path, str(index)))
    else:
        yield path, node


def sequence_of(node: Node) -> Node:
    """The node with text that is a JSON list read as nodes."""
    return _expanded(node)


def _at(layer: Layer, path: Path) -> Node | None:
    node: Node | None = layer.root
    for step in path:
        if node is None:
            return None
        node = child_of(_expanded(node), step.lower() if layer.folded else step)
    return node


def _split(node: Node, skip: Collection[str]) -> tuple[Node | None, Node]:
    """The node that names the implementation, and the mapping of everything else."""
    if not isinstance(node.value, Mapping):
        nothing = replace(node, value={}, text=False)
        return (None, nothing) if node.value is None else (node, nothing)
    # A variable for the section itself beside variables for its keys stands under the empty key.
    named = node.value.get("use") or node.value.get("")
    own = {key: child for key, child in node.value.items() if key not in {"use", "", *skip}}
    return named, replace(node, value=own)


def _entries(
    node: Node, layer: Layer, rank: int, path: Path = (), above: tuple[Node, ...] = ()
) -> Iterator[Entry]:
    """The leaves below a node; sequences are leaves, and so is an empty mapping below the top."""
    if isinstance(node.value, Mapping) and (node.value or not path):
        inner = (*above, node)
        for key, child in node.value.items():
            # What stands under the empty key is the value of the mapping itself.
            yield from (
                _entries(child, layer, rank, (*path, key), inner)
                if key
                else _entries(child, layer, rank, path, above)
            )
    else:
        yield Entry(path, node, layer.name, rank, above=above)


def _named(said: Sequence[Entry], folded: Collection[int], known: KnownKeys) -> list[Entry]:
    """Give keys of layers without case the case of the declared key, or of the one in another layer."""
    if not any(entry.rank in folded for entry in said):
        return list(said)
    cased: dict[Path, set[str]] = {}
    for entry in said:
        if entry.rank not in folded:
            for depth, key in enumerate(entry.path):
                cased.setdefault(entry.path[:depth], set()).add(key)
    named = []
    for entry in said:
        path: Path = entry.path
        if entry.rank in folded and path != ("use",):
            path = ()
            for key in entry.path:
                candidates = {*known(path), *cased.get(path, ())}
                match = next((name for name in candidates if name.lower() == key), key)
                path = (*path, match)
        named.append(replace(entry, path=path))
    return named


class _Branch(dict[str, "Node | _Branch"]):
    """A mapping that is being merged, and the node of the strongest layer that has it."""

    node: Node | None = None


def _merged(counting: Sequence[Entry]) -> Node:
    merged: Node | _Branch | None = None
    for entry in counting:
        merged = _put(merged, entry.path, entry.node, entry.above)
    if isinstance(merged, Node):
        return merged
    return _node_of_branch(_Branch() if merged is None else merged, None)


def _put(merged: Node | _Branch | None, path: Path, node: Node, above: Sequence[Node]) -> Node | _Branch:
    """``merged`` with ``node`` in its place at ``path``, over what weaker layers put there."""
    if not path:
        if isinstance(merged, Node):
            return _overlaid(merged, node)
        if merged is None or not isinstance((expanded := _expanded(node)).value, Mapping):
            return node
        for key, child in expanded.value.items():
            merged[key] = _put(merged.get(key), (), child, ())
        return merged
    if isinstance(merged, Node):
        expanded = _expanded(merged)
        if isinstance(expanded.value, tuple):
            return _with_element(expanded, path, node)
        merged = _Branch(expanded.value) if isinstance(expanded.value, Mapping) else _Branch()
    elif merged is None:
        merged = _Branch()
    if above:
        merged.node = above[0]
    merged[path[0]] = _put(merged.get(path[0]), path[1:], node, above[1:])
    return merged


def _node_of_branch(branch: _Branch, key: str | None) -> Node:
    children = {
        name: _node_of_branch(child, name) if isinstance(child, _Branch) else child
        for name, child in branch.items()
    }
    # The section itself is no key of its own: what is said of it as a whole stands where its first key does.
    first = next(iter(children.values()), None)
    if key is not None and branch.node is not None:
        return Node(children, branch.node.origin, branch.node.key_origin)
    origin = (first.key_origin or first.origin) if first is not None else Origin("settings")
    return Node(children, origin, first.key_origin if first is not None else None)


def _overlaid(weak: Node, strong: Node) -> Node:
    """One mapping over another, key by key; anything else replaces what it stands over."""
    below, above = _expanded(weak), _expanded(strong)
    if not isinstance(below.value, Mapping) or not isinstance(above.value, Mapping):
        return strong
    merged = dict(below.value)
    for key, child in above.value.items():
        merged[key] = _overlaid(merged[key], child) if key in merged else child
    return replace(above, value=merged)


def _with_element(sequence: Node, path: Path, node: Node) -> Node:
    """The sequence with ``node`` in place of what stands at ``path`` in it, or after its end."""
    if not path:
        return node
    if isinstance(sequence.value, tuple) and path[0].isdecimal() and int(path[0]) < len(sequence.value):
        index = int(path[0])
        elements = list(sequence.value)
        elements[index] = _with_element(elements[index], path[1:], node)
        return replace(sequence, value=tuple(elements))
    if isinstance(sequence.value, Mapping):
        child = sequence.value.get(path[0], replace(sequence, value={}))
        return replace(sequence, value={**sequence.value, path[0]: _with_element(child, path[1:], node)})
    # Not an element that exists: a mapping, which the type that reads it refuses at this place.
    for key in reversed(path):
        node = replace(node, value={key: node}, text=False)
    return node


def _expanded(node: Node) -> Node:
    """The node with text that is a JSON mapping or list read as nodes, under what is set below it."""
    if isinstance(node.value, Mapping) and "" in node.value and node.value[""].text:
        own = _expanded(node.value[""])
        below = replace(node, value={key: child for key, child in node.value.items() if key})
        return _overlaid(own, below) if isinstance(own.value, Mapping) else node
    if not node.text or not isinstance(node.value, str) or node.value.lstrip()[:1] not in ("{", "["):
        return node
    value = parsed(node)
    return _typed(value, node) if isinstance(value, (dict, list)) else node


def _typed(value: Any, of: Node) -> Node:
    if isinstance(value, dict):
        return replace(of, value={key: _typed(child, of) for key, child in value.items()}, text=False)
    if isinstance(value, list):
        return replace(of, value=tuple(_typed(child, of) for child in value), text=False)
    return replace(of, value=value, text=False)
