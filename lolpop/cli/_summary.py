"""The summary of a run: steps, metrics, resources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lolpop.cli._output import duration, number, table
from lolpop.components.store import RunRecord, TaskRecord
from lolpop.running.records import CreatedResource, references_in

if TYPE_CHECKING:
    from rich.table import Table


_FIRST = ("test", "baseline")
"""Metrics on unseen rows come first, beside those of the baseline."""


def heading(run: RunRecord) -> str:
    """The run in one line."""
    elapsed = f" after {duration(run.duration)}" if run.duration is not None else ""
    return f"Run {run.run_id}: {run.workflow} {run.status}{elapsed}"


def steps_table(tasks: Sequence[TaskRecord]) -> Table:
    """The tasks, indented below what called them, with their durations and the resources they gave."""
    rows = []
    for task, depth in _nested(tasks):
        name = f"{'  ' * depth}{task.path.rpartition('.')[2] if depth else task.path}"
        references = [
            reference.reference for text in task.outputs.values() for reference in references_in(text)
        ]
        outputs = ", ".join(references) if task.status == "completed" else task.status
        reused = "" if task.reused_from is None else "  (reused)"
        rows.append((f"  {name}", duration(task.duration), outputs + reused))
    return table(rows, titles=("Steps", "", ""), right=(1,))


def metrics_table(metrics: Mapping[str, Mapping[str, float]]) -> Table:
    """A row for each metric, a column for each set of rows that was measured on."""
    parts = in_order(metrics)
    names = dict.fromkeys(name for part in parts for name in metrics[part])
    rows = [(f"  {name}", *(number(metrics[part].get(name)) for part in parts)) for name in names]
    return table(rows, titles=("Metrics", *parts), right=range(1, len(parts) + 1))


def in_order(parts: Iterable[str]) -> list[str]:
    """The names of what was measured on, in the order that they are read in."""
    return sorted(parts, key=lambda part: (_FIRST.index(part) if part in _FIRST else len(_FIRST), part))


def comparison_line(comparison: Mapping[str, Any]) -> str:
    """How a model version compares with the one deployed before, in one line."""
    verdict = "better" if comparison["better"] else "no better"
    by = number(comparison["difference"])
    interval = comparison["interval"]
    between = "" if interval is None else f" ({' to '.join(map(number, interval))})"
    message = f"{comparison['metric']} differs by {by}{between}, where positive is better"
    return f"{verdict} than {comparison['against']}: {message}"


def checks_table(checks: Sequence[Mapping[str, Any]]) -> Table:
    """Warnings and errors, and the number of checks without any; checks of a run have tasks."""
    rows = [
        (f"  {check['status']}", check.get("task", ""), f"{check['check']}: {check['message']}")
        for check in checks
        if check["status"] != "ok"
    ]
    fine = len(checks) - len(rows)
    return table([*rows, ("  ok", "", f"{fine} checks")] if fine else rows, titles=("Checks", "", ""))


def made_table(made: Sequence[CreatedResource]) -> Table:
    """The created resources, with their tasks and parents."""
    rows = []
    for record in made:
        parents = ", ".join(parent.reference for parent in record.parents)
        rows.append(
            (f"  {record.resource.reference}", record.task or "", f"from {parents}" if parents else "")
        )
    return table(rows, titles=("Made", "by", ""))


def _nested(tasks: Sequence[TaskRecord]) -> Iterator[tuple[TaskRecord, int]]:
    by_id = {task.task_id: task for task in tasks}
    below: dict[str | None, list[TaskRecord]] = {}
    for task in tasks:
        below.setdefault(task.parent_id if task.parent_id in by_id else None, []).append(task)
    waiting = [(task, 0) for task in reversed(below.get(None, ()))]
    while waiting:
        task, depth = waiting.pop()
        yield task, depth
        waiting.extend((inner, depth + 1) for inner in reversed(below.get(task.task_id, ())))
