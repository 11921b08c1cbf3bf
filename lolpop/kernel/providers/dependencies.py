"""Dependencies: what a slot is built from, and what of it is asked for later."""

from __future__ import annotations

import collections.abc
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, get_args, get_origin

from dependency_injector import providers as di

from lolpop.annotations import REQUIRED, alternatives, return_type
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
    """One thing that a slot is built from.

    ``provider`` is what the name resolves to: a slot, a nested container, another provider of
    dependency-injector, or None where nothing in scope has the name.
    """

    parameter: Parameter
    provider: di.Provider[Any] | None
    lazy: LazyProvider | None = None
    """What is injected if the parameter is lazy; the type of the parameter is that of the object then."""

    @classmethod
    def on(cls, provider: di.Provider[Any] | None, parameter: Parameter) -> Dependency:
        """The dependency on what provides a parameter."""
        annotation = parameter.annotation
        is_plain = isinstance(annotation, type) and annotation is not Lazy
        if is_plain or provider is None or _lazy_type(annotation) is None:
            return cls(parameter, provider)
        if _is_always_lazy(parameter.annotation) or not _gives_callable(provider):
            wanted = _lazy_type(parameter.annotation)
            eager = Parameter(parameter.name, wanted, parameter.default)
            return cls(eager, provider, LazyProvider(provider))
        return cls(parameter, provider)


class LazyProvider:
    """Gives what a provider gives at the moment of the call."""

    __slots__ = ("_provider",)

    def __init__(self, provider: di.Provider[Any]) -> None:
        self._provider = provider

    def __call__(self) -> Any:
        """Return the object, which is built at the first call."""
        provider = effective_provider(self._provider)
        if provider is None:
            raise WiringError(f"{self._provider!r} has no pipeline")
        return provider()

    def __repr__(self) -> str:
        return f"<Lazy {self._provider!r}>"


def effective_provider(provider: di.Provider[Any] | None) -> di.Provider[Any] | None:
    """The provider that really gives what ``provider`` is asked for: a nested container's pipeline."""
    return provider.pipeline if isinstance(provider, di.Container) else provider


def _lazy_type(annotation: Any) -> Any | None:
    """The type of the object that a lazy parameter gives, None if the annotation is of no lazy parameter."""
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
    """Whether a parameter is lazy whatever is provided for it."""
    return any((get_origin(member) or member) is Lazy for member in alternatives(annotation))


def _gives_callable(provider: di.Provider[Any]) -> bool:
    """Whether what a provider gives is, or may be, a function itself."""
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
    provided = get_origin(provided) or provided
    return isinstance(provided, type) and any("__call__" in vars(base) for base in provided.__mro__)
