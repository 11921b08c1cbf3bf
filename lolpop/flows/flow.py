"""Flows as values: read as a graph, or run in this process."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar, cast, overload

from lolpop.errors import Finding, FlowError, LolpopError, Origin
from lolpop.flows._origins import origin_in
from lolpop.flows.handles import Handle
from lolpop.flows.recorder import Recorder
from lolpop.graphs import FlowGraph, Output
from lolpop.integrations import Runner
from lolpop.registry import is_installed

__all__ = ["Flow", "flow", "follow"]

W_contra = TypeVar("W_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)


class Flow(Generic[W_contra, R_co]):
    """A function that defines the order of workflows.

    Called with a runner, it runs them in this process and returns the results in place of the handles that
    the function returns. Called inside another flow, it adds its calls to that flow. ``graph`` reads it
    without running anything.

    Parameters
    ----------
    function
        Takes the workflows of a runner, and returns a handle, several of them, or None.
    """

    def __init__(self, function: Callable[[W_contra], R_co]) -> None:
        self.function = function
        functools.update_wrapper(self, function)

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.function.__name__

    @overload
    def __call__(self, runner: Runner, /) -> Any: ...
    @overload
    def __call__(self, workflows: W_contra, /) -> R_co: ...
    def __call__(self, workflows: W_contra | Runner, /) -> R_co | Any:
        """Run the flow by a runner, or make it a part of another flow."""
        if not isinstance(workflows, Runner):
            return self.function(workflows)
        graph, returned = self._read(type(workflows))
        results = dict(follow(graph, workflows))
        return _resolved(returned, results)

    def graph(self, runner: type[Runner]) -> FlowGraph:
        """The calls that the flow makes of the workflows of ``runner``.

        Raises FlowError, with the place of each, for everything that is wrong with them.
        """
        return self._read(runner)[0]

    def _read(self, runner: type[Runner]) -> tuple[FlowGraph, Any]:
        recorder = Recorder(runner)
        try:
            returned = self.function(cast("W_contra", recorder))
        except LolpopError:
            raise
        except Exception as error:
            # The flow is the user's code and may raise anything; the place of the failure helps.
            recorder.graph(self.name)  # an earlier finding may be the reason
            message = f"{type(error).__name__}: {error}".rstrip(".")
            raise FlowError([Finding(self.name, message, origin=_place_of(error))]) from error
        graph = recorder.graph(self.name)
        if not graph.steps:
            raise FlowError([Finding(self.name, "the flow calls no workflow", origin=self._origin())])
        return graph, returned

    def _origin(self) -> Origin:
        code = self.function.__code__
        return origin_in(code.co_filename, code.co_firstlineno)


def flow(function: Callable[[W_contra], R_co], /) -> Flow[W_contra, R_co]:
    """Make a function a flow."""
    return Flow(function)


def follow(graph: FlowGraph, runner: Runner) -> Iterator[tuple[str, Any]]:
    """Make the calls of a graph one after the other; yield the name of each step with its result."""
    results: dict[str, Any] = {}
    for step in graph.steps:
        arguments = {
            name: results[value.step] if isinstance(value, Output) else value
            for name, value in step.arguments.items()
        }
        results[step.name] = getattr(runner, step.workflow)(**arguments)
        yield step.name, results[step.name]


def _resolved(returned: Any, results: Mapping[str, Any]) -> Any:
    """What a flow returned, with results in place of handles."""
    if isinstance(returned, Handle):
        return results[returned.step]
    if isinstance(returned, tuple | list):
        return type(returned)(_resolved(element, results) for element in returned)
    if isinstance(returned, dict):
        return {key: _resolved(element, results) for key, element in returned.items()}
    return returned


def _place_of(error: Exception) -> Origin | None:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not is_installed(frame.filename)] or frames
    return origin_in(own[-1].filename, own[-1].lineno) if own else None
