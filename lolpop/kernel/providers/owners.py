"""Owners: the pipeline or runner that a container is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from dependency_injector import providers as di

from lolpop.integrations import Integration, bind
from lolpop.kernel.providers.integrated import Integrated
from lolpop.settings.nodes import Statement
from lolpop.settings.tree import is_users_own

if TYPE_CHECKING:
    from lolpop.integrations import Binding

__all__ = ["Pipeline", "Runner", "has_section"]

T = TypeVar("T")


class Owner(Integrated[T]):
    """The pipeline or runner of a container, which takes its settings from the container's own section."""

    def __init__(self, interface: Callable[..., T], /, **injections: di.Provider[Any]) -> None:
        super().__init__(interface, interface, None, injections)

    @property
    def _settings_path(self) -> str:
        return ".".join(self._scope.path)

    def _statements(self) -> list[Statement]:
        if self._standing_in_for is not None:
            return []
        return self._scope.configuration.tree.statements(self._scope.path)

    def _sections_beside(self) -> frozenset[str]:
        beside = {name for name, provider in self._scope.providers.items() if has_section(provider)}
        if self._scope.outer is not None:
            return frozenset(beside)
        users_own = (key for key in self._scope.configuration.tree.keys(()) if is_users_own((), key))
        return frozenset({*beside, "lolpop", *users_own})

    def _bind_calls(self, built: Integration) -> None:
        from lolpop.running.calls import CallBinding

        binding: Binding = CallBinding(self._scope, ".".join(self._scope.path), self.path)
        bind(built, binding)


class Pipeline(Owner[T]):
    """The pipeline of a pipeline container; ``use`` in the container's section swaps its class."""


class Runner(Owner[T]):
    """The runner of a runner container; the first call verifies the container."""

    def _resolve(self) -> T:
        scope = self._scope
        lifetime = scope.lifetime
        lifetime.check_open(self.path)
        if not lifetime.verified:
            from lolpop.kernel.verification import verify

            verify(scope.root)
        return super()._resolve()


def has_section(provider: di.Provider[Any]) -> bool:
    """Whether a key of the settings is the provider's own."""
    takes: bool = getattr(provider, "takes_section", False)
    return takes
