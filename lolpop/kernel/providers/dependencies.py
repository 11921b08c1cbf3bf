"""Dependencies of a slot, immediate and lazy."""

from __future__ import annotations

import collections.abc
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, get_args, get_origin

from dependency_injector import providers as di

from lolpop.annotations import REQUIRED, alternatives, class_of, return_type
from lolpop.errors import WiringError
from lolpop.kernel.providers.slots import Slot
from lolpop.signatures import Parameter

__all__ = ["Dependency", "Lazy", "LazyProvider", "effective_provider"]

T_co = TypeVar("T_co", covariant=True)


class Lazy(Protocol[T_co]):
    """The annotation of a parameter that gets a provider: a call gives the object, built at the first call.

    ``Callable[[], T]`` says the same, unless what is provided is a function itself.
    """

    def __call__(self) -> T_co:
        """Return the object."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """One dependency of a slot.

    ``provider`` is what the name resolves to: a slot, a nested container, another provider of
    dependency-injector, or None where nothing in scope has the name.
    """

    parameter: Parameter
    provider: di.Provider[Any] | None
    lazy: LazyProvider | None = None
    """What is injected if the parameter is lazy; then the parameter's type is that of the object."""

    @classmethod
    def on(cls, provider: di.Provider[Any] | None, parameter: Parameter) -> Dependency:
        """The dependency of a parameter on its provider."""
        annotation = parameter.annotation
        is_plain = isinstance(annotation, type) and annotation is not Lazy
        if is_plain or provider is None or _lazy_type(annotation) is None:
            return cls(parameter, provider)
        if _is_always_lazy(parameter.annotation) or not _gives_callable(provider):
            eager_type = _lazy_type(parameter.annotation)
            eager = Parameter(parameter.name, eager_type, parameter.default)
            return cls(eager, provider, LazyProvider(provider))
        return cls(parameter, provider)


class LazyProvider:
    """Returns the object that a provider has at the moment of the call."""

    __slots__ = ("_provider",)

    def __init__(self, provider: di.Provider[Any]) -> None:
        self._provider = provider

    def __call__(self) -> Any:
        """Return the object, built at the first call."""
        provider = effective_provider(self._provider)
        if provider is None:
            raise WiringError(f"{self._provider!r} has no pipeline")
        return provider()

    def __repr__(self) -> str:
        return f"<Lazy {self._provider!r}>"


def effective_provider(provider: di.Provider[Any] | None) -> di.Provider[Any] | None:
    """The provider of the object: for a nested container, its pipeline."""
    return provider.pipeline if isinstance(provider, di.Container) else provider


def _lazy_type(annotation: Any) -> Any | None:
    """The type of the object of a lazy parameter; None if the annotation is not lazy."""
    members = alternatives(annotation)
    if len(members) != 1:
        return None
    [member] = members
    if _is_always_lazy(annotation):
        return next(iter(get_args(member)), object)
    if get_origin(member) is collections.abc.Callable and get_args(member)[:1] == ([],):
        return get_args(member)[1]
    return None


def _is_always_lazy(annotation: Any) -> bool:
    """Whether a parameter is lazy whatever its provider."""
    return any(class_of(member) is Lazy for member in alternatives(annotation))


def _gives_callable(provider: di.Provider[Any]) -> bool:
    """Whether the object of a provider is, or may be, a function."""
    if isinstance(provider, di.Object):
        return callable(provider.provides)
    provided: Any = Any
    if isinstance(provider, Slot):
        provided = getattr(provider, "interface", None) or getattr(provider, "type", None)
    elif isinstance(provider, di.Container):
        provided = None
    elif isinstance(provider, di.Factory | di.BaseSingleton | di.Callable):
        provided = REQUIRED if provider.provides is None else return_type(provider.provides)
    if provided is Any or provided is REQUIRED:
        return True
    provided = class_of(provided)
    return isinstance(provided, type) and any("__call__" in vars(base) for base in provided.__mro__)
