"""Traversal of all providers of a tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_
from typing import Any

from dependency_injector import providers as di

from lolpop.annotations import return_type, value_type
from lolpop.errors import Finding, Origin
from lolpop.integrations import Integration
from lolpop.kernel.plans import Setting
from lolpop.kernel.providers.cells import Cell, Dependency, cell_of, effective_provider
from lolpop.kernel.providers.components import Component
from lolpop.kernel.providers.integration_slots import IntegrationSlot
from lolpop.kernel.providers.slots import Slot
from lolpop.kernel.providers.values import Folder, Settings
from lolpop.kernel.scopes import Scope
from lolpop.settings.nodes import leaves

__all__ = [
    "active_cell", "broken_links", "cells_in", "declared_cells", "injected_setting", "injected_values",
    "provided_type", "setting_place",
]  # fmt: skip


def declared_cells(scope: Scope) -> Iterator[Cell]:
    """The cells of one container, overrides ignored."""
    for provider in scope.providers.values():
        if isinstance(provider, Slot):
            yield cell_of(provider)


def cells_in(root: Scope) -> Iterator[Cell]:
    """The cells in force: overrides in place of what they override, and elements of lists."""
    for scope in root.walk():
        for declared in declared_cells(scope):
            cell = cell_of(declared.active) if isinstance(declared.active, Slot) else None
            while cell is not None:
                yield cell
                yield from map(cell_of, cell.elements)
                cell = cell.wrapped


def broken_links(root: Scope) -> list[Finding]:
    """The broken links of settings in force; a link that a stronger source replaced may be broken."""
    broken = root.configuration.links.findings()
    if not broken:
        return []
    sections = [cell.section for cell in cells_in(root)]
    in_force = {section.use.node.origin for section in sections if section.use is not None}
    in_force.update(node.origin for section in sections for _, node in leaves(section.root))
    return [finding for finding in broken if finding.origin in in_force]


def active_cell(dependency: Dependency) -> Cell | None:
    """The cell of a dependency, or of its override; None if it is not a slot."""
    provider = effective_provider(dependency.provider)
    active = cell_of(provider).active if isinstance(provider, Slot) else None
    return cell_of(active) if isinstance(active, Slot) else None


def injected_setting(dependency: Dependency) -> Setting | None:
    """The section of the settings that is injected, if a dependency is one, and valid."""
    cell = active_cell(dependency)
    if cell is None or not isinstance(cell.slot, Settings) or cell.plan.errors:
        return None
    return cell.plan.settings.get("")


def injected_values(dependencies: Iterable[Dependency]) -> Iterator[tuple[str, Any]]:
    """What is known of injected parameters without building, by name: settings, the folder, component
    classes.
    """
    for dependency in dependencies:
        cell = active_cell(dependency)
        if (setting := injected_setting(dependency)) is not None:
            yield dependency.parameter.name, setting.value
        elif cell is not None and isinstance(cell.slot, Folder):
            yield dependency.parameter.name, cell.slot()
        elif cell is not None and isinstance(cell.slot, Component) and cell.plan.implementation is not None:
            yield dependency.parameter.name, cell.plan.implementation


def setting_place(cell: Cell, path: str) -> tuple[str, Origin | None]:
    """The full path of a setting that an implementation names, and its place in the sources.

    A ``path`` that begins with the name of an injected parameter is about what provides that.
    """
    name, *relative = path.split(".")
    provider = {item.parameter.name: active_cell(item) for item in cell.dependencies}.get(name)
    plan = cell.plan if provider is None else provider.plan
    steps = tuple(part for part in (name, *relative) if part) if provider is None else tuple(relative)
    origin = plan.origin_of(steps) if provider is not None or name in plan.settings else None
    return ".".join(part for part in (plan.path, *steps) if part), origin


def provided_type(provider: di.Provider[Any] | None, *, exact: bool = False) -> Any:
    """The type of a provider's object, as far as is known without calling it; ``Any`` otherwise.

    With ``exact``, the type of an existing object is as narrow as ``value_type`` makes it.
    """
    return _provided_type(provider, exact, ())


def _provided_type(provider: di.Provider[Any] | None, exact: bool, seen: tuple[Any, ...]) -> Any:
    effective = effective_provider(provider)
    if effective in seen:
        return Any  # providers that override each other, which is a finding of its own
    seen = (*seen, effective)
    if isinstance(effective, Slot):
        cell = cell_of(effective)
        if cell.overrides:
            return _stand_in_type(effective, cell.active, exact, seen)
        return Any if cell.provided_type is None else cell.provided_type
    if effective is not None and effective.last_overriding is not None:
        return _provided_type(effective.last_overriding, exact, seen)
    if isinstance(effective, di.Object):
        return value_type(effective.provides, exact=exact)
    if isinstance(effective, di.Factory | di.BaseSingleton | di.Callable):
        return Any if effective.provides is None else return_type(effective.provides)
    if isinstance(effective, di.List) and effective.args:
        return list[_union_of(effective.args, exact, seen)]  # type: ignore[misc]
    if isinstance(effective, di.Dict) and effective.kwargs:
        kinds = (_union_of(parts, exact, seen) for parts in (effective.kwargs, effective.kwargs.values()))
        return dict[tuple(kinds)]  # type: ignore[misc]
    return Any


def _union_of(elements: Iterable[object], exact: bool, seen: tuple[Any, ...]) -> Any:
    types = (
        _provided_type(element, exact, seen)
        if isinstance(element, di.Provider)
        else value_type(element, exact=exact)
        for element in elements
    )
    return reduce(or_, types)


def _stand_in_type(slot: Slot[Any], active: di.Provider[Any], exact: bool, seen: tuple[Any, ...]) -> Any:
    if not isinstance(slot, IntegrationSlot) or not isinstance(active, di.Object):
        return _provided_type(active, exact, seen)
    # An object that overrides an integration may be any test double, unless it declares its class, as mocks
    # do by __class__.
    if active.provides is None:
        return type(None)
    return active.provides.__class__ if isinstance(active.provides, Integration) else Any
