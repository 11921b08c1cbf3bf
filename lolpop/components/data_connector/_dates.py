"""Dates in files of text: ISO 8601."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


DateForm: TypeAlias = Literal["day", "time", "zoned"]
"""A date alone, one with a time, or one with a time and a zone."""

_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}.*)?$"
_TIMED = r"[T ][0-9]{2}:[0-9]{2}"
_ZONED = r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"


def forms_of(texts: pa.ChunkedArray) -> frozenset[DateForm]:
    """The forms in which all ``texts`` are dates; none if one of them is no date."""
    import pyarrow.compute as pc

    if not re.match(_DATE, texts[0].as_py()) or not pc.all(pc.match_substring_regex(texts, _DATE)).as_py():
        return frozenset()
    timed = pc.match_substring_regex(texts, _TIMED)
    zoned = pc.and_(timed, pc.match_substring_regex(texts, _ZONED))
    forms: set[DateForm] = set()
    if pc.any(zoned).as_py():
        forms.add("zoned")
    if pc.any(pc.and_(timed, pc.invert(zoned))).as_py():
        forms.add("time")
    if not pc.all(timed).as_py():
        forms.add("day")
    if not agree(forms) or _parsed(texts, forms) is None:
        return frozenset()
    return frozenset(forms)


def agree(forms: Set[DateForm]) -> bool:
    """Whether dates of these forms can stand in one column: what has no zone is in none."""
    return bool(forms) and ("zoned" not in forms or len(forms) == 1)


def to_dates(texts: pa.ChunkedArray, forms: Set[DateForm]) -> pa.ChunkedArray:
    """``texts`` as days, times, or instants in UTC: what dates of all ``forms`` can be."""
    import pyarrow as pa

    dates = _parsed(texts, forms)
    assert dates is not None  # noqa: S101  (they were dates when their forms were looked for)
    zone = "UTC" if "zoned" in forms else None
    array = pa.Array.from_pandas(dates, type=pa.timestamp("us", tz=zone))
    if forms == {"day"}:
        array = array.cast(pa.date32())
    return pa.chunked_array([array])


def _parsed(texts: pa.ChunkedArray, forms: Set[DateForm]) -> pd.Series[Any] | None:
    import pandas as pd

    try:
        dates: pd.Series[Any] = pd.to_datetime(texts.to_pandas(), format="ISO8601", utc="zoned" in forms)
    except (ValueError, OverflowError):
        return None
    return dates
