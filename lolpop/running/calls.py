"""Calls of workflows and tasks: which run each of them opens, joins or belongs to."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from lolpop.errors import WiringError
from lolpop.running.arguments import bind
from lolpop.running.open_runs import runs_of
from lolpop.running.recording import OpenRecording, open_recording
from lolpop.runs import RUN, context_value

if TYPE_CHECKING:
    from lolpop.integrations import CallKind
    from lolpop.kernel.scopes import Scope
    from lolpop.kernel.units import Unit

__all__ = ["CallBinding"]

R = TypeVar("R")


class CallBinding:
    """Binds a pipeline or runner to the container that built it: its calls are recorded and intercepted."""

    __slots__ = ("_path", "_scope", "_unit", "provider")

    def __init__(self, scope: Scope, path: str, provider: str, unit: Unit | None = None) -> None:
        self._scope = scope
        self._path = path
        self._unit = unit
        self.provider = provider

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        # A copy in another process belongs to no container; containers are rebuilt there from a spec.
        return type(None), ()

    def call(
        self, kind: CallKind, method: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> R:
        """Call ``method`` as a workflow, which opens a run or joins the open one, or as a task of that."""
        function = _function(method)
        try:
            bound = bind(function, args, kwargs)
        except TypeError:
            method(*args, **kwargs)  # it raises Python's own error
            raise
        name = function.__name__
        around = _CALL.get()
        if around is not None and around.is_continued_by(self, function):
            return method(*bound.args, **bound.kwargs)
        with context_value(_CALL, _Call(self, function)):
            if self._unit is None:
                return self._recorded(kind, name, method, bound)
            with self._unit.entered():
                return self._recorded(kind, name, method, bound)

    def _recorded(
        self, kind: CallKind, name: str, method: Callable[..., R], bound: inspect.BoundArguments
    ) -> R:
        path = f"{self._path}.{name}" if self._path else name
        run = self._open_run(kind)
        if run is None and kind == "task":
            return method(*bound.args, **bound.kwargs)
        if run is None:
            recording = open_recording(self._scope, path, bound.arguments)
            return recording.run(partial(method, *bound.args, **bound.kwargs), bound.arguments)
        with context_value(RUN, run):
            return run.task(kind, path, partial(method, *bound.args, **bound.kwargs), bound.arguments)

    def _open_run(self, kind: CallKind) -> OpenRecording | None:
        open_runs = [run for run in runs_of(self._scope).open() if isinstance(run, OpenRecording)]
        current = RUN.get()
        for run in open_runs:
            if run is current:
                return run
        if kind == "workflow":
            return None
        # A thread of a pool starts with an empty context: a task called there belongs to the one open run.
        if len(open_runs) > 1:
            raise WiringError(
                f"{len(open_runs)} runs of this container are open, and this thread belongs to none of them",
                "Start the thread's work with contextvars.copy_context().run(…).",
            )
        return open_runs[0] if open_runs else None


class _Call:
    """A running call of this context: an integration, by its binding, and a function of its class."""

    __slots__ = ("binding", "function")

    def __init__(self, binding: CallBinding, function: Callable[..., Any]) -> None:
        self.binding = binding
        self.function = function

    def is_continued_by(self, binding: CallBinding, function: Callable[..., Any]) -> bool:
        """Whether a call of ``function`` is ``super()`` of this one: the same method, of a class above.

        A method that calls itself is a call of its own, though: that is the same function.
        """
        name = self.function.__name__
        return self.binding is binding and name == function.__name__ and self.function is not function


_CALL: ContextVar[_Call | None] = ContextVar("lolpop_call", default=None)


def _function(method: Callable[..., Any]) -> Callable[..., Any]:
    function: Callable[..., Any] = method.func if isinstance(method, partial) else method
    return function
