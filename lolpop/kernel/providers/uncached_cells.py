"""Cells of providers that cache nothing: their place in a container, and their overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dependency_injector import providers as di

from lolpop.kernel.lifetimes import Override

if TYPE_CHECKING:
    from lolpop.kernel.scopes import Scope

__all__ = ["UncachedCell", "uncached_cell"]


class UncachedCell:
    """A provider that is not a slot, at its place in a container."""

    __slots__ = ("_provider", "name", "overrides", "scope")

    def __init__(self, provider: di.Provider[Any], scope: Scope, name: str) -> None:
        self._provider, self.scope, self.name = provider, scope, name
        self.overrides: tuple[Override, ...] = ()

    @property
    def path(self) -> str:
        """The names that lead to it from the root, dotted."""
        return self.scope.path_of(self.name)

    def set_overrides(self, overrides: tuple[Override, ...]) -> None:
        """Set the overrides of the provider."""
        self.overrides = overrides
        di.Provider.reset_override(self._provider)
        if overrides:
            di.Provider.override(self._provider, overrides[-1].provider)


def uncached_cell(provider: di.Provider[Any]) -> UncachedCell | None:
    """The cell of a provider that is not a slot; None if it is bound to no container."""
    if not hasattr(type(provider), "cell"):
        return None  # a Configuration would make an option of that name, which has one, and so on
    cell = getattr(provider, "cell", None)
    return cell if isinstance(cell, UncachedCell) else None
