"""The pipeline or runner that a container is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from dependency_injector import providers as di

from lolpop.integrations import Integration
from lolpop.kernel.providers.cells import Cell
from lolpop.kernel.providers.integration_slots import IntegrationCell, IntegrationSlot
from lolpop.kernel.scopes import Scope
from lolpop.settings.nodes import Statement
from lolpop.settings.tree import is_users_own

__all__ = ["MainSlot", "Pipeline", "Runner", "has_section"]

T = TypeVar("T")


class MainSlot(IntegrationSlot[T]):
    """The pipeline or runner of a container, which takes its settings from the container's own section.

    Parameters
    ----------
    interface
        The class; ``use`` in the section names another one.
    scoped
        Whether it is built once for each scope of the container.
    injections
        Providers by the name of the constructor parameter, for names that differ from those of the slots.
    """

    def __init__(
        self, interface: Callable[..., T], /, *, scoped: bool = False, **injections: di.Provider[Any]
    ) -> None:
        super().__init__(interface, interface, None, injections, scoped=scoped)

    def _make_cell(self, scope: Scope, name: str) -> Cell:
        return _MainCell(self, scope, name)


class Pipeline(MainSlot[T]):
    """The pipeline of a pipeline container; ``use`` in the container's section swaps its class."""


class Runner(MainSlot[T]):
    """The runner of a runner container; the first call verifies the container."""

    def _make_cell(self, scope: Scope, name: str) -> Cell:
        return _RunnerCell(self, scope, name)


class _MainCell(IntegrationCell):
    __slots__ = ()

    @property
    def settings_path(self) -> str:
        return ".".join(self.scope.path)

    def statements(self) -> list[Statement]:
        if self.stands_in is not None:
            return []
        return self.scope.configuration.tree.statements(self.scope.path)

    def _sections_beside(self) -> frozenset[str]:
        scope = self.scope
        beside = {name for name, provider in scope.providers.items() if has_section(provider)}
        if scope.outer is not None:
            return frozenset(beside)
        users_own = (key for key in scope.configuration.tree.keys(()) if is_users_own((), key))
        return frozenset({*beside, "lolpop", *users_own})

    def _bind_calls(self, built: Integration) -> None:
        unit = self.unit() if self.slot.scoped else None
        self.scope.runtime.bind(built, self.scope, self.path, unit)


class _RunnerCell(_MainCell):
    __slots__ = ()

    def resolve(self) -> Any:
        lifetime = self.scope.lifetime
        lifetime.check_open(self.path)
        if not lifetime.verified:
            self.scope.runtime.verify(self.scope.root)
        return super().resolve()


def has_section(provider: di.Provider[Any]) -> bool:
    """Whether a key of the settings is the provider's own."""
    return getattr(type(provider), "takes_section", False)  # a Configuration has any attribute itself
