"""The tables of the store."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeEngine

from lolpop._urls import mask_urls
from lolpop.runs import redacted, storable

__all__ = [
    "artifacts", "fingerprints", "leases", "lineage", "metadata", "metrics", "numbers", "registrations",
    "resources", "runs", "tags", "tasks", "version",
]  # fmt: skip


_COMPACT = json.JSONEncoder(separators=(",", ":"))


class DamagedCellError(Exception):
    """A cell of the store has an invalid value."""


class _SQLiteDateTime(sqlite.DATETIME):
    """SQLite's times, read with a helpful error message."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Read a cell."""
        del dialect, coltype

        def read(cell: Any) -> datetime | None:
            try:
                return None if cell is None else datetime.fromisoformat(cell)
            except (TypeError, ValueError) as error:
                raise DamagedCellError(f"a time was expected, but it contains {_short(cell)}") from error

        return read


_SQLITE_DATETIME: TypeEngine[Any] = _SQLiteDateTime()  # type: ignore[no-untyped-call]  # SQLAlchemy's own


def _short(cell: object) -> str:
    shown = repr(cell)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


class UTCDateTime(TypeDecorator[datetime]):
    """Aware datetimes, stored in UTC. SQLite does not support time zones."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return _SQLITE_DATETIME if dialect.name == "sqlite" else super().load_dialect_impl(dialect)

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Words(TypeDecorator[str]):
    """Text that programs read. ``among`` lists the allowed values, if any."""

    impl = Text
    cache_ok = True

    def __init__(self, *, among: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.among = among

    def process_result_value(self, value: str | None, _dialect: Dialect) -> str | None:
        if value is not None and not (isinstance(value, str) and (not self.among or value in self.among)):
            expected = " or ".join(self.among) if self.among else "text"
            raise DamagedCellError(f"{expected} was expected, but it contains {_short(value)}")
        return value


class Word(Words):
    """A short text."""

    impl = String  # type: ignore[assignment]  # SQLAlchemy accepts any type here
    cache_ok = True

    def __init__(self, length: int, *, among: tuple[str, ...] = ()) -> None:
        super(Words, self).__init__(length)
        self.among = among


class Json(TypeDecorator[Any]):
    """JSON as text. Unlike Postgres' JSON type, it supports NaN, infinities and the NUL character.

    The value is a mapping. With ``texts``, its values are strings.
    """

    impl = Text
    cache_ok = True

    def __init__(self, *, texts: bool = False) -> None:
        super().__init__()
        self.texts = texts

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str:
        return _COMPACT.encode(storable(value))

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        if value is None:
            return None
        try:
            read = json.loads(value)
        except (TypeError, ValueError, RecursionError) as error:
            raise DamagedCellError(f"JSON was expected, but it contains {_short(value)}") from error
        if not isinstance(read, dict) or (
            self.texts and not all(isinstance(text, str) for text in read.values())
        ):
            raise DamagedCellError(f"a JSON object was expected, but it contains {_short(value)}")
        return read


class Prose(TypeDecorator[str]):
    """Text for people, such as a traceback. Characters that a database does not support are escaped."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        if value is None:
            return None
        shown: str = redacted(value)
        return shown.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


class Label(Words):
    """A name chosen by a user. The secrets of URLs in it are removed."""

    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        return None if value is None else mask_urls(value)


class Double(TypeDecorator[float]):
    """Any float. NaN is stored as NULL, since SQLite does not support NaN."""

    impl = Float(53)
    cache_ok = True

    def process_bind_param(self, value: float | None, _dialect: Dialect) -> float | None:
        return None if value is None or math.isnan(value) else value

    def process_result_value(self, value: float | None, _dialect: Dialect) -> float:
        if value is not None and not isinstance(value, int | float):
            raise DamagedCellError(f"a number was expected, but it contains {_short(value)}")
        return math.nan if value is None else value


STATUSES = ("running", "completed", "failed", "interrupted")

# SQLite numbers rows automatically only in a column of exactly this type.
_Serial = BigInteger().with_variant(Integer, "sqlite")

# Names of constraints are the same on every database, so that migrations can address them. Tables have
# a prefix, so that the store can share a database with others.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

version = Table(
    "lolpop_version",
    metadata,
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="lolpop_version_pkc"),
)

runs = Table(
    "lolpop_runs",
    metadata,
    Column("number", _Serial, primary_key=True),
    Column("run_id", Words, nullable=False, unique=True),
    Column("workflow", Words, nullable=False),
    Column("container", Words, nullable=False),
    Column("status", Word(16, among=STATUSES), nullable=False, index=True),
    Column("started_at", UTCDateTime, nullable=False),
    Column("ended_at", UTCDateTime),
    Column("group", Prose, index=True),
    Column("error", Prose),
    Column("wiring", Json, nullable=False),
)

tasks = Table(
    "lolpop_tasks",
    metadata,
    Column("number", _Serial, primary_key=True),
    Column("task_id", Words, nullable=False, unique=True),
    Column("run_id", Words, ForeignKey(runs.c.run_id), nullable=False, index=True),
    Column("parent_id", Words),
    Column("path", Words, nullable=False),
    Column("status", Word(16, among=STATUSES), nullable=False),
    Column("started_at", UTCDateTime, nullable=False),
    Column("ended_at", UTCDateTime),
    Column("error", Prose),
    Column("inputs", Json(texts=True), nullable=False),
    Column("outputs", Json(texts=True), nullable=False),
    Column("fingerprint", Words, index=True),
    Column("method_parts", Words),
    Column("input_parts", Words),
    Column("reused_from", Words),
)

# The dependencies that all calls of a method share, stored once.
fingerprints = Table(
    "lolpop_fingerprints",
    metadata,
    Column("digest", Words, primary_key=True),
    Column("parts", Words, nullable=False),
)

# Locks of running runs whose processes may be on several machines.
leases = Table(
    "lolpop_leases",
    metadata,
    Column("run_id", Words, primary_key=True),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)

# Resources refer to runs and tasks by name only, since those may be in another store.
resources = Table(
    "lolpop_resources",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("reference", Words, nullable=False, unique=True),
    Column("kind", Word(32), nullable=False),
    Column("name", Words, nullable=False),
    Column("number", BigInteger),
    Column("created_at", UTCDateTime, nullable=False),
    Column("run_id", Words, index=True),
    Column("task", Words),
    Column("fields", Json, nullable=False),
    Column("external_ids", Json(texts=True), nullable=False),
    Index(None, "kind", "name", "number"),
)

# The last assigned number of each name.
numbers = Table(
    "lolpop_numbers",
    metadata,
    Column("kind", Word(32), primary_key=True),
    Column("name", Words, primary_key=True),
    Column("last", BigInteger, nullable=False),
)

tags = Table(
    "lolpop_tags",
    metadata,
    Column("reference", Words, ForeignKey(resources.c.reference), primary_key=True),
    Column("name", Label, primary_key=True),
    Column("value", Prose, nullable=False),
)

lineage = Table(
    "lolpop_lineage",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("child", Words, ForeignKey(resources.c.reference), nullable=False),
    Column("parent", Words, ForeignKey(resources.c.reference), nullable=False, index=True),
    Column("run_id", Words),
    Column("task", Words),
    UniqueConstraint("child", "parent"),
)

artifacts = Table(
    "lolpop_artifacts",
    metadata,
    Column("reference", Words, ForeignKey(resources.c.reference), primary_key=True),
    Column("name", Label, primary_key=True),
    Column("created_at", UTCDateTime, nullable=False),
    Column("folder", Boolean, nullable=False),
    Column(
        "files",
        Json(texts=True),
        nullable=False,
        comment="Digest by path inside the folder; by '' for a file.",
    ),
)

# Metrics and registrations belong to resources that may be tracked elsewhere: no foreign keys.
metrics = Table(
    "lolpop_metrics",
    metadata,
    Column("reference", Words, primary_key=True),
    Column("name", Label, primary_key=True),
    Column("value", Double),
)

registrations = Table(
    "lolpop_registrations",
    metadata,
    Column("reference", Words, primary_key=True),
    Column("registered_at", UTCDateTime, nullable=False),
    Column("promoted_at", UTCDateTime),
    Column("approved_at", UTCDateTime),
    Column("approved_by", Prose),
)
