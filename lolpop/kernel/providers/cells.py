"""Cells: slots at their places in a container, and how their objects are built."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dependency_injector import providers as di

from lolpop.annotations import alternatives, class_of
from lolpop.errors import LolpopError, WiringError
from lolpop.kernel.cycles import build_order
from lolpop.kernel.deadlocks import Builder
from lolpop.kernel.lifetimes import Instance, Lifetime, Override, OverrideEnded
from lolpop.kernel.plans import Plan
from lolpop.kernel.providers.dependencies import Dependency, effective_provider
from lolpop.kernel.providers.needs import (
    drawn,
    is_scoped,
    name_of,
    needs_of,
    providers_behind,
)
from lolpop.kernel.providers.overriding import stand_in
from lolpop.kernel.providers.slots import Slot, bound, is_bound
from lolpop.kernel.providers.uncached_cells import uncached_cell
from lolpop.settings.tree import NO_SECTION, Section

if TYPE_CHECKING:
    from lolpop.kernel.scopes import Scope
    from lolpop.settings.nodes import Statement

__all__ = [
    "Cell",
    "Dependency",
    "cell_of",
    "check_acyclic",
    "drawn",
    "effective_provider",
    "is_scoped",
    "name_of",
    "needs_of",
    "overriding_instance",
    "providers_behind",
]

_NEVER: tuple[int, Any] = (-1, None)


@dataclass(frozen=True, slots=True)
class ResolvedDependency:
    """A dependency when it is resolved: the value, and the token that identifies it."""

    token: Any
    instance: Instance


class Cell:
    """A slot at its place in a container: it resolves its dependencies by name and builds one instance.

    Instances are stored by the dependencies that they were built from. So a new one is built exactly if a
    dependency is another object, and the former one comes back with the former dependency.
    """

    __slots__ = (
        "_builder",
        "_current",
        "_dependencies",
        "_instances",
        "_lock",
        "_plan",
        "cache",
        "lifetime",
        "name",
        "overrides",
        "scope",
        "slot",
        "stands_in",
    )

    def __init__(self, slot: Slot[Any], scope: Scope, name: str) -> None:
        self.slot, self.scope, self.name = slot, scope, name
        self.lifetime = scope.lifetime
        self.cache = _NEVER
        """The epoch for which the instance is known, and the instance."""
        self.overrides: tuple[Override, ...] = ()
        self.stands_in: Override | None = None
        """The override that made it, if it replaces another slot."""
        self._current = _NEVER
        self._instances: dict[Any, Instance] = {}
        self._lock = threading.RLock()
        self._builder = Builder()
        self._plan: Plan | None = None
        self._dependencies: tuple[Dependency, ...] | None = None

    @property
    def path(self) -> str:
        """The names that lead to it from the root, dotted."""
        return self.scope.path_of(self.name)

    @property
    def active(self) -> di.Provider[Any]:
        """The provider of its value: the slot itself, or its last override."""
        overrides = self.overrides
        return overrides[-1].provider if overrides else self.slot

    @property
    def provided_type(self) -> Any:
        """The type of its object, as far as is known without building it."""
        return self.plan.implementation

    # Its plan

    @property
    def plan(self) -> Plan:
        """The plan, by its declaration and settings."""
        if self._plan is None:
            with self._lock:
                self._plan = self._plan or self._make_plan()
        return self._plan

    @property
    def dependencies(self) -> tuple[Dependency, ...]:
        """Its dependencies, in the order of the constructor."""
        if self._dependencies is None:
            with self._lock:
                if self._dependencies is None:
                    self._dependencies = tuple(self._find_dependencies())
        return self._dependencies

    @property
    def section(self) -> Section:
        """Its settings of all sources, merged as far as that is possible without the implementation."""
        return NO_SECTION

    @property
    def elements(self) -> tuple[Slot[Any], ...]:
        """The slots of a list's elements."""
        return ()

    @property
    def wrapped(self) -> Cell | None:
        """The slot whose object it wraps, if any."""
        return None

    @property
    def is_scoped(self) -> bool:
        """Whether it builds another object in each unit of work, overrides ignored."""
        return False

    def based_on(self) -> Sequence[di.Provider[Any]]:
        """The providers whose objects it is, or wraps, overrides ignored."""
        return ()

    def needed(self) -> Sequence[di.Provider[Any] | None]:
        """The cells to evaluate before it."""
        return [self.active] if self.overrides else self.needed_by_itself()

    def needed_by_itself(self) -> list[di.Provider[Any] | None]:
        """The cells to evaluate before it, overrides ignored."""
        return [dependency.provider for dependency in self.dependencies if dependency.lazy is None]

    def setting_values(self) -> Iterator[Any]:
        """The values of its settings, and of its overrides' settings, as far as they were read."""
        if self._plan is not None:
            for setting in self._plan.settings.values():
                yield setting.value
        for override in self.overrides:
            stand_in = override.provider
            if isinstance(stand_in, Slot) and stand_in is not self.slot:
                stand_in_cell = cell_of(stand_in)
                if stand_in_cell.stands_in is override:
                    yield from stand_in_cell.setting_values()

    def statements(self) -> list[Statement]:
        """Its statements in all sources, weakest first."""
        if self.stands_in is not None:
            return []
        return self.scope.configuration.tree.statements((*self.scope.path, self.name))

    def _make_plan(self) -> Plan:
        return Plan(self.path)

    def _find_dependencies(self) -> Iterator[Dependency]:
        for name, parameter in self.plan.injected.items():
            if name in self.slot.injection_names:
                # A keyword names a provider of the class body, which a subclass may have redeclared since.
                yield Dependency.on(self.scope.lookup(self.slot.injection_names[name]), parameter)
                continue
            if name in self.slot.injections:
                injection: di.Provider[Any] | None = self.slot.injections[name]
                if isinstance(injection, Slot) and not is_bound(injection):
                    injection = self.scope.lookup(injection.name)
                yield Dependency.on(injection, parameter)
                continue
            # A slot does not see itself, nor does an element see its list, so that a local logger can wrap
            # the # global one.
            scope = self.scope.outer if name == self.name.partition(".")[0] else self.scope
            yield Dependency.on(None if scope is None else scope.lookup(name), parameter)

    # Resolution

    def resolve(self) -> Any:
        """The instance; its dependencies are built first."""
        while True:
            lifetime = self.lifetime = self.scope.lifetime
            lifetime.check_open(self.path)
            epoch = lifetime.epoch
            try:
                for slot in self._build_order(epoch):
                    cell_of(slot).evaluate(epoch)
                return self.evaluate(epoch).get()
            except OverrideEnded:
                continue  # it ended in another thread: build again without it

    def is_current(self, epoch: int) -> bool:
        """Whether its instance of this epoch is known."""
        return self._current[0] == epoch

    def evaluate(self, epoch: int) -> Instance:
        """The instance of this epoch; its dependencies were evaluated before."""
        current, instance = self._current
        if current == epoch:
            return instance  # type: ignore[no-any-return]  # the pair is written together
        self.lifetime = self.scope.lifetime
        overrides = self.overrides
        instance = overriding_instance(overrides[-1], epoch) if overrides else self.own_instance(epoch)
        if overrides and is_scoped(self.slot):
            return instance  # that of one unit of work
        self._current = (epoch, instance)
        if instance.source is None:
            self.cache = (epoch, instance.value)
        return instance

    def _build_order(self, epoch: int) -> list[Slot[Any]]:
        """The cells to evaluate for this epoch, dependencies first."""
        start: di.Provider[Any] = self.slot
        order = build_order(
            [start],
            needs_of,
            _refuse,
            is_built=lambda provider: isinstance(provider, Slot) and cell_of(provider).is_current(epoch),
        )
        return [provider for provider in order if isinstance(provider, Slot)]

    def own_instance(self, epoch: int) -> Instance:
        """The instance of this epoch, overrides ignored."""
        return self._built_instance(epoch, self._instances, self._builder, self.lifetime)

    def _built_instance(
        self, epoch: int, instances: dict[Any, Instance], builder: Builder, lifetime: Lifetime
    ) -> Instance:
        """The instance of ``instances`` that was built from the same dependencies, or a new one."""
        resolved = [
            (dependency, _resolved_dependency(dependency, dependency.provider, epoch))
            for dependency in self.dependencies
            if dependency.provider is not None
        ]
        key = tuple(part.token for _, part in resolved)
        instance = instances.get(key)
        if instance is not None:
            return instance
        # One builder a slot: a constructor may wait for a thread that resolves another one.
        with builder.one_thread(lifetime, self.path):
            instance = instances.get(key)
            if instance is not None:
                return instance
            overrides = frozenset[Override]().union(*(part.instance.overrides for _, part in resolved))
            if self.stands_in is not None:
                overrides |= {self.stands_in}
            try:
                value = self._build(
                    {item.parameter.name: self._injected(item, part) for item, part in resolved}
                )
            except Exception:
                if any(override.ended for override in overrides):
                    raise OverrideEnded from None  # a dependency was closed meanwhile
                raise
            instance = self._make_instance(value, overrides)
            lifetime.keep(instance, instances, key, self.path)
            return instance

    def _injected(self, dependency: Dependency, resolved: ResolvedDependency) -> Any:
        try:
            value = resolved.instance.get()
        except LolpopError:
            raise
        except Exception as error:
            # A function of the user may raise anything; the message says which function, and for which
            # parameter.
            message = f"{self.path}: {dependency.parameter.name!r} could not be provided"
            raise WiringError(f"{message}: {type(error).__name__}: {error}") from error
        if isinstance(value, list):
            members = alternatives(dependency.parameter.annotation)
            return tuple(value) if tuple in {class_of(member) for member in members} else list(value)
        return value

    def _build(self, parts: dict[str, Any]) -> Any:
        raise NotImplementedError

    def _make_instance(self, value: Any, overrides: frozenset[Override]) -> Instance:
        return Instance(value, overrides)

    # Overriding

    def override(self, provider: Any) -> Override:
        """Override this one with ``provider``: a provider or any object."""
        override = stand_in(self, provider)
        override.lifetime.begin(override)
        return override

    def set_overrides(self, overrides: tuple[Override, ...]) -> None:
        """Set the overrides."""
        self.lifetime = self.scope.lifetime
        self.overrides = overrides

    def reset_last_override(self) -> None:
        """End the last override. Raises WiringError if there is none."""
        if not self.overrides:
            raise WiringError(f"{self.path} is not overridden")
        override = self.overrides[-1]
        override.lifetime.end(override)

    def reset_overrides(self) -> None:
        """End all overrides."""
        while self.overrides:
            self.reset_last_override()


def cell_of(slot: Slot[Any]) -> Cell:
    """The cell of a slot. Raises WiringError if the slot belongs to no container."""
    cell: Cell = bound(slot)  # type: ignore[assignment]  # each slot makes a Cell
    return cell


def check_acyclic(provider: di.Provider[Any]) -> None:
    """Raise WiringError if a provider depends on itself."""
    build_order([provider], needs_of, _refuse)


def _refuse(cycle: list[di.Provider[Any]]) -> None:
    raise WiringError(f"{name_of(cycle[-1])} has a circular dependency: {drawn(cycle)}")


def _resolved_dependency(
    dependency: Dependency, provider: di.Provider[Any], epoch: int
) -> ResolvedDependency:
    if dependency.lazy is None:
        return _resolved(provider, epoch)
    # A lazy dependency may keep the object that it gets, so that it is built again for each override below
    # it.
    overrides = frozenset(_overrides_behind(provider))
    return ResolvedDependency((provider, overrides), Instance(dependency.lazy, overrides))


def _overrides_behind(provider: di.Provider[Any]) -> Iterator[Override]:
    """The overrides of a provider and of its dependencies, lazy ones included."""
    seen: set[di.Provider[Any]] = set()
    waiting: list[di.Provider[Any] | None] = [provider]
    while waiting:
        current = effective_provider(waiting.pop())
        if current is None or current in seen:
            continue
        seen.add(current)
        cell = cell_of(current) if isinstance(current, Slot) else uncached_cell(current)
        if cell is not None:
            yield from cell.overrides[-1:]
        waiting += needs_of(current)
        if isinstance(current, Slot) and not cell_of(current).overrides:
            waiting += (dependency.provider for dependency in cell_of(current).dependencies)


def _resolved(provider: di.Provider[Any], epoch: int) -> ResolvedDependency:
    effective = effective_provider(provider)
    if isinstance(effective, Slot):
        instance = cell_of(effective).evaluate(epoch)
        return ResolvedDependency(instance, instance)
    if effective is None:
        raise WiringError("a nested container that is asked for has no pipeline")
    return _resolved_uncached(effective, epoch)


def _resolved_uncached(provider: di.Provider[Any], epoch: int) -> ResolvedDependency:
    """The value of a provider that is not a slot: new at each call, from the providers that it refers to."""
    instances: set[Instance] = set()
    overrides: set[Override] = set()
    others: set[Any] = set()
    for behind in providers_behind(provider):
        if isinstance(behind, Slot):
            instance = cell_of(behind).evaluate(epoch)
            instances.add(instance)
            overrides |= instance.overrides
        elif (cell := uncached_cell(behind)) is not None:
            overrides.update(cell.overrides[-1:])
        elif behind.last_overriding is not None:
            others.add((behind, behind.last_overriding))
    token = (provider, frozenset(instances), frozenset(overrides), frozenset(others))
    return ResolvedDependency(token, Instance(None, frozenset(overrides), source=provider))


def overriding_instance(override: Override, epoch: int) -> Instance:
    """The instance of an override in this epoch."""
    if override.instance is not None:
        return override.instance
    resolved = _resolved(override.provider, epoch)
    if override in resolved.instance.overrides:
        return resolved.instance
    # The override has its own instances; whatever depends on this slot now depends on the override too.
    instance = override.instances.get(resolved.token)
    if instance is None:
        original = resolved.instance
        instance = Instance(original.value, original.overrides | {override}, original.source)
        instance = override.instances.setdefault(resolved.token, instance)
    return instance
