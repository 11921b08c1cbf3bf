"""Nesting: a container inside another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from dependency_injector import providers as di

from lolpop.kernel.providers.owners import Pipeline
from lolpop.kernel.scopes import Scope

if TYPE_CHECKING:
    from lolpop.containers import PipelineContainer

__all__ = ["Nested", "nested"]

C = TypeVar("C", bound="PipelineContainer")


class Nested(di.Container[Any]):
    """A container inside another. Asking for it by name gives its pipeline."""

    takes_section = True

    def __init__(self, container: type[Any]) -> None:
        # The class is kept from the base, which would make an instance of it here and now.
        super().__init__(None)  # type: ignore[arg-type]
        self.declared = container
        self._inside: Any = None

    def __deepcopy__(self, memo: dict[int, Any] | None) -> Nested:
        memo = {} if memo is None else memo
        copied: Nested | None = memo.get(id(self))
        if copied is None:
            copied = memo[id(self)] = Nested(self.declared)
        return copied

    def bind(self, scope: Scope, name: str) -> None:
        """Make it the nested container ``name`` of ``scope``."""
        inside = self.container
        inner: Scope = inside._scope
        inner.outer, inner.name = scope, name

    @property
    def container(self) -> Any:
        """The instance of the nested container."""
        if self._inside is None:
            self._inside = self.declared()
            self._inside.assign_parent(self)
        return self._inside

    @property
    def providers(self) -> dict[str, di.Provider[Any]]:
        """The providers of the nested container by name."""
        found: dict[str, di.Provider[Any]] = self.container.providers
        return found

    @property
    def scope_inside(self) -> Scope | None:
        """The scope of the nested container."""
        return None if self._inside is None else self._inside._scope

    @property
    def pipeline(self) -> Pipeline[Any] | None:
        """The provider of the nested container's pipeline, if it has one."""
        return next((slot for slot in self.providers.values() if isinstance(slot, Pipeline)), None)

    def apply_overridings(self) -> None:
        """Nothing: containers are overridden provider by provider."""

    def override(self, provider: Any) -> Any:
        """Refused: what is overridden is the providers inside it."""
        return self.container.override(provider)

    def _provide(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        del args, kwargs
        return self.container


def nested(container: type[C]) -> C:
    """A child container. It may be nested under several names, each with settings of its own.

    In an instance of the outer container its name is an instance of the nested one, as type checkers see it
    too: ``runner_container.train.model_trainer()``. Asking for it by name in the constructor of the layer
    above gives its pipeline.
    """
    return cast("C", Nested(container))  # what an instance has under the name is the container
