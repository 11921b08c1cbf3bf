"""Resuming: what an earlier run completed, for one that goes on where it ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lolpop.errors import LolpopError, WiringError
from lolpop.resources import parse_reference

if TYPE_CHECKING:
    from lolpop.components.store import RunRecord, TaskRecord
    from lolpop.resources import Resource

__all__ = ["Completed", "CompletedCalls", "completed_by"]


@dataclass(frozen=True, slots=True)
class Completed:
    """A call of an earlier run that came to its end and made a resource."""

    task_id: str
    resource: Resource

    def result(self) -> Resource:
        """What the call made."""
        return self.resource


@dataclass(frozen=True, slots=True)
class CompletedCalls:
    """The calls of an earlier run that came to their end and made a resource."""

    calls: Mapping[str, Completed]

    def by_fingerprint(self, fingerprint: str | None) -> Completed | None:
        """The call that depended on the same; None if there is none."""
        return None if fingerprint is None else self.calls.get(fingerprint)


def completed_by(run: RunRecord, tasks: Iterable[TaskRecord], *, changed: bool = False) -> CompletedCalls:
    """What ``run``, of which these are the ``tasks``, completed.

    Raises WiringError if it is not one that can be resumed; one that came to its end can if its settings are
    ``changed``.
    """
    if run.status == "completed" and not changed:
        hint = f"Run it once more: lolpop runs replay {run.run_id}. Or change a setting: --set PATH=VALUE."
        raise WiringError(f"run {run.run_id} cannot be resumed: it came to its end", hint)
    if run.status == "running":
        raise WiringError(f"run {run.run_id} cannot be resumed: it is still running")
    calls = {}
    for task in tasks:
        if task.status == "completed" and task.fingerprint is not None and "return" in task.outputs:
            try:
                resource = parse_reference(task.outputs["return"])
            except LolpopError:
                continue  # it made something that has no reference
            calls[task.fingerprint] = Completed(task.task_id, resource)
    return CompletedCalls(calls)
