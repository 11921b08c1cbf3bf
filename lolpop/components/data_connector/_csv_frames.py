"""CSV as dataframes: each column is decided by all of its fields, read whole or in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from lolpop.components.data_connector._columns import ColumnPlan, ColumnReader, missing_notice
from lolpop.components.data_connector._csv import read_fields, scan_fields
from lolpop.components.data_connector._evidence import Evidence, Fields
from lolpop.components.data_connector._frames import WholeColumns, to_frame
from lolpop.components.data_connector._numbers import NumberCounts, NumberStyle
from lolpop.data.reading import Notice, Reading

if TYPE_CHECKING:
    import pyarrow as pa

    from lolpop.components.data_connector._locations import Location
    from lolpop.components.data_connector._options import TextOptions
    from lolpop.data.frames import Frame
    from lolpop.data.reading import ColumnSchema, ReadingSchema
    from lolpop.data.sources import FrameKind


class CsvFrames:
    """The rows of a file of CSV as dataframes of one ``kind``.

    ``schema`` is what is known of the columns before, ``options`` what the settings say.
    """

    def __init__(
        self, location: Location, separator: str, kind: FrameKind, schema: ReadingSchema, options: TextOptions
    ) -> None:
        self._location = location
        self._separator = separator
        self._kind = kind
        self._schema = schema
        self._options = options

    def read(self) -> Reading[Frame]:
        """All rows."""
        import pyarrow as pa

        table = read_fields(self._location, self._separator)
        evidence = {name: self._evidence(name) for name in table.column_names}
        for name, column in evidence.items():
            column.add(table.column(name))
        readers = self._readers(evidence)
        counts = self._counted(readers, evidence, [table])
        plans = {name: reader.plan(counts.get(name)) for name, reader in readers.items()}
        columns: list[pa.ChunkedArray] = []
        names = table.column_names
        for name in names:  # the text of a column is let go when its values are there
            columns.append(self._converted(plans[name], table.column(0)))
            table = table.remove_column(0)
        frame = to_frame(pa.table(columns, names=names), self._kind)
        return Reading(frame, _schemas(plans), self._notices(readers, plans, counts, evidence))

    def scan(self, batch_rows: int) -> Reading[Iterator[Frame]]:
        """All rows in batches, after a first look at all of them."""
        evidence: dict[str, Evidence] = {}
        for table in self._tables(batch_rows):
            for name in table.column_names:
                evidence.setdefault(name, self._evidence(name)).add(table.column(name))
        readers = self._readers(evidence)
        wanted = [name for name, reader in readers.items() if reader.needs_counts]
        counts: Mapping[str, NumberCounts] = {}
        if wanted:
            counts = self._counted(readers, evidence, self._tables(batch_rows, wanted))
        plans = {name: reader.plan(counts.get(name)) for name, reader in readers.items()}
        notices = self._notices(readers, plans, counts, evidence)
        return Reading(self._frames(plans, evidence, batch_rows), _schemas(plans), notices)

    def _frames(
        self, plans: Mapping[str, ColumnPlan], evidence: Mapping[str, Evidence], batch_rows: int
    ) -> Iterator[Frame]:
        import pyarrow as pa

        # A batch without missing values, or without great numbers, does not show what the others have.
        lenient = {name for name, plan in plans.items() if plan.lenient}
        missing = lenient | {name for name, column in evidence.items() if column.any_missing}
        beyond = lenient | {name for name, column in evidence.items() if column.beyond_floats}
        whole = WholeColumns(missing, beyond)
        for table in self._tables(batch_rows):
            columns = [self._converted(plans[name], table.column(name)) for name in table.column_names]
            yield to_frame(pa.table(columns, names=table.column_names), self._kind, whole)

    def _tables(self, batch_rows: int, columns: list[str] | None = None) -> Iterator[pa.Table]:
        return scan_fields(self._location, self._separator, batch_rows, columns)

    def _evidence(self, name: str) -> Evidence:
        expected = self._schema.columns.get(name)
        written = name in self._schema.identity or name in self._schema.labels
        missing = self._options.missing | frozenset(expected.missing if expected else ())
        style = self._options.style
        if expected is not None and expected.kind in {"integer", "number"}:
            style = NumberStyle(expected.decimal, expected.thousands)
        return Evidence(Fields(frozenset() if written else missing, written), style)

    def _readers(self, evidence: Mapping[str, Evidence]) -> dict[str, ColumnReader]:
        shown = str(self._location)
        kinds = self._options.columns
        return {
            name: ColumnReader(name, column, self._schema, kinds.get(name), shown)
            for name, column in evidence.items()
        }

    def _counted(
        self,
        readers: Mapping[str, ColumnReader],
        evidence: Mapping[str, Evidence],
        tables: Iterable[pa.Table],
    ) -> dict[str, NumberCounts]:
        """The numbers among the texts of columns that are not all numbers."""
        counts: dict[str, NumberCounts] = {}
        for name, reader in readers.items():
            if reader.needs_counts:
                column = evidence[name]
                if (counter := NumberCounts.of_sample(column.sample, column.style)) is not None:
                    counts[name] = counter
        if counts:
            for table in tables:
                for name, counter in counts.items():
                    counter.add(evidence[name].fields.texts(table.column(name)))
        return counts

    def _converted(self, plan: ColumnPlan, values: pa.ChunkedArray) -> pa.ChunkedArray:
        import pyarrow as pa

        converted = plan.convert(values)
        # pandas has no days, only times.
        if self._kind == "pandas" and pa.types.is_date32(converted.type):
            return converted.cast(pa.timestamp("us"))
        return converted

    def _notices(
        self,
        readers: Mapping[str, ColumnReader],
        plans: Mapping[str, ColumnPlan],
        counts: Mapping[str, NumberCounts],
        evidence: Mapping[str, Evidence],
    ) -> tuple[Notice, ...]:
        notices = [
            notice
            for name, reader in readers.items()
            for notice in reader.notices(plans[name], counts.get(name))
        ]
        missing = {name: column.missing for name, column in evidence.items()}
        return (*notices, *missing_notice(str(self._location), missing))


def _schemas(plans: Mapping[str, ColumnPlan]) -> dict[str, ColumnSchema]:
    return {name: schema for name, plan in plans.items() if (schema := plan.schema) is not None}
