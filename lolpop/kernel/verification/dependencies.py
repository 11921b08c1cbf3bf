"""Findings about dependencies that are missing, of a wrong type, or in the wrong layer."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Literal, get_origin

from dependency_injector import providers as di

from lolpop._names import did_you_mean
from lolpop.annotations import alternatives, class_of, is_protocol, type_name
from lolpop.assignability import fits, implements, value_fits
from lolpop.errors import Finding, Origin
from lolpop.integrations import Integration, Pipeline, Runner
from lolpop.kernel.cycles import build_order
from lolpop.kernel.providers import Pipeline as PipelineSlot
from lolpop.kernel.providers import Runner as RunnerSlot
from lolpop.kernel.providers.cells import (
    Cell,
    Dependency,
    cell_of,
    drawn,
    effective_provider,
    is_scoped,
    name_of,
    needs_of,
    providers_behind,
)
from lolpop.kernel.providers.groups import GroupCell
from lolpop.kernel.providers.main_slots import MainSlot
from lolpop.kernel.providers.nesting import Nested
from lolpop.kernel.providers.slots import Slot
from lolpop.kernel.providers.traversal import (
    injected_setting,
    injected_values,
    provided_type,
    setting_place,
)
from lolpop.kernel.scopes import Scope
from lolpop.kernel.verification.visible import VisibleNames

__all__ = ["cycle_findings", "dependency_findings"]

_SHARE = "Move the shared part into a component that both can use."

_FINDS_NOTHING: Any = inspect.getattr_static(Integration, "check_injected").__func__
"""The default of ``check_injected``, which finds nothing and is not called."""

_LAZILY = "Break the cycle: give one of them a parameter of the type providers.Lazy[…]."

_LAYER_RULES = {
    "component": "components take components only",
    "pipeline": "pipelines take components, and the pipelines of containers nested in their own",
    "runner": "runners take pipelines and components",
}


def dependency_findings(cell: Cell, visible: VisibleNames) -> Iterator[Finding]:
    """Findings about the dependencies of a slot."""
    if not isinstance(cell, GroupCell):
        for dependency in cell.dependencies:
            yield from _findings(cell, dependency, visible)
    yield from _injected_findings(cell)


def cycle_findings(root: Scope) -> list[Finding]:
    """Findings about cycles, with overrides in force."""
    findings: list[Finding] = []

    def note(cycle: list[di.Provider[Any]]) -> None:
        message = f"has a circular dependency: {drawn(cycle)}"
        findings.append(
            Finding(
                name_of(cycle[-1]),
                message,
                hint=_LAZILY,
            )
        )

    providers = (provider for scope in root.walk() for provider in scope.providers.values())
    build_order([provider for provider in providers if not isinstance(provider, Nested)], needs_of, note)
    return findings


def _findings(cell: Cell, dependency: Dependency, visible: VisibleNames) -> Iterator[Finding]:
    parameter, provider = dependency.parameter, dependency.provider
    if (layer := _forbidden_layer(cell, alternatives(parameter.annotation))) is not None:
        message = f"{cell.plan.called!r} requires the {layer} {parameter.name!r}; {_layer_rule(cell)}"
        yield Finding(cell.path, message, hint=_SHARE)
        return
    if provider is None:
        if parameter.required:
            yield _missing(cell, dependency, visible)
        return
    if isinstance(provider, Nested):
        yield from _nested_findings(cell, dependency, provider)
    elif isinstance(provider, MainSlot):
        needed = f"the {_layer_of(cell_of(provider))} {parameter.name!r}, which is in a higher layer"
        message = f"{cell.plan.called!r} requires {needed}; {_layer_rule(cell)}"
        yield Finding(cell.path, message, hint=_SHARE)
        return
    if dependency.lazy is None:
        yield from _captive_findings(cell, dependency, provider)
    if not _fits(dependency, provided_type(provider, exact=True)):
        yield _misfit(cell, dependency, provider)


def _misfit(cell: Cell, dependency: Dependency, provider: di.Provider[Any]) -> Finding:
    """The finding about a provider whose object is of another type than the parameter."""
    parameter, use = dependency.parameter, cell.plan.called
    expected, actual = type_name(parameter.annotation), type_name(provided_type(provider))
    chosen = _use_origin(cell.slot)
    reason = _reason(provided_type(provider), parameter.annotation)
    provide = f"an object of type {expected}, or name another provider: {parameter.name}=…."
    instead = f"Choose another implementation instead of {use!r}, or in code provide"
    return Finding(
        cell.path,
        f"{use!r} requires {parameter.name}: {expected}, "
        f"but {_name_of(dependency)} provides {actual}{reason}",
        origin=_use_origin(provider) or chosen,
        hint=f"{instead if chosen else 'Provide'} {provide}",
    )


def _captive_findings(cell: Cell, dependency: Dependency, provider: di.Provider[Any]) -> Iterator[Finding]:
    """The finding about a scoped component that something with a longer life would keep."""
    effective = effective_provider(provider)
    slots = [effective] if effective is None or isinstance(effective, Slot) else providers_behind(effective)
    for behind in slots:
        if not isinstance(behind, Slot) or not is_scoped(behind) or is_scoped(cell.slot):
            continue
        expected = type_name(dependency.parameter.annotation)
        yield Finding(
            cell.path,
            f"{cell.plan.called!r} lives as long as the container, but requires "
            f"{dependency.parameter.name!r}: {cell_of(behind).path} lives as long as one scope",
            hint=f"Declare {cell.path} with scoped=True too, or take providers.Lazy[{expected}].",
        )


def _fits(dependency: Dependency, provided: Any) -> bool:
    """Whether the provided object fits the parameter; for settings, the value itself is checked."""
    annotation = dependency.parameter.annotation
    if (setting := injected_setting(dependency)) is None:
        return fits(provided, annotation)
    if setting.value is None:
        return fits(type(None), annotation)
    if any(get_origin(member) is Literal for member in alternatives(annotation)):
        return value_fits(setting.value, annotation)
    return all(fits(member, annotation) for member in alternatives(provided))


def _reason(provided: Any, annotation: Any) -> str:
    """Why a class does not fit a protocol, for a message; nothing where the names of the types say it."""
    members = alternatives(annotation)
    is_clear = len(members) != 1 or not is_protocol(class_of(members[0]))
    reason = None if is_clear or not isinstance(provided, type) else implements(provided, members[0])
    return f": {reason}" if reason else ""


def _injected_findings(cell: Cell) -> Iterator[Finding]:
    """Findings of the implementation itself about its injected objects (``check_injected``).

    A path that begins with the name of a parameter is about the provider of that parameter.
    """
    plan = cell.plan
    check = getattr(plan.implementation, "check_injected", None)
    if check is None or getattr(check, "__func__", None) is _FINDS_NOTHING or plan.errors:
        return
    for finding in check(dict(injected_values(cell.dependencies))):
        path, origin = setting_place(cell, finding.path)
        yield replace(finding, path=path, origin=finding.origin or origin)


def _layer_of(cell: Cell) -> str:
    if isinstance(cell.slot, PipelineSlot):
        return "pipeline"
    return "runner" if isinstance(cell.slot, RunnerSlot) else "component"


def _layer_rule(cell: Cell) -> str:
    return _LAYER_RULES[_layer_of(cell)]


def _forbidden_layer(cell: Cell, members: Iterable[Any]) -> str | None:
    for member in members:
        if not isinstance(member, type):
            continue
        if issubclass(member, Runner):
            return "runner"
        if issubclass(member, Pipeline) and _layer_of(cell) == "component":
            return "pipeline"
    return None


def _nested_findings(cell: Cell, dependency: Dependency, nested: Nested) -> Iterator[Finding]:
    inside, use, name = nested.scope_inside, cell.plan.called, dependency.parameter.name
    if _layer_of(cell) == "component":
        message = f"{use!r} requires the pipeline {name!r}; components take components only"
        yield Finding(cell.path, message, hint=_SHARE)
    elif inside is not None and inside.outer is not cell.scope:
        yield Finding(
            cell.path,
            f"{use!r} requires {name!r}, the pipeline of {'.'.join(inside.path)!r}, "
            f"which is not nested in its own container",
            hint="Pipelines are independent of their siblings: let the runner pass results between them.",
        )
    elif nested.pipeline is None:
        yield Finding(cell.path, f"{use!r} requires {name!r}, a container without a pipeline")


def _missing(cell: Cell, dependency: Dependency, visible: VisibleNames) -> Finding:
    name = dependency.parameter.name
    if homes := visible.homes(name):
        hint = f"{name!r} is local to {' and '.join(map(repr, homes))}."
    else:
        near = did_you_mean(name, visible.among(cell.scope))
        hint = near or f"Declare a provider {name} in the container or around it."
    return Finding(cell.path, cell.plan.needs(dependency.parameter), hint=hint)


def _name_of(dependency: Dependency) -> str:
    provider = dependency.provider
    if isinstance(provider, Nested):
        return repr(".".join(provider.scope_inside.path)) if provider.scope_inside else "it"
    return repr(cell_of(provider).path if isinstance(provider, Slot) else dependency.parameter.name)


def _use_origin(provider: di.Provider[Any]) -> Origin | None:
    if not isinstance(provider, Slot):
        return None
    use = cell_of(provider).plan.section.use
    return use.node.origin if use else None
