"""Flows as assets of Dagster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import NonNegativeInt

from lolpop.components.orchestrator import Orchestrator, Project
from lolpop.components.orchestrator._commands import identifier, text_block
from lolpop.components.orchestrator._python_files import constants, literal, run_function, step_arguments
from lolpop.components.orchestrator._schedules import check_cron
from lolpop.graphs import FlowGraph, Step

__all__ = ["DagsterOrchestrator"]


class DagsterOrchestrator(Orchestrator):
    """Writes definitions for Dagster: the result of each workflow is an asset, and a job makes them all.

    What an asset holds is a reference. Metrics are its metadata, and what lolpop's checks find is an asset
    check. The file needs Dagster and the standard library only.

    Parameters
    ----------
    schedule : str
        When the flow is run: minute, hour, day of the month, month, day of the week.
    retries : int
        How often a workflow that failed is run again.
    retry_delay : int
        Seconds before it is run again.
    """

    def __init__(
        self,
        schedule: str = "0 6 * * *",
        retries: NonNegativeInt = 1,
        retry_delay: NonNegativeInt = 60,
    ) -> None:
        self._schedule = check_cron(schedule)
        self._retries, self._retry_delay = retries, retry_delay

    def build(self, graph: FlowGraph, project: Project) -> Mapping[str, str]:
        """One module with definitions."""
        name = identifier(project, graph)
        lines = [
            f'"""The flow {graph.name} of {project.runner}: each asset is what one workflow makes."""',
            "",
            "import json",
            "import os",
            "import subprocess",
            "",
            "import dagster as dg",
            "",
            constants(project),
            f"RETRIES = dg.RetryPolicy(max_retries={self._retries}, delay={self._retry_delay})",
            "",
            "",
            run_function("json.loads(done.stdout)"),
            "",
            "",
            _MAKE,
            *(line for step in graph.steps for line in _asset(step)),
            "",
            "",
            f"job = dg.define_asset_job({literal(name)}, selection=dg.AssetSelection.all())",
            "definitions = dg.Definitions(",
            f"    assets=[{', '.join(step.name for step in graph.steps)}],",
            "    jobs=[job],",
            f"    schedules=[dg.ScheduleDefinition(job=job, cron_schedule={literal(self._schedule)})],",
            ")",
        ]
        return {f"{name}.py": text_block(lines)}


_MAKE = """\
def make(context, workflow, *words):
    document = run_lolpop(context.run.run_id, workflow, *words)
    metrics = {
        f"{rows}_{metric}": value
        for rows, values in document["metrics"].items()
        for metric, value in values.items()
    }
    yield dg.Output(document["result"], metadata={"run": document["run_id"], **metrics})
    findings = [check["message"] for check in document["checks"] if check["status"] != "ok"]
    errors = any(check["status"] == "error" for check in document["checks"])
    severity = dg.AssetCheckSeverity.ERROR if errors else dg.AssetCheckSeverity.WARN
    yield dg.AssetCheckResult(passed=not findings, severity=severity, metadata={"findings": findings})"""


def _asset(step: Step) -> Iterator[str]:
    deps = f"deps={literal(list(step.after))}, " if step.after else ""
    checks = f'check_specs=[dg.AssetCheckSpec("checks", asset={literal(step.name)})]'
    yield ""
    yield ""
    yield f"@dg.asset({deps}retry_policy=RETRIES, {checks})"
    yield f"def {step.name}({', '.join(['context', *dict.fromkeys(step.inputs.values())])}):"
    yield f"    yield from make(context, {step_arguments(step)})"
