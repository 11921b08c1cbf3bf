"""The embedded store: a SQLite file, or a Postgres database, and a place for files."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lolpop._temporary import temporary_folder
from lolpop.components.store import RunRecord, StagedFile, Store, TaskRecord
from lolpop.components.store._places import DatabasePlace
from lolpop.data.places import Place
from lolpop.errors import Finding, StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from lolpop.components.store._database import Database
    from lolpop.components.store._files import Files
    from lolpop.components.store._locks import Locks
    from lolpop.components.store._run_tables import RunTables

__all__ = ["SQLStore"]

_URL = "sqlite:///.lolpop/store.db"
_ARTIFACTS = ".lolpop/artifacts"
_LOCKS = "locks"


@dataclass(frozen=True, slots=True)
class _Opened:
    database: Database
    locks: Locks
    files: Files
    runs: RunTables
    process: int
    only_read: bool = False
    """Whether it is opened read-only. A write opens it again, which raises the reason."""


class SQLStore(Store):
    """Stores everything in ``.lolpop/`` beside the settings, without a server.

    Records survive if the process is killed; a power failure may lose those of the last moments. A team can
    share a store: use a Postgres database, and a file location that all machines can access.

    Parameters
    ----------
    url : str, optional
        Database: ``sqlite:///folder/store.db`` or ``postgresql+psycopg://host/database`` (needs
        ``lolpop[postgres]``). The default is ``.lolpop/store.db``. Relative paths are resolved against the
        folder of the settings. ``sqlite://`` is a temporary store, which is removed with its container.
    artifacts : str, optional
        Root of the files: a path, or any URL that fsspec supports, such as ``s3://bucket/lolpop`` (needs
        ``lolpop[s3]``). The default is ``artifacts`` beside the database, if that is a file, and
        ``.lolpop/artifacts`` otherwise.
    """

    def __init__(
        self, url: str | None = None, artifacts: str | None = None, *, folder: Path | None = None
    ) -> None:
        if artifacts is not None and not artifacts.strip():
            raise ValueError(f"artifacts must be a path or a URL but got {artifacts!r}.")
        self._place = DatabasePlace(url if url is not None else _URL)
        self._artifacts = artifacts
        self._folder = folder
        self._temporary: tuple[int, Path] | None = None
        """The process that created the temporary folder, and the folder."""
        self._leaving = ExitStack()
        self._opening = threading.Lock()
        self._opened: _Opened | None = None
        self._inherited: list[_Opened] = []

    @classmethod
    def check_settings(cls, settings: Mapping[str, Any]) -> Iterable[Finding]:
        """Report a database URL that is not supported."""
        try:
            DatabasePlace(_URL if settings.get("url") is None else settings["url"])
        except ValueError as error:
            yield Finding("url", str(error).rstrip("."))

    @classmethod
    def claimed_places(cls, settings: Mapping[str, Any], injected: Mapping[str, Any]) -> Iterable[Place]:
        """The files of the database, and the folders of locks and of artifacts."""
        folder = Path(injected.get("folder") or "").absolute()
        database = None
        with suppress(ValueError):  # check_settings reports invalid URLs
            database = DatabasePlace(_URL if settings.get("url") is None else settings["url"])
        if database is not None and database.is_sqlite:
            path = database.path(folder)
            for ending in () if database.is_temporary else ("", "-wal", "-shm", "-journal"):
                yield Place("url", f"{path}{ending}", "kept", name="the database of the store")
            if database.is_temporary:
                return
            yield Place("url", str(path.parent / _LOCKS), "kept", True, "the folder of the store's locks")
        artifacts = settings.get("artifacts") or _beside(database)
        root = artifacts if "://" in artifacts else str(folder / artifacts)
        yield Place("artifacts", root, "kept", True, "the folder of the store's artifacts")

    def settings_elsewhere(self) -> Mapping[str, Any] | None:
        """The settings with which other processes open the same store: the path of a temporary one."""
        if not self._place.is_temporary:
            return None
        folder = self._temporary_folder()
        return {
            "url": f"sqlite:///{folder / 'store.db'}",
            "artifacts": self._artifacts or str(folder / "artifacts"),
        }

    def begin_run(self, run: RunRecord) -> AbstractContextManager[None]:
        """Record ``run`` as running, and hold its lock inside the ``with`` block."""
        return self._open(write=True).runs.begin_run(run)

    def end_run(self, run: RunRecord) -> None:
        """Record how ``run`` ended."""
        self._open(write=True).runs.end_run(run)

    def begin_task(self, task: TaskRecord) -> None:
        """Record ``task`` as running."""
        self._open(write=True).runs.begin_task(task)

    def end_task(self, task: TaskRecord) -> None:
        """Record how ``task`` ended."""
        self._open(write=True).runs.end_task(task)

    def runs(self, *, group: str | None = None, limit: int | None = None) -> list[RunRecord]:
        """Runs, newest first."""
        return self._open().runs.runs(group, limit)

    def run(self, run_id: str) -> RunRecord:
        """The run by its id or a unique prefix of it."""
        return self._open().runs.run(run_id)

    def tasks(self, run_id: str) -> list[TaskRecord]:
        """Tasks of a run in the order they started."""
        return self._open().runs.tasks(run_id)

    def task(self, task_id: str) -> TaskRecord | None:
        """The task with this id; None if there is none."""
        return self._open().runs.task(task_id)

    def keep_fingerprint_parts(self, digest: str, parts: str) -> None:
        """Store the dependencies of the calls of a method, unless they are stored already."""
        self._open().runs.keep_fingerprint_parts(digest, parts)

    def fingerprint_parts(self, digest: str) -> str | None:
        """The dependencies stored under ``digest``; None if there are none."""
        return self._open().runs.fingerprint_parts(digest)

    def completed_task(self, fingerprint: str) -> TaskRecord | None:
        """The newest completed task with this fingerprint; None if there is none."""
        return self._open().runs.completed_task(fingerprint)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection that writes, committed at the end. New files are flushed to the disk before."""
        opened = self._open(write=True)
        opened.files.settle()  # before the transaction, so that no other process waits for it
        with opened.database.transaction() as connection:
            yield connection
            opened.files.settle()

    def snapshot(self) -> AbstractContextManager[Connection]:
        """A connection that reads one consistent state of the tables."""
        return self._open().database.snapshot()

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Hold an exclusive lock on ``name`` inside the ``with`` block. Waits until it is free."""
        return self._open().locks.hold_name(name)

    def put_file(self, path: Path) -> str:
        """Store a copy of the file at ``path``, or a closed staged file itself, and return its digest."""
        return self._open().files.put(path)

    @contextmanager
    def staged_file(self, name: str) -> Iterator[StagedFile]:
        """A new file beside the stored ones, if those are local, or else in a temporary folder."""
        with self._open().files.staged_file(name) as file:
            yield file

    def get_file(self, digest: str, to: Path) -> None:
        """Copy the file with ``digest`` to the path ``to``."""
        self._open().files.get(digest, to)

    def reading_file(self, digest: str) -> AbstractContextManager[Path]:
        """The file with ``digest``, read-only, for the ``with`` block."""
        return self._open().files.reading(digest)

    def has_file(self, digest: str) -> bool:
        """Whether the file with ``digest`` exists. The content of a local file is checked, too."""
        return self._open().files.has(digest)

    def ping(self) -> None:
        """Read from the database. Raises StoreError if it cannot be reached."""
        self.runs(limit=1)

    def close(self) -> None:
        """Close the database. The next use opens it again."""
        with self._opening:
            opened, self._opened = self._opened, None
            temporary, self._temporary = self._temporary, None
        if opened is not None and opened.process == os.getpid():
            opened.database.close()
        if temporary is not None and temporary[0] == os.getpid():
            self._leaving.close()

    def _temporary_folder(self) -> Path:
        """The folder of a temporary store."""
        if self._temporary is None:
            folder = Path(self._leaving.enter_context(temporary_folder()))
            self._temporary = os.getpid(), folder
        return self._temporary[1]

    def _open(self, *, write: bool = False) -> _Opened:
        opened = self._opened
        if opened is None or opened.process != os.getpid() or (write and opened.only_read):
            with self._opening:
                opened = self._opened
                if opened is not None and opened.process != os.getpid():
                    # This process was forked from the one that opened the database. The connections belong
                    # to the parent: they are neither used nor closed here.
                    self._inherited.append(opened)
                    opened = None
                if opened is None or (write and opened.only_read):
                    database = self._open_anew(write=write)
                    if opened is not None:
                        opened.database.close()
                    opened = self._opened = database
        return opened

    def _open_anew(self, *, write: bool) -> _Opened:
        from lolpop.components.store._database import open_postgres, open_sqlite, open_sqlite_to_read
        from lolpop.components.store._files import LocalFiles, open_files
        from lolpop.components.store._leases import LeaseLocks
        from lolpop.components.store._locks import FileLocks
        from lolpop.components.store._run_tables import RunTables

        folder = (self._folder or Path()).absolute()
        if self._place.is_temporary:
            folder = self._temporary_folder()
        locks: Locks
        only_read = False
        if self._place.is_sqlite:
            path = self._place.path(folder)
            locks = FileLocks(path.parent / _LOCKS)
            try:
                database = open_sqlite(path, self._place, locks)
            except StoreError:
                readable = None if write else open_sqlite_to_read(path, self._place)
                if readable is None:
                    raise
                database, only_read = readable, True
        else:
            database = open_postgres(self._place)
            locks = LeaseLocks(database)
        files = open_files(self._artifacts or _beside(self._place), folder)
        if isinstance(files, LocalFiles):
            files.remove_leftovers()
        return _Opened(database, locks, files, RunTables(database, locks), os.getpid(), only_read)


def _beside(place: DatabasePlace | None) -> str:
    """The default location of artifacts: beside the database, if that is a file."""
    if place is None or not place.is_sqlite:
        return _ARTIFACTS
    return str(place.path(Path()).parent / "artifacts")
