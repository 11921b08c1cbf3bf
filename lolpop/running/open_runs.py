"""The runs that a container has open, and how its runs are recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from lolpop.kernel.scopes import Scope
    from lolpop.running.completed import CompletedCalls
    from lolpop.running.memory import MemoryRecorder
    from lolpop.runs import OpenRun

__all__ = ["RunOptions", "Runs", "runs_of"]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of the runs of a container."""

    group: str | None = None
    """The group that joins runs of several processes."""
    recorded: bool = False
    """Whether runs are kept in the store even if nothing else uses it."""
    replays: str | None = None
    """Id of the replayed run, whose settings are used."""
    resumes: CompletedCalls | None = None
    """The completed calls of that run, if this run resumes it."""
    step: str | None = None
    """The step of the call in its group: a later attempt at the same step resumes this one."""
    swept: tuple[str, ...] = ()
    """Paths of the settings that a sweep varies, of which this is one combination."""
    cache: bool = False
    """Whether results of all earlier calls are reused, whatever the settings say."""


class Runs:
    """The runs of one tree of containers."""

    __slots__ = ("_lock", "_memory", "_open", "ids", "options")

    def __init__(self) -> None:
        self.options = RunOptions()
        self.ids: list[str] = []
        """The ids of the runs of the tree, in order."""
        self._open: list[OpenRun] = []
        self._memory: MemoryRecorder | None = None
        self._lock = Lock()

    def open(self) -> list[OpenRun]:
        """The open runs."""
        with self._lock:
            return list(self._open)

    @contextmanager
    def opened(self, run: OpenRun) -> Iterator[None]:
        """Keep ``run`` open inside the ``with`` block."""
        with self._lock:
            self._open.append(run)
            self.ids.append(run.run_id)
        try:
            yield
        finally:
            with self._lock:
                self._open.remove(run)

    def memory(self) -> MemoryRecorder:
        """The recorder of runs if no store records them."""
        from lolpop.running.memory import MemoryRecorder

        with self._lock:
            if self._memory is None:
                self._memory = MemoryRecorder()
            return self._memory


class _HasRuns(Protocol):
    runs: Runs


def runs_of(scope: Scope) -> Runs:
    """The runs of the tree of containers that a scope belongs to."""
    return cast("_HasRuns", scope.runtime).runs
