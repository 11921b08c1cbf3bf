"""The base classes of the three layers of a workflow, and the decorators of tasks and workflows."""

from __future__ import annotations

import abc
import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from types import MappingProxyType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Concatenate,
    Literal,
    ParamSpec,
    Protocol,
    TypeAlias,
    TypeVar,
    overload,
)

if TYPE_CHECKING:
    from lolpop.errors import Finding

__all__ = ["Component", "Inherited", "Integration", "Pipeline", "Runner", "StoreState", "task", "workflow"]

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="Integration")

CallKind = Literal["task", "workflow"]

_ENDS_LATER = CO_COROUTINE | CO_GENERATOR | CO_ASYNC_GENERATOR


class Binding(Protocol):
    """The binding of a pipeline or runner to the container that built it, which records its calls."""

    @property
    def provider(self) -> str:
        """Path of its provider, such as ``train.pipeline``."""

    def call(
        self, kind: CallKind, method: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> R:
        """Call the bound ``method`` as a task or workflow of the container."""


class Integration(abc.ABC):  # noqa: B024  (interfaces below it declare the abstract methods)
    """A class that containers can wire: settings before the ``*`` of its constructor, injected after it."""

    __slots__ = ("__weakref__",)

    requires: ClassVar[tuple[str, ...]] = ()
    """Modules that the class needs when it is used; verification looks them up and does not import them."""

    install: ClassVar[str] = ""
    """The requirement that provides ``requires``, for ``pip install``, such as ``lolpop[xgboost]``."""

    affects_results: ClassVar[bool] = True
    """Whether the results of a call depend on it. Classes that only notify, record or distribute work set
    False."""

    reads_outside: ClassVar[frozenset[str]] = frozenset()
    """Its methods that read what is neither an argument, a setting nor in the store, such as files."""

    verified_parameters: ClassVar[frozenset[str]] = frozenset()
    """Injected parameters by which it only reads content that the store has the digest of, and verifies that.

    Results do not depend on them beyond that content.
    """

    acts_outside: ClassVar[frozenset[str]] = frozenset()
    """Its methods that act outside the store: tasks and workflows that call them are called in every run."""

    @classmethod
    def check_settings(cls, settings: Mapping[str, Any]) -> Iterable[Finding]:  # noqa: ARG003
        """Check ``settings``, which have the right types, before anything is built.

        Verification reports the findings; their paths are relative to the section. An override may take a
        second argument, a mapping with a default: the sections of the settings that are to be injected, by
        the names of the parameters.
        """
        return ()

    @classmethod
    def check_injected(cls, injected: Mapping[str, Any]) -> Iterable[Finding]:  # noqa: ARG003
        """Check the objects to be injected, by the names of the parameters.

        Sections of the settings are passed as their values, integrations as their classes. The path of a
        finding begins with the name of a parameter.
        """
        return ()

    @classmethod
    def known_keys(cls, setting: str, settings: Mapping[str, Any]) -> Iterable[str]:  # noqa: ARG003
        """Keys that the free-form mapping ``setting`` takes, as far as they are known.

        ``settings`` are those with a text as their value. Variables of the environment, which have no case,
        are matched with these keys.
        """
        return ()


class _InheritedParameters:
    """Marks the keywords of a constructor that are the parameters of a base class."""


Inherited: TypeAlias = Annotated[Any, _InheritedParameters()]
"""The annotation of the keywords that a constructor passes on to the one of its base class.

``def __init__(self, *, enrich: EnrichPipeline, **inherited: Inherited)`` takes the settings and the injected
parameters of the base class too, and calls ``super().__init__(**inherited)``.
"""


def is_inherited(annotation: Any) -> bool:
    """Whether the annotation of keywords is ``Inherited``."""
    marks = getattr(annotation, "__metadata__", ())
    return any(isinstance(mark, _InheritedParameters) for mark in marks)


class Component(Integration):
    """Works directly with a library; its methods are a generic interface for its type."""

    __slots__ = ()


class _Recorded(Integration):
    # The one thing that a container adds to an integration. It is a slot of this base, not an attribute of
    # the user's object: it shows in no vars(), works with __slots__ and frozen dataclasses, and keeps
    # the container alive exactly as long as what it built.
    __slots__ = ("__lolpop_binding__",)
    __lolpop_binding__: Binding


class Pipeline(_Recorded):
    """Combines components into tasks."""

    __slots__ = ()


class Runner(_Recorded):
    """Combines pipelines into end-to-end workflows."""

    __slots__ = ()


Reads: TypeAlias = Sequence[str] | Callable[..., Mapping[str, str | None]]
"""The inputs of a method besides its arguments: paths of files, or a function of the arguments.

The function gets the object and the arguments, and returns a digest of each thing by its name; None where
that cannot be determined.
"""


class StoreState(str):
    """An input that a method reads from the store, such as the deployed model.

    A function of ``reads`` returns it in place of a digest. The cache compares it. A run that is resumed does
    not: the run itself may have changed it.
    """

    __slots__ = ()


@overload
def task(method: Callable[Concatenate[S, P], R], /) -> Callable[Concatenate[S, P], R]: ...
@overload
def task(*, reads: Reads = ..., effects: bool = ...) -> Decorator: ...
def task(method: Callable[..., Any] | None = None, /, *, reads: Reads = (), effects: bool = False) -> Any:
    """Mark a pipeline's method as a task: built by a container, its calls are recorded and intercepted.

    ``reads`` names files that the method reads, relative to the settings, so that they are part of the
    fingerprint of its calls. One that has ``effects`` outside the store, such as writing a file or sending a
    message, is called in every run, whatever is cached or resumed, and so is what calls it.
    """
    return _decorated("task", method, reads, effects=effects)


@overload
def workflow(method: Callable[Concatenate[S, P], R], /) -> Callable[Concatenate[S, P], R]: ...
@overload
def workflow(*, reads: Reads = ..., accounts_for: Sequence[str] = ..., effects: bool = ...) -> Decorator: ...
def workflow(
    method: Callable[..., Any] | None = None,
    /,
    *,
    reads: Reads = (),
    accounts_for: Sequence[str] = (),
    effects: bool = False,
) -> Any:
    """Mark a runner's method as a workflow: built by a container, a call opens a run or joins one.

    ``reads`` names files that the method reads, relative to the settings, so that they are part of the
    fingerprint of its calls. ``accounts_for`` names attributes, such as ``data``, whose effect on a call a
    function of ``reads`` tells completely: in code of the method's module they count by that alone.

    One that has ``effects`` outside the store, such as deploying a model, is called in every run, whatever is
    cached or resumed, and so is what calls it.
    """
    return _decorated("workflow", method, reads, accounts_for, effects=effects)


class Decorator(Protocol):
    """The decorator that ``task`` and ``workflow`` return if they are called with options."""

    def __call__(self, method: Callable[Concatenate[S, P], R], /) -> Callable[Concatenate[S, P], R]:
        """Mark ``method``."""


def reads_of(method: object) -> Reads:
    """The declared inputs of a task or workflow."""
    reads: Reads = getattr(method, "__lolpop_reads__", ())
    return reads


def accounted_for(method: object) -> Sequence[str]:
    """The attributes whose effect on a call is covered by the declared inputs."""
    names: Sequence[str] = getattr(method, "__lolpop_accounts_for__", ())
    return names


def call_kind(method: object) -> CallKind | None:
    """Whether a function or bound method is a task, a workflow, or neither."""
    kind: CallKind | None = getattr(method, "__lolpop_kind__", None)
    return kind


def bind(integration: Integration, binding: Binding) -> None:
    """Bind a pipeline or runner to the container that built it; components are not bound."""
    if isinstance(integration, _Recorded):
        # object's own setter: a frozen dataclass refuses everybody else's.
        object.__setattr__(integration, "__lolpop_binding__", binding)


def binding_of(integration: Integration) -> Binding | None:
    """The container's binding of ``integration``; None where it was built by hand."""
    return None if isinstance(integration, type) else getattr(integration, "__lolpop_binding__", None)


def misplaced_calls(integration: type[Integration]) -> Iterator[tuple[str, str, str]]:
    """Tasks and workflows of a class that would not be recorded: name, problem and hint."""
    layer = next((layer for layer in _CALLS if issubclass(integration, layer)), None)
    members = {name: value for base in reversed(integration.__mro__) for name, value in vars(base).items()}
    for name, value in members.items():
        is_unbound = isinstance(value, classmethod | staticmethod)
        kind = call_kind(value.__func__ if is_unbound else value)
        if kind is None or layer is None:
            continue
        description = f"{integration.__name__}.{name} is a {kind}"
        if is_unbound:
            yield name, f"{description} and a {type(value).__name__}", "Make it a method of the instance."
        elif hasattr(value, "cache_info"):
            hint = f"Put @{kind} above the cache."
            yield (
                name,
                f"{description} whose results are kept outside of it, so that calls are not recorded",
                hint,
            )
        elif kind not in _CALLS[layer]:
            noun = layer.__name__.lower()
            yield name, f"{description}, but those of a {noun} are not recorded", _HINTS[layer]


_CALLS: Mapping[type[Integration], tuple[CallKind, ...]] = MappingProxyType(
    {Component: (), Pipeline: ("task",), Runner: ("workflow",)}
)
_HINTS: Mapping[type[Integration], str] = MappingProxyType(
    {
        Component: "Remove the decorator, or make the class a Pipeline.",
        Pipeline: "Decorate it with @task.",
        Runner: "Decorate it with @workflow.",
    }
)


def has_effects(method: object) -> bool:
    """Whether a task or workflow is declared to act outside the store."""
    return bool(getattr(method, "__lolpop_effects__", False))


def _decorated(
    kind: CallKind,
    method: Callable[..., Any] | None,
    reads: Reads,
    accounts_for: Sequence[str] = (),
    *,
    effects: bool,
) -> Any:
    if method is not None:
        return _marked(kind, method)

    def decorate(method: Callable[..., Any]) -> Any:
        call = _marked(kind, method)
        call.__lolpop_reads__ = reads  # type: ignore[attr-defined]  # functions take attributes
        call.__lolpop_accounts_for__ = tuple(accounts_for)  # type: ignore[attr-defined]
        call.__lolpop_effects__ = effects  # type: ignore[attr-defined]
        return call

    return decorate


def _marked(kind: CallKind, method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    _check_method(kind, method)

    @functools.wraps(method)
    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        binding = binding_of(self)
        if binding is None:
            return method(self, *args, **kwargs)
        return binding.call(kind, functools.partial(method, self), args, kwargs)

    call.__lolpop_kind__ = kind  # type: ignore[attr-defined]  # functions take attributes
    return call


def _check_method(kind: CallKind, method: Any) -> None:
    """Raise TypeError if calls of ``method`` cannot be recorded."""
    name = getattr(method, "__qualname__", repr(method))
    if isinstance(method, classmethod | staticmethod):
        raise TypeError(f"{name} cannot be a {kind}: it is a {type(method).__name__}, not a method.")
    if not callable(method) or not hasattr(method, "__name__"):
        raise TypeError(f"{name} cannot be a {kind}: it is a {type(method).__name__}, not a method.")
    if (other := call_kind(method)) is not None:
        raise TypeError(f"{name} cannot be a {kind}: it is a {other} already.")
    function: Any = inspect.unwrap(method)
    if getattr(getattr(function, "__code__", None), "co_flags", 0) & _ENDS_LATER:
        raise TypeError(
            f"{name} cannot be a {kind}: a coroutine or generator has not started "
            "when it is returned. Return the result instead."
        )
