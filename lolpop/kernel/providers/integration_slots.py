"""Slots that build an integration, chosen and set by a section of the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self, TypeVar

from dependency_injector import providers as di

from lolpop.errors import LolpopError, Origin, VerificationError, WiringError
from lolpop.integrations import Integration
from lolpop.kernel.masking import masked
from lolpop.kernel.plans import Declaration, Plan, plan_integration
from lolpop.kernel.providers.cells import Cell
from lolpop.kernel.providers.scoped_cells import ScopedCell
from lolpop.kernel.providers.wrapping import WrappableSlot
from lolpop.kernel.scopes import Scope
from lolpop.settings.nodes import Layer, Statement, node_of
from lolpop.settings.tree import Section

__all__ = ["IntegrationCell", "IntegrationSlot"]

T = TypeVar("T")


class IntegrationSlot(WrappableSlot[T]):
    """A slot that builds an integration, chosen and set by its section of the settings."""

    def __init__(
        self,
        interface: Callable[..., T],
        default: str | Callable[..., T] | None,
        settings: Mapping[str, Any] | None,
        injections: Mapping[str, di.Provider[Any]],
        *,
        scoped: bool = False,
    ) -> None:
        super().__init__()
        self.scoped = scoped
        self.interface, self.default = interface, default
        self.settings = settings
        self.injections = injections
        for name, injection in injections.items():
            if not isinstance(injection, di.Provider):
                raise WiringError(
                    f"{name}={injection!r} is not a provider",
                    "A keyword says which provider to inject under that name; values go into settings={…}.",
                )

    def _unbound_copy(self) -> Self:
        slot = type(self).__new__(type(self))
        IntegrationSlot.__init__(slot, self.interface, self.default, self.settings, {}, scoped=self.scoped)
        return slot

    def _make_cell(self, scope: Scope, name: str) -> Cell:
        return IntegrationCell(self, scope, name)


class IntegrationCell(ScopedCell):
    """A slot of an integration at its place in a container."""

    __slots__ = ()
    slot: IntegrationSlot[Any]

    @property
    def section(self) -> Section:
        """Its settings of all sources, merged as far as that is possible without the implementation."""
        return self._declaration.section()

    @property
    def settings_path(self) -> str:
        """The path of its section of the settings."""
        return self.path

    @property
    def _declaration(self) -> Declaration:
        default: Any = self.slot.default
        return Declaration(
            path=self.settings_path,
            interface=self.slot.interface,
            default=default,
            statements=[*self._declared_settings(), *self.statements()],
            links=self.scope.configuration.links,
            beside=self._sections_beside(),
        )

    def _declared_settings(self) -> list[Statement]:
        if not self.slot.settings:
            return []
        declared_as = self.scope.declared_as.__name__
        node = node_of(self.slot.settings, Origin(f"declared in {declared_as}"))
        return [Statement(-1, Layer(declared_as, node), node)]

    def _sections_beside(self) -> frozenset[str]:
        """Keys of its section that belong to others."""
        return frozenset()

    @property
    def is_scoped(self) -> bool:
        """Whether the slot was declared so."""
        return self.slot.scoped

    def _make_plan(self) -> Plan:
        return plan_integration(self._declaration)

    def _build(self, parts: dict[str, Any]) -> Any:
        plan = self.plan
        if plan.errors or plan.implementation is None:
            raise VerificationError(plan.errors)
        for dependency in self.dependencies:
            if dependency.provider is None and dependency.parameter.required:
                raise WiringError(f"{self.path}: {plan.needs(dependency.parameter)}")
        try:
            built = plan.implementation(**plan.arguments(), **parts)
        except LolpopError:
            raise
        except Exception as error:
            # A constructor may raise anything; the message says which constructor, and why.
            refused = f"{self.path}: {plan.called} could not be built: {type(error).__name__}: {error}"
            raise WiringError(masked(self.scope.root, refused)) from error
        if isinstance(built, Integration):
            self._bind_calls(built)
        return built

    def _bind_calls(self, built: Integration) -> None:
        """Bind the calls of an instance to the container."""
