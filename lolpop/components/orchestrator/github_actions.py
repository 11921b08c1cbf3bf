"""Flows as workflows of GitHub Actions."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import PositiveInt

from lolpop.components.orchestrator import Orchestrator, Project
from lolpop.components.orchestrator._commands import READ_RESULT, identifier, run_line
from lolpop.components.orchestrator._schedules import check_cron
from lolpop.components.orchestrator._yaml import yaml_text
from lolpop.graphs import FlowGraph, Step

__all__ = ["GithubActionsOrchestrator"]


class GithubActionsOrchestrator(Orchestrator):
    """Writes one job, in which each workflow is a step.

    The machine of a job is new each time. A store that outlives it is one of a server: ``store.url`` and
    ``store.artifacts``, with credentials among ``secrets``.

    Parameters
    ----------
    schedule : str
        When the flow is run, in UTC: minute, hour, day of the month, month, day of the week.
    python_version : str
        The version of Python that is set up.
    requirements : str
        The file that names what is installed, lolpop included.
    timeout : int
        Minutes after which the job is stopped.
    secrets : sequence of str
        Names of secrets of the repository that become environment variables.
    runs_on : str
        The machine that the job runs on.
    """

    def __init__(
        self,
        schedule: str = "0 6 * * *",
        python_version: str = "3.11",
        requirements: str = "requirements.txt",
        timeout: PositiveInt = 360,
        secrets: Sequence[str] = (),
        runs_on: str = "ubuntu-latest",
    ) -> None:
        if schedule.startswith("@"):
            raise ValueError(f"schedule must have five fields on GitHub, but got {schedule!r}.")
        self._schedule = check_cron(schedule)
        self._python_version = python_version
        self._requirements = requirements
        self._timeout = timeout
        self._secrets = secrets
        self._runs_on = runs_on

    def build(self, graph: FlowGraph, project: Project) -> Mapping[str, str]:
        """One workflow file."""
        name = identifier(project, graph)
        job = {
            "runs-on": self._runs_on,
            "timeout-minutes": self._timeout,
            "env": {
                # Attempts of one run belong together.
                "LOLPOP_GROUP": f"{name}-${{{{ github.run_id }}}}",
                **{secret: f"${{{{ secrets.{secret} }}}}" for secret in self._secrets},
            },
            "steps": [
                {"uses": "actions/checkout@v4"},
                {"uses": "actions/setup-python@v5", "with": {"python-version": self._python_version}},
                {"run": f"python -m pip install -r {shlex.quote(self._requirements)}"},
                *(_step(step, graph, project) for step in graph.steps),
            ],
        }
        document = {
            "name": f"{graph.name} of {project.runner}",
            "on": {"schedule": [{"cron": self._schedule}], "workflow_dispatch": {}},
            "concurrency": {"group": name},
            "jobs": {graph.name: job},
        }
        return {f"{name}.yml": yaml_text(document, ["Belongs into .github/workflows/ of the repository."])}


def _step(step: Step, graph: FlowGraph, project: Project) -> dict[str, Any]:
    run = run_line(project, step, lambda source: f'"${source.upper()}"')
    if step.name in graph.used:
        read = f"python -c {shlex.quote(READ_RESULT)} < result.json"
        run = f'{run} --json > result.json\necho "result=$({read})" >> "$GITHUB_OUTPUT"\n'
    # By the environment, as an expression in the script itself would be read by the shell.
    results = {source.upper(): f"${{{{ steps.{source}.outputs.result }}}}" for source in step.inputs.values()}
    return {"id": step.name, "name": step.name, **({"env": results} if results else {}), "run": run}
