"""Providers of dependency-injector that work beside slots, since slots see their overrides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from dependency_injector import providers as di

from lolpop.errors import WiringError
from lolpop.kernel.lifetimes import Instance, Override
from lolpop.kernel.providers.cells import check_acyclic
from lolpop.kernel.providers.nesting import Nested
from lolpop.kernel.providers.overriding import stand_in
from lolpop.kernel.providers.slots import Slot
from lolpop.kernel.providers.uncached_cells import UncachedCell
from lolpop.kernel.scopes import Scope

__all__ = ["Callable", "Factory", "Object", "Uncached", "taken_over"]

T = TypeVar("T")


class Uncached(di.Provider[T]):
    """A provider whose overrides reach the objects that are built from it."""

    name = ""
    """The name under which a container class declares it."""
    cell: UncachedCell | None = None
    """Its place in a container, once it has one."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or name

    def __deepcopy__(self, memo: dict[int, Any] | None) -> Any:
        copied: Any = super().__deepcopy__({} if memo is None else memo)
        copied.name = self.name
        return copied

    def __call__(self, *args: Any, **kwargs: Any) -> T:  # type: ignore[override]  # nothing is awaited here
        """The value of the provider now."""
        if self.cell is not None and self.cell.overrides:
            check_acyclic(self)
        return super().__call__(*args, **kwargs)

    def bind(self, scope: Scope, name: str) -> None:
        """Make it the provider ``name`` of ``scope``."""
        self.name, self.cell = name, UncachedCell(self, scope, name)

    def override(self, provider: Any) -> Override:  # type: ignore[override]  # a context of our own
        """Override this one with ``provider`` (a provider or any object) until the block ends."""
        cell = self._bound_cell()
        override = stand_in(cell, provider)
        cell.scope.lifetime.begin(override)
        return override

    def reset_last_overriding(self) -> None:
        """End the last override."""
        cell = self._bound_cell()
        if not cell.overrides:
            raise WiringError(f"{cell.path} is not overridden")
        cell.scope.lifetime.end(cell.overrides[-1])

    def reset_override(self) -> None:
        """End all overrides."""
        while self.cell is not None and self.cell.overrides:
            self.reset_last_overriding()

    def _bound_cell(self) -> UncachedCell:
        if self.cell is None:
            raise WiringError(
                f"the {type(self).__name__} belongs to no container", "Use an instance of the container."
            )
        return self.cell


class Object(Uncached[T], di.Object[T]):
    """Returns an object as it is."""


class Factory(Uncached[T], di.Factory[T]):
    """Makes a new object at each call."""


class Callable(Uncached[T], di.Callable[T]):
    """Calls a function anew at each call, and returns its result."""


class _List(Uncached[Any], di.List):
    pass


class _Dict(Uncached[Any], di.Dict):
    pass


class _Singleton(Uncached[T], di.ThreadSafeSingleton[T]):
    pass


class _Resource(Uncached[T], di.Resource[T]):
    """A resource that is shut down with the container, in reverse order of building."""

    def _provide(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        was_open = self.initialized
        value: Any = super()._provide(args, kwargs)  # type: ignore[misc]  # not in the stubs
        if not was_open and self.cell is not None:
            self.cell.scope.lifetime.keep(Instance(_OpenResource(self)), {}, (), self.cell.path)
        return value


class _OpenResource:
    """Closes a resource as components are closed."""

    def __init__(self, resource: di.Resource[Any]) -> None:
        self._resource = resource

    def close(self) -> Any:
        return self._resource.shutdown()


class _Taken:
    """Our replacements of dependency-injector's providers, and the attributes to copy."""

    BY_TYPE: ClassVar[Mapping[type[Any], tuple[type[Any], tuple[str, ...]]]] = {
        di.Object: (Object, ("provides",)),
        di.Factory: (Factory, ("provides", "args", "kwargs", "attributes")),
        di.Callable: (Callable, ("provides", "args", "kwargs")),
        di.Singleton: (_Singleton, ("provides", "args", "kwargs", "attributes")),
        di.ThreadSafeSingleton: (_Singleton, ("provides", "args", "kwargs", "attributes")),
        di.Resource: (_Resource, ("provides", "args", "kwargs")),
        di.List: (_List, ("args",)),
        di.Dict: (_Dict, ("kwargs",)),
    }


def taken_over(attributes: Mapping[str, Any], inherited: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a container class, with ours in place of dependency-injector's own providers.

    References between them stay. ``inherited`` are the providers of the
    base classes, which they may refer to.
    """
    taken = dict(attributes)
    if not any(type(value) in _Taken.BY_TYPE for value in attributes.values()):
        return taken
    memo: dict[int, Any] = {id(provider): provider for provider in inherited.values()}
    for name, value in attributes.items():
        if not isinstance(value, di.Provider) or isinstance(value, di.Self):
            continue
        if id(value) in memo:
            taken[name] = memo[id(value)]
            continue
        if isinstance(value, Slot):
            value.injections = {key: memo.get(id(other), other) for key, other in value.injections.items()}
            memo[id(value)] = value
        elif isinstance(value, Nested):
            memo[id(value)] = value
        elif isinstance(value, Uncached):
            memo[id(value)] = value
            kind, parts = _Taken.BY_TYPE[_original(type(value))]
            _fill(value, value, parts, memo)
        elif type(value) in _Taken.BY_TYPE:
            kind, parts = _Taken.BY_TYPE[type(value)]
            taken[name] = memo[id(value)] = _fill(kind(), value, parts, memo)
        else:
            taken[name] = di.deepcopy(value, memo)
    return taken


def _original(cls: type[Any]) -> type[Any]:
    return next(original for original, (kind, _) in _Taken.BY_TYPE.items() if issubclass(cls, kind))


def _fill(provider: Any, like: Any, parts: tuple[str, ...], memo: dict[int, Any]) -> Any:
    """Copy the attributes of one provider to another."""

    def referred(value: Any) -> Any:
        return di.deepcopy(value, memo) if isinstance(value, di.Provider) else value

    for part in parts:
        value = getattr(like, part)
        if part == "provides":
            provider.set_provides(value)
        elif part == "args":
            provider.set_args(*map(referred, value))
        else:
            set_part = provider.set_kwargs if part == "kwargs" else provider.set_attributes
            set_part(**{key: referred(child) for key, child in value.items()})
    return provider
