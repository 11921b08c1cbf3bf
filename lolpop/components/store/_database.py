"""The database of a store: transactions to write, snapshots to read."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import sqlalchemy
from sqlalchemy import event, text

from lolpop._temporary import temporary_folder
from lolpop.components.store._failures import disk_failures, sql_failures
from lolpop.components.store.migrations import HEAD, bring_to_head, stored_revision
from lolpop.errors import MissingExtraError, StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from lolpop.components.store._locks import Locks
    from lolpop.components.store._places import DatabasePlace


BUSY_SECONDS = 60.0
"""How long a process waits for the transaction of another process."""

_CREATION = int.from_bytes(b"lolpop", "big")


class Database:
    """An open database. It can be shared between threads, but not between processes."""

    def __init__(
        self,
        engine: Engine,
        reader: Engine,
        place: DatabasePlace,
        begin: Callable[[], AbstractContextManager[Connection]],
        end_writing: Callable[[], None] = lambda: None,
    ) -> None:
        self.engine = engine
        self._reader = reader
        self._place = place
        self._begin = begin
        self._end_writing = end_writing
        self._open = threading.local()
        self.on_close: Callable[[], None] = lambda: None

    def failures(self) -> AbstractContextManager[None]:
        """Raise StoreError for database errors in the block."""
        return sql_failures(self._place, self._place.scrub)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection that writes, committed at the end. A nested one is part of the outer transaction."""
        outer: Connection | None = getattr(self._open, "connection", None)
        if outer is not None:
            with self.failures(), outer.begin_nested():
                yield outer
            return
        with self.failures(), self._begin() as connection:
            self._open.connection = connection
            try:
                yield connection
            finally:
                del self._open.connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection that reads one state. An open snapshot or transaction of this thread is reused."""
        outer: Connection | None = getattr(self._open, "connection", None) or getattr(
            self._open, "reading", None
        )
        if outer is not None:
            with self.failures():
                yield outer
            return
        with self.failures(), self._reader.connect() as connection:
            self._open.reading = connection
            try:
                yield connection
            finally:
                del self._open.reading

    def close(self) -> None:
        """Close all connections."""
        self._end_writing()
        self.engine.dispose()
        self.on_close()


class _SQLiteWriter:
    """The one connection that writes to a file of SQLite; it stays open, since opening it takes a while."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._lock = threading.RLock()  # a thread may close the store inside a transaction
        """Threads wait for it: SQLite itself would make them sleep and retry."""

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction, committed at the end."""
        with self._lock, ExitStack() as failed:
            connection, self._connection = self._connection or self._engine.connect(), None
            failed.callback(connection.close)
            with connection.begin():
                # A transaction that reads first and writes later fails if another one wrote in between. So
                # it takes the write lock at the start, and waits for it.
                connection.connection.cursor().execute("BEGIN IMMEDIATE")
                yield connection
            failed.pop_all()
            self._connection = connection

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def open_sqlite(path: Path, place: DatabasePlace, locks: Locks) -> Database:
    """Open the file at ``path``. If necessary, it is created or migrated, by one process at a time."""
    engine = sqlalchemy.create_engine(
        sqlalchemy.URL.create("sqlite", database=str(path)),
        connect_args={"timeout": BUSY_SECONDS},
        pool_size=5,
        max_overflow=-1,  # threads that wait for the writer must not time out
        hide_parameters=True,
    )
    database, reader = _sqlite_database(engine, place)
    with _closed_on_error(database), database.failures():
        with disk_failures(path.parent, "read"):
            is_new = not path.exists()
        if is_new or not _is_at_head(reader):
            with disk_failures(path.parent, "written"):
                path.parent.mkdir(parents=True, exist_ok=True)
            with locks.hold_name(f"create {path.name}"):
                with closing(engine.raw_connection()) as raw:
                    # This cannot be set in a transaction. It is a permanent property of the file.
                    raw.cursor().execute("PRAGMA journal_mode=WAL")
                with database.transaction() as connection:
                    bring_to_head(connection, place)
    return database


def open_sqlite_to_read(path: Path, place: DatabasePlace) -> Database | None:
    """Open the file at ``path`` read-only, because the disk is full or read-only.

    Returns None if it cannot be read, or its tables are not of the current version.
    """
    with suppress(StoreError), ExitStack() as opened:
        # To read a file, SQLite creates others beside it, unless the file is declared immutable.
        journal = path.with_name(f"{path.name}-wal")
        with disk_failures(path, "read"):
            if not path.exists():
                return None
            if journal.exists() and journal.stat().st_size:
                copies = Path(opened.enter_context(temporary_folder()))
                for file in (path, journal):
                    shutil.copyfile(file, copies / file.name)
                uri = f"file:{quote(str(copies / path.name))}"
            else:
                uri = f"file:{quote(str(path.absolute()))}?immutable=1"
        # A new connection for each read: an immutable file is not read again after it is opened.
        engine = sqlalchemy.create_engine(
            "sqlite://",
            creator=lambda: sqlite3.connect(uri, uri=True, check_same_thread=False),
            poolclass=sqlalchemy.NullPool,
            hide_parameters=True,
        )
        database, reader = _sqlite_database(engine, place, query_only=True)
        with _closed_on_error(database), database.failures():
            if not _is_at_head(reader):
                return None
        database.on_close = opened.pop_all().close
        return database
    return None


def _sqlite_database(
    engine: Engine, place: DatabasePlace, *, query_only: bool = False
) -> tuple[Database, Engine]:
    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy begins transactions, see below
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA query_only={'ON' if query_only else 'OFF'}")

    reader = engine.execution_options()

    @event.listens_for(reader, "begin")
    def begin_reading(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    writer = _SQLiteWriter(engine)
    return Database(engine, reader, place, writer.begin, writer.close), reader


def open_postgres(place: DatabasePlace) -> Database:
    """Connect to a Postgres database. If necessary, its tables are created or migrated."""
    try:
        engine = sqlalchemy.create_engine(
            place.driver_url,
            pool_pre_ping=True,
            pool_timeout=BUSY_SECONDS,
            hide_parameters=True,
            connect_args={"connect_timeout": 10},
        )
    except ModuleNotFoundError as error:
        raise MissingExtraError("psycopg", "lolpop[postgres]") from error
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    database = Database(engine, reader, place, engine.begin)
    with _closed_on_error(database), database.failures():
        if not _is_at_head(reader):
            with database.transaction() as connection:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CREATION})
                bring_to_head(connection, place)
    return database


@contextmanager
def _closed_on_error(database: Database) -> Iterator[None]:
    with ExitStack() as opened:
        opened.callback(database.close)
        yield
        opened.pop_all()


def _is_at_head(reader: Engine) -> bool:
    with reader.connect() as connection:
        return stored_revision(connection) == HEAD
