"""Dtypes that files of text do not have: dates, and what polars does not take for a boolean."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

__all__ = ["typed_pandas", "typed_polars"]

_ZONED = re.compile(r".*(Z|[+-]\d{2}(:?\d{2})?)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?P<time>[T ]\d{2}:\d{2}.*)?")


def typed_pandas(frame: pd.DataFrame) -> pd.DataFrame:
    """``frame`` with dates where all values of a column are ISO 8601."""
    for name in frame.columns:
        column = frame[name]
        first = column.first_valid_index() if column.dtype == "str" else None
        if first is not None and _DATE.fullmatch(column[first]):
            frame[name] = _dates(column)
    return frame


def typed_polars(frame: pl.DataFrame) -> pl.DataFrame:
    """``frame`` with dates where all values of a column are ISO 8601, and booleans whatever their case."""
    import polars as pl

    typed = []
    for column in frame.iter_columns():
        index = column.is_not_null().arg_max() if column.dtype == pl.String else None
        first = None if index is None else column[index]
        if first is None:
            continue
        if match := _DATE.fullmatch(first):
            if not match["time"]:
                with suppress(pl.exceptions.PolarsError):  # some have times
                    typed.append(column.str.to_date())
                    continue
            with suppress(pl.exceptions.PolarsError):  # not all of them are dates: it stays text
                typed.append(column.str.to_datetime(time_unit="us"))
        elif first.lower() in {"true", "false"}:
            lower = column.str.to_lowercase()
            if lower.drop_nulls().is_in(["true", "false"]).all():
                typed.append(lower == "true")
    return frame.with_columns(typed)


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
