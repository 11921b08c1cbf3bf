"""Flows as jobs of Databricks, in an asset bundle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import NonNegativeInt, PositiveInt

from lolpop.components.orchestrator import Orchestrator, Project
from lolpop.components.orchestrator._commands import identifier
from lolpop.components.orchestrator._python_files import check_variables, literal
from lolpop.components.orchestrator._schedules import check_cron, quartz
from lolpop.components.orchestrator._yaml import yaml_text
from lolpop.graphs import FlowGraph, Step, option_name

__all__ = ["DatabricksOrchestrator"]

_SCRIPT = "run_workflow.py"


class DatabricksOrchestrator(Orchestrator):
    """Writes an asset bundle: a job in which each workflow is a task, and the program that the tasks run.

    References are handed on as task values. A task's machine is new each time: the store is one of a server
    (``store.url``), and its artifacts are on a volume or in a bucket (``store.artifacts``).

    Parameters
    ----------
    schedule : str
        When the flow is run: minute, hour, day of the month, month, day of the week.
    timezone : str
        The time zone of the schedule.
    requirements : str
        The file in the project that names what is installed, lolpop included.
    cluster : str, optional
        Id of an existing cluster that runs the tasks. Without one, they run on serverless compute.
    environment_version : str
        The version of the serverless environment.
    retries : int
        How often a task that failed is run again.
    retry_delay : int
        Seconds before it is run again.
    timeout : int, optional
        Seconds after which a task is stopped.
    secrets : mapping of str to str
        Environment variables that come from secrets, by scope and key: ``{LOLPOP_STORE__URL: churn/store}``.
    """

    def __init__(
        self,
        schedule: str = "0 6 * * *",
        timezone: str = "UTC",
        requirements: str = "requirements.txt",
        cluster: str | None = None,
        environment_version: str = "4",
        retries: NonNegativeInt = 1,
        retry_delay: NonNegativeInt = 60,
        timeout: PositiveInt | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        self._schedule = quartz(check_cron(schedule))
        self._timezone = timezone
        self._requirements = f"${{workspace.file_path}}/{requirements}"
        self._cluster, self._environment_version = cluster, environment_version
        self._retries, self._retry_delay, self._timeout = retries, retry_delay, timeout
        self._secrets = check_variables("secrets", secrets)
        for variable, place in self._secrets.items():
            if place.count("/") != 1 or not all(place.split("/")):
                raise ValueError(f"secrets.{variable} must be SCOPE/KEY, but got {place!r}.")

    def build(self, graph: FlowGraph, project: Project) -> Mapping[str, str]:
        """The bundle's settings, and the program of its tasks."""
        name = identifier(project, graph)
        job: dict[str, Any] = {
            "name": name,
            "max_concurrent_runs": 1,
            "schedule": {
                "quartz_cron_expression": self._schedule,
                "timezone_id": self._timezone,
                "pause_status": "UNPAUSED",
            },
            "tasks": [self._task(step, project) for step in graph.steps],
        }
        if self._cluster is None:
            spec = {
                "environment_version": self._environment_version,
                "dependencies": [f"-r {self._requirements}"],
            }
            job["environments"] = [{"environment_key": "lolpop", "spec": spec}]
        bundle = {
            "bundle": {"name": name},
            "sync": {"exclude": [".lolpop/**", ".venv/**", ".env"]},
            "targets": {"dev": {"mode": "development", "default": True}, "prod": {"mode": "production"}},
            "resources": {"jobs": {name: job}},
        }
        comments = ["databricks bundle validate && databricks bundle deploy && databricks bundle run " + name]
        return {"databricks.yml": yaml_text(bundle, comments), _SCRIPT: self._program()}

    def _task(self, step: Step, project: Project) -> dict[str, Any]:
        words = [project.runner, step.workflow, *step.options(), *project.options]
        for parameter, source in step.inputs.items():
            words += [option_name(parameter), f"{{{{tasks.{source}.values.result}}}}"]
        parameters = ["${workspace.file_path}", "{{job.run_id}}", step.name, *words]
        task: dict[str, Any] = {
            "task_key": step.name,
            "spark_python_task": {"python_file": f"./{_SCRIPT}", "parameters": parameters},
            "max_retries": self._retries,
            "min_retry_interval_millis": 1000 * self._retry_delay,
        }
        if step.predecessors:
            task["depends_on"] = [{"task_key": earlier} for earlier in step.predecessors]
        if self._timeout is not None:
            task["timeout_seconds"] = self._timeout
        if self._cluster is None:
            return {**task, "environment_key": "lolpop"}
        libraries = [{"requirements": self._requirements}]
        return {**task, "existing_cluster_id": self._cluster, "libraries": libraries}

    def _program(self) -> str:
        secrets = {name: place.split("/") for name, place in self._secrets.items()}
        return _PROGRAM.replace("SECRETS = {}", f"SECRETS = {literal(secrets)}")


_PROGRAM = '''\
"""Runs a workflow as a task of Databricks: its result is a value that later tasks take."""

import json
import os
import subprocess
import sys

from databricks.sdk.runtime import dbutils

SECRETS = {}
"""Environment variables, with the scope and the key of the secret of each."""


def main(folder, job_run_id, step, *words):
    environment = {**os.environ, "LOLPOP_GROUP": f"databricks-{job_run_id}"}
    for name, (scope, key) in SECRETS.items():
        environment[name] = dbutils.secrets.get(scope, key)
    # A later attempt at a step resumes this one.
    command = [sys.executable, "-m", "lolpop", "run", *words, "--step", step, "--json"]
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    document = json.loads(done.stdout or "{}")
    if done.returncode != 0:
        reason = document.get("error", {}).get("message", "see the log")
        raise RuntimeError(f"{step} failed with exit code {done.returncode}: {reason}")
    result = document["result"]
    dbutils.jobs.taskValues.set("result", result if isinstance(result, str) else json.dumps(result))


main(*sys.argv[1:])
'''
