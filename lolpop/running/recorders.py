"""What a run is recorded by: the store of its container, or memory."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias

from lolpop.components.store import RunRecord, Store, TaskRecord
from lolpop.kernel.providers.queries import slots_in

if TYPE_CHECKING:
    from lolpop.kernel.scopes import Scope

__all__ = ["MemoryRecorder", "Recorder", "recorder_of"]


class MemoryRecorder:
    """Keeps the runs of one container for as long as the container lives."""

    def __init__(self) -> None:
        self._runs: dict[str, RunRecord] = {}
        self._tasks: dict[str, TaskRecord] = {}
        self._lock = Lock()

    def begin_run(self, run: RunRecord) -> AbstractContextManager[None]:
        """Record ``run`` as running."""
        self.end_run(run)
        return nullcontext()

    def end_run(self, run: RunRecord) -> None:
        """Record how ``run`` ended."""
        with self._lock:
            self._runs[run.run_id] = run

    def begin_task(self, task: TaskRecord) -> None:
        """Record ``task`` as running."""
        self.end_task(task)

    def end_task(self, task: TaskRecord) -> None:
        """Record how ``task`` ended."""
        with self._lock:
            self._tasks[task.task_id] = task

    def runs(self, *, group: str | None = None, limit: int | None = None) -> list[RunRecord]:
        """Runs, newest first."""
        with self._lock:
            runs = [run for run in reversed(self._runs.values()) if group in (None, run.group)]
        return runs[:limit]

    def tasks(self, run_id: str) -> list[TaskRecord]:
        """Tasks of a run in the order they started."""
        with self._lock:
            return [task for task in self._tasks.values() if task.run_id == run_id]


Recorder: TypeAlias = Store | MemoryRecorder
"""What a run is recorded by."""


def recorder_of(scope: Scope) -> Recorder:
    """What records the runs of a container: its store where that is used or set, else memory."""
    root = scope.root
    store = root.providers.get("store")
    if store is not None and (root.configuration.recorded or _uses(root, store)):
        recorder: Recorder = store()
        return recorder
    lifetime = root.lifetime
    with lifetime.lock:
        if lifetime.memory is None:
            lifetime.memory = MemoryRecorder()
        memory: Recorder = lifetime.memory
    return memory


def _uses(root: Scope, store: Any) -> bool:
    if root.configuration.tree.statements(("store",)):
        return True
    return any(store in slot.needs() for slot in slots_in(root))
