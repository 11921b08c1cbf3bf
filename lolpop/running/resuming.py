"""Resuming: what an earlier run completed, for one that goes on where it ended."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lolpop.errors import LolpopError, WiringError
from lolpop.kernel.providers import Pipeline, Runner
from lolpop.kernel.providers.cells import Cell, cell_of, effective_provider
from lolpop.kernel.providers.slots import Slot
from lolpop.kernel.providers.traversal import active_cell, cells_in
from lolpop.resources import Resource, parse_reference

if TYPE_CHECKING:
    from lolpop.components.store import RunRecord, TaskRecord
    from lolpop.kernel.scopes import Scope

__all__ = ["Completed", "CompletedCall", "completed_by"]


@dataclass(frozen=True, slots=True)
class CompletedCall:
    """What a call made, and the pipelines whose tasks it called, each by the path of its container."""

    result: Resource
    pipelines: frozenset[str]


@dataclass(frozen=True, slots=True)
class Completed:
    """The calls of an earlier run that came to their end and made a resource, by path and arguments."""

    calls: Mapping[tuple[str, frozenset[tuple[str, str]]], CompletedCall]

    def result_of(self, path: str, references: Mapping[str, str]) -> Resource | None:
        """What the call of ``path`` with these arguments, resources all of them, made; None if nothing."""
        call = self.calls.get((path, frozenset(references.items())))
        return None if call is None else call.result

    def unaffected(self, before: Scope, after: Scope) -> Completed:
        """The calls that read no setting in which two trees of one container differ."""
        changed, own = _changed_slots(before, after), _changed_own_settings(before, after)
        return Completed(
            {
                key: call
                for key, call in self.calls.items()
                if (reads := _reads(after, key[0])) is not None
                and not own & reads
                and changed.isdisjoint(_reached(after, reads, call.pipelines))
            }
        )


def completed_by(run: RunRecord, tasks: Iterable[TaskRecord]) -> Completed:
    """What ``run``, of which these are the ``tasks``, completed.

    Raises WiringError if it is not one that can be resumed.
    """
    if run.status == "completed":
        hint = f"Run it once more: lolpop runs replay {run.run_id}."
        raise WiringError(f"run {run.run_id} cannot be resumed: it came to its end", hint)
    if run.status == "running":
        raise WiringError(f"run {run.run_id} cannot be resumed: it is still running")
    tasks = list(tasks)
    called: dict[str | None, set[str]] = {}
    parents = {task.task_id: task.parent_id for task in tasks}
    for task in tasks:
        above: str | None = task.task_id
        while above is not None:
            called.setdefault(above, set()).add(task.path.rpartition(".")[0])
            above = parents.get(above)
    calls = {}
    for task in tasks:
        if task.status == "completed" and "return" in task.outputs:
            try:
                result = parse_reference(task.outputs["return"])
            except LolpopError:
                continue  # it made something that has no reference
            call = CompletedCall(result, frozenset(called[task.task_id] - {""}))
            calls[task.path, frozenset(task.inputs.items())] = call
    return Completed(calls)


def _reads(root: Scope, path: str) -> frozenset[str] | None:
    """What the workflow at ``path`` reads by itself; None if nobody says, and it may read anything."""
    for cell in cells_in(root):
        if isinstance(cell.slot, Runner) and cell.plan.implementation is not None:
            for owner in cell.plan.implementation.__mro__:
                if path in vars(owner):  # whoever writes the method says what it reads
                    reads: frozenset[str] | None = vars(owner).get("workflow_reads", {}).get(path)
                    return reads
    return None


def _reached(root: Scope, names: Collection[str], pipelines: Collection[str]) -> set[str]:
    """The slots that providers of the root by these names, and these pipelines, are built from."""
    waiting = [cell for name in names if (cell := _cell_at(root, name)) is not None]
    for scope in root.walk():
        if ".".join(scope.path) in pipelines:
            waiting += [cell_of(slot) for slot in scope.providers.values() if isinstance(slot, Pipeline)]
    reached: dict[str, None] = {}
    while waiting:
        cell = waiting.pop()
        if cell.path not in reached:
            reached[cell.path] = None
            waiting += [each for item in cell.dependencies if (each := active_cell(item)) is not None]
            waiting += map(cell_of, cell.elements)
    return set(reached)


def _cell_at(root: Scope, name: str) -> Cell | None:
    """What stands at a name of the root; of a container in it, its pipeline."""
    provider = effective_provider(root.providers.get(name))
    active = cell_of(provider).active if isinstance(provider, Slot) else None
    return cell_of(active) if isinstance(active, Slot) else None


def _changed_slots(before: Scope, after: Scope) -> set[str]:
    plans = [dict(_plans(root)) for root in (before, after)]
    return {path for path in {*plans[0], *plans[1]} if plans[0].get(path) != plans[1].get(path)}


def _plans(root: Scope) -> Iterator[tuple[str, Any]]:
    for cell in cells_in(root):
        if not isinstance(cell.slot, Runner):
            settings = {name: setting.value for name, setting in cell.plan.settings.items()}
            # A list that has more or fewer elements is another one itself.
            yield cell.path, (cell.plan.implementation, settings, len(cell.elements))


def _changed_own_settings(before: Scope, after: Scope) -> set[str]:
    """The runner's own settings that differ."""
    own: list[dict[str, Any]] = []
    for root in (before, after):
        plans = (cell.plan for cell in cells_in(root) if isinstance(cell.slot, Runner))
        own.append({name: each.value for plan in plans for name, each in plan.settings.items()})
    return {name for name in {*own[0], *own[1]} if own[0].get(name) != own[1].get(name)}
