"""Flows as DAGs of Airflow."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveInt

from lolpop._names import one_of
from lolpop.components.orchestrator import Project
from lolpop.components.orchestrator._processes import Processes, WorkflowTasks
from lolpop.components.orchestrator._python_files import (
    PythonFileOrchestrator,
    check_variables,
    literal,
    step_arguments,
    wrapped,
)
from lolpop.components.orchestrator._schedules import check_cron
from lolpop.errors import WiringError
from lolpop.graphs import FlowGraph
from lolpop.integrations import Inherited

__all__ = ["AirflowOrchestrator", "AirflowTask", "workflows"]

_ID = re.compile(r"[\w.-]{1,250}", re.ASCII)


class AirflowTask(BaseModel):
    """What one task has of its own, in place of what all tasks have."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    retries: NonNegativeInt | None = None
    timeout: PositiveInt | None = None
    pool: str | None = None
    pool_slots: PositiveInt | None = None
    queue: str | None = None

    def arguments(self) -> Iterator[str]:
        """The arguments of an operator, as text."""
        for name, value in self:
            if value is not None and name != "timeout":
                yield f"{name}={literal(value)}"
        if self.timeout is not None:
            yield f"execution_timeout=timedelta(seconds={self.timeout})"


class AirflowOrchestrator(PythonFileOrchestrator):
    """Writes a DAG for Airflow 3, in which each workflow is a task.

    References go from task to task by XCom. The file needs Airflow and the standard library only; workflows
    run by the project's own interpreter, which Airflow's workers have to reach.

    Parameters
    ----------
    schedule : str, optional
        When the flow is run: minute, hour, day of the month, month, day of the week. Without one, a person
        triggers it.
    dag_id : str, optional
        By default the names of the runner and the flow.
    pool : str, optional
        The pool whose slots the tasks take.
    queue : str, optional
        The queue of the workers that run the tasks.
    tasks : mapping of str to AirflowTask
        What single tasks have of their own, by name: ``{train_model: {pool: large, timeout: 7200}}``. Keys
        are ``retries``, ``timeout``, ``pool``, ``pool_slots`` and ``queue``.
    connections : mapping of str to str
        Environment variables that are set to the URI of a Connection of Airflow:
        ``{LOLPOP_STORE__URL: churn_store}``.
    variables : mapping of str to str
        Environment variables that come from Variables of Airflow: ``{API_TOKEN: churn_token}``.
    tags : sequence of str
        Tags of the DAG.
    """

    program: ClassVar[str] = "airflow"
    reserved: ClassVar[frozenset[str]] = frozenset(
        {"dag", "datetime", "timedelta", "get_current_context", "task", "Connection", "Variable"}
    )

    def __init__(
        self,
        schedule: str | None = None,
        dag_id: str | None = None,
        pool: str | None = None,
        queue: str | None = None,
        tasks: Mapping[str, AirflowTask] | None = None,
        connections: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        tags: tuple[str, ...] = ("lolpop",),
        **rest: Inherited,
    ) -> None:
        super().__init__(**rest)
        if dag_id is not None and not _ID.fullmatch(dag_id):
            raise ValueError(
                "dag_id must have at most 250 letters, digits, dashes, dots and underscores, but got "
                f"{dag_id!r}."
            )
        self._schedule = None if schedule is None else check_cron(schedule)
        self._dag_id = dag_id
        self._default = AirflowTask(retries=self._retries, timeout=self._timeout, pool=pool, queue=queue)
        self._tasks = tasks or {}
        self._connections = check_variables("connections", connections)
        self._variables = check_variables("variables", variables)
        self._tags = tags

    def build(self, graph: FlowGraph, project: Project) -> Mapping[str, str]:
        """One module with a DAG."""
        steps = [step.name for step in graph.steps]
        for name in self._tasks:
            if name not in steps:
                raise WiringError(
                    f"orchestrator.tasks: {graph.name} has no task {name!r}",
                    one_of(name, steps, what="Tasks"),
                )
        return super().build(graph, project)

    def _command(self, path: Path, name: str) -> list[str]:
        del path
        return ["airflow", "dags", "test", self._dag_id or name]

    def _variables_of(self, folder: Path) -> dict[str, str]:
        return {"AIRFLOW__CORE__DAGS_FOLDER": str(folder), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}

    def _limit(self) -> str:
        return ""  # execution_timeout does it

    def _imports(self) -> tuple[list[str], list[str]]:
        names = ["dag", "get_current_context", "task"]
        names += [*(["Connection"] if self._connections else []), *(["Variable"] if self._variables else [])]
        imported = ", ".join(sorted(names, key=lambda name: (name.islower(), name)))
        return ["from datetime import datetime, timedelta"], [f"from airflow.sdk import {imported}"]

    def _body(self, graph: FlowGraph, name: str) -> Iterator[str]:
        yield from ("", "", "@task", "def run_workflow(workflow, arguments):")
        yield "    context = get_current_context()"
        yield """    group = f"{context['dag'].dag_id}/{context['run_id']}\""""
        yield f"    {self._call()}"
        yield from ("", "", "@dag(")
        yield from (f"    {line}" for line in self._settings(self._dag_id or name))
        yield from (")", f"def {graph.name}():")
        yield from self._calls(graph)
        yield from ("", "", f"{graph.name}()")

    def _call(self) -> str:
        secrets = [
            f"{name}=Connection.get({literal(key)}).get_uri()" for name, key in self._connections.items()
        ]
        secrets += [f"{name}=Variable.get({literal(key)})" for name, key in self._variables.items()]
        arguments = ", ".join(["group", 'context["task"].task_id', "workflow", "arguments", *secrets])
        return f'return run_lolpop({arguments})["result"]'

    def _settings(self, dag_id: str) -> Iterator[str]:
        yield f"dag_id={literal(dag_id)},"
        yield "doc_md=__doc__,"
        yield f"schedule={literal(self._schedule)},"
        yield "start_date=datetime(2026, 1, 1),"
        yield "catchup=False,"
        yield "max_active_runs=1,"
        yield f"tags={literal(list(self._tags))},"
        yield "default_args={"
        for argument in (*self._default.arguments(), f"retry_delay=timedelta(seconds={self._retry_delay})"):
            name, _, value = argument.partition("=")
            yield f"    {literal(name)}: {value},"
        yield "},"

    def _calls(self, graph: FlowGraph) -> Iterator[str]:
        for step in graph.steps:
            own = self._tasks[step.name].arguments() if step.name in self._tasks else ()
            options = ", ".join([f"task_id={literal(step.name)}", *own])
            yield from wrapped(f"{step.name} = run_workflow.override({options})(", step_arguments(step))
        for step in graph.steps:
            for earlier in step.after:
                yield f"    {earlier} >> {step.name}"


def workflows(
    runner: str,
    folder: str = ".",
    *,
    options: Sequence[str] = (),
    python: str = sys.executable,
    **operator: Any,
) -> WorkflowTasks:
    """Tasks of Airflow named as the workflows of a runner, for a DAG that is written by hand.

    Each takes the arguments of its workflow by name, and returns the result: a reference, where that is a
    resource. The runs of a DAG run have one group. ``folder`` and ``python`` are those of the project,
    ``options`` words of ``lolpop run``, and ``operator`` arguments of the tasks, such as ``retries``.
    """
    from airflow.sdk import get_current_context, task

    processes = Processes(runner, folder, options, python)

    def task_of(workflow: str) -> Any:
        def run(arguments: Mapping[str, Any]) -> Any:
            context = get_current_context()
            group = f"{context['dag'].dag_id}/{context['run_id']}"
            step = context["task"].task_id
            return processes.run(workflow, arguments, group=group, step=step)["result"]

        def call(**arguments: Any) -> Any:
            return task(run, task_id=workflow, **operator)(arguments)

        return call

    return WorkflowTasks(task_of)
