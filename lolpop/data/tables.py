"""Dataframes as Arrow tables that remember their original types."""

from __future__ import annotations

import io
import itertools
import json
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import narwhals.dependencies as libraries
import pyarrow as pa

from lolpop.data._arrow_files import Sink, arrow_writer, parts_of
from lolpop.data._table_digests import TableDigest
from lolpop.data.batches import SchemaAligner, plain_values
from lolpop.data.frames import require_storable_names
from lolpop.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from lolpop.data.frames import Frame

__all__ = [
    "Written", "as_stored", "batch_sizes", "digest_of", "dtypes_of", "from_bytes", "pack", "read",
    "read_batches", "to_bytes", "unpack", "write", "write_batches",
]  # fmt: skip

_KEY = b"lolpop"


@dataclass(frozen=True, slots=True)
class Written:
    """The result of ``write_batches``. The digest equals that of the same rows in one frame."""

    rows: int
    dtypes: dict[str, str]
    digest: str


class Packer:
    """Packs frames one after the other. Of several frames of the same types, only the first is tried out."""

    def __init__(self) -> None:
        self._dtypes: list[Any] = []
        self._schema: pa.Schema | None = None

    def __call__(self, frame: Frame) -> pa.Table:
        """The table from which ``unpack`` restores ``frame``. Raises DataError as ``pack`` does."""
        if libraries.is_pandas_dataframe(frame):
            return self._pack_pandas(frame)
        return pack(frame)

    def _pack_pandas(self, frame: pd.DataFrame) -> pa.Table:
        mark, dtypes = _pandas_mark(frame), list(frame.dtypes)
        table = _pandas_table(frame, mark)
        if dtypes != self._dtypes or not table.schema.equals(self._schema, check_metadata=True):
            _require_restored(frame, table, mark)
            self._dtypes, self._schema = dtypes, table.schema
        return table


def pack(frame: Frame) -> pa.Table:
    """The table from which ``unpack`` restores ``frame``. Missing values among objects come back as None.

    Raises DataError, naming the columns, for data that would not come back unchanged.
    """
    if libraries.is_pandas_dataframe(frame):
        return Packer()(frame)
    if libraries.is_polars_dataframe(frame):
        return _pack_polars(frame)
    if libraries.is_pyarrow_table(frame):
        return _marked(frame, {"frame": "pyarrow"})
    raise DataError(
        f"A {type(frame).__module__}.{type(frame).__qualname__} cannot be stored as a dataset version. "
        "Expected a pandas or polars dataframe, or a pyarrow table."
    )


def unpack(table: pa.Table) -> Frame:
    """The dataframe, or table, that was packed."""
    match _mark(table):
        case {"frame": "pandas", **mark}:
            return _unpack_pandas(table, mark)
        case {"frame": "polars"}:
            return _unpack_polars(table)
    return cast("Frame", _unmarked(table))


def dtypes_of(frame: Frame) -> dict[str, str]:
    """The dtype of each column, by name."""
    if libraries.is_pandas_dataframe(frame):
        return {str(name): str(dtype) for name, dtype in frame.dtypes.items()}
    return {str(name): str(dtype) for name, dtype in zip(*_names_and_types(frame), strict=True)}


def write(table: pa.Table, sink: Sink) -> None:
    """Write ``table`` to a file, in parts that can be read one by one."""
    with arrow_writer(sink, table.schema) as file:
        for batch in parts_of(table):
            file.write_batch(batch)


def write_batches(frames: Iterable[Frame], sink: Sink) -> Written:
    """Write the rows of all ``frames`` to a file one frame at a time, categories as plain values.

    The index of a pandas dataframe is left out, unless it has a name: then it is a column. Raises DataError
    if frames differ in columns or types, or there are none.
    """
    tables = as_stored(frames)
    if (first := next(tables, None)) is None:
        raise DataError("There are no rows to store.")
    digest = TableDigest(first.schema)
    with arrow_writer(sink, first.schema) as file:
        for table in itertools.chain([first], tables):
            digest.update(table)
            file.write_table(table)
    return Written(digest.rows, dtypes_of(unpack(first.slice(0, 0))), digest.hexdigest())


def as_stored(frames: Iterable[Frame], schema: pa.Schema | None = None, rows: int = 0) -> Iterator[pa.Table]:
    """The tables that ``write_batches`` writes of ``frames``, which come after ``rows`` others.

    They have the ``schema`` of those, or else that of the first table.
    """
    pack_frame = Packer()
    aligner = SchemaAligner(lambda frame: plain_values(pack_frame(frame)), schema, rows)
    # Text may come in chunks, and each would be read as a batch of its own.
    return (aligner(frame).combine_chunks() for frame in map(_without_index, frames))


def read(path: Path) -> pa.Table:
    """Read the table in a file into memory; the file may be removed after that."""
    with pa.ipc.open_file(io.BytesIO(path.read_bytes())) as file:
        return file.read_all()


def read_batches(path: Path, start: int = 0, stop: int | None = None) -> Iterator[pa.Table]:
    """Read the table in a file part by part, as it was written; of all parts, those between two numbers."""
    with pa.OSFile(str(path)) as source, pa.ipc.open_file(source) as file:
        for number in range(file.num_record_batches)[start:stop]:
            yield pa.Table.from_batches([file.get_batch(number)])


def batch_sizes(path: Path) -> list[int]:
    """The number of rows of each part that ``read_batches`` gives, without reading these."""
    with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as file:
        return [file.get_batch(number).num_rows for number in range(file.num_record_batches)]


def to_bytes(frame: Frame) -> bytes:
    """``frame`` as bytes that travel to another process, where ``from_bytes`` makes it of them again."""
    table, sink = pack(frame), io.BytesIO()
    with arrow_writer(sink, table.schema) as file:
        for batch in parts_of(table):
            file.write_batch(batch)
    return sink.getvalue()


def from_bytes(packed: bytes) -> Frame:
    """The frame of which ``to_bytes`` has made bytes."""
    with pa.ipc.open_file(pa.BufferReader(packed)) as file:
        return unpack(file.read_all())


def digest_of(table: pa.Table) -> str:
    """SHA-256 of the content of a packed table: equal for frames that come back equal.

    It does not depend on how the values lie in memory, nor on the versions of pandas and pyarrow.
    """
    digest = TableDigest(table.schema)
    digest.update(table)
    return digest.hexdigest()


def _without_index(frame: Frame) -> Frame:
    if not libraries.is_pandas_dataframe(frame):
        return frame
    reset: Frame = frame.reset_index(drop=all(name is None for name in frame.index.names))
    return reset


def _pandas_mark(frame: pd.DataFrame) -> dict[str, Any]:
    import pandas as pd
    from pandas.api.types import is_object_dtype

    return {
        "frame": "pandas",
        "objects": [place for place, dtype in enumerate(frame.dtypes) if is_object_dtype(dtype)],
        "object_levels": [
            level
            for level in range(frame.index.nlevels)
            if frame.index.get_level_values(level).dtype == object
        ],
        "frequency": frame.index.freqstr if isinstance(frame.index, pd.DatetimeIndex) else None,
    }


def _pandas_table(frame: pd.DataFrame, mark: dict[str, Any]) -> pa.Table:
    if not len(frame.columns):
        raise DataError("A dataframe without columns has no data to store.")
    with _pandas_failures(frame):
        return _marked(pa.Table.from_pandas(frame, nthreads=1), mark)


@contextmanager
def _pandas_failures(frame: pd.DataFrame) -> Iterator[None]:
    with warnings.catch_warnings():
        # Labels that would not come back are found later, and named.
        warnings.simplefilter("ignore", UserWarning)
        try:
            yield
        except OverflowError as error:
            great = [name for name in frame.columns if _is_beyond_64_bits(frame[name])]
            raise DataError(
                f"These columns hold whole numbers of more than 64 bits: {_shown(great)}. "
                "Convert them to text."
            ) from error
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise DataError(f"The dataframe cannot be stored: {_reason(error)}.") from error


def _require_restored(frame: pd.DataFrame, table: pa.Table, mark: dict[str, Any]) -> None:
    """Raise DataError, naming the columns, if the types of ``frame`` would not come back."""
    with _pandas_failures(frame):
        back = _unpack_pandas(table.slice(0, 0), {**mark, "frequency": None})
    if not back.columns.equals(frame.columns):
        raise DataError(
            f"The columns cannot be stored: {_shown(list(frame.columns))}. "
            "Expected unique names, all of one type."
        )
    # Compared by name: the internal storage of strings does not matter.
    lost = [name for name in frame.columns if str(back.dtypes[name]) != str(frame.dtypes[name])]
    if lost:
        raise DataError(f"The dtypes of these columns cannot be stored: {_shown(lost)}. Convert them first.")


def _is_beyond_64_bits(values: pd.Series[Any]) -> bool:
    try:
        pa.Array.from_pandas(values)
    except OverflowError:
        return True
    except pa.ArrowException:
        return False
    return False


def _unpack_pandas(table: pa.Table, mark: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd
    from pandas.api.types import is_object_dtype

    frame: pd.DataFrame = _unmarked(table).to_pandas()
    for place in mark["objects"]:
        # Arrow has no objects: it gives such columns the dtype that fits their values.
        name = frame.columns[place]
        if not is_object_dtype(frame.dtypes.iloc[place]):
            values = table.column(place).to_pylist()
            frame[name] = pd.Series(values, index=frame.index, dtype=object)
    for level in mark["object_levels"]:
        if isinstance(frame.index, pd.MultiIndex):
            frame.index = frame.index.set_levels(frame.index.levels[level].astype(object), level=level)
        else:
            values = [
                None if missing else value
                for value, missing in zip(frame.index, frame.index.isna(), strict=True)
            ]
            frame.index = pd.Index(values, dtype=object, name=frame.index.name)
    if mark["frequency"] is not None and isinstance(frame.index, pd.DatetimeIndex):
        frame.index = pd.DatetimeIndex(frame.index, freq=mark["frequency"])
    return frame


def _pack_polars(frame: pl.DataFrame) -> pa.Table:
    import polars as pl

    require_storable_names(frame.columns)
    try:
        table = _marked(frame.rechunk().to_arrow(), {"frame": "polars"})
        back = _unpack_polars(table.slice(0, 0))
    except (pa.ArrowException, pl.exceptions.PolarsError) as error:
        raise DataError(f"The dataframe cannot be stored: {_reason(error)}.") from error
    lost = [name for name, dtype in frame.schema.items() if back.schema[name] != dtype]
    if lost:
        raise DataError(f"The dtypes of these columns cannot be stored: {_shown(lost)}. Convert them first.")
    return table


def _unpack_polars(table: pa.Table) -> pl.DataFrame:
    try:
        import polars as pl
    except ModuleNotFoundError as error:
        raise MissingExtraError("polars", "lolpop[polars]") from error
    frame = cast("pl.DataFrame", pl.from_arrow(_unmarked(table)))
    frame.columns = table.column_names  # polars names columns without a name
    return frame


def _names_and_types(frame: Any) -> tuple[Any, Any]:
    if libraries.is_polars_dataframe(frame):
        return frame.schema.names(), frame.schema.dtypes()
    return frame.schema.names, frame.schema.types


def _marked(table: pa.Table, mark: dict[str, Any]) -> pa.Table:
    metadata = {**(table.schema.metadata or {}), _KEY: json.dumps(mark).encode()}
    return table.replace_schema_metadata(metadata)


def _unmarked(table: pa.Table) -> pa.Table:
    metadata = {key: value for key, value in (table.schema.metadata or {}).items() if key != _KEY}
    return table.replace_schema_metadata(metadata or None)


def _mark(table: pa.Table) -> dict[str, Any]:
    mark: dict[str, Any] = json.loads((table.schema.metadata or {}).get(_KEY, b"{}"))
    return mark


def _reason(error: Exception) -> str:
    # Arrow says what went wrong first, and in which column second, as a tuple or two arguments.
    return ". ".join(str(argument).rstrip(".") for argument in error.args) or type(error).__name__


def _shown(names: list[Any]) -> str:
    return ", ".join(map(repr, names[:10])) + (", …" if len(names) > 10 else "")
