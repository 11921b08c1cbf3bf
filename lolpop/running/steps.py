"""Steps: calls that are named in their group, so that a later attempt goes on from the earlier ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lolpop.running.completed import Completed, CompletedCalls
from lolpop.running.open_runs import runs_of
from lolpop.running.resuming import completed_by
from lolpop.running.up_to_date import is_up_to_date, run_digest

if TYPE_CHECKING:
    from lolpop.components.store import RunRecord, Store
    from lolpop.kernel.scopes import Scope

__all__ = ["attempts_of", "completed_attempt", "resume_attempts"]


def attempts_of(root: Scope, store: Store) -> list[RunRecord]:
    """The earlier runs of the step that ``root`` is about to run, newest first."""
    options = runs_of(root).options
    if options.group is None or options.step is None:
        return []
    runs = store.runs(group=options.group)
    return [run for run in runs if run.wiring.get("step", {}).get("name") == options.step]


def completed_attempt(
    root: Scope, store: Store, attempts: Sequence[RunRecord], workflow: str, arguments: Mapping[str, Any]
) -> RunRecord | None:
    """The newest of ``attempts`` if it is completed, its result is kept, and nothing has changed since."""
    newest = attempts[0] if attempts else None
    if newest is None or newest.status != "completed" or "result" not in newest.wiring["step"]:
        return None
    digest = run_digest(root, workflow, arguments)
    return newest if is_up_to_date(root, newest, lambda: store.tasks(newest.run_id), digest) else None


def resume_attempts(root: Scope, store: Store, attempts: Sequence[RunRecord]) -> RunRecord | None:
    """Let the next run of ``root`` reuse what ``attempts``, none of which runs, completed.

    Returns the newest of them.
    """
    if not attempts:
        return None
    calls: dict[str, Completed] = {}
    for run in reversed(attempts):
        tasks = store.tasks(run.run_id)
        keys = {task.method_parts for task in tasks if task.method_parts is not None}
        parts = {key: store.fingerprint_parts(key) for key in keys}
        calls |= completed_by(run, tasks, parts.get, changed=True).calls
    runs = runs_of(root)
    runs.options = replace(runs.options, replays=attempts[0].run_id, resumes=CompletedCalls(calls))
    return attempts[0]
