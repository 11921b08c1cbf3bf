"""Flows as assets of Dagster."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

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

__all__ = ["DagsterOrchestrator", "workflows"]


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


def workflows(
    runner: str,
    folder: str = ".",
    *,
    options: Sequence[str] = (),
    python: str = sys.executable,
    retries: int = 0,
    retry_delay: float = 0,
) -> WorkflowTasks:
    """Ops of Dagster named as the workflows of a runner, for a job that is written by hand.

    Each takes the arguments of its workflow by name, which are plain values or outputs of other ops, and
    ``after``, an output that it waits for, or a list of them. It returns the result: a reference, where that
    is a resource. A workflow that is called again is an op with a number: ``process_data_2``. The runs of a
    job have one group. ``folder`` and ``python`` are those of the project, and ``options`` words of
    ``lolpop run``, such as ``["--profile", "prod"]``.
    """
    import dagster as dg

    processes = Processes(runner, folder, options, python)
    policy = dg.RetryPolicy(max_retries=retries, delay=retry_delay)
    calls: Counter[str] = Counter()

    def task_of(workflow: str) -> Any:
        def call(*, after: Any = (), **arguments: Any) -> Any:
            outputs = {name: value for name, value in arguments.items() if _is_output(value)}
            calls[workflow] += 1
            name = workflow if calls[workflow] == 1 else f"{workflow}_{calls[workflow]}"

            def run(context: Any, **results: Any) -> Any:
                group = context.run.root_run_id or context.run.run_id
                return processes.run(workflow, {**arguments, **results}, group=group, step=name)["result"]

            run.__annotations__.clear()  # Dagster takes no type of a context but its own
            ins = {name: dg.In() for name in outputs}
            waits = [after] if _is_output(after) else list(after)
            if waits:
                ins["after"] = dg.In(dg.Nothing)
                outputs["after"] = waits
            return dg.op(name=name, ins=ins, out=dg.Out(), retry_policy=policy)(run)(**outputs)

        return call

    return WorkflowTasks(task_of)


def _is_output(value: Any) -> bool:
    """Whether it is what a call of an op returns while a job is declared."""
    return type(value).__module__.startswith("dagster.")


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
