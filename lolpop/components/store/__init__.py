"""Where runs, tables and files are kept."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from lolpop._html import html_table
from lolpop.errors import UnusableArtifactError
from lolpop.integrations import Component

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

__all__ = ["RunRecord", "RunStatus", "Store", "TaskRecord", "TaskStatus"]

RunStatus: TypeAlias = Literal["running", "completed", "failed", "interrupted"]
TaskStatus: TypeAlias = RunStatus


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One execution of a workflow as the store holds it. Times are UTC.

    Parameters
    ----------
    run_id
        Id of the run.
    workflow
        Name of the workflow.
    container
        Name of the class of the container.
    status
        ``running``, ``completed``, ``failed`` or ``interrupted``.
    started_at
        When the run began.
    ended_at
        When it ended; None while it runs.
    group
        Name that runs of several processes share; None if it stands alone.
    error
        The error that ended it, with its traceback; None if there was none.
    wiring
        Implementation and settings by path, plus seed, git commit, library versions and host.
    """

    run_id: str
    workflow: str
    container: str
    status: RunStatus
    started_at: datetime
    ended_at: datetime | None = None
    group: str | None = None
    error: str | None = None
    wiring: Mapping[str, Any] = field(default_factory=dict)

    @property
    def duration(self) -> float | None:
        """Seconds; None while it runs."""
        return None if self.ended_at is None else (self.ended_at - self.started_at).total_seconds()

    def _repr_html_(self) -> str:
        """Return the table that notebooks show."""
        seconds = "" if self.duration is None else f"{self.duration:.1f} s"
        rows = {
            "workflow": f"{self.container}.{self.workflow}",
            "status": self.status,
            "started": f"{self.started_at:%Y-%m-%d %H:%M:%S} UTC",
            "duration": seconds,
            "group": self.group or "",
            "error": self.error or "",
        }
        return html_table(f"run {self.run_id}", rows)


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """One call of a task, or of a workflow inside another, as the store holds it. Times are UTC.

    Parameters
    ----------
    task_id
        Id of the call.
    run_id
        Id of the run.
    path
        Path of the task, such as ``train.train_model``.
    status
        ``running``, ``completed``, ``failed`` or ``interrupted``.
    started_at
        When the call began.
    parent_id
        Id of the call that made this one; None if the workflow of the run made it.
    ended_at
        When it ended; None while it runs.
    error
        The error that ended it, with its traceback; None if there was none.
    inputs
        Arguments by parameter name: the reference of a resource, or the type and shape of another value.
    outputs
        The result under ``return``, described like the inputs; of cached calls that return no resource, the
        digest of its content under ``digest``.
    fingerprint
        Digest that is equal for calls that depend on the same; None until the call is completed, or if it
        cannot be computed.
    method_parts
        Digest of what every call of the method depends on: see ``Store.fingerprint_parts``.
    input_parts
        What the call depends on by its arguments, as ``Parts`` dumps it.
    reused_from
        Id of the task whose result was reused; None if the call was made.
    """

    task_id: str
    run_id: str
    path: str
    status: TaskStatus
    started_at: datetime
    parent_id: str | None = None
    ended_at: datetime | None = None
    error: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    fingerprint: str | None = None
    method_parts: str | None = None
    input_parts: str | None = None
    reused_from: str | None = None

    @property
    def duration(self) -> float | None:
        """Seconds; None while it runs."""
        return None if self.ended_at is None else (self.ended_at - self.started_at).total_seconds()


class Store(Component):
    """Keeps runs, tasks and wiring, and the tables and files of the components that take it.

    Safe to share between threads and processes. Nothing is opened before it is needed.
    """

    __slots__ = ()

    affects_results: ClassVar[bool] = False

    keeps_wiring: ClassVar[bool] = True
    """Whether the wiring of a run is worth keeping whole, since other processes read it."""

    @abstractmethod
    def begin_run(self, run: RunRecord) -> AbstractContextManager[None]:
        """Record ``run`` as running, and hold its lock inside the ``with`` block.

        Entering also marks as interrupted every running run whose lock is free.
        """

    @abstractmethod
    def end_run(self, run: RunRecord) -> None:
        """Record how ``run`` ended."""

    @abstractmethod
    def begin_task(self, task: TaskRecord) -> None:
        """Record ``task`` as running."""

    @abstractmethod
    def end_task(self, task: TaskRecord) -> None:
        """Record how ``task`` ended."""

    @abstractmethod
    def runs(self, *, group: str | None = None, limit: int | None = None) -> list[RunRecord]:
        """Runs, newest first; those whose lock is free are marked as interrupted first."""

    @abstractmethod
    def run(self, run_id: str) -> RunRecord:
        """The run whose id is, or uniquely begins with, ``run_id``. Raises ReferenceNotFoundError."""

    @abstractmethod
    def tasks(self, run_id: str) -> list[TaskRecord]:
        """Tasks of a run in the order they started."""

    @abstractmethod
    def task(self, task_id: str) -> TaskRecord | None:
        """The task with that id; None if there is none."""

    @abstractmethod
    def keep_fingerprint_parts(self, digest: str, parts: str) -> None:
        """Keep what the calls of a method depend on, under its digest, unless it is kept already."""

    @abstractmethod
    def fingerprint_parts(self, digest: str) -> str | None:
        """What was kept under ``digest``; None if nothing was."""

    @abstractmethod
    def completed_task(self, fingerprint: str) -> TaskRecord | None:
        """The newest task with that fingerprint, which only those have that completed; None if none has."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Connection]:
        """A connection to write to the store's tables with, committed at the end unless an error leaves it.

        A transaction inside another one of the same thread is a part of it: both are committed, or none.
        """

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[Connection]:
        """A connection to read the store's tables with: it sees one state of them, and blocks no writer.

        Inside another one of the same thread it sees the state that that one sees, and inside a transaction
        what that has written.
        """

    @abstractmethod
    def lock(self, name: str) -> AbstractContextManager[None]:
        """Hold ``name`` for oneself inside the ``with`` block, once no other thread or process does.

        For work that takes longer than a transaction should. It is not to be asked for inside one.
        """

    @abstractmethod
    def put_file(self, path: Path) -> str:
        """Keep a copy of the file at ``path`` and return its digest (SHA-256, 64 hex digits).

        Whole or not at all; the same content is kept once.
        """

    @abstractmethod
    def get_file(self, digest: str, to: Path) -> None:
        """Copy the file with ``digest`` to the path ``to``.

        Raises StoreError if it is missing or its content is no longer what was stored.
        """

    @abstractmethod
    def reading_file(self, digest: str) -> AbstractContextManager[Path]:
        """The file with ``digest``, to be read inside the ``with`` block and never written.

        Raises StoreError as ``get_file`` does.
        """

    def has_file(self, digest: str) -> bool:
        """Whether the file with ``digest`` is there, and is what was stored."""
        try:
            with self.reading_file(digest):
                return True
        except UnusableArtifactError:
            return False
