"""File formats: how each is read whole, read in batches, and written."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from lolpop.components.data_connector._csv import column_names, write_csv
from lolpop.components.data_connector._csv_frames import CsvFrames
from lolpop.components.data_connector._frames import WholeColumns, to_frame, without_index
from lolpop.components.data_connector._json_frames import JsonFrames
from lolpop.components.data_connector._json_text import json_lines, with_iso_times
from lolpop.data.batches import SchemaAligner, plain_values
from lolpop.data.frames import listed
from lolpop.data.reading import Reading
from lolpop.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from lolpop.components.data_connector._locations import Location
    from lolpop.components.data_connector._options import TextOptions
    from lolpop.data.frames import Frame
    from lolpop.data.reading import ReadingSchema
    from lolpop.data.sources import FrameKind


_LOOKED_AT = 100_000

WriteFrame: TypeAlias = "Callable[[Frame], None]"


class Format(ABC):
    """A file of one format.

    ``schema`` is what is known of its columns before, ``options`` say how fields of text are read.
    """

    def __init__(self, location: Location, schema: ReadingSchema, options: TextOptions) -> None:
        self._location = location
        self._schema = schema
        self._options = options

    @classmethod
    def columns(cls, location: Location) -> list[str] | None:
        """The columns as the beginning or the end of the file names them; None if only its rows do."""
        del location
        return None

    @abstractmethod
    def read(self, kind: FrameKind) -> Reading[Frame]:
        """All rows."""

    @abstractmethod
    def scan(self, kind: FrameKind, batch_rows: int) -> Reading[Iterator[Frame]]:
        """All rows in batches, in order."""

    @abstractmethod
    def writing(self, file: IO[bytes]) -> AbstractContextManager[WriteFrame]:
        """A function that writes the rows of pandas or polars frames that have the same columns."""


class Csv(Format):
    """Comma-separated values, or values with the separator that the source names."""

    separator = ","

    @classmethod
    def columns(cls, location: Location) -> list[str]:
        """The names in the header."""
        return column_names(location, cls.separator_of(location))

    def read(self, kind: FrameKind) -> Reading[Frame]:
        """All rows; the dtype of a column is decided by all of its values."""
        return self._frames(kind).read()

    def scan(self, kind: FrameKind, batch_rows: int) -> Reading[Iterator[Frame]]:
        """All rows in batches, after a first look at all of them."""
        return self._frames(kind).scan(batch_rows)

    @contextmanager
    def writing(self, file: IO[bytes]) -> Iterator[WriteFrame]:
        """A function that writes a header with the first rows."""
        numbers, separator = itertools.count(), self.separator_of(self._location)
        yield lambda frame: write_csv(frame, file, self._location, separator, header=next(numbers) == 0)

    @classmethod
    def separator_of(cls, location: Location) -> str:
        """What stands between values: what the source says, or else the format."""
        return str(location.options.get("separator", cls.separator))

    def _frames(self, kind: FrameKind) -> CsvFrames:
        return CsvFrames(self._location, self.separator_of(self._location), kind, self._schema, self._options)


class Tsv(Csv):
    """Values separated by tabs."""

    separator = "\t"


class Parquet(Format):
    """Apache Parquet."""

    @classmethod
    def columns(cls, location: Location) -> list[str]:
        """The names in the schema."""
        import pyarrow.parquet as pq

        with location.readable() as file:
            names: list[str] = without_index(pq.read_schema(file).empty_table()).column_names
            return names

    def read(self, kind: FrameKind) -> Reading[Frame]:
        """All rows."""
        import pyarrow.parquet as pq

        with self._location.readable() as file:
            return Reading(to_frame(without_index(pq.read_table(file)), kind), {})

    def scan(self, kind: FrameKind, batch_rows: int) -> Reading[Iterator[Frame]]:
        """All rows in batches; one row group at a time is held in memory."""
        frames = _typed_frames(lambda columns: self._tables(batch_rows, columns), kind, self._with_gaps)
        return Reading(frames, {})

    def writing(self, file: IO[bytes]) -> AbstractContextManager[WriteFrame]:
        """A function that writes rows; a pandas index is left out."""
        import pyarrow.parquet as pq

        return _writing_tables(
            lambda first: pq.ParquetWriter(file, first.schema, use_dictionary=_repeated(first))
        )

    def _with_gaps(self) -> list[str]:
        """Columns of whole numbers of which the file does not say that no value is missing."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        with self._location.readable() as source, pq.ParquetFile(source, pre_buffer=False) as file:
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

    def _tables(self, batch_rows: int, columns: list[str] | None) -> Iterator[pa.Table]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        # Buffered ahead, all bytes of the file would be in memory in the end.
        with self._location.readable() as source, pq.ParquetFile(source, pre_buffer=False) as file:
            for batch in file.iter_batches(batch_rows, columns=columns):
                yield pa.Table.from_batches([batch])


class Feather(Format):
    """Feather, which is Apache Arrow's file format."""

    @classmethod
    def columns(cls, location: Location) -> list[str]:
        """The names in the schema."""
        import pyarrow as pa

        with location.readable() as source, pa.ipc.open_file(source) as file:
            names: list[str] = without_index(file.schema.empty_table()).column_names
            return names

    def read(self, kind: FrameKind) -> Reading[Frame]:
        """All rows."""
        import pyarrow.feather as feather

        with self._location.readable() as file:
            return Reading(to_frame(without_index(feather.read_table(file)), kind), {})

    def scan(self, kind: FrameKind, batch_rows: int) -> Reading[Iterator[Frame]]:
        """All rows in batches."""
        frames = _typed_frames(lambda columns: self._tables(batch_rows, columns), kind, self._whole)
        return Reading(frames, {})

    def writing(self, file: IO[bytes]) -> AbstractContextManager[WriteFrame]:
        """A function that writes rows; a pandas index is left out."""
        import pyarrow as pa

        options = pa.ipc.IpcWriteOptions(compression="lz4")
        return _writing_tables(lambda first: pa.ipc.new_file(file, first.schema, options=options))

    def _whole(self) -> list[str]:
        """Columns of whole numbers."""
        import pyarrow as pa

        with self._location.readable() as source, pa.ipc.open_file(source) as file:
            return [field.name for field in file.schema if pa.types.is_integer(field.type)]

    def _tables(self, batch_rows: int, columns: list[str] | None) -> Iterator[pa.Table]:
        import pyarrow as pa

        with self._location.readable() as source, pa.ipc.open_file(source) as file:
            for number in range(file.num_record_batches):
                table = pa.Table.from_batches([file.get_batch(number)])
                for start in range(0, len(table), batch_rows):
                    part = table.slice(start, batch_rows)
                    yield part if columns is None else part.select(columns)


class JsonLines(Format):
    """One JSON object a line."""

    def read(self, kind: FrameKind) -> Reading[Frame]:
        """All rows; texts are dates where all of a column are."""
        return JsonFrames(self._location, kind, self._schema, self._options).read()

    def scan(self, kind: FrameKind, batch_rows: int) -> Reading[Iterator[Frame]]:
        """All rows in batches, after a first look at all of them."""
        return JsonFrames(self._location, kind, self._schema, self._options).scan(batch_rows)

    @contextmanager
    def writing(self, file: IO[bytes]) -> Iterator[WriteFrame]:
        """A function that writes rows; dates as ISO 8601."""
        import pandas as pd

        def write(frame: Frame) -> None:
            if isinstance(frame, pd.DataFrame):
                _write_pandas_json(frame, file)
            else:
                _write_polars_json(frame, file)

        yield write


FORMATS: Mapping[str, type[Format]] = MappingProxyType(
    {
        "csv": Csv,
        "tsv": Tsv,
        "parquet": Parquet,
        "pq": Parquet,
        "jsonl": JsonLines,
        "ndjson": JsonLines,
        "feather": Feather,
        "arrow": Feather,
    }
)


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


def _typed_frames(
    tables: Callable[[list[str] | None], Iterator[pa.Table]],
    kind: FrameKind,
    with_gaps: Callable[[], list[str]],
) -> Iterator[Frame]:
    """Frames of tables that have types already, whole numbers of one type in all of them.

    ``with_gaps`` names the columns of whole numbers that may have missing values: they are looked at first.
    """
    whole = WholeColumns()
    if kind == "pandas" and (names := with_gaps()):
        for table in tables(names):
            whole.add(table)
    for table in tables(None):
        yield to_frame(plain_values(without_index(table)), kind, whole)


def _to_arrow(frame: Frame) -> pa.Table:
    import pandas as pd
    import pyarrow as pa

    if isinstance(frame, pd.DataFrame):
        # With threads it takes longer: most columns are not converted, and starting threads has a price.
        return pa.Table.from_pandas(frame, preserve_index=False, nthreads=1)
    table: pa.Table = frame.to_arrow()  # type: ignore[attr-defined]  # what is not pandas is polars
    return table


def _write_pandas_json(frame: pd.DataFrame, file: IO[bytes]) -> None:
    import pandas as pd

    objects = [name for name, dtype in frame.dtypes.items() if pd.api.types.is_object_dtype(dtype)]
    _refuse_bytes([name for name in objects if any(isinstance(value, bytes) for value in frame[name])])
    for lines in json_lines(frame):
        file.write(lines.encode())


def _write_polars_json(frame: Any, file: IO[bytes]) -> None:
    # Polars itself does not refuse them: it panics.
    _refuse_bytes([name for name, dtype in frame.schema.items() if _holds_bytes(dtype)])
    with_iso_times(frame).write_ndjson(file)


def _refuse_bytes(columns: list[Any]) -> None:
    if columns:
        raise DataError(
            f"JSON cannot contain bytes; these columns do: {listed(columns)}. Drop or encode them."
        )


def _holds_bytes(dtype: Any) -> bool:
    import polars as pl

    inner = [field.dtype for field in getattr(dtype, "fields", ())] or [getattr(dtype, "inner", None)]
    return dtype == pl.Binary or any(
        _holds_bytes(inner_type) for inner_type in inner if inner_type is not None
    )
