"""Flows as flows of Metaflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import NonNegativeInt, PositiveInt

from lolpop.components.orchestrator import Orchestrator, Project
from lolpop.components.orchestrator._commands import identifier, text_block
from lolpop.components.orchestrator._python_files import constants, run_function, step_arguments
from lolpop.graphs import FlowGraph, Step

__all__ = ["MetaflowOrchestrator"]


class MetaflowOrchestrator(Orchestrator):
    """Writes a flow for Metaflow: each workflow is a step, its result an artifact, its metrics a card.

    Steps run one after the other. The file needs Metaflow and the standard library only; ``python FILE run``
    runs it.

    Parameters
    ----------
    retries : int
        How often a step that failed is run again.
    retry_delay : int
        Minutes before it is run again.
    timeout : int, optional
        Seconds after which a step is stopped.
    """

    def __init__(
        self,
        retries: NonNegativeInt = 1,
        retry_delay: NonNegativeInt = 1,
        timeout: PositiveInt | None = None,
    ) -> None:
        self._retries, self._retry_delay, self._timeout = retries, retry_delay, timeout

    def build(self, graph: FlowGraph, project: Project) -> Mapping[str, str]:
        """One module with a flow."""
        class_name = "".join(word.capitalize() for word in identifier(project, graph).split("_"))
        decorators = [f"@retry(times={self._retries}, minutes_between_retries={self._retry_delay})"]
        decorators += [] if self._timeout is None else [f"@timeout(seconds={self._timeout})"]
        imported = ["FlowSpec", "card", "current", "retry", "step", *(["timeout"] if self._timeout else [])]
        lines = [
            f'"""The flow {graph.name} of {project.runner}: each step runs one workflow in a process."""',
            "",
            "import json",
            "import os",
            "import subprocess",
            "",
            f"from metaflow import {', '.join(imported)}",
            "from metaflow.cards import Markdown, Table",
            "",
            constants(project),
            "",
            "",
            run_function("json.loads(done.stdout)"),
            "",
            "",
            _RUN_WORKFLOW,
            "",
            "",
            f"class {class_name}(FlowSpec):",
            "    @step",
            "    def start(self):",
            f"        self.next(self.{graph.steps[0].name})",
            *_steps(graph, decorators),
            "",
            "    @step",
            "    def end(self):",
            "        pass",
            "",
            "",
            'if __name__ == "__main__":',
            f"    {class_name}()",
        ]
        return {f"{identifier(project, graph)}.py": text_block(lines)}


_RUN_WORKFLOW = """\
def run_workflow(workflow, *words):
    document = run_lolpop(f"{current.flow_name}/{current.run_id}", workflow, *words)
    current.card.append(Markdown(f"# {workflow}: {document['result']}"))
    rows = [
        [rows, metric, value]
        for rows, values in document["metrics"].items()
        for metric, value in values.items()
    ]
    if rows:
        current.card.append(Table(rows, headers=["rows", "metric", "value"]))
    return document["result"]"""


def _steps(graph: FlowGraph, decorators: list[str]) -> Iterator[str]:
    # Artifacts have names that differ from those of steps, which are methods of the same class.
    following = [*(step.name for step in graph.steps[1:]), "end"]
    for step, after in zip(graph.steps, following, strict=True):
        yield ""
        yield from (f"    {decorator}" for decorator in ['@card(type="blank")', *decorators, "@step"])
        yield from _step(step, after)


def _step(step: Step, after: str) -> Iterator[str]:
    call = step_arguments(step, prefix="self.result_of_")
    yield f"    def {step.name}(self):"
    yield f"        self.result_of_{step.name} = run_workflow({call})"
    yield f"        self.next(self.{after})"
