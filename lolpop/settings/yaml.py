"""Settings in YAML 1.2, read as nodes with line and column; no tag is executed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from lolpop.errors import Finding, Origin
from lolpop.settings.nodes import Node

__all__ = ["read_yaml"]

_CORE = "tag:yaml.org,2002:"
_SCALARS = frozenset(f"{_CORE}{name}" for name in ("null", "bool", "int", "float", "str", "timestamp"))
_COLLECTIONS = frozenset(f"{_CORE}{name}" for name in ("map", "seq"))
_MERGE = f"{_CORE}merge"

# In 1.1, which a directive may ask for, `no` is false and `1:30` is ninety.
_OLDER = re.compile(r"^%YAML[ \t]+(?!1\.2\b)", re.MULTILINE)

_UNCLOSED = re.compile(r"unexpected end of stream|<stream end>")
_HINTS = (
    (re.compile(r"character '\\t'"), "Write spaces in place of the tab, or quotes around text with a tab."),
    (re.compile(r"character '[^']*' that cannot start"), "Put the value in quotes if it is text."),
    (
        re.compile("mapping values are not allowed"),
        "Indent the keys of one mapping alike; quote text with ': '.",
    ),
    (_UNCLOSED, "Close the bracket or the quote that is opened there."),
)

# Settings are small: larger or deeper documents have aliases that multiply, or are not settings.
_MAX_NODES = 100_000
_MAX_DEPTH = 100


def read_yaml(text: str, source: str) -> tuple[Node, list[Finding]]:
    """The mapping of a document, and findings; an empty document is an empty mapping."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    start = Origin(source, 1, 1)
    nothing = Node({}, start)
    if older := _OLDER.search(text):
        message = "declares another version of YAML; settings are YAML 1.2"
        return nothing, [Finding("", message, origin=_place(source, text, older.start()))]
    yaml = YAML(typ="safe", pure=True)
    yaml.max_depth = _MAX_DEPTH
    yaml.composer.warn_double_anchors = False
    try:
        document = yaml.compose(text)
    except YAMLError as error:
        return nothing, [_syntax(error, text, source)]
    except (ValueError, OverflowError):
        # ruamel.yaml hands every number to chr().
        return nothing, [Finding("", r"is not valid YAML: a \U escape that is no character", origin=start)]
    if document is None:
        return nothing, []
    reader = _Reader(source, yaml.constructor.construct_object)
    try:
        root = reader.read(document, (), start)
    except _TooLarge as error:
        return nothing, [error.finding]
    if root.value is None and not reader.findings:
        root = nothing
    elif not isinstance(root.value, dict):
        reader.report((), "contains no settings: its top level is not a mapping", root.origin)
        root = nothing
    return root, reader.findings


class _TooLarge(Exception):  # noqa: N818  (it ends the reading, and is a finding to whoever asked for it)
    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


@dataclass
class _Reader:
    """Converts the nodes of one document; a node that aliases repeat is converted once, and shared."""

    source: str
    construct: Callable[[Any], Any]
    findings: list[Finding] = field(default_factory=list)
    _done: dict[int, Node] = field(default_factory=dict)
    _open: set[int] = field(default_factory=set)
    _extents: dict[int, tuple[int, int]] = field(default_factory=dict)

    def report(self, path: tuple[str, ...], message: str, origin: Origin, hint: str | None = None) -> None:
        """Add a finding about ``path``."""
        self.findings.append(Finding(".".join(path), message, origin=origin, hint=hint))

    def read(self, node: Any, path: tuple[str, ...], place: Origin, key_origin: Origin | None = None) -> Node:
        """Convert one node; ``place`` is the origin of an empty value."""
        if id(node) in self._open:
            self.report(path, f"*{node.anchor} is an alias of a node that contains it", place)
            return Node(None, place, key_origin)
        if id(node) not in self._done:
            self._open.add(id(node))
            self._done[id(node)] = self._turned(node, path, place)
            self._open.remove(id(node))
        return replace(self._done[id(node)], key_origin=key_origin)

    def _turned(self, node: Any, path: tuple[str, ...], place: Origin) -> Node:
        from ruamel.yaml.nodes import MappingNode, ScalarNode

        # An empty value has the mark of the next token.
        written = node.start_mark.index < node.end_mark.index
        origin = self._origin(node) if written else place
        if node.tag not in (_SCALARS if isinstance(node, ScalarNode) else _COLLECTIONS):
            hint = "Settings are text, numbers, booleans, dates, null, lists and mappings."
            self.report(path, f"the tag {_shown(node.tag)} is not allowed", origin, hint)
            return Node(None, origin)
        if isinstance(node, ScalarNode):
            return Node(self._scalar(node, path, origin), origin)
        value: dict[str, Node] | tuple[Node, ...]
        if isinstance(node, MappingNode):
            value = self._mapping(node, path)
            children = list(value.values())
        else:
            value = tuple(
                self.read(element, (*path, str(index)), origin) for index, element in enumerate(node.value)
            )
            children = list(value)
        self._measure(value, children, path, origin)
        return Node(value, origin)

    def _scalar(self, node: Any, path: tuple[str, ...], origin: Origin) -> Any:
        from ruamel.yaml.error import YAMLError

        try:
            return self.construct(node)
        except (YAMLError, ValueError, LookupError, OverflowError):
            # It is not quoted: it may be a secret.
            message = f"the value is not of type {_shown(node.tag).removeprefix('!!')}"
            self.report(path, message, origin, "Put it in quotes if it is text.")
            return None

    def _mapping(self, mapping_node: Any, path: tuple[str, ...]) -> dict[str, Node]:
        merged: dict[str, Node] = {}
        own: dict[str, Node] = {}
        for key_node, value_node in mapping_node.value:
            origin = self._origin(key_node)
            if key_node.tag == _MERGE:
                merged = self._merged(value_node, path, origin) | merged
                continue
            key = key_node.value
            if not isinstance(key, str) or not key:
                hint = "Put the value in quotes if it is text that begins with {."
                is_braces = not isinstance(key, str) and mapping_node.flow_style
                self.report(path, "has a key that is empty or not text", origin, hint if is_braces else None)
                continue
            below = (*path, key)
            node = self.read(value_node, below, origin, origin)
            if key in own:
                first = own[key].key_origin
                self.report(below, f"is set twice: first at {first}", origin, "Remove one of them.")
            own[key] = node
        return merged | own

    def _merged(self, source: Any, path: tuple[str, ...], origin: Origin) -> dict[str, Node]:
        """The keys that ``<<`` brings in; of several mappings, the first that has a key counts."""
        node = self.read(source, (*path, "<<"), origin)
        merged: dict[str, Node] = {}
        for mapping in node.value if isinstance(node.value, tuple) else (node,):
            if isinstance(mapping.value, dict):
                merged = mapping.value | merged
            elif not self.findings:
                message = "merges a value that is not a mapping"
                self.report((*path, "<<"), message, origin, "Use an alias of a mapping, or a list of them.")
        return merged

    def _measure(self, value: object, children: list[Node], path: tuple[str, ...], origin: Origin) -> None:
        extents = [self._extents.get(id(child.value), (1, 0)) for child in children]
        size = 1 + sum(size for size, _ in extents)
        depth = 1 + max((depth for _, depth in extents), default=0)
        for extent, limit, noun in ((size, _MAX_NODES, "values"), (depth, _MAX_DEPTH, "levels")):
            if extent > limit:
                message = f"contains more than {limit:,} {noun}, including repetitions by aliases"
                raise _TooLarge(Finding(".".join(path), message, origin=origin))
        self._extents[id(value)] = size, depth

    def _origin(self, node: Any) -> Origin:
        return Origin(self.source, node.start_mark.line + 1, node.start_mark.column + 1)


def _syntax(error: Any, text: str, source: str) -> Finding:
    from ruamel.yaml.reader import ReaderError

    if isinstance(error, ReaderError):
        problem = f"the character U+{error.character:04X} is not allowed"
        origin = _place(source, text, error.position)
    else:
        problem = ", ".join(" ".join(part.split()) for part in (error.context, error.problem) if part)
        mark = error.problem_mark or error.context_mark
        if _UNCLOSED.search(problem) and error.context_mark is not None:
            mark = error.context_mark  # what is not closed begins there
        origin = Origin(source, mark.line + 1, mark.column + 1)
    hint = next((hint for pattern, hint in _HINTS if pattern.search(problem)), None)
    return Finding("", f"is not valid YAML: {problem}", origin=origin, hint=hint)


def _place(source: str, text: str, position: int) -> Origin:
    return Origin(source, text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position))


def _shown(tag: str) -> str:
    return f"!!{tag.removeprefix(_CORE)}" if tag.startswith(_CORE) else tag
