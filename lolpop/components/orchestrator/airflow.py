"""Flows as DAGs of Airflow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pydantic import NonNegativeInt, PositiveInt

from lolpop.components.orchestrator import Orchestrator, Project
from lolpop.components.orchestrator._commands import identifier, text_block
from lolpop.components.orchestrator._python_files import constants, literal, run_function, step_arguments
from lolpop.components.orchestrator._schedules import check_cron
from lolpop.graphs import FlowGraph

__all__ = ["AirflowOrchestrator"]

_ID = re.compile(r"[\w.-]{1,250}", re.ASCII)


class AirflowOrchestrator(Orchestrator):
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
    retries : int
        How often a task that failed is run again.
    retry_delay : int
        Seconds before it is run again.
    timeout : int, optional
        Seconds after which a task is stopped.
    pool : str, optional
        The pool whose slots the tasks take.
    queue : str, optional
        The queue of the workers that run the tasks.
    variables : mapping of str to str
        Environment variables that come from Variables of Airflow, such as secrets:
        ``{LOLPOP_STORE__URL: churn_store}``.
    tags : sequence of str
        Tags of the DAG.
    """

    def __init__(
        self,
        schedule: str | None = None,
        dag_id: str | None = None,
        retries: NonNegativeInt = 1,
        retry_delay: NonNegativeInt = 60,
        timeout: PositiveInt | None = None,
        pool: str | None = None,
        queue: str | None = None,
        variables: Mapping[str, str] | None = None,
        tags: tuple[str, ...] = ("lolpop",),
    ) -> None:
        if dag_id is not None and not _ID.fullmatch(dag_id):
            raise ValueError(
                "dag_id must have at most 250 letters, digits, dashes, dots and underscores, but got "
                f"{dag_id!r}."
            )
        for name in variables or {}:
            if not name.isidentifier():
                raise ValueError(f"variables must be named as environment variables are, but got {name!r}.")
        self._schedule = None if schedule is None else check_cron(schedule)
        self._dag_id = dag_id
        self._retries, self._retry_delay, self._timeout = retries, retry_delay, timeout
        self._placement = {"pool": pool, "queue": queue}
        self._variables = variables or {}
        self._tags = tags

    def build(self, graph: FlowGraph, project: Project) -> Mapping[str, str]:
        """One module with a DAG."""
        dag_id = self._dag_id or identifier(project, graph)
        imported = ["dag", "get_current_context", "task", *(["Variable"] if self._variables else [])]
        lines = [
            f'"""The flow {graph.name} of {project.runner}: each task runs one workflow in a process."""',
            "",
            "import json",
            "import os",
            "import subprocess",
            "from datetime import datetime, timedelta",
            "",
            f"from airflow.sdk import {', '.join(sorted(imported, key=str.lower))}",
            "",
            constants(project),
            "",
            "",
            run_function(),
            "",
            "",
            "@task",
            "def run_workflow(workflow, *words):",
            "    context = get_current_context()",
            """    group = f"{context['dag'].dag_id}/{context['run_id']}\"""",
            f"    return run_lolpop(group, workflow, *words{self._environment()})",
            "",
            "",
            "@dag(",
            *(f"    {line}" for line in self._settings(dag_id)),
            ")",
            f"def {graph.name}():",
            *(f"    {line}" for line in _tasks(graph)),
            "",
            "",
            f"{graph.name}()",
        ]
        return {f"{identifier(project, graph)}.py": text_block(lines)}

    def _environment(self) -> str:
        return "".join(f", {name}=Variable.get({literal(key)})" for name, key in self._variables.items())

    def _settings(self, dag_id: str) -> Iterator[str]:
        yield f"dag_id={literal(dag_id)},"
        yield f"schedule={literal(self._schedule)},"
        yield "start_date=datetime(2026, 1, 1),"
        yield "catchup=False,"
        yield "max_active_runs=1,"
        yield f"tags={literal(list(self._tags))},"
        yield "default_args={"
        yield f'    "retries": {self._retries},'
        yield f'    "retry_delay": timedelta(seconds={self._retry_delay}),'
        if self._timeout is not None:
            yield f'    "execution_timeout": timedelta(seconds={self._timeout}),'
        for name, value in self._placement.items():
            if value is not None:
                yield f"    {literal(name)}: {literal(value)},"
        yield "},"


def _tasks(graph: FlowGraph) -> Iterator[str]:
    for step in graph.steps:
        call = f"run_workflow.override(task_id={literal(step.name)})({step_arguments(step)})"
        yield f"{step.name} = {call}"
    for step in graph.steps:
        for earlier in step.after:
            yield f"{earlier} >> {step.name}"
