"""Dates in files of text: ISO 8601."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


DateForm: TypeAlias = Literal["day", "time", "zoned", "nanosecond", "distant"]
"""A date alone, one with a time, one with a time and a zone.

The last two stand beside one of these: for times finer than microseconds, and for dates that times in
nanoseconds do not reach, such as the year 9999.
"""

_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}.*)?$"
_TIMED = r"[T ][0-9]{2}:[0-9]{2}"
_FINE = r"\.[0-9]{6}[0-9]*[1-9]"
_TOO_FINE = r"\.[0-9]{9}[0-9]*[1-9]"
_COMMA = r"(:[0-9]{2}),([0-9])"  # before the fraction of a second, as ISO 8601 has it, and logs of Python
_ZONED = r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"


def forms_of(texts: pa.ChunkedArray) -> frozenset[DateForm]:
    """The forms in which all ``texts`` are dates; none if one of them is no date."""
    import pyarrow.compute as pc

    if not re.match(_DATE, texts[0].as_py()) or not pc.all(pc.match_substring_regex(texts, _DATE)).as_py():
        return frozenset()
    texts = pc.replace_substring_regex(texts, _COMMA, r"\1.\2")
    timed = pc.match_substring_regex(texts, _TIMED)
    zoned = pc.and_(timed, pc.match_substring_regex(texts, _ZONED))
    forms: set[DateForm] = set()
    if pc.any(zoned).as_py():
        forms.add("zoned")
    if pc.any(pc.and_(timed, pc.invert(zoned))).as_py():
        forms.add("time")
    if not pc.all(timed).as_py():
        forms.add("day")
    if pc.any(pc.match_substring_regex(texts, _FINE)).as_py():
        if pc.any(pc.match_substring_regex(texts, _TOO_FINE)).as_py():
            return frozenset()  # as times they would lose digits
        forms.add("nanosecond")
    if not agree(forms) or (dates := _parsed(texts, forms)) is None:
        return frozenset()
    if _are_distant(dates):
        forms.add("distant")
    return frozenset(forms) if agree(forms) else frozenset()


def agree(forms: Set[DateForm]) -> bool:
    """Whether dates of these forms can stand in one column.

    Those without a zone are in none, and no type holds both nanoseconds and distant years.
    """
    if forms >= {"nanosecond", "distant"}:
        return False
    return bool(forms) and ("zoned" not in forms or forms <= {"zoned", "nanosecond", "distant"})


def to_dates(texts: pa.ChunkedArray, forms: Set[DateForm]) -> pa.ChunkedArray:
    """``texts`` as days, times, or instants in UTC: what dates of all ``forms`` can be."""
    import pyarrow as pa
    import pyarrow.compute as pc

    dates = _parsed(pc.replace_substring_regex(texts, _COMMA, r"\1.\2"), forms)
    assert dates is not None  # noqa: S101  (they were dates when their forms were looked for)
    unit = "ns" if "nanosecond" in forms else "us"
    zone = "UTC" if "zoned" in forms else None
    array = pa.Array.from_pandas(dates, type=pa.timestamp(unit, tz=zone))
    if forms <= {"day", "distant"}:
        array = array.cast(pa.date32())
    return pa.chunked_array([array])


def _are_distant(dates: pd.Series[Any]) -> bool:
    import pandas as pd

    try:
        for date in (dates.min(), dates.max()):
            date.as_unit("ns")
    except pd.errors.OutOfBoundsDatetime:
        return True
    return False


def _parsed(texts: pa.ChunkedArray, forms: Set[DateForm]) -> pd.Series[Any] | None:
    import pandas as pd

    try:
        dates: pd.Series[Any] = pd.to_datetime(texts.to_pandas(), format="ISO8601", utc="zoned" in forms)
    except (ValueError, OverflowError):
        return None
    return dates
