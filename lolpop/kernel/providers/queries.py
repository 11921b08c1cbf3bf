"""What can be asked of all providers of a tree."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from dependency_injector import providers as di

from lolpop.errors import Finding
from lolpop.integrations import Integration
from lolpop.kernel.providers.components import Components
from lolpop.kernel.providers.integrated import Integrated
from lolpop.kernel.providers.slots import Slot, behind
from lolpop.kernel.scopes import Scope
from lolpop.settings.nodes import leaves

__all__ = ["broken_links", "provided_type", "slots_in"]


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
