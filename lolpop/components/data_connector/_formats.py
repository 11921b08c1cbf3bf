"""File formats: how each is read whole, read in batches, and written."""

from __future__ import annotations

import itertools
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from io import BytesIO
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from lolpop.components.data_connector._csv import read_csv, write_csv
from lolpop.components.data_connector._csv_batches import scan_csv
from lolpop.components.data_connector._dtypes import typed_pandas, typed_polars
from lolpop.data.batches import Alike, plain_values
from lolpop.data.frames import listed
from lolpop.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from lolpop.components.data_connector._locations import Location
    from lolpop.data.frames import Frame
    from lolpop.data.sources import FrameKind


_LOOKED_AT = 100_000

WriteFrame: TypeAlias = "Callable[[Frame], None]"


class Format(ABC):
    """A file of one format."""

    def __init__(self, location: Location) -> None:
        self._location = location

    @abstractmethod
    def read(self, kind: FrameKind) -> Frame:
        """All rows."""

    @abstractmethod
    def scan(self, kind: FrameKind, batch_rows: int) -> Iterator[Frame]:
        """All rows in batches, in order."""

    @abstractmethod
    def writing(self, file: IO[bytes]) -> AbstractContextManager[WriteFrame]:
        """A function that writes the rows of pandas or polars frames that have the same columns."""


class Csv(Format):
    """Comma-separated values, or values with the separator that the source names."""

    separator = ","

    def read(self, kind: FrameKind) -> Frame:
        """All rows; the dtype of a column is decided by all of its values."""
        return read_csv(self._location, kind, self.separator)

    def scan(self, kind: FrameKind, batch_rows: int) -> Iterator[Frame]:
        """All rows in batches."""
        return scan_csv(self._location, kind, self.separator, batch_rows)

    @contextmanager
    def writing(self, file: IO[bytes]) -> Iterator[WriteFrame]:
        """A function that writes a header with the first rows."""
        numbers = itertools.count()
        yield lambda frame: write_csv(frame, file, self._location, self.separator, header=next(numbers) == 0)


class Tsv(Csv):
    """Values separated by tabs."""

    separator = "\t"


class Parquet(Format):
    """Apache Parquet."""

    def read(self, kind: FrameKind) -> Frame:
        """All rows."""
        import pyarrow.parquet as pq

        with self._location.readable() as file:
            return _from_arrow(pq.read_table(file), kind)

    def scan(self, kind: FrameKind, batch_rows: int) -> Iterator[Frame]:
        """All rows in batches; one row group at a time is held in memory."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        # Buffered ahead, all bytes of the file would be in memory in the end.
        with self._location.readable() as source, pq.ParquetFile(source, pre_buffer=False) as file:
            for batch in file.iter_batches(batch_rows):
                yield _from_arrow(plain_values(pa.Table.from_batches([batch])), kind)

    def writing(self, file: IO[bytes]) -> AbstractContextManager[WriteFrame]:
        """A function that writes rows; a pandas index is left out."""
        import pyarrow.parquet as pq

        return _writing_tables(
            lambda first: pq.ParquetWriter(file, first.schema, use_dictionary=_repeated(first))
        )


class Feather(Format):
    """Feather, which is Apache Arrow's file format."""

    def read(self, kind: FrameKind) -> Frame:
        """All rows."""
        import pyarrow.feather as feather

        with self._location.readable() as file:
            return _from_arrow(feather.read_table(file), kind)

    def scan(self, kind: FrameKind, batch_rows: int) -> Iterator[Frame]:
        """All rows in batches."""
        import pyarrow as pa

        with self._location.readable() as source, pa.ipc.open_file(source) as file:
            for number in range(file.num_record_batches):
                table = plain_values(pa.Table.from_batches([file.get_batch(number)]))
                for start in range(0, len(table), batch_rows):
                    yield _from_arrow(table.slice(start, batch_rows), kind)

    def writing(self, file: IO[bytes]) -> AbstractContextManager[WriteFrame]:
        """A function that writes rows; a pandas index is left out."""
        import pyarrow as pa

        options = pa.ipc.IpcWriteOptions(compression="lz4")
        return _writing_tables(lambda first: pa.ipc.new_file(file, first.schema, options=options))


class JsonLines(Format):
    """One JSON object a line."""

    def read(self, kind: FrameKind) -> Frame:
        """All rows."""
        with self._location.opened() as file:
            return _parse_json(file, self._location, kind)

    def scan(self, kind: FrameKind, batch_rows: int) -> Iterator[Frame]:
        """All rows in batches."""
        with self._location.opened() as file:
            while lines := list(itertools.islice(file, batch_rows)):
                yield _parse_json(BytesIO(b"".join(lines)), self._location, kind)

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
    alike = Alike(_to_arrow)
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


def _from_arrow(table: pa.Table, kind: FrameKind) -> Frame:
    if kind == "polars":
        import polars as pl

        return pl.DataFrame(table)
    pandas: pd.DataFrame = table.to_pandas()
    # A named index was a column to whoever wrote the file, and is one to whoever reads it.
    return pandas.reset_index() if pandas.index.names != [None] else pandas


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
    try:
        frame.to_json(file, orient="records", lines=True, date_format="iso")
    except UnicodeDecodeError as error:
        raise DataError("JSON has no bytes, and a value holds some. Drop or encode them.") from error


def _write_polars_json(frame: Any, file: IO[bytes]) -> None:
    # Polars itself does not refuse them: it panics.
    _refuse_bytes([name for name, dtype in frame.schema.items() if _holds_bytes(dtype)])
    frame.write_ndjson(file)


def _refuse_bytes(columns: list[Any]) -> None:
    if columns:
        raise DataError(f"JSON has no bytes, and there are some in {listed(columns)}. Drop or encode them.")


def _holds_bytes(dtype: Any) -> bool:
    import polars as pl

    inner = [field.dtype for field in getattr(dtype, "fields", ())] or [getattr(dtype, "inner", None)]
    return dtype == pl.Binary or any(_holds_bytes(each) for each in inner if each is not None)


def _parse_json(file: IO[bytes], location: Location, kind: FrameKind) -> Frame:
    import pyarrow as pa
    import pyarrow.json

    try:
        table = pa.json.read_json(file, read_options=pa.json.ReadOptions(block_size=16 << 20))
    except pa.ArrowInvalid as error:
        raise _located_json(location) or DataError(f"{location} cannot be read: {error}") from error
    frame: Any = _from_arrow(table, kind)
    return typed_polars(frame) if kind == "polars" else typed_pandas(frame)


def _located_json(location: Location) -> DataError | None:
    with location.opened() as file:
        for number, line in enumerate(file, start=1):
            try:
                found: Any = json.loads(line) if line.strip() else {}
            except ValueError as error:
                return DataError(f"{location}:{number}: this line is no JSON: {error}")
            if not isinstance(found, dict):
                return DataError(f"{location}:{number}: expected a JSON object, not {line[:40]!r}.")
    return None
