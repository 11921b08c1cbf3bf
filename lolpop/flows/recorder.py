"""Reading a flow: its calls become a graph."""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from lolpop._names import free_name, one_of
from lolpop.annotations import alternatives, hints_of, return_type, type_name
from lolpop.assignability import fits
from lolpop.errors import Finding, FlowError, LolpopError, Origin
from lolpop.flows._origins import origin_in
from lolpop.flows.handles import Handle
from lolpop.graphs import FlowGraph, Output, Step
from lolpop.integrations import Runner, call_kind
from lolpop.resources import Resource, as_resource
from lolpop.signatures import Parameter

__all__ = ["Recorder"]

_AFTER = "after"


class Recorder:
    """Stands in for a runner while a flow is read: each workflow is a method that records its call.

    Nothing is run. Mistakes are reported together, when the graph is asked for.

    Parameters
    ----------
    runner
        The class of the runner.
    """

    def __init__(self, runner: type[Runner]) -> None:
        self._runner = runner
        self._workflows = {
            name: method
            for name, method in inspect.getmembers(runner, callable)
            if call_kind(method) == "workflow"
        }
        self._steps: dict[str, Step] = {}
        self._findings: list[Finding] = []

    def __getattr__(self, name: str) -> Callable[..., Handle[Any]]:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*args: Any, **kwargs: Any) -> Handle[Any]:
            return self._call(name, args, kwargs, _place_of_caller())

        return call

    def graph(self, name: str) -> FlowGraph:
        """The calls so far, each after those that it needs.

        Raises FlowError, with the place of each, for everything that is wrong with them.
        """
        if not self._findings:
            self._findings += self._cycles()
        if self._findings:
            raise FlowError(self._findings)
        waiting, ordered = dict(self._steps), dict[str, Step]()
        while waiting:
            # Calls keep the order in which the flow states them as far as possible.
            ready = next(step for step in waiting.values() if ordered.keys() >= set(step.predecessors))
            ordered[ready.name] = waiting.pop(ready.name)
        return FlowGraph(name, tuple(ordered.values()))

    def _call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], origin: Origin) -> Handle[Any]:
        method = self._workflows.get(name)
        if method is None:
            message = f"{self._runner.__name__} has no workflow {name!r}"
            hint = one_of(name, self._workflows, what="Workflows")
            self._findings.append(Finding("", message, origin=origin, hint=hint))
            return self._handle(free_name(name, self._steps), Any)
        after = kwargs.pop(_AFTER, ())
        step_name = self._free_name(name)
        arguments = self._arguments(method, args, kwargs, origin)
        self._steps[step_name] = Step(step_name, name, arguments, origin=origin)
        self._put_after(step_name, (after,) if isinstance(after, Handle) else after)
        return self._handle(step_name, return_type(method))

    def _handle(self, step: str, result_type: Any) -> Handle[Any]:
        return Handle(step, result_type, self._put_after)

    def _free_name(self, workflow: str) -> str:
        names = (f"{workflow}_{number}" for number in range(2, len(self._steps) + 3))
        return next(name for name in (workflow, *names) if name not in self._steps)

    def _put_after(self, step: str, others: Sequence[Handle[Any]]) -> None:
        before = self._steps.get(step)
        if before is None:
            return  # a call of an unknown workflow, which is reported anyway
        if not isinstance(others, Sequence) or not all(isinstance(other, Handle) for other in others):
            message = f"after of {before.workflow} takes handles, but got {others!r}"
            hint = "Pass what earlier calls returned."
            self._findings.append(Finding("", message, origin=before.origin, hint=hint))
            return
        after = tuple(dict.fromkeys([*before.after, *(other.step for other in others)]))
        self._steps[step] = Step(before.name, before.workflow, before.arguments, after, before.origin)

    def _arguments(
        self, method: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], origin: Origin
    ) -> dict[str, Any]:
        """The arguments as a graph holds them; findings about them are recorded."""
        workflow = method.__name__
        parameters = _parameters(method)
        for message, hint in _misfits(workflow, parameters, args, kwargs):
            self._findings.append(Finding("", message, origin=origin, hint=hint))
        stated = {**dict(zip(parameters, args, strict=False)), **kwargs}
        arguments: dict[str, Any] = {}
        for name, value in stated.items():
            parameter = parameters.get(name)
            if parameter is None or (value is None and not parameter.required and parameter.default is None):
                continue
            try:
                arguments[name] = _argument(value, parameter)
            except (LolpopError, ValueError, TypeError) as error:
                message = f"{name} of {workflow}: {_text_of(error)}".rstrip(".")
                self._findings.append(Finding("", message, origin=origin))
        return arguments

    def _cycles(self) -> Iterator[Finding]:
        sorter = TopologicalSorter({step.name: step.predecessors for step in self._steps.values()})
        try:
            sorter.prepare()
        except CycleError as error:
            cycle: list[str] = error.args[1]
            # graphlib lists each step before the one that waits for it.
            places = {name: self._steps[name].origin for name in cycle}
            drawn = " -> ".join(cycle)
            edges = ", ".join(f"{name} at {place}" for name, place in list(places.items())[1:])
            hint = f"Remove one of the edges{f' ({edges})' if edges else ''}."
            yield Finding("", f"the calls wait for each other: {drawn}", origin=places[cycle[0]], hint=hint)


def _place_of_caller() -> Origin:
    """The place in the flow of the call that is being recorded."""
    frame = sys._getframe(2)
    code = frame.f_code
    _, _, column, _ = list(code.co_positions())[frame.f_lasti // 2]
    return origin_in(code.co_filename, frame.f_lineno, None if column is None else column + 1)


def _parameters(method: Callable[..., Any]) -> dict[str, Parameter]:
    hints = hints_of(method)
    return {
        parameter.name: Parameter(parameter.name, hints.get(parameter.name, Any), parameter.default)
        for parameter in list(inspect.signature(method).parameters.values())[1:]
    }


def _misfits(
    workflow: str, parameters: Mapping[str, Parameter], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Iterator[tuple[str, str | None]]:
    """Problems with the number and the names of arguments, each with a hint."""
    if len(args) > len(parameters):
        yield f"{workflow} takes {len(parameters)} arguments, but got {len(args)}", None
    for name in kwargs:
        if name not in parameters:
            hint = one_of(name, [*parameters, _AFTER], what="Parameters")
            yield f"{workflow} has no parameter {name!r}", hint
    positional = list(parameters)[: len(args)]
    for name in positional:
        if name in kwargs:
            yield f"{workflow} got two values for {name}", None
    unknown = kwargs.keys() - parameters.keys()
    for name, parameter in parameters.items():
        # A missing argument may be a misspelt one, which is reported already.
        if parameter.required and name not in {*positional, *kwargs} and not unknown:
            yield f"{workflow} needs {name}, a {type_name(parameter.annotation)}", None


def _argument(value: Any, parameter: Parameter) -> Any:
    """An argument as a graph holds it.

    Raises LolpopError, ValueError or TypeError if it is of a wrong type.
    """
    if isinstance(value, Handle):
        if not fits(value.result_type, parameter.annotation):
            raise LolpopError(
                f"expected {type_name(parameter.annotation)}, but {value.step} returns "
                f"{type_name(value.result_type)}"
            )
        return Output(value.step)
    members = alternatives(parameter.annotation)
    kinds = [member for member in members if isinstance(member, type) and issubclass(member, Resource)]
    if kinds and str not in members and isinstance(value, str | Resource):
        return as_resource(value, *kinds)
    value = os.fspath(value) if isinstance(value, os.PathLike) else value
    parameter.adapter.validate_python(value)
    json.dumps(value)  # it is passed to other processes as text
    return value


def _text_of(error: Exception) -> str:
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        return "; ".join(dict.fromkeys(str(detail["msg"]) for detail in error.errors(include_url=False)))
    return str(error)
