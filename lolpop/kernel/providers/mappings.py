"""Components by key."""

from __future__ import annotations

from collections import abc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Self, TypeVar

from lolpop.errors import WiringError
from lolpop.kernel.providers.cells import Cell
from lolpop.kernel.providers.groups import ComponentGroup, GroupCell, whole_and_children
from lolpop.kernel.scopes import Scope
from lolpop.settings.nodes import Node, Statement
from lolpop.settings.tree import expanded

__all__ = ["Mapping", "MappingCell"]

T = TypeVar("T")


class Mapping(ComponentGroup[dict[str, T]]):
    """Components by key, each with settings of its own.

    The settings are merged key by key. A new key adds a component if it names an implementation; a key whose
    value is ``null`` removes one.

    Parameters
    ----------
    interface
        The class that every implementation inherits.
    default
        Implementations by key. Keys are text without dots.
    """

    def __init__(
        self,
        interface: Callable[..., T],
        /,
        *,
        default: abc.Mapping[str, str | Callable[..., T]] | None = None,
    ) -> None:
        super().__init__()
        self.interface, self.default = interface, dict(default or {})
        for key in self.default:
            if not _is_key(key):
                raise WiringError(
                    f"{key!r} cannot be a key of providers.Mapping",
                    "Use text without dots that is not 'use'.",
                )

    def _unbound_copy(self) -> Self:
        return type(self)(self.interface, default=self.default)

    def _make_cell(self, scope: Scope, name: str) -> Cell:
        return MappingCell(self, scope, name)


class MappingCell(GroupCell):
    """A mapping of components at its place in a container."""

    __slots__ = ()
    slot: Mapping[Any]
    shape = "a mapping"
    example = ("as a mapping: {key: implementation}", 'as JSON: {"key": "implementation"}')

    @property
    def provided_type(self) -> Any:
        """The type of the mapping."""
        return dict[str, self.slot.interface]  # type: ignore[name-defined]  # the interface is a value here

    def stray_nodes(self) -> Iterator[tuple[str, Node]]:
        """Settings that are not a mapping, or whose key has no implementation."""
        for statement in self.statements():
            whole, _ = whole_and_children(statement.node)
            if whole is not None and whole.value is not None and not isinstance(whole.value, abc.Mapping):
                yield "", whole
        parts = self._statements_by_key()
        for key, statements in parts.items():
            if not self._has_implementation(key, statements) and not _is_removed(statements):
                yield key, statements[-1].node

    def _element_parts(self) -> Iterator[tuple[str, Any, Sequence[Statement]]]:
        for key, statements in self._statements_by_key().items():
            if self._has_implementation(key, statements) and not _is_removed(statements):
                yield key, self.slot.default.get(key), statements

    def _statements_by_key(self) -> dict[str, list[Statement]]:
        """The statements of each key, weakest first; declared keys come first."""
        by_key: dict[str, list[Statement]] = {key: [] for key in self.slot.default}
        sources = [(statement, whole_and_children(statement.node)[1]) for statement in self.statements()]
        for statement, children in sources:
            if not statement.layer.case_insensitive:
                by_key |= {key: [] for key in children if key not in by_key}
        # Names of variables are not case-sensitive: they mean the keys of other sources.
        spelled = {key.lower(): key for key in by_key}
        for statement, children in sources:
            for key, child in children.items():
                name = spelled.get(key, key) if statement.layer.case_insensitive else key
                by_key.setdefault(name, []).append(replace(statement, node=child))
        return by_key

    def _has_implementation(self, key: str, statements: Sequence[Statement]) -> bool:
        return _is_key(key) and (key in self.slot.default or any(map(_names_implementation, statements)))

    def _build(self, parts: dict[str, Any]) -> Any:
        return dict(zip(self.keys, parts.values(), strict=True))


def _is_key(key: object) -> bool:
    return isinstance(key, str) and bool(key) and "." not in key and key != "use"


def _is_removed(statements: Sequence[Statement]) -> bool:
    if not statements:
        return False
    node = statements[-1].node
    return node.value is None or (node.text and node.value == "null")


def _names_implementation(statement: Statement) -> bool:
    node = expanded(statement.node)
    if isinstance(node.value, abc.Mapping):
        return "use" in node.value or node.own is not None
    return node.value is not None
