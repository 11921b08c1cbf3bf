"""Nesting: a container inside another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeVar, cast

from dependency_injector import providers as di

from lolpop._names import did_you_mean, shortened
from lolpop.errors import WiringError
from lolpop.kernel.providers.main_slots import Pipeline
from lolpop.kernel.scopes import Scope, scope_of
from lolpop.registry import CONTAINERS, registered

if TYPE_CHECKING:
    from lolpop.errors import Finding

__all__ = ["Container", "Nested", "nested"]

DEEPEST = 64
"""How deep containers may be nested."""


class Container(Protocol):
    """The methods of a container that nesting needs."""

    def verify(self) -> list[Finding]:
        """Prove the wiring and every setting."""


C = TypeVar("C", bound=Container)


class Nested(di.Container[Any]):
    """A container inside another. Asking for it by name gives its pipeline.

    Parameters
    ----------
    container
        The class of the nested container.
    """

    takes_section = True

    def __init__(self, container: type[Any]) -> None:
        if not isinstance(container, type) or not hasattr(container, "providers"):
            raise _no_container(container)
        # The class is kept from the base, which would make an instance of it here and now.
        super().__init__(None)  # type: ignore[arg-type]
        self.declared = container
        self._inside: Any = None
        self._outline: _Outline | None = None
        inner = (inner.depth for inner in _providers_of(container).values() if isinstance(inner, Nested))
        self.depth: int = 1 + max(inner, default=0)
        if self.depth > DEEPEST:
            raise WiringError(
                f"{container.__name__} nests containers more than {DEEPEST} levels deep", "Nest fewer."
            )

    def __deepcopy__(self, memo: dict[int, Any] | None) -> Nested:
        memo = {} if memo is None else memo
        copied: Nested | None = memo.get(id(self))
        if copied is None:
            copied = memo[id(self)] = Nested(self.declared)
        return copied

    def __getattr__(self, name: str) -> Any:
        # In a container class, markers of wiring refer to the nested class.
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.container, name)

    def bind(self, scope: Scope, name: str) -> None:
        """Make it the nested container ``name`` of ``scope``."""
        self._inside = self.declared()
        self._inside.assign_parent(self)
        inner = scope_of(self._inside)
        inner.outer, inner.name = scope, name

    @property
    def container(self) -> Any:
        """The instance of the nested container; in a container class, its declared providers."""
        if self._inside is not None:
            return self._inside
        if self._outline is None:
            self._outline = _Outline(self.declared)
        return self._outline

    @property
    def providers(self) -> dict[str, di.Provider[Any]]:
        """The providers of the nested container by name."""
        providers: dict[str, di.Provider[Any]] = self.container.providers
        return providers

    @property
    def scope_inside(self) -> Scope | None:
        """The scope of the nested container."""
        return None if self._inside is None else scope_of(self._inside)

    @property
    def pipeline(self) -> Pipeline[Any] | None:
        """The provider of the nested container's pipeline, if it has one."""
        return next((slot for slot in self.providers.values() if isinstance(slot, Pipeline)), None)

    def apply_overridings(self) -> None:
        """Always empty: containers are overridden provider by provider."""

    def override(self, provider: Any) -> NoReturn:
        """Refuse: override the providers inside it instead."""
        if self._inside is not None:
            self._inside.override(provider)
        self._refuse()

    def reset_override(self) -> None:
        """End the overrides of every provider inside it."""
        if self._inside is not None:
            self._inside.reset_override()

    def _provide(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        del args, kwargs
        if self._inside is None:
            self._refuse()
        return self._inside

    def _refuse(self) -> NoReturn:
        raise WiringError(
            f"{self.declared.__name__} is nested in a container class", "Use an instance of that container."
        )


class _Outline:
    """The providers that a nested container declares, for each place where it is nested."""

    def __init__(self, declared: type[Any]) -> None:
        self._declared = declared
        self.providers: dict[str, di.Provider[Any]] = di.deepcopy(_providers_of(declared))
        self.__self__: Any = di.Self()

    def __getattr__(self, name: str) -> Any:
        providers = self.__dict__.get("providers", {})
        if name in providers:
            return providers[name]
        near = did_you_mean(name, providers)
        raise AttributeError(f"{self._declared.__name__} has no provider {name!r}. {near or ''}".strip())


def _providers_of(container: type[Any]) -> dict[str, di.Provider[Any]]:
    providers: dict[str, di.Provider[Any]] = getattr(container, "providers", {})
    return {name: provider for name, provider in providers.items() if not isinstance(provider, di.Self)}


def _no_container(value: object) -> WiringError:
    """The error about what cannot be nested; of a registered name, with the import that it stands for."""
    message = f"providers.nested takes a container class, but got {shortened(repr(value))}"
    if not isinstance(value, str):
        return WiringError(message, "Write providers.nested(TrainContainer).")
    path = value if ":" in value else registered(CONTAINERS).get(value, "")
    module, _, name = path.partition(":")
    if not module:
        near = did_you_mean(value, registered(CONTAINERS))
        return WiringError(message, near or "Import the class, and write providers.nested(TrainContainer).")
    return WiringError(message, f"Write from {module} import {name}, and providers.nested({name}).")


def nested(container: type[C]) -> C:
    """A child container. It may be nested under several names, each with settings of its own.

    In an instance of the outer container its name is an instance of the nested one, as type checkers see it
    too: ``runner_container.train.model_trainer()``. Asking for it by name in the constructor of the layer
    above gives its pipeline.
    """
    return cast("C", Nested(container))  # an instance has the container under this name
