"""Providers of dependency-injector that may stand beside slots: they cache nothing."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from dependency_injector import providers as di

from lolpop.kernel.scopes import Scope

__all__ = ["Beside", "Callable", "Factory", "Object"]

T = TypeVar("T")


class Beside(di.Provider[T]):
    """Lets the slots around a provider know when it is overridden, so that what is built from it is too."""

    name = ""
    scope: Scope | None = None

    def bind(self, scope: Scope, name: str) -> None:
        """Make it the provider ``name`` of ``scope``."""
        self.scope, self.name = scope, name

    def override(self, provider: Any) -> Any:
        """Let ``provider``, a provider or any object, stand in for this one until the block ends."""
        with self._changing():
            return super().override(provider)

    def reset_last_overriding(self) -> None:
        """End the last override."""
        with self._changing():
            super().reset_last_overriding()

    def reset_override(self) -> None:
        """End all overrides."""
        with self._changing():
            super().reset_override()

    def _changing(self) -> AbstractContextManager[None]:
        if self.scope is None:
            return nullcontext()
        return self.scope.lifetime.changing(".".join((*self.scope.path, self.name)))


class Object(Beside[T], di.Object[T]):
    """Gives an object as it is."""


class Factory(Beside[T], di.Factory[T]):
    """Makes a new object each time it is asked."""


class Callable(Beside[T], di.Callable[T]):
    """Gives what a function returns, each time it is asked."""
