"""Components: one, or an ordered list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from dependency_injector import providers as di

from lolpop.kernel.plans import Plan
from lolpop.kernel.providers.integrated import Integrated
from lolpop.kernel.providers.slots import Edge, Slot
from lolpop.settings.nodes import Node, Statement
from lolpop.settings.tree import expanded
from lolpop.signatures import Parameter

__all__ = ["Component", "Components"]

T = TypeVar("T")


class Component(Integrated[T]):
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


class _Element(Component[T]):
    """One element of a list of components."""

    def __init__(self, interface: Callable[..., T], default: Any, statements: Sequence[Statement]) -> None:
        super().__init__(interface, default=default)
        self._section_statements = statements

    def _statements(self) -> list[Statement]:
        return list(self._section_statements)


class Components(Slot[list[T]]):
    """An ordered list of components, each with settings of its own. A stronger source replaces the list."""

    takes_section = True

    def __init__(
        self, interface: Callable[..., T], /, *, default: Sequence[str | Callable[..., T]] = ()
    ) -> None:
        super().__init__()
        self.interface, self.default = interface, tuple(default)
        self._elements: tuple[_Element[T], ...] | None = None

    def _undeclared(self) -> Slot[list[T]]:
        return Components(self.interface, default=self.default)

    @property
    def provides(self) -> Any:
        """The type of the list."""
        return list[self.interface]  # type: ignore[name-defined]  # the interface is a value here

    @property
    def elements(self) -> tuple[_Element[T], ...]:
        """One slot for each element."""
        if self._elements is None:
            with self._lock:
                self._elements = self._elements or tuple(self._make_elements())
        return self._elements

    def _make_elements(self) -> Iterator[_Element[T]]:
        statements = [(statement, *_list_and_elements(statement.node)) for statement in self._statements()]
        strongest = -1
        elements: list[tuple[Any, list[Statement]]] = [(default, []) for default in self.default]
        for statement, listed, _ in statements:
            if listed is not None and isinstance(listed.value, tuple):
                strongest = statement.rank
                elements = [(None, [replace(statement, node=child)]) for child in listed.value]
        for statement, _, by_index in statements:
            for key, child in by_index.items():
                if statement.rank >= strongest and key.isdecimal() and int(key) < len(elements):
                    elements[int(key)][1].append(replace(statement, node=child))
        for index, (default, element_statements) in enumerate(elements):
            element = _Element(self.interface, default, element_statements)
            element.bind(self._scope, f"{self.name}.{index}")
            element._standing_in_for = self._standing_in_for
            yield element

    def stray_nodes(self) -> Iterator[tuple[str, Node]]:
        """What sources say of it that is neither a list nor one of its elements, by key."""
        for statement in self._statements():
            listed, elements = _list_and_elements(statement.node)
            if listed is not None and listed.value is not None and not isinstance(listed.value, tuple):
                yield "", listed
            for key, child in elements.items():
                if not key.isdecimal() or int(key) >= len(self.elements):
                    yield key, child

    def _plan(self) -> Plan:
        return Plan(self.path)

    def _find_edges(self) -> Iterator[Edge]:
        for element in self.elements:
            yield Edge(Parameter(element.name, self.interface), element)

    def _build(self, parts: dict[str, Any]) -> Any:
        return list(parts.values())


def _list_and_elements(node: Node) -> tuple[Node | None, Mapping[str, Node]]:
    """What a source says of a whole list, and of its elements by index."""
    node = expanded(node)
    if not isinstance(node.value, Mapping):
        return node, {}
    return None if node.own is None else expanded(node.own), node.value
