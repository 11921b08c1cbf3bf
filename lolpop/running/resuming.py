"""Resuming: what an earlier run completed, for one that goes on where it ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lolpop.errors import LolpopError, WiringError
from lolpop.resources import Resource, parse_reference

if TYPE_CHECKING:
    from lolpop.components.store import RunRecord, TaskRecord

__all__ = ["Completed", "completed_by"]


@dataclass(frozen=True, slots=True)
class Completed:
    """The calls of an earlier run that came to their end and made a resource, by path and arguments."""

    results: Mapping[tuple[str, frozenset[tuple[str, str]]], Resource]

    def result_of(self, path: str, references: Mapping[str, str]) -> Resource | None:
        """What the call of ``path`` with these arguments, resources all of them, made; None if nothing."""
        return self.results.get((path, frozenset(references.items())))


def completed_by(run: RunRecord, tasks: Iterable[TaskRecord]) -> Completed:
    """What ``run``, of which these are the ``tasks``, completed.

    Raises WiringError if it is not one that can be resumed.
    """
    if run.status == "completed":
        hint = f"Run it once more: lolpop runs replay {run.run_id}."
        raise WiringError(f"run {run.run_id} cannot be resumed: it came to its end", hint)
    if run.status == "running":
        raise WiringError(f"run {run.run_id} cannot be resumed: it is still running")
    results = {}
    for task in tasks:
        if task.status == "completed" and "return" in task.outputs:
            try:
                result = parse_reference(task.outputs["return"])
            except LolpopError:
                continue  # it made something that has no reference
            results[task.path, frozenset(task.inputs.items())] = result
    return Completed(results)
