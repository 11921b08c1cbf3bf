"""Files whose columns have types: Parquet, and Arrow files."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, Any

from lolpop.components.data_connector._common_schema import CommonSchema, plain_identity
from lolpop.components.data_connector._format import Format, WriteFrame
from lolpop.components.data_connector._frames import WholeColumns, to_frame, without_index
from lolpop.data.batches import SchemaAligner, plain_values
from lolpop.data.reading import Reading

if TYPE_CHECKING:
    import pyarrow as pa

    from lolpop.components.data_connector._locations import Location
    from lolpop.data.frames import Frame
    from lolpop.data.sources import FrameKind

_LOOKED_AT = 100_000


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
        return Reading(to_frame(self._plain(self._table(self._location)), kind), {})

    def scan(self, kind: FrameKind, batch_rows: int) -> Reading[Iterator[Frame]]:
        """All rows in batches, of which one is in memory, of one schema."""
        return Reading(self._frames(kind, batch_rows), {})

    @abstractmethod
    def _table(self, location: Location) -> pa.Table:
        """All rows."""

    @abstractmethod
    def _tables(self, location: Location, batch_rows: int, columns: list[str] | None) -> Iterator[pa.Table]:
        """The rows in tables of at most ``batch_rows``, of some ``columns`` or all."""

    @abstractmethod
    def _with_gaps(self, location: Location) -> list[str]:
        """The columns of whole numbers of which the file does not say that no value is missing."""

    def _frames(self, kind: FrameKind, batch_rows: int) -> Iterator[Frame]:
        schema = None
        if len(self._files) > 1:
            locations = [file.location for file in self._files]
            schema = CommonSchema([(place, self._empty_table(place).schema) for place in locations])
        whole = self._whole(batch_rows) if kind == "pandas" else None
        for file in self._files:
            for part in file.location.explained_items(self._tables(file.location, batch_rows, None)):
                table = plain_values(self._plain(part))
                table = table if schema is None else schema.cast(table, file.location)
                yield file.with_partition(to_frame(table, kind, whole))

    def _whole(self, batch_rows: int) -> WholeColumns:
        """Which columns of whole numbers have missing values, or great numbers, in any file."""
        whole = WholeColumns()
        gaps = {name for file in self._files for name in self._with_gaps(file.location)}
        for file in self._files if gaps else ():
            names = [name for name in self.schema_of(file.location).names if name in gaps]
            for table in self._tables(file.location, batch_rows, names):
                whole.add(table)
        return whole

    def _plain(self, table: pa.Table) -> pa.Table:
        """``table`` without what pandas adds, and with plain values that identify rows."""
        table = without_index(table)
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
        import pyarrow as pa
        import pyarrow.parquet as pq

        # Buffered ahead, all bytes of the file would be in memory in the end.
        with location.readable() as source, pq.ParquetFile(source, pre_buffer=False) as file:
            for batch in file.iter_batches(batch_rows, columns=columns):
                yield pa.Table.from_batches([batch])


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
                table = pa.Table.from_batches([file.get_batch(number)])
                for start in range(0, len(table), batch_rows):
                    part = table.slice(start, batch_rows)
                    yield part if columns is None else part.select(columns)


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
