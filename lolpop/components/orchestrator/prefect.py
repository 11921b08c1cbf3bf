"""Flows as flows of Prefect."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from lolpop.components.orchestrator._processes import Processes, WorkflowTasks
from lolpop.components.orchestrator._python_files import (
    PythonFileOrchestrator,
    check_variables,
    literal,
    step_arguments,
    wrapped,
)
from lolpop.components.orchestrator._schedules import check_cron
from lolpop.graphs import FlowGraph
from lolpop.integrations import Inherited

__all__ = ["PrefectOrchestrator", "workflows"]


class PrefectOrchestrator(PythonFileOrchestrator):
    """Writes a flow for Prefect 3, in which each workflow is a task.

    The file needs Prefect and the standard library only. ``python FILE`` runs it once, and
    ``python FILE serve`` runs it by its schedule.

    Parameters
    ----------
    schedule : str
        When a served flow is run: minute, hour, day of the month, month, day of the week.
    secrets : mapping of str to str
        Environment variables that come from Secret blocks of Prefect: ``{LOLPOP_STORE__URL: churn-store}``.
    tags : sequence of str
        Tags of the tasks, which Prefect's concurrency limits go by.
    """

    program: ClassVar[str] = "prefect"
    reserved: ClassVar[frozenset[str]] = frozenset({"sys", "flow", "task", "runtime", "Secret", "futures"})

    def __init__(
        self,
        schedule: str = "0 6 * * *",
        secrets: Mapping[str, str] | None = None,
        tags: tuple[str, ...] = (),
        **rest: Inherited,
    ) -> None:
        super().__init__(**rest)
        self._schedule = check_cron(schedule)
        self._secrets = check_variables("secrets", secrets)
        self._options = [f"retries={self._retries}", f"retry_delay_seconds={self._retry_delay}"]
        self._options += [f"tags={literal(list(tags))}"] if tags else []

    def _command(self, path: Path, name: str) -> list[str]:
        del name
        return ["python", str(path)]

    def _imports(self) -> tuple[list[str], list[str]]:
        blocks = ["from prefect.blocks.system import Secret"] if self._secrets else []
        return ["import sys"], ["from prefect import flow, runtime, task", *blocks]

    def _body(self, graph: FlowGraph, name: str) -> Iterator[str]:
        secrets = [f"{key}=Secret.load({literal(block)}).get()" for key, block in self._secrets.items()]
        group_and_step = ["str(runtime.flow_run.id)", "runtime.task_run.task_name"]
        arguments = ", ".join([*group_and_step, "workflow", "arguments", *secrets])
        yield from ("", "", f"@task({', '.join(self._options)})")
        yield "def run_workflow(workflow, arguments):"
        yield f'    return run_lolpop({arguments})["result"]'
        yield from ("", "", f"@flow(name={literal(name)})", f"def {graph.name}():")
        yield from _tasks(graph)
        yield from ("", "", 'if __name__ == "__main__":')
        yield '    if sys.argv[1:] == ["serve"]:'
        yield f"        {graph.name}.serve(name={literal(name)}, cron={literal(self._schedule)})"
        yield "    else:"
        yield f"        {graph.name}()"


def workflows(
    runner: str,
    folder: str = ".",
    *,
    options: Sequence[str] = (),
    python: str = sys.executable,
    retries: int = 0,
    retry_delay: int = 0,
) -> WorkflowTasks:
    """Tasks of Prefect named as the workflows of a runner, for a flow that is written by hand.

    Each takes the arguments of its workflow by name, and returns the result: a reference, where that is a
    resource. The runs of a flow run have one group. ``folder`` and ``python`` are those of the project, and
    ``options`` words of ``lolpop run``, such as ``["--profile", "prod"]``.
    """
    from prefect import runtime, task

    processes = Processes(runner, folder, options, python)

    def task_of(workflow: str) -> Any:
        def run(**arguments: Any) -> Any:
            group, step = str(runtime.flow_run.id), runtime.task_run.name
            return processes.run(workflow, arguments, group=group, step=step)["result"]

        return task(run, name=workflow, retries=retries, retry_delay_seconds=retry_delay)

    return WorkflowTasks(task_of)


def _tasks(graph: FlowGraph) -> Iterator[str]:
    for step in graph.steps:
        waits = f", wait_for=[{', '.join(step.after)}]" if step.after else ""
        task = f"run_workflow.with_options(name={literal(step.name)})"
        yield from wrapped(f"{step.name} = {task}.submit(", step_arguments(step) + waits)
    yield f"    futures = [{', '.join(step.name for step in graph.steps)}]"
    yield "    return [future.result() for future in futures]"
