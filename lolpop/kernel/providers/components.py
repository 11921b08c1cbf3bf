"""Components: one, or an ordered list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self, TypeVar

from dependency_injector import providers as di

from lolpop.kernel.lifetimes import Instance, Override
from lolpop.kernel.providers.cells import Cell, Dependency, cell_of
from lolpop.kernel.providers.integration_slots import IntegrationCell, IntegrationSlot
from lolpop.kernel.providers.slots import Slot, bind_slot
from lolpop.kernel.providers.wrapping import WrappableSlot
from lolpop.kernel.scopes import Scope
from lolpop.settings.nodes import Node, Statement
from lolpop.settings.tree import expanded
from lolpop.signatures import Parameter

__all__ = ["Component", "Components", "ListCell"]

T = TypeVar("T")


class Component(IntegrationSlot[T]):
    """One shared component, built at first use.

    ``default``, and ``use`` in the settings, take a registered short name, ``package.module:Class``, or a
    class. ``settings`` are what it is set to where no source says otherwise. A keyword names the provider
    to be injected where the names differ.
    """

    takes_section = True

    def __init__(
        self,
        interface: Callable[..., T],
        /,
        *,
        default: str | Callable[..., T] | None = None,
        settings: Mapping[str, Any] | None = None,
        **injections: di.Provider[Any],
    ) -> None:
        super().__init__(interface, default, settings, injections)


class Components(WrappableSlot[list[T]]):
    """An ordered list of components, each with settings of its own. A stronger source replaces the list."""

    takes_section = True

    def __init__(
        self, interface: Callable[..., T], /, *, default: Sequence[str | Callable[..., T]] = ()
    ) -> None:
        super().__init__()
        self.interface, self.default = interface, tuple(default)

    def _unbound_copy(self) -> Self:
        return type(self)(self.interface, default=self.default)

    def _make_cell(self, scope: Scope, name: str) -> Cell:
        return ListCell(self, scope, name)


class ListCell(Cell):
    """A list of components at its place in a container."""

    __slots__ = ("_elements",)
    slot: Components[Any]

    def __init__(self, slot: Components[Any], scope: Scope, name: str) -> None:
        super().__init__(slot, scope, name)
        self._elements: tuple[Slot[Any], ...] | None = None

    @property
    def provided_type(self) -> Any:
        """The type of the list."""
        return list[self.slot.interface]  # type: ignore[name-defined]  # the interface is a value here

    @property
    def elements(self) -> tuple[Slot[Any], ...]:
        """One slot for each element."""
        if self._elements is None:
            with self._lock:
                self._elements = self._elements or tuple(self._make_elements())
        return self._elements

    def stray_nodes(self) -> Iterator[tuple[str, Node]]:
        """What sources say of it that is neither a list nor one of its elements, by key."""
        for statement in self.statements():
            listed, elements = _list_and_elements(statement.node)
            if listed is not None and listed.value is not None and not isinstance(listed.value, tuple):
                yield "", listed
            for key, child in elements.items():
                if not key.isdecimal() or int(key) >= len(self.elements):
                    yield key, child

    def setting_values(self) -> Iterator[Any]:
        """The values of the settings of its elements, and of what stands in for it."""
        yield from super().setting_values()
        for element in self._elements or ():
            yield from cell_of(element).setting_values()

    def _make_elements(self) -> Iterator[Slot[Any]]:
        statements = [(statement, *_list_and_elements(statement.node)) for statement in self.statements()]
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
            element = _Element(self.slot.interface, default, element_statements)
            bind_slot(element, self.scope, f"{self.name}.{index}").stands_in = self.stands_in
            yield element

    def _find_dependencies(self) -> Iterator[Dependency]:
        for element in self.elements:
            yield Dependency(Parameter(element.name, self.slot.interface), element)

    def _build(self, parts: dict[str, Any]) -> Any:
        return list(parts.values())

    def _make_instance(self, value: Any, overrides: frozenset[Override]) -> Instance:
        # Whoever asks gets a list of their own.
        return Instance(value, overrides, source=lambda: list(value))


class _Element(Component[T]):
    """One element of a list of components."""

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


def _list_and_elements(node: Node) -> tuple[Node | None, Mapping[str, Node]]:
    """What a source says of a whole list, and of its elements by index."""
    node = expanded(node)
    if not isinstance(node.value, Mapping):
        return node, {}
    return None if node.own is None else expanded(node.own), node.value
