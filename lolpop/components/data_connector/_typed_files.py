"""Files whose columns have types: Parquet, and Arrow files."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from lolpop.components.data_connector._common_schema import CommonSchema, plain_identity
from lolpop.components.data_connector._format import Format, WriteFrame
from lolpop.components.data_connector._frames import WholeColumns, is_numbered, to_frame, without_index
from lolpop.components.data_connector._periods import without_periods
from lolpop.data.batches import SchemaAligner, plain_values
from lolpop.data.frames import wrap
from lolpop.data.reading import Notice, Reading

if TYPE_CHECKING:
    import pyarrow as pa

    from lolpop.components.data_connector._folders import RowsFile
    from lolpop.components.data_connector._locations import Location
    from lolpop.data.frames import Frame
    from lolpop.data.sources import FrameKind

_LOOKED_AT = 100_000
_FLOATS = {"halffloat", "float", "double"}
# Read ahead, all bytes of the file would be in memory in the end; read at once, those of a row group would.
_STREAMED: dict[str, Any] = {"pre_buffer": False, "buffer_size": 1 << 16}


@dataclass(frozen=True, slots=True)
class RowsRange:
    """Consecutive rows of a file: ``rows`` of them, ``offset`` rows after the first one of a ``group``.

    A group is a row group of Parquet, or a record batch of Arrow.
    """

    group: int
    offset: int
    rows: int


@dataclass(frozen=True, slots=True)
class CommonRows:
    """What the rows of all files decide: their types, if there are several, and numbers with gaps."""

    schema: CommonSchema | None
    whole: WholeColumns | None


class TypedFile(Format):
    """A file whose columns have types."""

    @classmethod
    def columns(cls, location: Location) -> list[str]:
        """The names in the schema."""
        names: list[str] = without_index(cls.schema_of(location).empty_table()).column_names
        return names

    @classmethod
    @abstractmethod
    def schema_of(cls, location: Location) -> pa.Schema:
        """The schema of the file."""

    def read(self, kind: FrameKind) -> Reading[Frame]:
        """All rows of a single file."""
        frame = to_frame(self._plain(self._table(self._location)), kind)
        return Reading(frame, {}, self.notices())

    def scan(self, kind: FrameKind, batch_rows: int) -> Reading[Iterator[Frame]]:
        """All rows in batches, of which one is in memory, of one schema."""
        return Reading(self._frames(kind, batch_rows), {}, self.notices())

    def notices(self) -> tuple[Notice, ...]:
        """Notices about ids whose text is not in the file."""
        schema = self._empty_table(self._files[0].location).schema
        return tuple(
            Notice(
                f"{self._location}: the values of {name!r}, which identify rows, are floating-point numbers. "
                "Their text is that of Python, such as 1.0 and 1e-06, and may differ from other files. Write "
                "them as text or whole numbers."
            )
            for name in sorted(self._schema.identity)
            if name in schema.names and str(schema.field(name).type) in _FLOATS
        )

    @classmethod
    @abstractmethod
    def group_sizes(cls, location: Location) -> list[int]:
        """The number of rows of each group."""

    @classmethod
    @abstractmethod
    def ranges(cls, location: Location, batch_rows: int) -> list[RowsRange]:
        """The batches of at most ``batch_rows`` that ``scan`` reads of the file, in order."""

    def frames_of(
        self, file: RowsFile, ranges: Sequence[RowsRange], kind: FrameKind, common: CommonRows
    ) -> Iterator[Frame]:
        """The rows of consecutive ``ranges`` of ``file``."""
        first, rows_before = ranges[0], 0
        if is_numbered(self.schema_of(file.location)):
            rows_before = sum(self.group_sizes(file.location)[: first.group]) + first.offset
        yield from self._made(file, self._ranged(file.location, ranges), kind, common, rows_before)

    def common(self, kind: FrameKind, batch_rows: int) -> CommonRows:
        """What is decided by the rows of all files."""
        schema = None
        if len(self._files) > 1:
            locations = [file.location for file in self._files]
            schema = CommonSchema.of_files([(place, self._empty_table(place).schema) for place in locations])
        return CommonRows(schema, self._whole(batch_rows) if kind == "pandas" else None)

    def types(self, common: CommonRows) -> pa.Schema:
        """The types of the columns in the files, in the order of the first file."""
        if common.schema is not None:
            return common.schema.schema
        return self._empty_table(self._files[0].location).schema.remove_metadata()

    def first_columns(self, kind: FrameKind) -> list[str]:
        """The columns of the rows of the first file, with those that the names of its folders add."""
        empty = self._empty_table(self._files[0].location)
        return wrap(self._files[0].with_partition(to_frame(empty, kind))).columns

    @abstractmethod
    def _table(self, location: Location) -> pa.Table:
        """All rows."""

    @abstractmethod
    def _tables(self, location: Location, batch_rows: int, columns: list[str] | None) -> Iterator[pa.Table]:
        """The rows in tables of at most ``batch_rows``, of some ``columns`` or all."""

    @abstractmethod
    def _ranged(self, location: Location, ranges: Sequence[RowsRange]) -> Iterator[pa.Table]:
        """The rows of consecutive ``ranges``, a table of each."""

    @abstractmethod
    def _with_gaps(self, location: Location) -> list[str]:
        """The columns of whole numbers of which the file does not say that no value is missing."""

    def _frames(self, kind: FrameKind, batch_rows: int) -> Iterator[Frame]:
        common = self.common(kind, batch_rows)
        for file in self._files:
            yield from self._made(file, self._tables(file.location, batch_rows, None), kind, common)

    def _made(
        self,
        file: RowsFile,
        tables: Iterator[pa.Table],
        kind: FrameKind,
        common: CommonRows,
        first_row: int = 0,
    ) -> Iterator[Frame]:
        """Frames of ``tables`` that were read from ``file``, from its ``first_row`` on."""
        for part in file.location.explained_items(tables):
            table = plain_values(self._plain(part, first_row))
            first_row += len(part)
            table = table if common.schema is None else common.schema.cast(table, file.location)
            yield file.with_partition(to_frame(table, kind, common.whole))

    def _whole(self, batch_rows: int) -> WholeColumns:
        """Which columns of whole numbers have missing values, or great numbers, in any file."""
        whole = WholeColumns()
        gaps = {name for file in self._files for name in self._with_gaps(file.location)}
        for file in self._files if gaps else ():
            names = [name for name in self.schema_of(file.location).names if name in gaps]
            for table in self._tables(file.location, batch_rows, names):
                whole.add(table)
        return whole

    def _plain(self, table: pa.Table, first_row: int = 0) -> pa.Table:
        """``table`` without what pandas adds, and with plain values that identify rows."""
        table = without_periods(without_index(table, first_row))
        for place, field in enumerate(table.schema):
            if field.name in self._schema.identity:
                table = table.set_column(place, field.name, plain_identity(table.column(place), field.name))
        return table

    def _empty_table(self, location: Location) -> pa.Table:
        with location.explained("read"):
            return plain_values(self._plain(self.schema_of(location).empty_table()))


class Parquet(TypedFile):
    """Apache Parquet."""

    @classmethod
    def schema_of(cls, location: Location) -> pa.Schema:
        """The schema in the footer."""
        import pyarrow.parquet as pq

        with location.readable() as file:
            return pq.read_schema(file)

    def writing(self, file: IO[bytes]) -> AbstractContextManager[WriteFrame]:
        """A function that writes rows; a pandas index is left out."""
        import pyarrow.parquet as pq

        return _writing_tables(
            lambda first: pq.ParquetWriter(file, first.schema, use_dictionary=_repeated(first))
        )

    def _table(self, location: Location) -> pa.Table:
        import pyarrow.parquet as pq

        with location.readable() as file:
            return pq.read_table(file)

    def _with_gaps(self, location: Location) -> list[str]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        with location.readable() as source, pq.ParquetFile(source, pre_buffer=False) as file:
            names = [field.name for field in file.schema_arrow if pa.types.is_integer(field.type)]
            metadata = file.metadata
            whole = set(names)
            for number in range(metadata.num_row_groups if names else 0):
                group = metadata.row_group(number)
                for place in range(group.num_columns):
                    column = group.column(place)
                    statistics = column.statistics
                    if statistics is None or not statistics.has_null_count or statistics.null_count:
                        whole.discard(column.path_in_schema)
            return [name for name in names if name not in whole]

    def _tables(self, location: Location, batch_rows: int, columns: list[str] | None) -> Iterator[pa.Table]:
        import pyarrow.parquet as pq

        with location.readable() as source, pq.ParquetFile(source, **_STREAMED) as file:
            batches = file.iter_batches(batch_rows, columns=columns)
            # Where a column has categories, batches end with their row group.
            yield from cut(map(_table_of, batches), itertools.repeat(batch_rows))

    @classmethod
    def group_sizes(cls, location: Location) -> list[int]:
        """The number of rows of each row group."""
        import pyarrow.parquet as pq

        with location.readable() as source, pq.ParquetFile(source, pre_buffer=False) as file:
            metadata = file.metadata
            return [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]

    @classmethod
    def ranges(cls, location: Location, batch_rows: int) -> list[RowsRange]:
        """The batches, by the row group that they begin in."""
        sizes = cls.group_sizes(location)
        ends = list(itertools.accumulate(sizes))
        total = ends[-1] if ends else 0
        ranges = []
        for start in range(0, total, batch_rows):
            group = bisect_right(ends, start)
            offset = start - (ends[group] - sizes[group])
            ranges.append(RowsRange(group, offset, min(batch_rows, total - start)))
        return ranges

    def _ranged(self, location: Location, ranges: Sequence[RowsRange]) -> Iterator[pa.Table]:
        import pyarrow.parquet as pq

        first, sizes = ranges[0], [part.rows for part in ranges]
        with location.readable() as source, pq.ParquetFile(source, **_STREAMED) as file:
            groups = list(range(first.group, file.num_row_groups))
            batches = file.iter_batches(max(sizes), row_groups=groups)
            yield from cut(map(_table_of, batches), sizes, skip=first.offset)


class Feather(TypedFile):
    """Feather, which is Apache Arrow's file format."""

    @classmethod
    def schema_of(cls, location: Location) -> pa.Schema:
        """The schema at the beginning."""
        import pyarrow as pa

        with location.readable() as source, pa.ipc.open_file(source) as file:
            return file.schema

    def writing(self, file: IO[bytes]) -> AbstractContextManager[WriteFrame]:
        """A function that writes rows; a pandas index is left out."""
        import pyarrow as pa

        options = pa.ipc.IpcWriteOptions(compression="lz4")
        return _writing_tables(lambda first: pa.ipc.new_file(file, first.schema, options=options))

    def _table(self, location: Location) -> pa.Table:
        import pyarrow.feather as feather

        with location.readable() as file:
            return feather.read_table(file)

    def _with_gaps(self, location: Location) -> list[str]:
        import pyarrow as pa

        return [field.name for field in self.schema_of(location) if pa.types.is_integer(field.type)]

    def _tables(self, location: Location, batch_rows: int, columns: list[str] | None) -> Iterator[pa.Table]:
        import pyarrow as pa

        with location.readable() as source, pa.ipc.open_file(source) as file:
            for number in range(file.num_record_batches):
                table = _table_of(file.get_batch(number))
                for start in range(0, len(table), batch_rows):
                    part = table.slice(start, batch_rows)
                    yield part if columns is None else part.select(columns)

    @classmethod
    def group_sizes(cls, location: Location) -> list[int]:
        """The number of rows of each record batch."""
        import pyarrow as pa

        options = pa.ipc.IpcReadOptions(included_fields=[0])  # one column says how many rows there are
        with location.readable() as source, pa.ipc.open_file(source, options=options) as file:
            return [file.get_batch(number).num_rows for number in range(file.num_record_batches)]

    @classmethod
    def ranges(cls, location: Location, batch_rows: int) -> list[RowsRange]:
        """The batches, by the record batch that they are in."""
        return [
            RowsRange(number, start, min(batch_rows, rows - start))
            for number, rows in enumerate(cls.group_sizes(location))
            for start in range(0, rows, batch_rows)
        ]

    def _ranged(self, location: Location, ranges: Sequence[RowsRange]) -> Iterator[pa.Table]:
        import pyarrow as pa

        with location.readable() as source, pa.ipc.open_file(source) as file:
            for group, parts in itertools.groupby(ranges, key=lambda part: part.group):
                table = _table_of(file.get_batch(group))
                for part in parts:
                    yield table.slice(part.offset, part.rows)


def cut(tables: Iterable[pa.Table], sizes: Iterable[int], skip: int = 0) -> Iterator[pa.Table]:
    """The rows of ``tables`` after the first ``skip`` ones, in tables of ``sizes``.

    The last one may have fewer rows.
    """
    import pyarrow as pa

    remaining = _after(tables, skip)
    table: pa.Table | None = next(remaining, None)
    for size in sizes:
        parts: list[pa.Table] = []
        needed = size
        while table is not None and needed:
            parts.append(table.slice(0, needed))
            needed -= len(parts[-1])
            rest = table.slice(len(parts[-1]))
            table = rest if len(rest) else next(remaining, None)
        if not parts:
            return
        yield parts[0] if len(parts) == 1 else pa.concat_tables(parts)


def _after(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Those of ``tables`` that have rows, without the first ``rows`` of them."""
    for table in tables:
        if len(table) > rows:
            yield table.slice(rows)
        rows = max(0, rows - len(table))


def _table_of(batch: pa.RecordBatch) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_batches([batch])


@contextmanager
def _writing_tables(opened: Callable[[pa.Table], Any]) -> Iterator[WriteFrame]:
    """A function that writes frames as tables, with what is ``opened`` for tables like the first."""
    alike = SchemaAligner(_to_arrow)
    with ExitStack() as stack:
        writer: Any = None

        def write(frame: Frame) -> None:
            nonlocal writer
            table = alike(frame)
            if writer is None:
                writer = stack.enter_context(opened(table))
            writer.write_table(table)

        yield write


def _repeated(table: pa.Table) -> list[str] | bool:
    """The columns whose values repeat: a dictionary of others costs time, and makes a file larger."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if any(pa.types.is_nested(field.type) for field in table.schema):
        return True  # such a list has no name for what is inside a column
    head = table.slice(0, _LOOKED_AT)
    return [
        field.name
        for field, values in zip(head.schema, head.columns, strict=True)
        if not _is_counted(field.type) or pc.count_distinct(values).as_py() <= len(head) / 2
    ]


def _is_counted(kind: pa.DataType) -> bool:
    import pyarrow as pa

    types = pa.types
    return bool(
        types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_temporal(kind)
        or types.is_string(kind)
        or types.is_large_string(kind)
    )


def _to_arrow(frame: Frame) -> pa.Table:
    import pandas as pd
    import pyarrow as pa

    if isinstance(frame, pd.DataFrame):
        # With threads it takes longer: most columns are not converted, and starting threads has a price.
        return pa.Table.from_pandas(frame, preserve_index=False, nthreads=1)
    table: pa.Table = frame.to_arrow()  # type: ignore[attr-defined]  # what is not pandas is polars
    return table
