"""Recorders of runs: the store of the container, or memory."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from lolpop.components.store import RunRecord, TaskRecord
from lolpop.kernel.providers.cells import needs_of, providers_behind
from lolpop.kernel.providers.traversal import cells_in
from lolpop.running.caching import cached_paths
from lolpop.running.open_runs import runs_of

if TYPE_CHECKING:
    from lolpop.kernel.scopes import Scope

__all__ = ["Recorder", "recorder_for"]


class Recorder(Protocol):
    """The protocol of recorders of runs."""

    @property
    def keeps_wiring(self) -> bool:
        """Whether what it records outlives the container, so that its wiring is worth keeping whole."""

    def begin_run(self, run: RunRecord) -> AbstractContextManager[None]:
        """Record ``run`` as running."""

    def end_run(self, run: RunRecord) -> None:
        """Record how ``run`` ended."""

    def begin_task(self, task: TaskRecord) -> None:
        """Record ``task`` as running."""

    def end_task(self, task: TaskRecord) -> None:
        """Record how ``task`` ended."""

    def keep_fingerprint_parts(self, digest: str, parts: str) -> None:
        """Store the dependencies of a method under their digest."""

    def runs(self, *, group: str | None = None, limit: int | None = None) -> list[RunRecord]:
        """Runs, newest first."""

    def tasks(self, run_id: str) -> list[TaskRecord]:
        """Tasks of a run in the order they started."""


def recorder_for(scope: Scope) -> Recorder:
    """The recorder of a container: its store if that is used or set, else memory."""
    root = scope.root
    store = root.providers.get("store")
    runs = runs_of(root)
    if store is not None and (runs.options.recorded or cached_paths(root) or _uses(root, store)):
        recorder: Recorder = store()
        return recorder
    return runs.memory()


def _uses(root: Scope, store: Any) -> bool:
    if root.configuration.tree.statements(("store",)):
        return True
    # What would keep results does not count as long as nothing asks for them.
    cache = root.providers.get("cache_manager")
    cells = (cell for cell in cells_in(root) if cell.path != "cache_manager")
    needed = (behind for cell in cells for need in needs_of(cell.slot) for behind in providers_behind(need))
    return any(behind is store or behind is cache for behind in needed if behind is not None)
