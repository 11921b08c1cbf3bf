"""What can be asked of all providers of a tree."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

from dependency_injector import providers as di

from lolpop.errors import Finding, Origin
from lolpop.integrations import Integration
from lolpop.kernel.plans import Setting
from lolpop.kernel.providers.components import Component, Components
from lolpop.kernel.providers.integrated import Integrated
from lolpop.kernel.providers.slots import Edge, Slot, behind
from lolpop.kernel.providers.values import Folder, Settings
from lolpop.kernel.scopes import Scope
from lolpop.settings.nodes import leaves

__all__ = [
    "active_slot", "broken_links", "injected_setting", "injected_values", "provided_type", "setting_of",
    "slots_in",
]  # fmt: skip


def slots_in(root: Scope) -> Iterator[Slot[Any]]:
    """The slots that count: with those that stand in for others in their place, and elements of lists."""
    for scope in root.walk():
        for provider in scope.providers.values():
            slot = provider.active if isinstance(provider, Slot) else None
            if isinstance(slot, Slot):
                yield slot
                if isinstance(slot, Components):
                    yield from slot.elements


def broken_links(root: Scope) -> list[Finding]:
    """The links that lead nowhere, of settings that count: what a stronger source replaced may be broken."""
    broken = root.configuration.links.findings()
    if not broken:
        return []
    sections = [slot._section() for slot in slots_in(root)]
    in_force = {section.use.node.origin for section in sections if section.use is not None}
    in_force.update(node.origin for section in sections for _, node in leaves(section.root))
    return [finding for finding in broken if finding.origin in in_force]


def active_slot(edge: Edge) -> Slot[Any] | None:
    """The slot that gives what an edge is for, with what stands in for it in its place."""
    provider = behind(edge.provider)
    active = provider.active if isinstance(provider, Slot) else None
    return active if isinstance(active, Slot) else None


def injected_setting(edge: Edge) -> Setting | None:
    """The section of the settings that an edge injects, if it is one and valid."""
    active = active_slot(edge)
    if not isinstance(active, Settings) or active.plan.errors:
        return None
    return active.plan.settings.get("")


def injected_values(edges: Iterable[Edge]) -> Iterator[tuple[str, Any]]:
    """What is known of what is injected, by name: values of settings, the folder, classes of components."""
    for edge in edges:
        active = active_slot(edge)
        if (setting := injected_setting(edge)) is not None:
            yield edge.parameter.name, setting.value
        elif isinstance(active, Folder):
            yield edge.parameter.name, active()
        elif isinstance(active, Component) and active.plan.implementation is not None:
            yield edge.parameter.name, active.plan.implementation


def setting_of(slot: Slot[Any], path: str) -> tuple[str, Origin | None]:
    """The full path of a setting that an implementation names, and its place in the sources.

    A ``path`` that begins with the name of an injected parameter is about what provides that.
    """
    name, *relative = path.split(".")
    provider = {edge.parameter.name: active_slot(edge) for edge in slot.edges}.get(name)
    plan = slot.plan if provider is None else provider.plan
    steps = tuple(part for part in (name, *relative) if part) if provider is None else tuple(relative)
    origin = plan.origin_of(steps) if provider is not None or name in plan.settings else None
    return ".".join(part for part in (plan.path, *steps) if part), origin


def provided_type(provider: di.Provider[Any]) -> Any:
    """The type of what a provider gives, as far as is known without calling it; ``Any`` otherwise."""
    found = behind(provider)
    if isinstance(found, Slot):
        if found.overridden_by:
            return _stand_in_type(found)
        return Any if found.provides is None else found.provides
    if isinstance(found, di.Object):
        return type(found.provides)
    if isinstance(found, di.Factory | di.BaseSingleton):
        return found.cls if inspect.isclass(found.cls) else Any
    return Any


def _stand_in_type(slot: Slot[Any]) -> Any:
    active = slot.active
    if not isinstance(slot, Integrated) or not isinstance(active, di.Object):
        return provided_type(active)
    # A live object that stands in for an integration may be any double, unless it says what it is; a mock
    # does so by its __class__.
    return active.provides.__class__ if isinstance(active.provides, Integration) else Any
