"""What builds an integration, chosen and set by a section of the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from dependency_injector import providers as di

from lolpop.errors import LolpopError, Origin, VerificationError, WiringError
from lolpop.integrations import Integration
from lolpop.kernel.masking import masked
from lolpop.kernel.plans import Declaration, Plan, plan_integration
from lolpop.kernel.providers.slots import Slot
from lolpop.settings.nodes import Layer, Statement, node_of
from lolpop.settings.tree import Section

__all__ = ["Integrated"]

T = TypeVar("T")


class Integrated(Slot[T]):
    """A slot that builds an integration, chosen and set by its section of the settings."""

    def __init__(
        self,
        interface: Callable[..., T],
        default: str | Callable[..., T] | None,
        settings: Mapping[str, Any] | None,
        injections: Mapping[str, di.Provider[Any]],
    ) -> None:
        super().__init__()
        self.interface, self.default = interface, default
        self.settings = settings
        self.injections = injections
        for name, injection in injections.items():
            if not isinstance(injection, di.Provider):
                raise WiringError(
                    f"{name}={injection!r} is not a provider",
                    "A keyword says which provider to inject under that name; values go into settings={…}.",
                )

    def _undeclared(self) -> Slot[T]:
        return type(self)._declare(self)

    @classmethod
    def _declare(cls, like: Integrated[T]) -> Integrated[T]:
        slot = cls.__new__(cls)
        Integrated.__init__(slot, like.interface, like.default, like.settings, {})
        return slot

    def _default_statements(self) -> list[Statement]:
        if not self.settings:
            return []
        declared_as = self._scope.declared_as.__name__
        node = node_of(self.settings, Origin(f"declared in {declared_as}"))
        return [Statement(-1, Layer(declared_as, node), node)]

    def _sections_beside(self) -> frozenset[str]:
        return frozenset()

    @property
    def _declaration(self) -> Declaration:
        default: Any = self.default
        return Declaration(
            path=self._settings_path,
            interface=self.interface,
            default=default,
            statements=[*self._default_statements(), *self._statements()],
            links=self._scope.configuration.links,
            beside=self._sections_beside(),
        )

    def _plan(self) -> Plan:
        return plan_integration(self._declaration)

    def _section(self) -> Section:
        return self._declaration.section()

    @property
    def _settings_path(self) -> str:
        return self.path

    def _build(self, parts: dict[str, Any]) -> Any:
        plan = self.plan
        if plan.errors or plan.implementation is None:
            raise VerificationError(plan.errors)
        missing = [
            edge.parameter.name for edge in self.edges if edge.provider is None and edge.parameter.required
        ]
        if missing:
            raise WiringError(
                f"{self.path}: {plan.called} needs {missing[0]!r}, which nothing in scope provides"
            )
        try:
            built = plan.implementation(**plan.arguments(), **parts)
        except LolpopError:
            raise
        except Exception as error:
            # A constructor may refuse in any way; what a person needs is which one, and what it said.
            refused = f"{self.path}: {plan.called} could not be built: {type(error).__name__}: {error}"
            raise WiringError(masked(self._scope.root, refused)) from error
        if isinstance(built, Integration):
            self._bind_calls(built)
        return built

    def _bind_calls(self, built: Integration) -> None:
        """Tie the calls of what was built to the container."""
