"""JSON text of the values of frames: every digit of a number, and times as ISO 8601."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lolpop.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

_NULL = "null"
# Lists of text take many times the memory of a column.
_ROWS = 50_000


def json_lines(frame: pd.DataFrame) -> Iterator[str]:
    """The rows of a pandas frame as JSON objects, one a line, in chunks of many lines.

    Numbers that are not finite are null. pandas' own writer rounds floats to ten decimal places.
    """
    names = (json.dumps(str(name), ensure_ascii=False).replace("%", "%%") for name in frame.columns)
    template = "{" + ",".join(f"{name}:%s" for name in names) + "}\n"
    for start in range(0, len(frame), _ROWS):
        chunk = frame.iloc[start : start + _ROWS]
        columns = [_texts(chunk.iloc[:, place]) for place in range(chunk.shape[1])]
        yield "".join(map(template.__mod__, zip(*columns, strict=True)))


def with_iso_times(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with its times as text in ISO 8601, as ``json_lines`` writes them."""
    import polars as pl

    temporal = frame.select(pl.selectors.temporal())
    texts = [
        pl.Series(column.name, [None if value is None else _iso(value) for value in column], dtype=pl.String)
        for column in temporal.iter_columns()
    ]
    return frame.with_columns(texts)


def _texts(column: pd.Series[Any]) -> list[str]:
    import pandas as pd

    types, values = pd.api.types, column.tolist()
    if types.is_float_dtype(column.dtype):
        return [_NULL if _is_missing(value) or math.isinf(value) else repr(value) for value in values]
    if types.is_integer_dtype(column.dtype):
        return [_NULL if _is_missing(value) else str(value) for value in values]
    return [_text(value) for value in values]


def _text(value: Any) -> str:
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset) or (hasattr(value, "tolist") and value.ndim):
        return [_plain(part) for part in value]
    if hasattr(value, "tolist"):  # a scalar of numpy
        return _plain(value.tolist())
    if _is_missing(value):
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dt.date | dt.time | dt.timedelta):
        return _iso(value)
    if isinstance(value, bytes | bytearray | memoryview):
        raise DataError("JSON cannot contain bytes, but a value does. Drop or encode them.")
    return str(value)


def _is_missing(value: Any) -> bool:
    import pandas as pd

    return value is pd.NA or value is pd.NaT or value != value


def _iso(value: dt.date | dt.time | dt.timedelta) -> str:
    import pandas as pd

    return pd.Timedelta(value).isoformat() if isinstance(value, dt.timedelta) else value.isoformat()
