"""Writing rows that may already exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table
    from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["insert", "put", "put_missing"]

Rows = Sequence[Mapping[str, Any]]


def insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that can handle conflicts, in the dialect of ``connection``."""
    # Each is imported where it is used: importing that of Postgres loads the dialects of all its drivers.
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)


def put(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert ``rows``. They replace rows with the same primary key."""
    if rows:
        statement = insert(connection, table)
        keys = list(table.primary_key.columns)
        values = {
            column.name: statement.excluded[column.name] for column in table.c if column not in set(keys)
        }
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values), rows)


def put_missing(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert those of ``rows`` that violate no unique constraint."""
    if rows:
        connection.execute(insert(connection, table).on_conflict_do_nothing(), rows)
