"""Findings about sections of the settings, and about the slots that are set by them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from lolpop._names import Names, one_of
from lolpop.annotations import is_base_settings
from lolpop.errors import Finding, Origin, UnknownFinding
from lolpop.integrations import Integration
from lolpop.kernel.framework import framework_plan, settings_in
from lolpop.kernel.plans import ambiguity
from lolpop.kernel.providers.cells import Cell
from lolpop.kernel.providers.groups import GroupCell
from lolpop.kernel.providers.lists import ListCell
from lolpop.kernel.providers.main_slots import MainSlot, has_section
from lolpop.kernel.providers.traversal import declared_cells, injected_setting
from lolpop.kernel.providers.values import Settings
from lolpop.kernel.scopes import Scope
from lolpop.registry import missing_requirement
from lolpop.settings.framework import FRAMEWORK, RESERVED_KEYS
from lolpop.settings.nodes import Node
from lolpop.settings.tree import is_users_own
from lolpop.signatures import signature_of

__all__ = ["own_findings", "section_findings", "slot_findings"]


_FINDS_NOTHING: Any = inspect.getattr_static(Integration, "check_settings").__func__
"""The default of ``check_settings``, which finds nothing and is not called."""


def section_findings(scope: Scope) -> Iterator[Finding]:
    """Findings about the keys of a container's section."""
    yield from _unknown_keys(scope)
    yield from _ambiguous_keys(scope)
    yield from _clashes(scope)


def slot_findings(cell: Cell) -> Iterator[Finding]:
    """Findings about the declaration and settings of a slot, besides those of its plan."""
    if isinstance(cell, GroupCell):
        yield from _stray_elements(cell)
    yield from _unknown_injections(cell)
    if isinstance(cell.slot, Settings) and is_base_settings(cell.slot.type):
        from lolpop.settings.base_settings import unread_findings

        yield from unread_findings(cell.slot.type, cell.path)


def own_findings(cell: Cell) -> Iterator[Finding]:
    """Findings of the implementation itself about its settings: see ``Integration.check_settings``."""
    plan = cell.plan
    # An implementation of a protocol inherits no check.
    check = getattr(plan.implementation, "check_settings", None)
    if check is None or getattr(check, "__func__", None) is _FINDS_NOTHING or plan.errors:
        return
    settings = {name: setting.value for name, setting in plan.settings.items()}
    takes_injected = len(inspect.signature(check).parameters) > 1
    for finding in check(settings, _injected_settings(cell)) if takes_injected else check(settings):
        relative = tuple(finding.path.split(".")) if finding.path else ()
        yield Finding(
            ".".join(part for part in (plan.path, finding.path) if part),
            finding.message,
            finding.severity,
            finding.origin or plan.origin_of(relative),
            finding.hint,
        )


def _injected_settings(cell: Cell) -> dict[str, Any]:
    settings = ((dependency.parameter.name, injected_setting(dependency)) for dependency in cell.dependencies)
    return {name: setting.value for name, setting in settings if setting is not None}


def _unknown_keys(scope: Scope) -> Iterator[Finding]:
    names = {name for name, provider in scope.providers.items() if has_section(provider)}
    if scope.outer is None:
        names.add(FRAMEWORK)
        yield from _framework_findings(scope)
    # Other keys belong to the pipeline or runner, whose plan checks them; without one they are unknown.
    if any(isinstance(provider, MainSlot) for provider in scope.providers.values()):
        return
    folded = {name.lower() for name in names}
    near = Names(names)
    unknown: dict[str, Node] = {}
    for statement in scope.configuration.tree.statements(scope.path):
        keys = statement.node.value if isinstance(statement.node.value, Mapping) else {}
        spelled = folded if statement.layer.case_insensitive else names
        unknown |= {key: node for key, node in keys.items() if key not in spelled}
    for key, node in unknown.items():
        if not is_users_own(scope.path, key):
            yield UnknownFinding(
                scope.path_of(key),
                "unknown setting",
                origin=_key_origin(node),
                hint=one_of(key, near),
                is_near=near.near(key) is not None,
            )


def _framework_findings(root: Scope) -> Iterator[Finding]:
    """Findings about the framework's own section."""
    configuration = root.configuration
    plan = framework_plan(configuration.tree, configuration.links)
    for finding in plan.findings:
        key = finding.path.rpartition(".")[2]
        if finding.message == "unknown setting" and key.lower() in RESERVED_KEYS:
            yield replace(finding, message="is reserved for later versions", hint="Remove it.")
        else:
            yield finding
    for index, requirement in enumerate(settings_in(plan).extensions):
        if (missing := missing_requirement(requirement)) is not None:
            message, hint = missing
            origin = plan.origin_of(("extensions", str(index)))
            yield Finding(f"{FRAMEWORK}.extensions.{index}", message, origin=origin, hint=hint)


def _ambiguous_keys(scope: Scope) -> Iterator[Finding]:
    """Findings about variables that could mean several providers, or a provider and a setting beside it."""
    names = {name for name, provider in scope.providers.items() if has_section(provider)}
    for cell in declared_cells(scope):
        if isinstance(cell.slot, MainSlot) and cell.plan.implementation is not None:
            names |= set(signature_of(cell.plan.implementation).settings)
    by_folded: dict[str, list[str]] = {}
    for name in sorted(names):
        by_folded.setdefault(name.lower(), []).append(name)
    for key, same in by_folded.items():
        if len(same) < 2 or not any(name in scope.providers for name in same):
            continue
        for statement in scope.configuration.tree.statements((*scope.path, key)):
            if statement.layer.case_insensitive:
                yield ambiguity(scope.path_of(key), _key_origin(statement.node), same)


def _clashes(scope: Scope) -> Iterator[Finding]:
    """Findings about settings of a pipeline or runner with the name of a provider of its container."""
    for cell in declared_cells(scope):
        if isinstance(cell.slot, MainSlot):
            for name in cell.plan.settings:
                if name in scope.providers:
                    yield Finding(
                        scope.path_of(name),
                        f"{cell.plan.called!r} and a provider of its container both have the name {name!r}",
                        hint="Rename the setting or the provider: they share one key.",
                    )


def _stray_elements(cell: GroupCell) -> Iterator[Finding]:
    for key, node in cell.stray_nodes():
        path = f"{cell.path}.{key}" if key else cell.path
        message = f"there is no element {key!r}" if key else f"should be {cell.shape}"
        hint = f"Write it {cell.example[node.text]}."
        if key and isinstance(cell, ListCell):
            count = len(cell.elements)
            hint = f"It has {count} element{'' if count == 1 else 's'}, counted from 0."
        elif key:
            hint = f"{one_of(key, cell.keys)} A new element needs `use`, its implementation."
        yield Finding(path, message, origin=_key_origin(node), hint=hint)


def _unknown_injections(cell: Cell) -> Iterator[Finding]:
    """Findings about keywords of a provider for which its default implementation has no parameter."""
    plan, slot = cell.plan, cell.slot
    if plan.implementation is None or plan.used != getattr(slot, "default", None):
        return
    for name in {**slot.injections, **slot.injection_names}:
        if name not in plan.injected:
            message = f"{plan.use!r} has no injected parameter {name!r}"
            yield Finding(cell.path, message, hint=one_of(name, plan.injected))


def _key_origin(node: Node) -> Origin | None:
    # A mapping that comes from a variable has the origin of its content.
    while node.key_origin is None and isinstance(node.value, Mapping) and node.value:
        node = next(iter(node.value.values()))
    return node.key_origin or node.origin
