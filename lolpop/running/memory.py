"""The recorder of runs in memory, for containers whose store nothing uses or sets."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from threading import Lock

from lolpop.components.store import RunRecord, TaskRecord

__all__ = ["MemoryRecorder"]


class MemoryRecorder:
    """Keeps the runs of one container for as long as the container lives."""

    keeps_wiring = False

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

    def keep_fingerprint_parts(self, digest: str, parts: str) -> None:
        """Do nothing: runs in memory are not compared."""

    def runs(self, *, group: str | None = None, limit: int | None = None) -> list[RunRecord]:
        """Runs, newest first."""
        with self._lock:
            runs = [run for run in reversed(self._runs.values()) if group in (None, run.group)]
        return runs[:limit]

    def tasks(self, run_id: str) -> list[TaskRecord]:
        """Tasks of a run in the order they started."""
        with self._lock:
            return [task for task in self._tasks.values() if task.run_id == run_id]
