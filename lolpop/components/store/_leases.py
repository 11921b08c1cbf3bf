"""Locks for processes on several machines: leases in the database."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Interval, delete, func, insert, literal, select, text, update

from lolpop.components.store import schema
from lolpop.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from lolpop.components.store._database import Database


LEASE_SECONDS = 30.0
"""How long a run on Postgres counts as running after its process has died."""


class LeaseLocks:
    """Locks in a Postgres database: a row for each run, which its process renews regularly."""

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
        """Those of ``run_ids`` that have no lease, or an expired one."""
        leases = schema.leases.c
        leased = set(
            connection.scalars(
                select(leases.run_id).where(leases.run_id.in_(run_ids), leases.expires_at > func.now())
            )
        )
        return [run_id for run_id in run_ids if run_id not in leased]

    def remove_leftovers(self, connection: Connection, /) -> None:
        """Remove the leases of killed processes."""
        # A lease that has just expired may still be renewed by a process that lost its connection briefly.
        long_ago = func.now() - literal(timedelta(seconds=LEASE_SECONDS), Interval)
        connection.execute(delete(schema.leases).where(schema.leases.c.expires_at < long_ago))

    @contextmanager
    def hold_name(self, name: str) -> Iterator[None]:
        """Hold the lock of ``name``. Waits for other threads and processes."""
        key = {"key": int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)}
        with self._database.failures(), self._database.engine.connect() as connection:
            # The lock belongs to this connection: Postgres releases it when the connection is lost.
            session = connection.execution_options(isolation_level="AUTOCOMMIT")
            session.execute(text("SELECT pg_advisory_lock(:key)"), key)
            try:
                yield
            finally:
                session.execute(text("SELECT pg_advisory_unlock(:key)"), key)

    @property
    def _expiry(self) -> ColumnElement[datetime]:
        # Use the clock of the database, since the clocks of machines differ.
        return func.now() + literal(timedelta(seconds=LEASE_SECONDS), Interval)

    def _renew(self, run_id: str, ended: threading.Event) -> None:
        renewal = update(schema.leases).where(schema.leases.c.run_id == run_id)
        while not ended.wait(LEASE_SECONDS / 3):
            try:
                with self._database.transaction() as connection:
                    connection.execute(renewal.values(expires_at=self._expiry))
            except StoreError:
                continue  # the connection was lost briefly: the lease outlasts two missed renewals
