"""The tables of the store."""

from __future__ import annotations

import json
import math
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

from lolpop._urls import mask_urls
from lolpop.runs import hidden, storable

__all__ = [
    "artifacts", "leases", "lineage", "metadata", "metrics", "numbers", "registrations", "resources", "runs",
    "tags", "tasks", "version",
]  # fmt: skip


class UTCDateTime(TypeDecorator[datetime]):
    """Aware datetimes, kept in UTC; SQLite knows no time zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Json(TypeDecorator[Any]):
    """JSON as text: unlike Postgres' own type it keeps NaN, infinities and the NUL character."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str:
        return json.dumps(storable(value), separators=(",", ":"))

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class Prose(TypeDecorator[str]):
    """Text for people, such as a traceback: what a database cannot hold is written as an escape."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        if value is None:
            return None
        shown: str = hidden(value)
        return shown.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


class Label(TypeDecorator[str]):
    """A name that somebody gave to a value: never one with the secrets of a URL in it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        return None if value is None else mask_urls(value)


class Double(TypeDecorator[float]):
    """Any float. NaN is kept as NULL, since SQLite has no other way to."""

    impl = Float(53)
    cache_ok = True

    def process_bind_param(self, value: float | None, _dialect: Dialect) -> float | None:
        return None if value is None or math.isnan(value) else value

    def process_result_value(self, value: float | None, _dialect: Dialect) -> float:
        return math.nan if value is None else value


# SQLite numbers rows by itself only in a column of exactly this type.
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
    Column("run_id", Text, nullable=False, unique=True),
    Column("workflow", Text, nullable=False),
    Column("container", Text, nullable=False),
    Column("status", String(16), nullable=False, index=True),
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
    Column("task_id", Text, nullable=False, unique=True),
    Column("run_id", Text, ForeignKey(runs.c.run_id), nullable=False, index=True),
    Column("parent_id", Text),
    Column("path", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("started_at", UTCDateTime, nullable=False),
    Column("ended_at", UTCDateTime),
    Column("error", Prose),
    Column("inputs", Json, nullable=False),
    Column("outputs", Json, nullable=False),
)

# Who is at work on a run, where no operating system that all processes share can tell.
leases = Table(
    "lolpop_leases",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)

# Resources refer to runs and tasks by name only: those may be kept in another store.
resources = Table(
    "lolpop_resources",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("reference", Text, nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("name", Text, nullable=False),
    Column("number", BigInteger),
    Column("created_at", UTCDateTime, nullable=False),
    Column("run_id", Text, index=True),
    Column("task", Text),
    Column("fields", Json, nullable=False),
    Column("external_ids", Json, nullable=False),
    Index(None, "kind", "name", "number"),
)

# The last number that was given away for each name.
numbers = Table(
    "lolpop_numbers",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("last", BigInteger, nullable=False),
)

tags = Table(
    "lolpop_tags",
    metadata,
    Column("reference", Text, ForeignKey(resources.c.reference), primary_key=True),
    Column("name", Label, primary_key=True),
    Column("value", Prose, nullable=False),
)

lineage = Table(
    "lolpop_lineage",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("child", Text, ForeignKey(resources.c.reference), nullable=False),
    Column("parent", Text, ForeignKey(resources.c.reference), nullable=False, index=True),
    Column("run_id", Text),
    Column("task", Text),
    UniqueConstraint("child", "parent"),
)

artifacts = Table(
    "lolpop_artifacts",
    metadata,
    Column("reference", Text, ForeignKey(resources.c.reference), primary_key=True),
    Column("name", Label, primary_key=True),
    Column("created_at", UTCDateTime, nullable=False),
    Column("folder", Boolean, nullable=False),
    Column("files", Json, nullable=False, comment="Digest by path inside the folder; by '' for a file."),
)

# Metrics and registrations belong to resources that may be tracked elsewhere: no foreign keys.
metrics = Table(
    "lolpop_metrics",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("name", Label, primary_key=True),
    Column("value", Double),
)

registrations = Table(
    "lolpop_registrations",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("registered_at", UTCDateTime, nullable=False),
    Column("promoted_at", UTCDateTime),
    Column("approved_at", UTCDateTime),
    Column("approved_by", Prose),
)
