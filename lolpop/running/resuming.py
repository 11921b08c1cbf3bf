"""Resuming: the completed calls of an earlier run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from lolpop.errors import CompletedRunError, LolpopError, WiringError
from lolpop.resources import parse_reference
from lolpop.running.completed import Completed, CompletedCalls
from lolpop.running.fingerprints.parts import Parts, combined_digest

if TYPE_CHECKING:
    from lolpop.components.store import RunRecord, TaskRecord

__all__ = ["completed_by", "lasting_digest"]


def completed_by(
    run: RunRecord,
    tasks: Iterable[TaskRecord],
    parts_of: Callable[[str], str | None],
    *,
    changed: bool = False,
) -> CompletedCalls:
    """What ``run``, of which these are the ``tasks``, completed.

    ``parts_of`` gives the parts of a method by digest. Raises WiringError if the run cannot be resumed; a
    completed one can if its settings are ``changed``.
    """
    if run.status == "completed" and not changed:
        raise CompletedRunError(run.run_id)
    if run.status == "running":
        raise WiringError(f"run {run.run_id} cannot be resumed: it is still running")
    calls = {}
    for task in tasks:
        digest = lasting_digest(task, parts_of)
        if digest is not None and "return" in task.outputs:
            try:
                resource = parse_reference(task.outputs["return"])
            except LolpopError:
                continue  # it made something that has no reference
            calls[digest] = Completed(task.task_id, resource)
    return CompletedCalls(calls)


def lasting_digest(task: TaskRecord, parts_of: Callable[[str], str | None]) -> str | None:
    """The digest of a recorded call without what its run may have changed.

    None if it did not complete, or if what it depends on is not known.
    """
    if task.status != "completed" or task.fingerprint is None or task.method_parts is None:
        return None
    inputs = Parts.loaded(task.input_parts or "[]")
    if all(part.kind != "state" for part in inputs):
        return task.fingerprint
    method = parts_of(task.method_parts)
    return None if method is None else combined_digest(Parts.loaded(method), inputs.lasting)
