"""Flows as flows of Metaflow."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import NonNegativeInt, PositiveInt

from lolpop.components.orchestrator._processes import Processes, WorkflowTasks
from lolpop.components.orchestrator._python_files import (
    PythonFileOrchestrator,
    literal,
    step_arguments,
    wrapped,
)
from lolpop.components.orchestrator._schedules import check_cron
from lolpop.graphs import FlowGraph, Step
from lolpop.integrations import Inherited

__all__ = ["MetaflowOrchestrator", "workflows"]


class MetaflowOrchestrator(PythonFileOrchestrator):
    """Writes a flow for Metaflow: each workflow is a step, its result an artifact, its metrics a card.

    Steps run one after the other. The file needs Metaflow and the standard library only; ``python FILE run``
    runs it.

    Parameters
    ----------
    schedule : str, optional
        When the flow is run once it is deployed to a production scheduler, such as by
        ``python FILE argo-workflows create``: minute, hour, day of the month, month, day of the week.
    retry_delay : int
        Minutes before it is run again.
    cpu, memory, gpu : int, optional
        What each step asks for where it runs remotely: cores, megabytes, and graphics processors.
    secrets : sequence of str
        Sources of secrets that become environment variables, such as names in AWS Secrets Manager.
    """

    program: ClassVar[str] = "metaflow"
    reserved: ClassVar[frozenset[str]] = frozenset(
        {"start", "end", "next", "name", "cmd", "input", "index", "foreach_stack", "merge_artifacts"}
        | {"script_name", "FlowSpec", "card", "current", "resources", "retry", "schedule", "secrets"}
        | {"step", "timeout", "Markdown", "Table"}
    )

    def __init__(
        self,
        schedule: str | None = None,
        retry_delay: NonNegativeInt = 1,
        cpu: PositiveInt | None = None,
        memory: PositiveInt | None = None,
        gpu: PositiveInt | None = None,
        secrets: tuple[str, ...] = (),
        **rest: Inherited,
    ) -> None:
        super().__init__(retry_delay=retry_delay, **rest)
        self._schedule = None if schedule is None else check_cron(schedule)
        amounts = {"cpu": cpu, "memory": memory, "gpu": gpu}
        resources = ", ".join(f"{name}={amount}" for name, amount in amounts.items() if amount is not None)
        self._decorators = {
            "card": 'type="blank"',
            "retry": f"times={self._retries}, minutes_between_retries={retry_delay}",
            "timeout": "" if self._timeout is None else f"seconds={self._timeout}",
            "resources": resources,
            "secrets": f"sources={literal(list(secrets))}" if secrets else "",
        }
        self._decorators = {name: text for name, text in self._decorators.items() if text}

    def _command(self, path: Path, name: str) -> list[str]:
        del name
        return ["python", str(path), "run"]

    def _limit(self) -> str:
        return ""  # @timeout does it

    def _imports(self) -> tuple[list[str], list[str]]:
        names = ["FlowSpec", "current", "step", *self._decorators, *(["schedule"] if self._schedule else [])]
        imported = ", ".join(sorted(names, key=lambda name: (name.islower(), name)))
        return [], [f"from metaflow import {imported}", "from metaflow.cards import Markdown, Table"]

    def _body(self, graph: FlowGraph, name: str) -> Iterator[str]:
        class_name = "".join(word.capitalize() for word in name.split("_"))
        yield from ("", "", _RUN_WORKFLOW, "", "")
        if self._schedule is not None:
            yield f"@schedule(cron={literal(self._schedule)})"
        yield from (f"class {class_name}(FlowSpec):", "    @step", "    def start(self):")
        yield f"        self.next(self.{graph.steps[0].name})"
        following = [*(step.name for step in graph.steps[1:]), "end"]
        for step, after in zip(graph.steps, following, strict=True):
            yield ""
            yield from (f"    @{name}({text})" for name, text in self._decorators.items())
            yield from _step(step, after)
        yield from ("", "    @step", "    def end(self):", "        pass")
        yield from ("", "", 'if __name__ == "__main__":', f"    {class_name}()")


def workflows(
    runner: str,
    folder: str = ".",
    *,
    options: Sequence[str] = (),
    python: str = sys.executable,
) -> WorkflowTasks:
    """Functions named as the workflows of a runner, for steps of a Metaflow flow that is written by hand.

    Each takes the arguments of its workflow by name, and returns the result, which a step keeps as an
    artifact: a reference, where that is a resource. A step calls one workflow; ``@retry`` and other
    decorators are those of the step. The runs of a flow run have one group. ``folder`` and ``python`` are
    those of the project, and ``options`` words of ``lolpop run``, such as ``["--profile", "prod"]``.
    """
    from metaflow import current

    processes = Processes(runner, folder, options, python)

    def task_of(workflow: str) -> Any:
        def run(**arguments: Any) -> Any:
            group = f"{current.flow_name}/{current.origin_run_id or current.run_id}"
            return processes.run(workflow, arguments, group=group, step=current.step_name)["result"]

        return run

    return WorkflowTasks(task_of)


# A run that Metaflow resumes goes on from its origin.
_RUN_WORKFLOW = '''\
def run_workflow(workflow, arguments):
    """Run a workflow as the current step, and show its metrics and checks on the step's card."""
    group = f"{current.flow_name}/{current.origin_run_id or current.run_id}"
    document = run_lolpop(group, current.step_name, workflow, arguments)
    current.card.append(Markdown(f"# {workflow}: {document['result']}"))
    metrics = [
        [rows, metric, value]
        for rows, values in document["metrics"].items()
        for metric, value in values.items()
    ]
    if metrics:
        current.card.append(Table(metrics, headers=["rows", "metric", "value"]))
    titles = ["task", "check", "status", "message"]
    checks = [[check[title] for title in titles] for check in document["checks"]]
    if checks:
        current.card.append(Table(checks, headers=titles))
    return document["result"]'''


def _step(step: Step, after: str) -> Iterator[str]:
    # Artifacts have names that differ from those of steps, which are methods of the same class.
    arguments = step_arguments(step, prefix="self.result_of_")
    yield "    @step"
    yield f"    def {step.name}(self):"
    yield from wrapped(f"self.result_of_{step.name} = run_workflow(", arguments, indent=8)
    yield f"        self.next(self.{after})"
