"""Slots: providers that are bound to a scope, and what they are built from."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, get_origin

from dependency_injector import providers as di

from lolpop.annotations import alternatives
from lolpop.errors import WiringError
from lolpop.integrations import Integration
from lolpop.kernel.plans import Plan
from lolpop.kernel.providers.waiting import waits_for
from lolpop.kernel.scopes import Lifetime, Override, Scope, Variant
from lolpop.settings.nodes import Statement
from lolpop.settings.secrets import secrets_of
from lolpop.settings.tree import NO_SECTION, Section
from lolpop.signatures import Parameter

__all__ = ["Edge", "Slot", "behind", "related_slots"]

T = TypeVar("T")

_NO_LIFETIME = Lifetime()
_NEVER = (-1, None)
_PATIENCE = 0.5
"""Seconds after which a thread looks whether it waits for what waits for it."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One thing that a slot is built from.

    ``provider`` is what the name resolves to: a slot, a nested container, another provider of
    dependency-injector, or None where nothing in scope has the name.
    """

    parameter: Parameter
    provider: di.Provider[Any] | None


class Slot(di.Provider[T]):
    """A provider that is bound to a scope by name, resolves what it needs by name, and gives one instance.

    What it built is kept by what it was built from, so that it is built anew exactly if one of those is
    another object, and comes back when the former ones do.
    """

    takes_section: ClassVar[bool] = False
    """Whether a key of the settings is its own."""

    def __init__(self) -> None:
        super().__init__()
        self.name = ""
        self.scope: Scope | None = None
        self.injections: Mapping[str, di.Provider[Any]] = {}
        self.injection_names: Mapping[str, str] = {}
        self.overridden_by: list[Override] = []
        self._standing_in_for: Override | None = None
        self._lifetime = _NO_LIFETIME
        self._cache: tuple[int, Any] = _NEVER
        self._settled: tuple[int, Any] = _NEVER
        self._variants: dict[Any, Variant] = {}
        self._lock = threading.RLock()
        self._builder: int | None = None
        self._planned: Plan | None = None
        self._edges: tuple[Edge, ...] | None = None

    # Declaration

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or name

    def __deepcopy__(self, memo: dict[int, Any] | None) -> Slot[T]:
        memo = {} if memo is None else memo
        copied: Slot[T] | None = memo.get(id(self))
        if copied is None:
            copied = memo[id(self)] = self._undeclared()
            copied.name = self.name
            copied.injections = {
                name: di.deepcopy(provider, memo)
                for name, provider in self.injections.items()
                if name not in self.injection_names
            }
            copied.injection_names = self.injection_names
        return copied

    def _undeclared(self) -> Slot[T]:
        """A new slot with the same declaration, bound to nothing."""
        raise NotImplementedError

    def bind(self, scope: Scope, name: str) -> None:
        """Make it the provider ``name`` of ``scope``."""
        self.scope, self.name = scope, name
        self._lifetime = _NO_LIFETIME

    @property
    def path(self) -> str:
        """The names that lead to it from the root, dotted."""
        return ".".join((*self._scope.path, self.name))

    @property
    def provides(self) -> Any:
        """The type of what it gives, as far as is known without building it."""
        return self.plan.implementation

    @property
    def _scope(self) -> Scope:
        if self.scope is None:
            raise WiringError(
                f"the provider {self.name!r} belongs to no container", "Ask an instance of the container."
            )
        return self.scope

    # Resolution

    def __call__(self) -> T:  # type: ignore[override]  # slots take no arguments and do not await
        """The instance, built at the first call."""
        epoch, value = self._cache
        if epoch == self._lifetime.epoch:
            return value  # type: ignore[no-any-return]  # the cache holds what this slot built
        return self._resolve()

    def _provide(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        del args, kwargs  # dependency-injector's own way in; slots take no arguments
        return self()

    def _resolve(self) -> T:
        lifetime = self._lifetime = self._scope.lifetime
        lifetime.check_open(self.path)
        epoch = lifetime.epoch
        for slot in self._order(epoch):
            slot.settle(epoch)
        value: T = self.settle(epoch).get()
        return value

    def _order(self, epoch: int) -> list[Slot[Any]]:
        """The slots that are not settled and that this one is built from, each after its own."""
        order: list[Slot[Any]] = []
        entered, above = {self}, {self}
        branch: list[tuple[Slot[Any], Iterator[Slot[Any]]]] = [(self, iter(self.needs()))]
        while branch:
            slot, needs = branch[-1]
            for needed in needs:
                if needed.is_settled(epoch):
                    continue
                if needed not in entered:
                    entered.add(needed)
                    above.add(needed)
                    branch.append((needed, iter(needed.needs())))
                    break
                if needed in above:
                    raise WiringError(f"{needed.path} is needed to build itself: {_drawn(branch, needed)}")
            else:
                order.append(slot)
                above.remove(slot)
                branch.pop()
        return order

    def is_settled(self, epoch: int) -> bool:
        """Whether it is known what it gives in this epoch."""
        return self._settled[0] == epoch

    def needs(self) -> Iterator[Slot[Any]]:
        """The slots that must be settled before this one can be."""
        if self.overridden_by:
            yield from _slots_behind(self.overridden_by[-1].provider)
            return
        for edge in self.edges:
            if edge.provider is not None:
                yield from _slots_behind(edge.provider)

    @property
    def active(self) -> di.Provider[Any]:
        """What gives its value: itself, or the last of what it is overridden by."""
        return self.overridden_by[-1].provider if self.overridden_by else self

    def settle(self, epoch: int) -> Variant:
        """What it gives in this epoch; everything that it needs is settled."""
        settled, variant = self._settled
        if settled == epoch:
            return variant  # type: ignore[no-any-return]  # the pair is written together
        self._lifetime = self._scope.lifetime
        if self.overridden_by:
            variant = _overriding_variant(self.overridden_by[-1], epoch)
        else:
            variant = self._own_variant(epoch)
        self._settled = (epoch, variant)
        if variant.source is None:
            self._cache = (epoch, variant.value)
        return variant

    def _own_variant(self, epoch: int) -> Variant:
        parts = [(edge, _part(edge.provider, epoch)) for edge in self.edges if edge.provider is not None]
        key = tuple(part.token for _, part in parts)
        found = self._variants.get(key)
        if found is not None:
            return found
        # One lock a slot: a constructor may wait for a thread that resolves another one.
        with self._one_thread():
            found = self._variants.get(key)
            if found is not None:
                return found
            if self._builder is not None:
                raise WiringError(f"{self.path} asks for itself while it is being built")
            self._builder = threading.get_ident()
            try:
                value = self._build({edge.parameter.name: _converted(part, edge) for edge, part in parts})
            finally:
                self._builder = None
            overrides = frozenset[Override]().union(*(part.overrides for _, part in parts))
            if self._standing_in_for is not None:
                overrides |= {self._standing_in_for}
            variant = Variant(value, overrides)
            self._scope.lifetime.keep(variant, self._variants, key, self.path)
            return variant

    @contextmanager
    def _one_thread(self) -> Iterator[None]:
        """Let one thread at a time into the block. Raises WiringError if that one waits for this one."""
        me, lifetime = threading.get_ident(), self._scope.lifetime
        try:
            while not self._lock.acquire(timeout=_PATIENCE):
                with lifetime.lock:  # of a circle, one is told, and the others go on then
                    lifetime.waiting[me] = self._builder
                    in_circle = waits_for(lifetime.waiting, self._builder, me)
                    if in_circle:
                        del lifetime.waiting[me]
                if in_circle:
                    raise WiringError(
                        f"{self.path} asks for itself while it is being built, from another thread: what "
                        "builds it waits for this one",
                        "Let its constructor not wait for what needs it; begin such work at its first use.",
                    )
        finally:
            lifetime.waiting.pop(me, None)
        try:
            yield
        finally:
            self._lock.release()

    def _build(self, parts: dict[str, Any]) -> Any:
        raise NotImplementedError

    # Plans

    @property
    def plan(self) -> Plan:
        """What it is to build, by its declaration and settings."""
        if self._planned is None:
            with self._lock:
                self._planned = self._planned or self._plan()
        return self._planned

    def _plan(self) -> Plan:
        raise NotImplementedError

    def secrets(self) -> Iterator[str]:
        """The secrets among its settings, if it was asked what to build."""
        if self._planned is not None:
            for setting in self._planned.settings.values():
                yield from secrets_of(setting.value)

    @property
    def edges(self) -> tuple[Edge, ...]:
        """What it is built from, in the order of its constructor."""
        if self._edges is None:
            with self._lock:
                self._edges = tuple(self._find_edges()) if self._edges is None else self._edges
        return self._edges

    def _find_edges(self) -> Iterator[Edge]:
        for name, parameter in self.plan.injected.items():
            if name in self.injection_names:
                # A keyword names a provider of the class body, which a subclass may have redeclared since.
                yield Edge(parameter, self._scope.lookup(self.injection_names[name]))
                continue
            if name in self.injections:
                yield Edge(parameter, self.injections[name])
                continue
            # A slot, or the list that it is an element of, does not see itself, so that a local logger can
            # wrap the global one.
            scope = self._scope.outer if name == self.name.partition(".")[0] else self._scope
            yield Edge(parameter, None if scope is None else scope.lookup(name))

    def _section(self) -> Section:
        """What the sources say of it, merged, as far as no implementation is needed to tell."""
        return NO_SECTION

    def _statements(self) -> list[Statement]:
        """What the sources say of it, weakest first."""
        if self._standing_in_for is not None:
            return []
        return self._scope.configuration.tree.statements((*self._scope.path, self.name))

    # Overriding

    def override(self, provider: Any) -> Override:  # type: ignore[override]  # a context of our own
        """Let ``provider``, a provider or any object, stand in for this slot.

        It takes effect at once, and ends with the ``with`` block if there is one, else by ``reset_override``.
        Raises WiringError while a run of the container is open.
        """
        scope = self._scope
        self._lifetime = scope.lifetime
        if isinstance(provider, type) and issubclass(provider, Integration):
            raise WiringError(
                f"{self.path} cannot be overridden by the class {provider.__name__}",
                f"Give an object, or providers.Component(…, default={provider.__name__}).",
            )
        if not isinstance(provider, di.Provider):
            override = Override(di.Object(provider), None, self._end)
            override.variant = Variant(provider, frozenset({override}))
        else:
            override = Override(provider, None, self._end)
            self._admit(provider, override)
        self._lifetime.begin(self.overridden_by, override, self.path)
        return override

    def _admit(self, provider: di.Provider[Any], override: Override) -> None:
        if isinstance(provider, di.Container):
            raise WiringError(f"{self.path} cannot be overridden by a container", "Override its providers.")
        if isinstance(provider, Slot):
            if provider is self:
                raise WiringError(f"{self.path} cannot be overridden by itself")
            if provider.scope is None:
                provider.bind(self._scope, self.name)
                provider._standing_in_for = override
            elif provider.scope.root is not self._scope.root:
                raise WiringError(f"{self.path} cannot be overridden by a provider of another container")

    def _end(self, override: Override) -> None:
        self._lifetime.end(self.overridden_by, override, self.path)

    def reset_last_overriding(self) -> None:
        """End the last override."""
        if not self.overridden_by:
            raise WiringError(f"{self.path} is not overridden")
        self._end(self.overridden_by[-1])

    def reset_override(self) -> None:
        """End all overrides."""
        while self.overridden_by:
            self.reset_last_overriding()

    def __repr__(self) -> str:
        where = self.path if self.scope is not None else self.name
        return f"<{type(self).__name__} {where!r}>"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class _Part:
    """What an edge contributes to what is built: the value, and the token that stands for it."""

    token: Any
    variant: Variant

    @property
    def overrides(self) -> frozenset[Override]:
        return self.variant.overrides


def behind(provider: di.Provider[Any] | None) -> di.Provider[Any] | None:
    """The provider that really gives what ``provider`` is asked for."""
    return provider.pipeline if isinstance(provider, di.Container) else provider


def _slots_behind(provider: di.Provider[Any]) -> Iterator[Slot[Any]]:
    found = behind(provider)
    if isinstance(found, Slot):
        yield found
    elif found is not None:
        yield from related_slots(found)


def related_slots(provider: di.Provider[Any]) -> Iterator[Slot[Any]]:
    """The slots that a provider of dependency-injector refers to."""
    everything: Iterator[Any] = provider.traverse()
    return (related for related in everything if isinstance(related, Slot))


def _part(provider: di.Provider[Any], epoch: int) -> _Part:
    found = behind(provider)
    if isinstance(found, Slot):
        variant = found.settle(epoch)
        return _Part(variant, variant)
    if found is None:
        raise WiringError("a nested container that is asked for has no pipeline")
    related = [slot.settle(epoch) for slot in related_slots(found)]
    overrides = frozenset[Override]().union(*(variant.overrides for variant in related))
    return _Part((found, found.last_overriding, *related), Variant(None, overrides, source=found))


def _overriding_variant(override: Override, epoch: int) -> Variant:
    if override.variant is not None:
        return override.variant
    part = _part(override.provider, epoch)
    if override in part.overrides:
        return part.variant
    # What stands in has a life of its own; what depends on this slot now depends on the override too.
    found = override.variants.get(part.token)
    if found is None:
        variant = Variant(part.variant.value, part.overrides | {override}, part.variant.source)
        found = override.variants.setdefault(part.token, variant)
    return found


def _converted(part: _Part, edge: Edge) -> Any:
    value = part.variant.get()
    if isinstance(value, list):
        wanted = {get_origin(member) or member for member in alternatives(edge.parameter.annotation)}
        return tuple(value) if tuple in wanted else list(value)
    return value


def _drawn(branch: Sequence[tuple[Slot[Any], Any]], again: Slot[Any]) -> str:
    slots = [slot for slot, _ in branch]
    circle = [*slots[next(i for i, slot in enumerate(slots) if slot is again) :], again]
    return " -> ".join(slot.path for slot in circle)
