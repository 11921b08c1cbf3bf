"""The tree of settings of all sources, merged by strength."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from lolpop.errors import Origin
from lolpop.settings.nodes import Layer, Node, SettingPath, Statement

__all__ = [
    "NO_SECTION",
    "Entry",
    "KnownKeys",
    "Section",
    "Tree",
    "child_of",
    "expanded",
    "is_users_own",
    "merge",
    "parsed",
]

KnownKeys: TypeAlias = Callable[[SettingPath], Iterable[str]]
"""The declared keys below a path relative to a section; none for a free-form mapping."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting in one layer. ``path`` is relative to its section."""

    path: SettingPath
    node: Node
    layer: str
    rank: int
    dropped: str | None = None
    """Why it does not count although no stronger layer sets it."""


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """A key of a case-insensitive layer that could mean several ``keys``."""

    path: SettingPath
    origin: Origin
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the tree in all layers."""

    use: Entry | None
    """The entry that names the implementation, if any does."""
    root: Node
    """The settings that count, merged; a mapping."""
    history: tuple[Entry, ...]
    """The entries of all layers, strongest first."""
    ambiguous: tuple[Ambiguity, ...] = ()


_NO_SETTINGS = Node({}, Origin("default"))

NO_SECTION = Section(None, _NO_SETTINGS, ())
"""A section that no source sets."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The layers of all sources, weakest first, read as one tree."""

    layers: tuple[Layer, ...] = ()

    def statements(self, path: SettingPath) -> list[Statement]:
        """The statements at ``path``, weakest first."""
        nodes = ((rank, layer, _at(layer, path)) for rank, layer in enumerate(self.layers))
        return [Statement(rank, layer, node) for rank, layer, node in nodes if node is not None]

    def node(self, path: SettingPath) -> Node | None:
        """The node of the strongest layer that sets ``path``."""
        statements = self.statements(path)
        return statements[-1].node if statements else None

    def keys(self, path: SettingPath) -> dict[str, list[Node]]:
        """The keys that any layer has in the mapping at ``path``, each with its nodes, weakest first."""
        keys: dict[str, list[Node]] = {}
        for statement in self.statements(path):
            if isinstance(statement.node.value, Mapping):
                for key, child in statement.node.value.items():
                    keys.setdefault(key, []).append(child)
        return keys

    def merged(self, path: SettingPath, known_keys: KnownKeys = lambda _: ()) -> Section:
        """The layers at ``path``, merged as one value."""
        return merge(self.statements(path), known_keys=known_keys, as_value=True)


def merge(
    statements: Iterable[Statement],
    *,
    default_use: object = None,
    called: Callable[[object], object] = lambda use: use,
    known_keys: KnownKeys = lambda _: (),
    skip: Collection[str] = (),
    as_value: bool = False,
) -> Section:
    """Merge the statements of a section, weakest first.

    With ``as_value`` the section is one value, of which ``use`` is an ordinary key. Otherwise ``use``, or a
    scalar in place of the mapping, names an implementation. A layer that names another one than the weaker
    layers did (``default_use`` where none did) drops their settings. ``called`` maps all names of one
    implementation to one name. Keys in ``skip`` belong to other sections.
    """
    divided = [_divided(statement, skip, as_value=as_value) for statement in statements]
    spellings = _Spellings(
        [own for statement, _, own in divided if not statement.layer.case_insensitive], known_keys
    )
    use: Entry | None = None
    current = called(default_use)
    root = _NO_SETTINGS
    history: list[Entry] = []
    for statement, named, settings in divided:
        if statement.layer.case_insensitive:
            settings = spellings.applied(settings)
        if named is not None:
            use = Entry(("use",), named, statement.layer.name, statement.rank)
            if (name := called(named.value)) != current:
                reason = f"{statement.layer.name} uses {name!r} instead"
                history = [replace(entry, dropped=entry.dropped or reason) for entry in history]
                root = _NO_SETTINGS
            current = name
            history.append(use)
        history.extend(_entries(settings, statement, as_value=as_value))
        root = settings if root is _NO_SETTINGS else _overlaid(root, settings)
    return Section(use, _settled(root), tuple(reversed(history)), tuple(spellings.ambiguities))


def parsed(node: Node) -> Any:
    """The scalar of a leaf; text that is JSON is read as JSON."""
    if not node.text or not isinstance(node.value, str):
        return node.value
    try:
        return json.loads(node.value)
    except ValueError:
        return node.value


def is_users_own(section: SettingPath, key: str) -> bool:
    """Whether a root key belongs to the user, for parts of YAML to repeat: ``x-…``."""
    return not section and key.startswith("x-")


def child_of(node: Node, step: str | int) -> Node | None:
    """The child of a mapping by key or of a sequence by index; None if there is none."""
    if isinstance(node.value, Mapping):
        return node.value.get(str(step))
    if isinstance(node.value, tuple) and str(step).isdecimal() and int(step) < len(node.value):
        return node.value[int(step)]
    return None


def _at(layer: Layer, path: SettingPath) -> Node | None:
    node: Node | None = layer.root
    for step in path:
        if node is None:
            return None
        node = child_of(expanded(node), step.lower() if layer.case_insensitive else step)
    return node


def _divided(
    statement: Statement, skip: Collection[str], *, as_value: bool
) -> tuple[Statement, Node | None, Node]:
    """A statement, the node in it that names the implementation, and its settings."""
    node = expanded(statement.node)
    if as_value:
        return statement, None, node
    if not isinstance(node.value, Mapping):
        nothing = replace(node, value={}, text=False)
        return statement, None if node.value is None else node, nothing
    if statement.layer.case_insensitive:
        skip = {key.lower() for key in skip}
    settings = {key: child for key, child in node.value.items() if key != "use" and key not in skip}
    return statement, node.value.get("use") or node.own, replace(node, value=settings, own=None)


def _entries(node: Node, statement: Statement, *, as_value: bool) -> Iterator[Entry]:
    """The values below a section; sequences are values, and so is an empty mapping below the top."""
    if node.value == {} and node.own is None and not as_value:
        return
    for path, value in _values(node):
        yield Entry(path, value, statement.layer.name, statement.rank)


def _values(node: Node, path: SettingPath = ()) -> Iterator[tuple[SettingPath, Node]]:
    if node.own is not None:
        yield from _values(node.own, path)
    if isinstance(node.value, Mapping) and node.value:
        for key, child in node.value.items():
            yield from _values(child, (*path, key))
    elif node.own is None:
        yield path, node


class _Spellings:
    """The declared spelling of the keys of a case-insensitive layer."""

    def __init__(self, nodes: Iterable[Node], known_keys: KnownKeys) -> None:
        self._known_keys = known_keys
        self._written: dict[SettingPath, set[str]] = {}
        self._names: dict[SettingPath, dict[str, list[str]]] = {}
        self.ambiguities: list[Ambiguity] = []
        for node in nodes:
            for path, _ in _values(node):
                for depth, key in enumerate(path):
                    self._written.setdefault(path[:depth], set()).add(key)

    def applied(self, node: Node, path: SettingPath = ()) -> Node:
        """The node with each key spelt as declared, else as in another layer."""
        if not isinstance(node.value, Mapping):
            return node
        names = self._names_at(path)
        children = {}
        for key, child in node.value.items():
            candidates = names.get(key, [key])
            if len(candidates) > 1:
                origin = child.key_origin or child.origin
                self.ambiguities.append(Ambiguity((*path, key), origin, tuple(candidates)))
            name = candidates[0]
            children[name] = self.applied(child, (*path, name))
        return replace(node, value=children)

    def _names_at(self, path: SettingPath) -> dict[str, list[str]]:
        """The names that each lower-case name may mean: declared ones, else those in other layers."""
        if path not in self._names:
            written = _by_folded(sorted(self._written.get(path, ())))
            self._names[path] = written | _by_folded(self._known_keys(path))
        return self._names[path]


def _by_folded(names: Iterable[str]) -> dict[str, list[str]]:
    by_folded: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        by_folded.setdefault(name.lower(), []).append(name)
    return by_folded


def _overlaid(weak: Node, strong: Node) -> Node:
    """One node over another: mappings key by key, elements of a sequence by index, anything else whole."""
    if strong.own is not None:
        return _overlaid(_overlaid(weak, strong.own), replace(strong, own=None))
    weak, strong = _without_own(weak), expanded(strong)
    if not isinstance(strong.value, Mapping):
        return strong
    below = expanded(weak)
    if isinstance(below.value, tuple) and strong.value:
        for key, child in strong.value.items():
            below = _with_element(below, key, child)
        return below
    if not isinstance(below.value, Mapping):
        return strong
    merged = dict(below.value)
    for key, child in strong.value.items():
        merged[key] = _overlaid(merged[key], child) if key in merged else _without_own(child)
    return replace(strong, value=merged, json=None)


def _with_element(node: Node, key: str, child: Node) -> Node:
    """A sequence with ``child`` over the element ``key``.

    If there is no such element, the result is a mapping, which the type that reads it refuses at its key.
    """
    if isinstance(node.value, tuple) and key.isdecimal() and int(key) < len(node.value):
        elements = list(node.value)
        elements[int(key)] = _overlaid(elements[int(key)], child)
        return replace(node, value=tuple(elements), json=None)
    below = node.value if isinstance(node.value, Mapping) else {}
    return replace(child, value={**below, key: child}, text=False, own=None)


def _without_own(node: Node) -> Node:
    """The node merged with its own value, which is weaker than the keys below it."""
    if node.own is None:
        return node
    return _overlaid(node.own, replace(node, own=None))


def _settled(node: Node) -> Node:
    """The node merged with the own values of all mappings in it."""
    node = _without_own(node)
    if not isinstance(node.value, Mapping):
        return node
    children = {key: _settled(child) for key, child in node.value.items()}
    is_same = all(child is node.value[key] for key, child in children.items())
    return node if is_same else replace(node, value=children)


def expanded(node: Node) -> Node:
    """The node with its own text read as JSON, if that is a mapping or list, weaker than the keys below
    it.
    """
    if node.own is not None and node.own.text:
        own = expanded(node.own)
        return _overlaid(own, replace(node, own=None)) if isinstance(own.value, Mapping) else node
    if not node.text or not isinstance(node.value, str) or node.value.lstrip()[:1] not in ("{", "["):
        return node
    value = parsed(node)
    return replace(_typed(value, node), json=node.value) if isinstance(value, (dict, list)) else node


def _typed(value: Any, of: Node) -> Node:
    if isinstance(value, dict):
        return replace(of, value={key: _typed(child, of) for key, child in value.items()}, text=False)
    if isinstance(value, list):
        return replace(of, value=tuple(_typed(child, of) for child in value), text=False)
    return replace(of, value=value, text=False)
