"""CSV as dataframes: each column is decided by all of its fields, read whole or in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from lolpop._names import did_you_mean
from lolpop.components.data_connector._columns import ColumnPlan, ColumnReader, missing_notice
from lolpop.components.data_connector._csv import read_fields, scan_fields
from lolpop.components.data_connector._folders import require_same_columns
from lolpop.components.data_connector._frames import WholeColumns, to_frame
from lolpop.data.reading import Notice, Reading

if TYPE_CHECKING:
    import pyarrow as pa

    from lolpop.components.data_connector._folders import RowsFile
    from lolpop.components.data_connector._options import TextOptions
    from lolpop.data.frames import Frame
    from lolpop.data.reading import ColumnSchema, ReadingSchema, WrittenForm
    from lolpop.data.sources import FrameKind


class CsvFrames:
    """The rows of ``files`` of CSV, all of which are ``shown`` as one, as dataframes of one ``kind``.

    ``schema`` is what is known of the columns before, ``options`` what the settings say.
    """

    def __init__(
        self,
        files: Sequence[RowsFile],
        shown: str,
        separator: str,
        kind: FrameKind,
        schema: ReadingSchema,
        options: TextOptions,
    ) -> None:
        self._files = files
        self._shown = shown
        self._separator = separator
        self._kind = kind
        self._schema = schema
        self._options = options

    def read(self) -> Reading[Frame]:
        """All rows of a single file."""
        import pyarrow as pa

        (file,) = self._files
        table = read_fields(file.location, self._separator)
        names = table.column_names
        readers = self._readers(names)
        plans: dict[str, ColumnPlan] = {}
        columns: list[pa.ChunkedArray] = []
        for name, reader in readers.items():  # the text of a column is let go when its values are there
            values = table.column(0)
            table = table.remove_column(0)
            reader.add(values)
            if reader.wants_counts():
                reader.count(values)
            plans[name] = reader.plan()
            columns.append(self._converted(reader, plans[name], values))
            reader.evidence.forget()
        frame = to_frame(pa.table(columns, names=names), self._kind)
        return Reading(frame, _schemas(plans), self._notices(readers, plans), self._written(readers, plans))

    def scan(self, batch_rows: int) -> Reading[Iterator[Frame]]:
        """All rows in batches, after a first look at all of them."""
        readers: dict[str, ColumnReader] = {}
        for file in self._files:
            for table in self._tables(file, batch_rows):
                if not readers:
                    readers, first = self._readers(table.column_names), file
                require_same_columns(table.column_names, list(readers), file.location, first.location)
                for name, reader in readers.items():
                    reader.add(table.column(name))
                    reader.evidence.forget()
        self._count(readers, batch_rows)
        plans = {name: reader.plan() for name, reader in readers.items()}
        rows = self._frames(readers, plans, batch_rows)
        return Reading(rows, _schemas(plans), self._notices(readers, plans), self._written(readers, plans))

    def _frames(
        self, readers: Mapping[str, ColumnReader], plans: Mapping[str, ColumnPlan], batch_rows: int
    ) -> Iterator[Frame]:
        import pyarrow as pa

        # A batch without missing values, or without great numbers, does not show what the others have.
        whole = WholeColumns(
            [name for name, reader in readers.items() if reader.misses(plans[name])],
            [name for name, reader in readers.items() if reader.is_beyond_floats(plans[name])],
        )
        for file in self._files:
            for table in self._tables(file, batch_rows):
                columns = [
                    self._converted(reader, plans[name], table.column(name))
                    for name, reader in readers.items()
                ]
                frame = to_frame(pa.table(columns, names=list(readers)), self._kind, whole)
                yield file.with_partition(frame)

    def _count(self, readers: Mapping[str, ColumnReader], batch_rows: int) -> None:
        """Count the numbers in all columns that may be numeric."""
        counted = [name for name, reader in readers.items() if reader.wants_counts()]
        for file in self._files if counted else ():
            of_file = str(file.location) if len(self._files) > 1 else ""
            for table in self._tables(file, batch_rows, counted):
                for name in counted:
                    readers[name].count(table.column(name), of_file)

    def _tables(
        self, file: RowsFile, batch_rows: int, columns: list[str] | None = None
    ) -> Iterator[pa.Table]:
        location = file.location
        return location.explained_items(scan_fields(location, self._separator, batch_rows, columns))

    def _readers(self, names: Iterable[str]) -> dict[str, ColumnReader]:
        return {name: ColumnReader(name, self._schema, self._options, self._shown) for name in names}

    def _converted(self, reader: ColumnReader, plan: ColumnPlan, values: pa.ChunkedArray) -> pa.ChunkedArray:
        import pyarrow as pa

        converted = reader.convert(values, plan)
        # pandas has no days, only times.
        if self._kind == "pandas" and pa.types.is_date32(converted.type):
            return converted.cast(pa.timestamp("us"))
        return converted

    def _notices(
        self, readers: Mapping[str, ColumnReader], plans: Mapping[str, ColumnPlan]
    ) -> tuple[Notice, ...]:
        notices = [notice for name, reader in readers.items() for notice in reader.notices(plans[name])]
        missing = {name: reader.evidence.missing for name, reader in readers.items()}
        return (*self._misspelt(list(readers)), *notices, *missing_notice(self._shown, missing))

    def _misspelt(self, names: Sequence[str]) -> Iterator[Notice]:
        """Notices about declared columns that the source lacks, but of which it has a near name."""
        for name in self._options.columns:
            if name not in names and (proposal := did_you_mean(name, names)) is not None:
                yield Notice(
                    f"{self._shown} has no column {name!r}, whose type the settings declare. {proposal}",
                    "warning",
                )

    def _written(
        self, readers: Mapping[str, ColumnReader], plans: Mapping[str, ColumnPlan]
    ) -> dict[str, WrittenForm]:
        if not self._schema.joined:
            return {}
        forms = {name: reader.written(plans[name]) for name, reader in readers.items()}
        return {name: form for name, form in forms.items() if form is not None}


def _schemas(plans: Mapping[str, ColumnPlan]) -> dict[str, ColumnSchema]:
    return {name: schema for name, plan in plans.items() if (schema := plan.schema) is not None}
