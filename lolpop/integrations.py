"""The three layers of a workflow as base classes, and what marks their tasks and workflows."""

from __future__ import annotations

import abc
import functools
from collections.abc import Callable, Mapping
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from typing import Any, ClassVar, Concatenate, Literal, ParamSpec, Protocol, TypeVar

__all__ = ["Component", "Integration", "Pipeline", "Runner", "task", "workflow"]

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="Integration")

CallKind = Literal["task", "workflow"]

_ENDS_LATER = CO_COROUTINE | CO_GENERATOR | CO_ASYNC_GENERATOR


class Binding(Protocol):
    """What a container ties to a pipeline or runner that it built: where its calls are recorded."""

    @property
    def provider(self) -> str:
        """Path of the provider that gives it, such as ``train.pipeline``."""

    def call(
        self, kind: CallKind, method: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> R:
        """Call the bound ``method`` as a task or workflow of the container."""


class Integration(abc.ABC):  # noqa: B024  (interfaces below it declare the abstract methods)
    """A class that containers can wire: settings before the ``*`` of its constructor, injected after it."""

    __slots__ = ("__weakref__",)

    requires: ClassVar[tuple[str, ...]] = ()
    """Importable modules that the class needs at work; looked up, never imported, by verification."""

    install: ClassVar[str] = ""
    """What ``pip install`` takes to provide ``requires``, such as ``lolpop[xgboost]``."""


class Component(Integration):
    """Works directly with a library; its methods are a generic interface for its type."""

    __slots__ = ()


class _Recorded(Integration):
    # The one thing a container ties to an integration. It is a slot of this base, not an attribute of
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

    workflow_reads: ClassVar[Mapping[str, frozenset[str]]] = {}
    """What each workflow that the class defines reads in its own code: settings, and what is injected.

    The pipelines whose tasks it calls go without saying. A run that is resumed with other settings does not
    call a workflow again that reads none of them; one that is not named here may read all.
    """


def task(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Mark a pipeline's method as a task: built by a container, its calls are recorded and intercepted."""
    return _marked("task", method)


def workflow(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Mark a runner's method as a workflow: built by a container, a call opens a run or joins one."""
    return _marked("workflow", method)


def call_kind(method: object) -> CallKind | None:
    """Whether a function or bound method is a task, a workflow, or neither."""
    kind: CallKind | None = getattr(method, "__lolpop_kind__", None)
    return kind


def bind(integration: Integration, binding: Binding) -> None:
    """Tie a pipeline or runner to the container that built it; components are left alone."""
    if isinstance(integration, _Recorded):
        # object's own setter: a frozen dataclass refuses everybody else's.
        object.__setattr__(integration, "__lolpop_binding__", binding)


def binding_of(integration: Integration) -> Binding | None:
    """The container's binding of ``integration``; None where it was built by hand."""
    return getattr(integration, "__lolpop_binding__", None)


def _marked(kind: CallKind, method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    if method.__code__.co_flags & _ENDS_LATER:
        raise TypeError(
            f"{method.__qualname__} cannot be a {kind}: a {kind} has ended when it returns, "
            "and a coroutine or generator has not begun then. Let it return its result."
        )

    @functools.wraps(method)
    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        binding = binding_of(self)
        if binding is None:
            return method(self, *args, **kwargs)
        return binding.call(kind, functools.partial(method, self), args, kwargs)

    call.__lolpop_kind__ = kind  # type: ignore[attr-defined]  # functions take attributes
    return call
