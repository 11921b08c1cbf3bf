"""Graphs of workflow calls: the calls of a flow and their order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lolpop.errors import Origin
from lolpop.resources import Resource

__all__ = ["FlowGraph", "Output", "Step", "option_value"]


@dataclass(frozen=True, slots=True)
class Output:
    """The result of a step, as an argument of a later one.

    Parameters
    ----------
    step
        Name of the step.
    """

    step: str


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a workflow.

    Parameters
    ----------
    name
        Name of the step: a Python identifier, unique in its graph.
    workflow
        Name of the workflow.
    arguments
        The arguments that the flow passes, by parameter: an Output, a resource, or a value that JSON can
        hold.
    after
        Names of steps that run before this one although they hand it nothing.
    origin
        Where the flow makes the call.
    """

    name: str
    workflow: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    origin: Origin | None = None

    @property
    def inputs(self) -> dict[str, str]:
        """The steps whose results this one takes, by parameter."""
        return {name: value.step for name, value in self.arguments.items() if isinstance(value, Output)}

    @property
    def values(self) -> dict[str, Any]:
        """The arguments that the flow itself states, by parameter."""
        return {name: value for name, value in self.arguments.items() if not isinstance(value, Output)}

    @property
    def predecessors(self) -> tuple[str, ...]:
        """The names of all steps that come before, without repetition."""
        return tuple(dict.fromkeys([*self.inputs.values(), *self.after]))

    def options(self) -> list[str]:
        """The stated arguments as words of ``lolpop run``: ``["--dataset", "predict"]``."""
        return [
            word for name, value in self.values.items() for word in (option_name(name), option_value(value))
        ]


@dataclass(frozen=True, slots=True)
class FlowGraph:
    """The calls of a flow, each after those that it needs.

    Parameters
    ----------
    name
        Name of the flow.
    steps
        The steps, in an order in which they can run.
    """

    name: str
    steps: tuple[Step, ...]

    @property
    def used(self) -> frozenset[str]:
        """The names of the steps whose results are taken by others."""
        return frozenset(source for step in self.steps for source in step.inputs.values())

    def step(self, name: str) -> Step:
        """The step of that name."""
        return next(step for step in self.steps if step.name == name)


def option_name(parameter: str) -> str:
    """The option of ``lolpop run`` for a parameter of a workflow."""
    return f"--{parameter.replace('_', '-')}"


def option_value(value: Any) -> str:
    """A value as a word of the command line: text and references as they are, anything else as JSON."""
    if isinstance(value, Resource):
        return value.reference
    return value if isinstance(value, str) else json.dumps(value)
