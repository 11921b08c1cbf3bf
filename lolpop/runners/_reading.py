"""Reading sources by the schemas of their columns, and notifying of guesses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from lolpop.components.notifier import notify_all
from lolpop.data.reading import Reading, ReadingSchema, Schemas
from lolpop.runners._shared_columns import SharedColumn, TableReading, shared_columns, unlike_notice

if TYPE_CHECKING:
    from lolpop.components.data_connector import DataConnector
    from lolpop.components.notifier import Notifier
    from lolpop.data.frames import Frame
    from lolpop.data.manifests import Manifest
    from lolpop.data.reading import ColumnSchema, Notice
    from lolpop.data.sources import Source

T = TypeVar("T")


class SourceReader:
    """Reads the tables of one dataset.

    ``roles`` is the schema of the problem, ``known`` holds earlier readings of the tables.
    """

    def __init__(
        self,
        data_connector: DataConnector,
        notifiers: Sequence[Notifier],
        roles: ReadingSchema,
        schemas: Schemas,
    ) -> None:
        self._data_connector = data_connector
        self._notifiers = notifiers
        self._roles = roles
        self._schemas = schemas
        self._tables: dict[str, Mapping[str, ColumnSchema]] = {}

    @property
    def schemas(self) -> Schemas:
        """The readings of the tables so far."""
        return Schemas(tables=self._tables)

    def read(self, source: Source, table: str = "") -> Frame:
        """All rows of ``source``, which is the named table."""
        return self._recorded(self._data_connector.read_as(source, self._schema(table)), table)

    def scan(self, source: Source, table: str = "") -> Iterator[Frame]:
        """The rows of ``source`` in batches."""
        return self._recorded(self._data_connector.scan_as(source, self._schema(table)), table)

    def manifest(self, source: Source) -> Manifest:
        """The manifest of the rows of ``source``, which stay where they are."""
        return self._recorded(self._data_connector.manifest(source, self._schema("")), "")

    def read_tables(
        self, sources: Mapping[str, Source], batched: str | None = None
    ) -> tuple[dict[str, Frame], Iterator[Frame]]:
        """All rows of several tables, and the batches of the ``batched`` one, if there is one.

        A column that several tables have, such as the key of a join, is read as one type.
        """
        roles = self._roles.labels | self._roles.columns.keys()
        opened = {name: self._open(source, name, batched) for name, source in sources.items()}
        columns = shared_columns(_looked_at(opened), self._schemas.tables, roles)
        for name in {name for column in columns for name in column.changed}:
            opened[name] = self._open(sources[name], name, batched, opened[name].schemas(columns))
        for name, table in opened.items():
            self._notify(table.reading.notices)
            if table.reading.columns:
                self._tables[name] = {**table.reading.columns, **table.schemas(columns)}
        self._notify(column.notice for column in columns if column.notice is not None)
        again = shared_columns(_looked_at(opened), self._schemas.tables, roles)
        self._notify(unlike_notice(column) for column in again if column.is_unlike)
        frames = {name: table.first for name, table in opened.items() if name != batched}
        return frames, iter(()) if batched is None else opened[batched].reading.rows

    def _open(
        self,
        source: Source,
        name: str,
        batched: str | None,
        columns: Mapping[str, ColumnSchema] | None = None,
    ) -> _OpenTable:
        schema = self._schema(name).model_copy(update={"joined": True})
        schema = schema.model_copy(update={"columns": {**schema.columns, **(columns or {})}})
        if name != batched:
            whole = self._data_connector.read_as(source, schema)
            none: Iterator[Frame] = iter(())
            reading = Reading(none, whole.columns, whole.notices, whole.written)
            return _OpenTable(name, whole.rows, reading)
        reading = self._data_connector.scan_as(source, schema)
        first = next(reading.rows)
        return _OpenTable(name, first, replace(reading, rows=chain([first], reading.rows)))

    def _schema(self, table: str) -> ReadingSchema:
        columns = {**self._schemas.columns(table), **self._roles.columns}
        return self._roles.model_copy(update={"columns": columns})

    def _recorded(self, reading: Reading[T], table: str) -> T:
        self._notify(reading.notices)
        if reading.columns:
            self._tables[table] = reading.columns
        return reading.rows

    def _notify(self, notices: Iterable[Notice]) -> None:
        for notice in notices:
            notify_all(self._notifiers, notice.message, notice.level)


@dataclass(frozen=True, slots=True)
class _OpenTable:
    """A table of several: its first rows, or all of them, and the batches of its reading."""

    name: str
    first: Frame
    reading: Reading[Iterator[Frame]]

    def schemas(self, columns: Iterable[SharedColumn]) -> dict[str, ColumnSchema]:
        """How the shared ``columns`` of text are to be read."""
        own = self.reading.columns
        return {
            column.name: column.schema(self.name, own[column.name])
            for column in columns
            if self.name in column.kinds and column.name in own
        }


def _looked_at(tables: Mapping[str, _OpenTable]) -> dict[str, TableReading]:
    return {
        name: TableReading(table.first, table.reading.columns, table.reading.written)
        for name, table in tables.items()
    }
