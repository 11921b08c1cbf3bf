"""Warnings about declarations that have no effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

from lolpop import registry
from lolpop._names import did_you_mean
from lolpop.errors import Finding, WiringError
from lolpop.integrations import call_kind
from lolpop.kernel.framework import framework_plan
from lolpop.kernel.providers import Component, Runner, Settings
from lolpop.kernel.providers.cells import Cell, cell_of, effective_provider, providers_behind
from lolpop.kernel.providers.groups import ComponentGroup
from lolpop.kernel.providers.main_slots import MainSlot
from lolpop.kernel.providers.nesting import Nested
from lolpop.kernel.providers.slots import Slot
from lolpop.kernel.providers.traversal import declared_cells
from lolpop.kernel.scopes import Scope
from lolpop.settings.framework import FRAMEWORK
from lolpop.settings.tree import NO_SECTION
from lolpop.signatures import signature_of

__all__ = ["call_paths", "idle_patterns", "unused_findings"]


def unused_findings(root: Scope, cells: Sequence[Cell]) -> Iterator[Finding]:
    """Components and settings of a runner's container that nothing uses."""
    if not any(isinstance(provider, Runner) for provider in root.providers.values()):
        return
    used = _used(root, cells)
    spared = _left_by_swaps(cells)
    for scope in root.walk():
        for cell in declared_cells(scope):
            slot = cell.slot
            if not isinstance(slot, Component | ComponentGroup | Settings) or slot in used:
                continue
            inherited = scope is root and cell.name in root.runtime.inherited
            if not inherited and not (slot in spared and cell.plan.section is NO_SECTION):
                yield Finding(cell.path, "nothing uses it", "warning")


def _used(root: Scope, cells: Sequence[Cell]) -> set[Any]:
    used = {effective_provider(dependency.provider) for cell in cells for dependency in cell.dependencies}
    for scope in root.walk():
        for provider in scope.providers.values():
            if isinstance(provider, Slot):
                used.add(cell_of(provider).active if cell_of(provider).overrides else None)
            elif not isinstance(provider, Nested):
                used.update(providers_behind(provider))
    return used


def _left_by_swaps(cells: Sequence[Cell]) -> set[Any]:
    """The providers that the default implementations would use."""
    left: set[Any] = set()
    for cell in cells:
        slot = cell.slot
        if not isinstance(slot, Component) or slot.default is None or cell.plan.used == slot.default:
            continue
        interface: Any = slot.interface
        default: Any = slot.default
        try:
            default = registry.resolve(interface, default)
        except WiringError:
            continue  # it is not installed, and need not be
        for name in signature_of(default).injected:
            left.add(cell.scope.lookup(slot.injection_names.get(name, name)))
    return left


def idle_patterns(root: Scope, cells: Sequence[Cell]) -> Iterator[Finding]:
    """Warnings about interceptors, and the framework's cache, whose patterns match nothing."""
    if paths := call_paths(cells):
        yield from _idle_cache(root, paths)
        yield from _idle_interceptors(root, paths)


def _idle_cache(root: Scope, paths: Sequence[str]) -> Iterator[Finding]:
    plan = framework_plan(root.configuration.tree, root.configuration.links)
    setting = plan.settings.get("")
    for pattern in () if setting is None else setting.value.cached_paths:
        if not any(fnmatchcase(path, pattern) for path in paths):
            message = f"{pattern!r} matches no task or workflow: it caches nothing"
            origin = plan.origin_of(("cache",))
            yield Finding(f"{FRAMEWORK}.cache", message, "warning", origin, _near_pattern(pattern, paths))


def _idle_interceptors(root: Scope, paths: Sequence[str]) -> Iterator[Finding]:
    interceptors = root.providers.get("interceptors")
    active = cell_of(interceptors).active if isinstance(interceptors, Slot) else None
    elements = cell_of(active).elements if isinstance(active, Slot) else ()
    if not elements:
        return
    for plan in (cell_of(element).plan for element in elements):
        on = plan.settings.get("on")
        if on is None or not on.is_given or not isinstance(on.value, str):
            continue
        if not any(fnmatchcase(path, on.value) for path in paths):
            yield Finding(
                f"{plan.path}.on",
                f"{on.value!r} matches no task or workflow; the interceptor never runs",
                "warning",
                plan.origin_of(("on",)),
                _near_pattern(on.value, paths),
            )


def _near_pattern(pattern: str, paths: Sequence[str]) -> str | None:
    """The sentence that proposes a path, or all tasks of a pipeline."""
    pipelines = {f"{path.rpartition('.')[0]}.*" for path in paths if "." in path}
    return did_you_mean(pattern, [*paths, *pipelines])


def call_paths(cells: Iterable[Cell]) -> list[str]:
    """The paths of all tasks and workflows."""
    return [path for cell in cells if isinstance(cell.slot, MainSlot) for path in _calls_of(cell)]


def _calls_of(cell: Cell) -> Iterator[str]:
    """The paths of the tasks of a pipeline, or of the workflows of a runner."""
    implementation = cell.plan.implementation
    container = cell.path.rpartition(".")[0]
    for name in dir(implementation or object):
        if call_kind(getattr(implementation, name, None)) is not None:
            yield f"{container}.{name}" if container else name
