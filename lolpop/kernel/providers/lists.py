"""An ordered list of components."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Self, TypeVar

from lolpop.kernel.providers.cells import Cell
from lolpop.kernel.providers.groups import ComponentGroup, GroupCell, whole_and_children
from lolpop.kernel.scopes import Scope
from lolpop.settings.nodes import Node, Statement

__all__ = ["Components", "ListCell"]

T = TypeVar("T")


class Components(ComponentGroup[list[T]]):
    """An ordered list of components, each with settings of its own. A stronger source replaces the list.

    Parameters
    ----------
    interface
        The class that every implementation inherits.
    default
        The implementations where no source names any.
    """

    def __init__(
        self, interface: Callable[..., T], /, *, default: Sequence[str | Callable[..., T]] = ()
    ) -> None:
        super().__init__()
        self.interface, self.default = interface, tuple(default)

    def _unbound_copy(self) -> Self:
        return type(self)(self.interface, default=self.default)

    def _make_cell(self, scope: Scope, name: str) -> Cell:
        return ListCell(self, scope, name)


class ListCell(GroupCell):
    """A list of components at its place in a container."""

    __slots__ = ()
    slot: Components[Any]
    shape = "a list"
    example = ("as a list: [one, two]", 'as JSON: ["one", "two"]')

    @property
    def provided_type(self) -> Any:
        """The type of the list."""
        return list[self.slot.interface]  # type: ignore[name-defined]  # the interface is a value here

    def stray_nodes(self) -> Iterator[tuple[str, Node]]:
        """Settings that are neither a list nor an element of it, by key."""
        for statement in self.statements():
            listed, elements = whole_and_children(statement.node)
            if listed is not None and listed.value is not None and not isinstance(listed.value, tuple):
                yield "", listed
            for key, child in elements.items():
                if not key.isdecimal() or int(key) >= len(self.elements):
                    yield key, child

    def _element_parts(self) -> Iterator[tuple[str, Any, Sequence[Statement]]]:
        statements = [(statement, *whole_and_children(statement.node)) for statement in self.statements()]
        strongest = -1
        elements: list[tuple[Any, list[Statement]]] = [(default, []) for default in self.slot.default]
        for statement, listed, _ in statements:
            if listed is not None and isinstance(listed.value, tuple):
                strongest = statement.rank
                elements = [(None, [replace(statement, node=child)]) for child in listed.value]
        for statement, _, by_index in statements:
            for key, child in by_index.items():
                if statement.rank >= strongest and key.isdecimal() and int(key) < len(elements):
                    elements[int(key)][1].append(replace(statement, node=child))
        for index, (default, element_statements) in enumerate(elements):
            yield str(index), default, element_statements

    def _build(self, parts: dict[str, Any]) -> Any:
        return list(parts.values())
