"""File formats by the suffixes of their names."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any

from lolpop.components.data_connector._csv import column_names, write_csv
from lolpop.components.data_connector._csv_frames import CsvFrames
from lolpop.components.data_connector._format import Format, WriteFrame
from lolpop.components.data_connector._json_frames import JsonFrames
from lolpop.components.data_connector._json_text import json_lines, with_iso_times
from lolpop.components.data_connector._typed_files import Feather, Parquet
from lolpop.data.frames import listed
from lolpop.data.reading import Reading
from lolpop.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from lolpop.components.data_connector._locations import Location
    from lolpop.data.frames import Frame
    from lolpop.data.sources import FrameKind


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
        separator = self.separator_of(self._location)
        return CsvFrames(self._files, str(self._location), separator, kind, self._schema, self._options)


class Tsv(Csv):
    """Values separated by tabs."""

    separator = "\t"


class JsonLines(Format):
    """One JSON object a line."""

    def read(self, kind: FrameKind) -> Reading[Frame]:
        """All rows; texts are dates where all of a column are."""
        return JsonFrames(self._files, kind, self._schema, self._options).read()

    def scan(self, kind: FrameKind, batch_rows: int) -> Reading[Iterator[Frame]]:
        """All rows in batches, after a first look at all of them."""
        return JsonFrames(self._files, kind, self._schema, self._options).scan(batch_rows)

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
