"""Who is at work: locks that a process loses when it dies, however it dies."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from filelock import FileLock, Timeout
from sqlalchemy import Interval, delete, func, insert, literal, select, text, update

from lolpop.components.store import schema
from lolpop.components.store.failures import disk_failures
from lolpop.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from lolpop.components.store.database import Database

__all__ = ["FileLocks", "LeaseLocks", "Locks"]

LEASE_SECONDS = 30.0
"""How long after its process died a run on Postgres counts as running."""


class Locks(Protocol):
    """Locks on runs, and on names that processes agree on."""

    def hold_run(self, run_id: str) -> AbstractContextManager[None]:
        """Hold the lock of a run."""

    def free_runs(self, connection: Connection, run_ids: Sequence[str], /) -> list[str]:
        """Those of ``run_ids`` whose lock nobody holds, as the transaction of ``connection`` sees it."""

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
        lock.release()
        _remove(path)
        return True


def _remove(path: Path) -> None:
    # Run ids are never used again, so nobody waits for this file. Windows keeps it while another process
    # looks whether it is locked; a file that stays does no harm.
    with suppress(OSError):
        path.unlink(missing_ok=True)


class LeaseLocks:
    """Locks in a Postgres database: a row for each run, which the process at work keeps renewing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def hold_run(self, run_id: str) -> Iterator[None]:
        """Hold the lease of a run."""
        with self._database.transaction() as connection:
            connection.execute(insert(schema.leases).values(run_id=run_id, expires_at=self._expiry))
        ended = threading.Event()
        heartbeat = threading.Thread(
            target=self._renew, args=(run_id, ended), name=f"lolpop-lease-{run_id}", daemon=True
        )
        heartbeat.start()
        try:
            yield
        finally:
            ended.set()
            heartbeat.join()
            with self._database.transaction() as connection:
                connection.execute(delete(schema.leases).where(schema.leases.c.run_id == run_id))

    def free_runs(self, connection: Connection, run_ids: Sequence[str], /) -> list[str]:
        """Those of ``run_ids`` that have no lease, or one that has run out."""
        leases = schema.leases.c
        held = set(
            connection.scalars(
                select(leases.run_id).where(leases.run_id.in_(run_ids), leases.expires_at > func.now())
            )
        )
        return [run_id for run_id in run_ids if run_id not in held]

    @contextmanager
    def hold_name(self, name: str) -> Iterator[None]:
        """Hold the lock of ``name``, once no other thread or process does."""
        key = {"key": int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)}
        with self._database.failures(), self._database.engine.connect() as connection:
            # Belongs to this connection: Postgres lets go of it when the connection is lost.
            session = connection.execution_options(isolation_level="AUTOCOMMIT")
            session.execute(text("SELECT pg_advisory_lock(:key)"), key)
            try:
                yield
            finally:
                session.execute(text("SELECT pg_advisory_unlock(:key)"), key)

    @property
    def _expiry(self) -> ColumnElement[datetime]:
        # By the clock of the database: those of machines differ.
        return func.now() + literal(timedelta(seconds=LEASE_SECONDS), Interval)

    def _renew(self, run_id: str, ended: threading.Event) -> None:
        renewal = update(schema.leases).where(schema.leases.c.run_id == run_id)
        while not ended.wait(LEASE_SECONDS / 3):
            try:
                with self._database.transaction() as connection:
                    connection.execute(renewal.values(expires_at=self._expiry))
            except StoreError:
                continue  # a connection that was lost for a moment: the lease outlives two missed beats
