"""Reading sources by the schemas of their columns, and notifying of guesses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from lolpop.components.notifier import notify_all
from lolpop.data.reading import Reading, ReadingSchema, Schemas

if TYPE_CHECKING:
    from lolpop.components.data_connector import DataConnector
    from lolpop.components.notifier import Notifier
    from lolpop.data.frames import Frame
    from lolpop.data.manifests import Manifest
    from lolpop.data.reading import ColumnSchema
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
        return self._data_connector.manifest(source, self._schema(""))

    def _schema(self, table: str) -> ReadingSchema:
        columns = {**self._schemas.columns(table), **self._roles.columns}
        return self._roles.model_copy(update={"columns": columns})

    def _recorded(self, reading: Reading[T], table: str) -> T:
        for notice in reading.notices:
            notify_all(self._notifiers, notice.message, notice.level)
        if reading.columns:
            self._tables[table] = reading.columns
        return reading.rows
