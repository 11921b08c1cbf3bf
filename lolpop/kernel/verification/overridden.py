"""Findings about overrides: objects that cannot stand in for what they replace."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from dependency_injector import providers as di

from lolpop.errors import Finding
from lolpop.kernel.providers.cells import Cell
from lolpop.kernel.providers.groups import GroupCell
from lolpop.kernel.providers.integration_slots import IntegrationSlot
from lolpop.kernel.providers.lists import ListCell
from lolpop.kernel.providers.traversal import declared_cells
from lolpop.kernel.providers.wrapping import lacks_interface
from lolpop.kernel.scopes import Scope

__all__ = ["override_findings"]


def override_findings(scope: Scope) -> Iterator[Finding]:
    """Findings about objects that override slots of a container, and are no implementations nor fakes."""
    for cell in declared_cells(scope):
        yield from _findings(cell)


def _findings(cell: Cell) -> Iterator[Finding]:
    if not cell.overrides or not isinstance(cell.active, di.Object):
        return
    value, slot = cell.active(), cell.slot
    if value is None:
        return  # for whoever can do without
    if isinstance(cell, GroupCell):
        kind, kinds = ("list", list | tuple) if isinstance(cell, ListCell) else ("mapping", Mapping)
        interface = cell.slot.interface
        elements = _elements(value) if isinstance(value, kinds) else None
        if elements is None:
            yield _finding(cell, value, f"a {kind} of objects of type {_name(interface)}")
        for element in elements or ():
            if lacks_interface(element, interface):
                yield _finding(
                    cell, element, f"objects of type {_name(interface)}, or fakes with its methods"
                )
        return
    if not isinstance(slot, IntegrationSlot):
        return
    if lacks_interface(value, slot.interface):
        yield _finding(cell, value, f"an object of type {_name(slot.interface)}, or a fake with its methods")


def _elements(value: Any) -> Collection[Any]:
    elements: Collection[Any] = value.values() if isinstance(value, Mapping) else value
    return elements


def _finding(cell: Cell, value: Any, expected: str) -> Finding:
    message = f"is overridden by an object of type {type(value).__name__}"
    return Finding(cell.path, message, hint=f"Override it by {expected}.")


def _name(interface: Any) -> str:
    return str(getattr(interface, "__name__", interface))
