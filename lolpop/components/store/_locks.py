"""Locks that are released when their process dies, however it dies."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from filelock import FileLock, Timeout

from lolpop._advisory_locks import is_free
from lolpop.components.store._failures import disk_failures

if TYPE_CHECKING:
    from sqlalchemy import Connection


_OLD_SECONDS = 24 * 60 * 60.0


class Locks(Protocol):
    """Locks on runs, and on names that processes share."""

    def hold_run(self, run_id: str) -> AbstractContextManager[None]:
        """Hold the lock of a run."""

    def free_runs(self, connection: Connection, run_ids: Sequence[str], /) -> list[str]:
        """Those of ``run_ids`` whose lock is free, as seen by the transaction of ``connection``."""

    def remove_leftovers(self, connection: Connection, /) -> None:
        """Remove the leftovers of killed processes in the transaction of ``connection``."""

    def hold_name(self, name: str) -> AbstractContextManager[None]:
        """Hold the lock of ``name``. Waits for other threads and processes."""


class FileLocks:
    """Locks of the operating system on files in ``folder``, released when their process ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def hold_run(self, run_id: str) -> Iterator[None]:
        """Hold the lock of a run. Its file exists while the run is open."""
        path = self._path_of_run(run_id)
        try:
            with self._locked(path):
                yield
        finally:
            _remove(path)

    def free_runs(self, _connection: Connection, run_ids: Sequence[str], /) -> list[str]:
        """Those of ``run_ids`` whose lock is free."""
        return [run_id for run_id in run_ids if self._is_free(self._path_of_run(run_id))]

    def remove_leftovers(self, _connection: Connection, /) -> None:
        """Remove files, at least a day old, of runs that were killed before they were recorded."""
        # A new file may be about to be locked.
        with suppress(OSError):
            for path in self._folder.glob("run-*.lock"):
                if time.time() - path.stat().st_mtime > _OLD_SECONDS:
                    self._is_free(path)

    @contextmanager
    def hold_name(self, name: str) -> Iterator[None]:
        """Hold the lock of ``name``. Waits for other threads and processes."""
        # The file is not removed: a waiting process would lock a file that has been deleted.
        with self._locked(self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.lock"):
            yield

    @contextmanager
    def _locked(self, path: Path) -> Iterator[None]:
        lock = FileLock(path, thread_local=False)
        with disk_failures(path, "locked"):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(poll_interval=0.01)
        try:
            yield
        finally:
            lock.release()

    def _path_of_run(self, run_id: str) -> Path:
        return self._folder / f"run-{quote(run_id, safe='')}.lock"

    def _is_free(self, path: Path) -> bool:
        if not path.exists():
            return True
        lock = FileLock(path, thread_local=False)
        with disk_failures(path, "locked"):
            try:
                lock.acquire(blocking=False)
            except Timeout:
                return False
            except OSError:  # the folder is read-only
                return is_free(path)
        lock.release()
        _remove(path)
        return True


def _remove(path: Path) -> None:
    # Run ids are never reused, so no process waits for this file. Windows cannot remove it while another
    # process checks the lock. A leftover file does no harm.
    with suppress(OSError):
        path.unlink(missing_ok=True)
