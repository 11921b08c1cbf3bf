"""Flows as assets of Dagster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from lolpop.components.orchestrator._python_files import (
    PythonFileOrchestrator,
    literal,
    step_arguments,
    wrapped,
)
from lolpop.components.orchestrator._schedules import check_cron
from lolpop.graphs import FlowGraph, Step
from lolpop.integrations import Inherited

__all__ = ["DagsterOrchestrator"]


class DagsterOrchestrator(PythonFileOrchestrator):
    """Writes definitions for Dagster: the result of each workflow is an asset, and a job makes them all.

    What an asset holds is a reference, which is its data version too. Metrics are its metadata, and what
    lolpop's checks find is an asset check. The file needs Dagster and the standard library only.

    Parameters
    ----------
    schedule : str
        When the flow is run: minute, hour, day of the month, month, day of the week.
    pool : str, optional
        The concurrency pool whose slots the assets take.
    """

    program: ClassVar[str] = "dagster"
    reserved: ClassVar[frozenset[str]] = frozenset({"dg", "job", "definitions", "context", "asset_options"})

    def __init__(self, schedule: str = "0 6 * * *", pool: str | None = None, **rest: Inherited) -> None:
        super().__init__(**rest)
        self._schedule = check_cron(schedule)
        self._pool = pool

    def _command(self, path: Path, name: str) -> list[str]:
        return ["dagster", "job", "execute", "-f", str(path), "-j", name]

    def _imports(self) -> tuple[list[str], list[str]]:
        return [], ["import dagster as dg"]

    def _body(self, graph: FlowGraph, name: str) -> Iterator[str]:
        yield from ("", "", _RUN_WORKFLOW, "", "", "asset_options = {")
        yield f'    "group_name": {literal(name)},'
        yield '    "kinds": {"lolpop"},'
        yield f'    "retry_policy": dg.RetryPolicy(max_retries={self._retries}, delay={self._retry_delay}),'
        if self._pool is not None:
            yield f'    "pool": {literal(self._pool)},'
        yield "}"
        for step in graph.steps:
            yield from _asset(step)
        yield from ("", "", f"job = dg.define_asset_job({literal(name)}, selection=dg.AssetSelection.all())")
        yield "definitions = dg.Definitions("
        yield from wrapped("assets=[", ", ".join(step.name for step in graph.steps), "],")
        yield "    jobs=[job],"
        yield f"    schedules=[dg.ScheduleDefinition(job=job, cron_schedule={literal(self._schedule)})],"
        yield ")"


# A run that Dagster starts again from a failure has the first run as its root.
_RUN_WORKFLOW = '''\
def run_workflow(context, workflow, arguments):
    """Make an asset, with metrics as metadata, and its check, with what lolpop's checks found."""
    group = context.run.root_run_id or context.run.run_id
    document = run_lolpop(group, context.asset_key.to_user_string(), workflow, arguments)
    metrics = {
        f"{rows}_{metric}": value
        for rows, values in document["metrics"].items()
        for metric, value in values.items()
    }
    reference = json.dumps(document["result"]).strip('"')
    yield dg.Output(
        document["result"],
        data_version=dg.DataVersion(reference),
        metadata={"reference": reference, "lolpop_run": document["run_id"], **metrics},
    )
    findings = [check for check in document["checks"] if check["status"] != "ok"]
    errors = any(check["status"] == "error" for check in findings)
    yield dg.AssetCheckResult(
        passed=not findings,
        severity=dg.AssetCheckSeverity.ERROR if errors else dg.AssetCheckSeverity.WARN,
        metadata={
            "checks": len(document["checks"]),
            **{f"{check['task']} {check['check']}": check["message"] for check in findings},
        },
    )'''


def _asset(step: Step) -> Iterator[str]:
    deps = f"deps={literal(list(step.after))}, " if step.after else ""
    checks = f'check_specs=[dg.AssetCheckSpec("checks", asset={literal(step.name)})]'
    yield from ("", "")
    yield from wrapped("@dg.asset(", f"{deps}{checks}, **asset_options", indent=0)
    yield f"def {step.name}({', '.join(['context', *dict.fromkeys(step.inputs.values())])}):"
    yield from wrapped("yield from run_workflow(", f"context, {step_arguments(step)}")
