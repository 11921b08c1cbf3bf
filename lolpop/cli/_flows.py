"""The flow that the arguments of a command name, with its runner."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lolpop._names import one_of
from lolpop.cli._failures import UsageError
from lolpop.cli._project import container_class, imported, module_of
from lolpop.cli._runner import chosen_runner, project_runner
from lolpop.cli._workflows import runner_slot
from lolpop.flows import Flow, ready_made_flows
from lolpop.graphs import FlowGraph
from lolpop.kernel.providers.cells import cell_of
from lolpop.registry import RUNNERS, registered

if TYPE_CHECKING:
    from lolpop.cli._settings_options import SettingsOptions
    from lolpop.integrations import Runner

_DEFAULT = "train_and_predict"


@dataclass(frozen=True, slots=True)
class NamedFlow:
    """A flow as a command names it."""

    runner: str
    """As ``lolpop run`` takes it."""
    flow: str
    container_class: type[Any]

    def graph(self, container: Any) -> FlowGraph:
        """The calls that the flow makes of the runner of ``container``. Raises FlowError, or UsageError."""
        implementation = cell_of(runner_slot(container)).plan.implementation
        if implementation is None:
            raise UsageError(f"the runner of {self.runner} cannot be imported. 'lolpop verify' says why.")
        flow = self._find(implementation)
        graph = flow.graph(implementation)
        return graph if ":" in self.flow else replace(graph, name=self.flow)

    def _find(self, runner: type[Runner]) -> Flow[Any, Any]:
        place, _, name = self.flow.partition(":")
        if place.endswith(".py"):
            return _flow_in(module_of(Path(place)), name, self.flow)
        if name:
            return _as_flow(imported(self.flow), self.flow)
        flows = {**ready_made_flows(runner), **_flows_in(sys.modules[self.container_class.__module__])}
        if self.flow not in flows:
            hint = one_of(self.flow, flows, what="Flows")
            raise UsageError(
                f"{self.runner} has no flow {self.flow!r}. {hint} "
                "Or name your own: package.module:flow, or path/file.py:flow."
            )
        return flows[self.flow]


def named_flow(words: Sequence[str], options: SettingsOptions) -> NamedFlow:
    """The flow of ``[RUNNER] [FLOW]``; either may be left out where the settings name the runner.

    Raises UsageError if the words name no runner.
    """
    if len(words) > 2:
        raise UsageError(f"unexpected argument {words[2]!r}: name a runner and a flow.")
    if len(words) == 1 and words[0] not in registered(RUNNERS) and (own := project_runner(options)):
        words = [own, words[0]]
    runner = chosen_runner(words[0] if words else "", options)
    flow = words[1] if len(words) == 2 else _DEFAULT
    return NamedFlow(runner, flow, container_class(runner))


def _flow_in(module: Any, name: str, shown: str) -> Flow[Any, Any]:
    if name:
        return _as_flow(imported(f"{module.__name__}:{name}"), shown)
    flows = _flows_in(module)
    if len(flows) != 1:
        names = f" ({', '.join(flows)})" if flows else ""
        raise UsageError(f"{shown} declares {len(flows)} flows{names}. Name one: {shown}:NAME.")
    return next(iter(flows.values()))


def _flows_in(module: Any) -> Mapping[str, Flow[Any, Any]]:
    """The flows that a module itself declares."""
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, Flow) and value.function.__module__ == module.__name__
    }


def _as_flow(value: Any, shown: str) -> Flow[Any, Any]:
    if isinstance(value, Flow):
        return value
    if isinstance(value, type) or not hasattr(value, "__code__"):
        raise UsageError(f"{shown} is not a flow: expected a function, but got a {type(value).__name__}.")
    return Flow(value)
