"""Dtypes that files of text do not have: dates, what polars does not take for a boolean, and long numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


_ZONED = re.compile(r".*(Z|[+-]\d{2}(:?\d{2})?)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?P<time>[T ]\d{2}:\d{2}.*)?")


def typed_pandas(frame: pd.DataFrame) -> pd.DataFrame:
    """``frame`` with dates where all values are ISO 8601, and text where they are beyond 64 bits."""
    from pandas.api.types import infer_dtype

    for name in frame.columns:
        column = frame[name]
        if column.dtype == "object" and infer_dtype(column, skipna=True) == "integer":
            frame[name] = column.astype("str")
            continue
        first = column.first_valid_index() if column.dtype == "str" else None
        if first is not None and _DATE.fullmatch(column[first]):
            frame[name] = _dates(column)
    return frame


def typed_polars(frame: pl.DataFrame) -> pl.DataFrame:
    """``frame`` as ``typed_pandas`` has it, and with booleans whatever their case."""
    import polars as pl

    typed = []
    for named in frame.get_columns():
        column = named.alias("column")  # polars takes a name such as ^a$ for a pattern
        if column.dtype == pl.Int128:
            typed.append(named.cast(pl.String))
        index = column.is_not_null().arg_max() if column.dtype == pl.String else None
        first = None if index is None else column[index]
        if first is None:
            continue
        if match := _DATE.fullmatch(first):
            dates = _polars_dates(column, has_times=match["time"] is not None)
            typed += [] if dates is None else [dates.alias(named.name)]
        elif first.lower() in {"true", "false"}:
            lower = column.str.to_lowercase()
            if lower.drop_nulls().is_in(["true", "false"]).all():
                typed.append((lower == "true").alias(named.name))
    return frame.with_columns(typed)


def _polars_dates(column: pl.Series, *, has_times: bool) -> pl.Series | None:
    import polars as pl

    for to_dates in (column.str.to_datetime,) if has_times else (column.str.to_date, column.str.to_datetime):
        try:
            dates = to_dates()
        except pl.exceptions.PolarsError:
            continue  # not all of them are dates, or not all are without a time
        return dates.dt.cast_time_unit("us") if isinstance(dates.dtype, pl.Datetime) else dates
    return None


def _dates(column: pd.Series[str]) -> pd.Series[Any]:
    import pandas as pd

    for utc in (False, True):  # values of several time zones can only be told in one
        if utc and not column.dropna().str.fullmatch(_ZONED).all():
            break  # what has no zone is in none, and not in that one
        try:
            return pd.to_datetime(column, format="ISO8601", utc=utc)
        except (ValueError, OverflowError):
            continue  # not all of them are dates
    return column
