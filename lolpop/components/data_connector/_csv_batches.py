"""CSV in batches: the dtype of a column is decided by all of its values here too, in a first pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lolpop.components.data_connector._csv import MISSING, check_csv, column_names, plain, utf8
from lolpop.components.data_connector._dtypes import typed_pandas, typed_polars

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from lolpop.components.data_connector._locations import Location
    from lolpop.data.frames import Frame
    from lolpop.data.sources import FrameKind


_EMPTY = "empty"
_NUMBERS = {"int64", "uint64", "float64", _EMPTY}


def scan_csv(location: Location, kind: FrameKind, separator: str, batch_rows: int) -> Iterator[Frame]:
    """All rows in batches. Raises DataError, with the line where it is known, if they are no table."""
    check_csv(location, separator)
    separator = location.options.get("separator", separator)
    scan = _scan_polars if kind == "polars" else _scan_pandas
    yield from scan(location, separator, batch_rows)


def _scan_pandas(location: Location, separator: str, batch_rows: int) -> Iterator[pd.DataFrame]:
    import pandas as pd

    found: dict[str, set[str]] = {}
    for batch in _pandas_batches(location, separator, batch_rows, {}):
        for name, column in typed_pandas(batch).items():
            dtype = _EMPTY if column.isna().all() else str(column.dtype)
            found.setdefault(str(name), set()).add(dtype)
    dates = {name: dtypes for name, dtypes in found.items() if _are_dates(dtypes)}
    wanted = {name: "str" if name in dates else _read_as(dtypes) for name, dtypes in found.items()}
    wanted = {name: dtype for name, dtype in wanted.items() if dtype is not None}
    for batch in _pandas_batches(location, separator, batch_rows, wanted):
        for name, dtypes in dates.items():
            # Values of several time zones can only be told in one.
            utc = len(dtypes - {_EMPTY}) > 1
            batch[name] = pd.to_datetime(batch[name], format="ISO8601", utc=utc)
        yield batch


def _pandas_batches(
    location: Location, separator: str, batch_rows: int, dtypes: dict[str, Any]
) -> Iterator[pd.DataFrame]:
    import pandas as pd

    with utf8(location) as file:
        yield from pd.read_csv(file, sep=separator, low_memory=False, chunksize=batch_rows, dtype=dtypes)


def _are_dates(dtypes: set[str]) -> bool:
    return dtypes != {_EMPTY} and all(dtype.startswith("datetime64") for dtype in dtypes - {_EMPTY})


def _read_as(dtypes: set[str]) -> str | None:
    """What the values of a column are read as; None where each batch finds that out alike."""
    if "str" in dtypes:
        return "str"
    if len(dtypes) == 1 or dtypes - {_EMPTY} <= {"bool", "object"}:
        return None
    return "float64" if dtypes <= _NUMBERS else "str"


def _scan_polars(location: Location, separator: str, batch_rows: int) -> Iterator[pl.DataFrame]:
    import polars as pl

    found: dict[str, set[Any]] = {}
    for batch in _polars_batches(location, separator, batch_rows):
        for column in typed_polars(batch.select(pl.col(pl.String))).iter_columns():
            dtypes = found.setdefault(column.name, set())
            if column.null_count() < len(column):
                dtypes.add(column.dtype)
    for dtypes in found.values():
        if dtypes == {pl.Date, pl.Datetime("us")}:
            dtypes.remove(pl.Date)  # a day is the beginning of it where others have a time
    typed = {
        name: next(iter(dtypes))
        for name, dtypes in found.items()
        if len(dtypes) == 1 and pl.String not in dtypes
    }
    for batch in _polars_batches(location, separator, batch_rows):
        columns = typed_polars(batch.select(list(typed))).iter_columns()
        # A batch without values does not show what the others are.
        yield batch.with_columns(column.cast(typed[column.name]) for column in columns)


def _polars_batches(location: Location, separator: str, batch_rows: int) -> Iterator[pl.DataFrame]:
    import polars as pl

    names = column_names(location, separator)
    with plain(location, separator) as file:
        rows = pl.scan_csv(
            file,
            separator=separator,
            null_values=list(MISSING),
            infer_schema_length=None,
            new_columns=names,
        )
        rows = rows.with_columns(pl.selectors.by_dtype(pl.Int128).cast(pl.String))
        yield from rows.collect_batches(chunk_size=batch_rows, maintain_order=True)
