"""Storage of runs, tables and files."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from lolpop._html import html_table
from lolpop._temporary import temporary_folder
from lolpop.components.store._staging import StagedFile
from lolpop.errors import UnusableArtifactError
from lolpop.integrations import Component

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["RunRecord", "RunStatus", "StagedFile", "Store", "TaskRecord", "TaskStatus"]

RunStatus: TypeAlias = Literal["running", "completed", "failed", "interrupted"]
TaskStatus: TypeAlias = RunStatus


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The stored record of one execution of a workflow. Times are UTC.

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
        Name shared by the runs of several processes; None for a single run.
    error
        The error that ended it, with its traceback; None if there was none.
    wiring
        Implementations and settings by path, plus seed, git commit, library versions and host.
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
    """The stored record of one call of a task, or of a nested workflow. Times are UTC.

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
        Id of the calling task; None if the workflow of the run is the caller.
    ended_at
        When it ended; None while it runs.
    error
        The error that ended it, with its traceback; None if there was none.
    inputs
        Arguments by parameter name: the reference of a resource, or the type and shape of another value.
    outputs
        The result under ``return``, described like the inputs. For cached calls that do not return a
        resource, the digest of its content under ``digest``.
    fingerprint
        Digest that is equal for calls with equal dependencies; None until the call is completed, or if it
        cannot be computed.
    method_parts
        Digest of the dependencies that all calls of the method share: see ``Store.fingerprint_parts``.
    input_parts
        The dependencies that come from the arguments, serialized by ``Parts``.
    reused_from
        Id of the task whose result was reused; None if the task was executed.
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
    """Stores runs, tasks and wiring, and the tables and files of the components that use it.

    A store can be shared between threads and processes. It is opened at first use.
    """

    __slots__ = ()

    affects_results: ClassVar[bool] = False

    keeps_wiring: ClassVar[bool] = True
    """Whether to store the complete wiring of runs, since other processes read it."""

    @abstractmethod
    def begin_run(self, run: RunRecord) -> AbstractContextManager[None]:
        """Record ``run`` as running, and hold its lock inside the ``with`` block.

        On entry, every other running run whose lock is free is marked as interrupted.
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
        """Runs, newest first. Running runs whose lock is free are marked as interrupted before."""

    @abstractmethod
    def run(self, run_id: str) -> RunRecord:
        """The run by its id or a unique prefix of it. Raises ReferenceNotFoundError."""

    @abstractmethod
    def tasks(self, run_id: str) -> list[TaskRecord]:
        """Tasks of a run in the order they started."""

    @abstractmethod
    def task(self, task_id: str) -> TaskRecord | None:
        """The task with this id; None if there is none."""

    @abstractmethod
    def keep_fingerprint_parts(self, digest: str, parts: str) -> None:
        """Store the dependencies of a method's calls under their digest, unless they are stored already."""

    @abstractmethod
    def fingerprint_parts(self, digest: str) -> str | None:
        """The dependencies stored under ``digest``; None if there are none."""

    @abstractmethod
    def completed_task(self, fingerprint: str) -> TaskRecord | None:
        """The newest completed task with this fingerprint; None if there is none."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Connection]:
        """A connection that writes to the store's tables. It is rolled back on an error, else committed.

        A nested transaction of the same thread is part of the outer one: both are committed, or none.
        """

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[Connection]:
        """A connection that reads one consistent state of the store's tables, and blocks no writer.

        A nested snapshot of the same thread sees the state of the outer one. A snapshot inside a transaction
        sees its changes.
        """

    @abstractmethod
    def lock(self, name: str) -> AbstractContextManager[None]:
        """Hold an exclusive lock on ``name`` in the ``with`` block. Waits for other threads and processes.

        Use it for work that is too long for a transaction. Do not acquire it inside a transaction.
        """

    @abstractmethod
    def put_file(self, path: Path) -> str:
        """Store a copy of the file at ``path`` and return its digest (SHA-256, 64 hex digits).

        The operation is atomic. Equal content is stored once. A closed file of ``staged_file`` may be moved
        instead.
        """

    @contextmanager
    def staged_file(self, name: str) -> Iterator[StagedFile]:
        """A new file called ``name`` for the ``with`` block, to be written, closed, and then stored.

        A large file is best written here, where ``put_file`` can move it. By default, it is in a temporary
        folder. It is removed at the end of the block, or later if the process is killed.
        """
        with temporary_folder() as folder, StagedFile(Path(folder, name)) as file:
            yield file

    @abstractmethod
    def get_file(self, digest: str, to: Path) -> None:
        """Copy the file with ``digest`` to the path ``to``.

        Raises StoreError if it is missing or its content has changed.
        """

    @abstractmethod
    def reading_file(self, digest: str) -> AbstractContextManager[Path]:
        """The file with ``digest``, read-only, for the ``with`` block.

        Raises the errors of ``get_file``.
        """

    def has_file(self, digest: str) -> bool:
        """Whether the file with ``digest`` exists, with its content unchanged."""
        try:
            with self.reading_file(digest):
                return True
        except UnusableArtifactError:
            return False
