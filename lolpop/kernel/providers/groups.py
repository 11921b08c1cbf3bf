"""Groups of components in one provider: what lists and mappings of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from lolpop.kernel.lifetimes import Instance, Override
from lolpop.kernel.providers.cells import Cell, Dependency, cell_of
from lolpop.kernel.providers.components import Component
from lolpop.kernel.providers.integration_slots import IntegrationCell
from lolpop.kernel.providers.slots import Slot, bind_slot
from lolpop.kernel.providers.wrapping import WrappableSlot
from lolpop.kernel.scopes import Scope
from lolpop.settings.nodes import Node, Statement
from lolpop.settings.tree import expanded
from lolpop.signatures import Parameter

__all__ = ["ComponentGroup", "GroupCell", "whole_and_children"]

T = TypeVar("T")
G = TypeVar("G")


class ComponentGroup(WrappableSlot[G]):
    """Several components of one interface, each with settings of its own."""

    takes_section = True
    interface: Callable[..., Any]
    default: Any
    """The implementations that it holds if no source says otherwise."""


class GroupCell(Cell):
    """A group of components at its place in a container: one slot for each of its elements."""

    __slots__ = ("_elements",)
    slot: ComponentGroup[Any]
    shape: ClassVar[str]
    """The shape of its section, for messages."""
    example: ClassVar[tuple[str, str]]
    """Examples of its section in a file and in a variable."""

    def __init__(self, slot: ComponentGroup[Any], scope: Scope, name: str) -> None:
        super().__init__(slot, scope, name)
        self._elements: tuple[Slot[Any], ...] | None = None

    @property
    def elements(self) -> tuple[Slot[Any], ...]:
        """One slot for each element."""
        if self._elements is None:
            with self._lock:
                self._elements = self._elements or tuple(self._make_elements())
        return self._elements

    @property
    def keys(self) -> list[str]:
        """The names of its elements."""
        return [element.name.removeprefix(f"{self.name}.") for element in self.elements]

    def stray_nodes(self) -> Iterator[tuple[str, Node]]:
        """Settings that are neither a whole group nor an element of it, by key."""
        raise NotImplementedError

    def setting_values(self) -> Iterator[Any]:
        """The values of the settings of its elements, and of its overrides."""
        yield from super().setting_values()
        for element in self._elements or ():
            yield from cell_of(element).setting_values()

    def _element_parts(self) -> Iterable[tuple[str, Any, Sequence[Statement]]]:
        """The key, the default implementation and the statements of each element."""
        raise NotImplementedError

    def _make_elements(self) -> Iterator[Slot[Any]]:
        for key, default, statements in self._element_parts():
            element = _Element(self.slot.interface, default, statements)
            bind_slot(element, self.scope, f"{self.name}.{key}").stands_in = self.stands_in
            yield element

    def _find_dependencies(self) -> Iterator[Dependency]:
        for element in self.elements:
            yield Dependency(Parameter(element.name, self.slot.interface), element)

    def _make_instance(self, value: Any, overrides: frozenset[Override]) -> Instance:
        # Each dependent gets its own list or mapping.
        return Instance(value, overrides, source=value.copy)


class _Element(Component[T]):
    """One element of a group of components."""

    def __init__(self, interface: Callable[..., T], default: Any, statements: Sequence[Statement]) -> None:
        super().__init__(interface, default=default)
        self.statements = statements

    def _make_cell(self, scope: Scope, name: str) -> Cell:
        return _ElementCell(self, scope, name)


class _ElementCell(IntegrationCell):
    __slots__ = ()
    slot: _Element[Any]

    def statements(self) -> list[Statement]:
        return list(self.slot.statements)


def whole_and_children(node: Node) -> tuple[Node | None, Mapping[str, Node]]:
    """The settings of one source: for the whole group, and for its elements by key."""
    node = expanded(node)
    if not isinstance(node.value, Mapping):
        return node, {}
    return None if node.own is None else expanded(node.own), node.value
