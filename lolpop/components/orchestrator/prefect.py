"""Flows as flows of Prefect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import NonNegativeInt, PositiveInt

from lolpop.components.orchestrator import Orchestrator, Project
from lolpop.components.orchestrator._commands import identifier, text_block
from lolpop.components.orchestrator._python_files import constants, literal, run_function, step_arguments
from lolpop.components.orchestrator._schedules import check_cron
from lolpop.graphs import FlowGraph

__all__ = ["PrefectOrchestrator"]


class PrefectOrchestrator(Orchestrator):
    """Writes a flow for Prefect 3, in which each workflow is a task.

    The file needs Prefect and the standard library only. ``python FILE`` runs it once, and
    ``python FILE serve`` runs it by its schedule.

    Parameters
    ----------
    schedule : str
        When a served flow is run: minute, hour, day of the month, month, day of the week.
    retries : int
        How often a task that failed is run again.
    retry_delay : int
        Seconds before it is run again.
    timeout : int, optional
        Seconds after which a task is stopped.
    """

    def __init__(
        self,
        schedule: str = "0 6 * * *",
        retries: NonNegativeInt = 1,
        retry_delay: NonNegativeInt = 60,
        timeout: PositiveInt | None = None,
    ) -> None:
        self._schedule = check_cron(schedule)
        self._retries, self._retry_delay, self._timeout = retries, retry_delay, timeout

    def build(self, graph: FlowGraph, project: Project) -> Mapping[str, str]:
        """One module with a flow."""
        name = identifier(project, graph)
        options = [f"retries={self._retries}", f"retry_delay_seconds={self._retry_delay}"]
        options += [] if self._timeout is None else [f"timeout_seconds={self._timeout}"]
        lines = [
            f'"""The flow {graph.name} of {project.runner}: each task runs one workflow in a process."""',
            "",
            "import json",
            "import os",
            "import subprocess",
            "import sys",
            "",
            "from prefect import flow, task",
            "from prefect.runtime import flow_run",
            "",
            constants(project),
            "",
            "",
            run_function(),
            "",
            "",
            f"@task({', '.join(options)})",
            "def run_workflow(workflow, *words):",
            "    return run_lolpop(str(flow_run.id), workflow, *words)",
            "",
            "",
            f"@flow(name={literal(name)})",
            f"def {graph.name}():",
            *(f"    {line}" for line in _tasks(graph)),
            "",
            "",
            'if __name__ == "__main__":',
            '    if sys.argv[1:] == ["serve"]:',
            f"        {graph.name}.serve(name={literal(name)}, cron={literal(self._schedule)})",
            "    else:",
            f"        {graph.name}()",
        ]
        return {f"{name}.py": text_block(lines)}


def _tasks(graph: FlowGraph) -> Iterator[str]:
    for step in graph.steps:
        waits = f", wait_for=[{', '.join(step.after)}]" if step.after else ""
        task = f"run_workflow.with_options(name={literal(step.name)})"
        yield f"{step.name} = {task}.submit({step_arguments(step)}{waits})"
    yield f"return [{', '.join(f'{step.name}.result()' for step in graph.steps)}]"
