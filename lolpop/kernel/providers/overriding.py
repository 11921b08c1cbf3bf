"""Overriding: which providers may replace which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from dependency_injector import providers as di

from lolpop.errors import WiringError
from lolpop.integrations import Integration
from lolpop.kernel.lifetimes import Overridable, Override
from lolpop.kernel.providers.slots import Slot, bind_slot, bound, is_bound, unbound_copy
from lolpop.kernel.providers.uncached_cells import UncachedCell, uncached_cell

if TYPE_CHECKING:
    from lolpop.kernel.scopes import Scope

__all__ = ["Placed", "stand_in"]


class Placed(Overridable, Protocol):
    """Something that can be overridden, at its place in a container."""

    name: str

    @property
    def scope(self) -> Scope:
        """The container that it is in."""


def stand_in(overridden: Placed, provider: Any) -> Override:
    """The override by ``provider`` (a provider or any object), not begun yet.

    A slot that belongs to no container is copied, so that it can override others too. Raises WiringError if
    ``provider`` cannot override anything.
    """
    path, scope = overridden.path, overridden.scope
    if isinstance(provider, type) and issubclass(provider, Integration):
        raise WiringError(
            f"{path} cannot be overridden by the class {provider.__name__}",
            f"Pass an object, or providers.Component(…, default={provider.__name__}).",
        )
    if not isinstance(provider, di.Provider):
        return Override(overridden, scope.lifetime, di.Object(provider), provider, live=True)
    if isinstance(provider, di.Container):
        raise WiringError(f"{path} cannot be overridden by a container", "Override its providers.")
    if not isinstance(provider, Slot):
        cell = uncached_cell(provider)
        if cell is overridden:
            raise WiringError(f"{path} cannot be overridden by itself")
        if cell is not None and cell.scope.root is not scope.root:
            raise WiringError(f"{path} cannot be overridden by a provider of another container")
        return Override(overridden, scope.lifetime, provider, live=False)
    if is_bound(provider):
        own: object = bound(provider)
        if own is overridden:
            raise WiringError(f"{path} cannot be overridden by itself")
        if bound(provider).scope.root is not scope.root:
            raise WiringError(f"{path} cannot be overridden by a provider of another container")
        return Override(overridden, scope.lifetime, provider, live=False)
    if provider.wraps and isinstance(overridden, UncachedCell):
        raise WiringError(
            f"{path} returns a new object at each call and cannot be wrapped", "Override it by a function."
        )
    copied = unbound_copy(provider)
    override = Override(overridden, scope.lifetime, copied, live=False)
    bind_slot(copied, scope, overridden.name).stands_in = override
    return override
