"""``lolpop run --step``: an attempt at a step of a group, after earlier ones."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lolpop.cli._failures import UsageError
from lolpop.cli._output import print_error
from lolpop.cli._workflows import Workflow, runner_slot
from lolpop.kernel.scopes import scope_of
from lolpop.running.arguments import bind
from lolpop.running.open_runs import runs_of
from lolpop.running.steps import attempts_of, completed_attempt, resume_attempts

if TYPE_CHECKING:
    from lolpop.cli._execution import Execution
    from lolpop.components.store import RunRecord

_WAIT = 0.5
"""Seconds between two looks at an attempt that runs."""


def call_step(execution: Execution, container: Any, workflow: Workflow, arguments: Mapping[str, Any]) -> None:
    """Call a workflow as a step: what earlier attempts at the step completed is not done again.

    An attempt that is still running, as its process outlived the scheduler's, is waited for. Raises
    UsageError if the step belongs to no group, and RunFailedError if the workflow fails.
    """
    root = scope_of(container)
    options = runs_of(root).options
    if options.group is None:
        raise UsageError("--step names a call in its group: add --group NAME, or set LOLPOP_GROUP")
    store = container.store()
    attempts = attempts_of(root, store)
    if attempts and attempts[0].status == "running":
        print_error(f"{options.step} of {options.group} is running already: waiting for {attempts[0].run_id}")
    while attempts and attempts[0].status == "running":
        time.sleep(_WAIT)
        attempts = attempts_of(root, store)
    method = getattr(type(runner_slot(container)()), workflow.name)
    bound = bind(method, (), dict(arguments)).arguments
    completed = completed_attempt(root, store, attempts, workflow.name, bound)
    if completed is not None:
        print_error(
            f"{options.step} of {options.group} is complete: the result is that of {completed.run_id}"
        )
        execution.recall(container, completed, completed.wiring["step"]["result"])
        return
    resumed: RunRecord | None = resume_attempts(root, store, attempts)
    if resumed is not None:
        execution.outcome.replays, execution.outcome.resumes = resumed.run_id, True
        print_error(f"{options.step} of {options.group} continues {resumed.run_id}, which {_end(resumed)}")
    execution.call(container, arguments)


def _end(run: RunRecord) -> str:
    return {"failed": "failed", "interrupted": "was interrupted"}.get(
        run.status, "had other inputs or settings"
    )
