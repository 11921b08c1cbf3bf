"""Who is at work: locks that a process loses when it dies, however it dies."""

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
    """Locks on runs, and on names that processes agree on."""

    def hold_run(self, run_id: str) -> AbstractContextManager[None]:
        """Hold the lock of a run."""

    def free_runs(self, connection: Connection, run_ids: Sequence[str], /) -> list[str]:
        """Those of ``run_ids`` whose lock nobody holds, as the transaction of ``connection`` sees it."""

    def remove_leftovers(self, connection: Connection, /) -> None:
        """Remove what processes that were killed have left, in the transaction of ``connection``."""

    def hold_name(self, name: str) -> AbstractContextManager[None]:
        """Hold the lock of ``name``, once no other thread or process does."""


class FileLocks:
    """Locks of the operating system on files in ``folder``: free as soon as their process is gone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def hold_run(self, run_id: str) -> Iterator[None]:
        """Hold the lock of a run. Its file is there as long as the run is open."""
        path = self._path_of_run(run_id)
        try:
            with self._locked(path):
                yield
        finally:
            _remove(path)

    def free_runs(self, _connection: Connection, run_ids: Sequence[str], /) -> list[str]:
        """Those of ``run_ids`` whose lock nobody holds."""
        return [run_id for run_id in run_ids if self._is_free(self._path_of_run(run_id))]

    def remove_leftovers(self, _connection: Connection, /) -> None:
        """Remove the files of runs that were killed before they were recorded, once they are a day old."""
        # A file that is new may be about to be locked.
        with suppress(OSError):
            for path in self._folder.glob("run-*.lock"):
                if time.time() - path.stat().st_mtime > _OLD_SECONDS:
                    self._is_free(path)

    @contextmanager
    def hold_name(self, name: str) -> Iterator[None]:
        """Hold the lock of ``name``, once no other thread or process does."""
        # The file stays: who waits for it must not be left with a file that has lost its name.
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
            except OSError:  # nothing can be written there
                return is_free(path)
        lock.release()
        _remove(path)
        return True


def _remove(path: Path) -> None:
    # Run ids are never used again, so nobody waits for this file. Windows keeps it while another process
    # looks whether it is locked; a file that stays does no harm.
    with suppress(OSError):
        path.unlink(missing_ok=True)
