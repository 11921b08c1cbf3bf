"""Random frames, with columns of every kind."""

from __future__ import annotations

from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

FIRST, LAST = (pd.Timestamp(year, 1, 1).to_pydatetime() for year in (1900, 2200))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "floats": st.floats(width=32) | st.none(),
    "wholes": st.integers(-(2**40), 2**40) | st.none(),
    "bits": st.sampled_from([0, 1]),
    "labels": st.sampled_from(["no", "yes", "maybe"]),
    "flags": st.booleans() | st.none(),
    "words": st.sampled_from(["a", "b", "", "nan", "é"]) | st.none(),
    "texts": st.text(max_size=5) | st.none(),
    "dates": st.dates(FIRST.date(), LAST.date()) | st.none(),
    "instants": st.datetimes(FIRST, LAST) | st.none(),
    "zoned": st.datetimes(FIRST, LAST, timezones=st.just(UTC)) | st.none(),
    "spans": st.timedeltas(-timedelta(9999), timedelta(9999)) | st.none(),
    "prices": st.decimals(-99, 99, places=2) | st.none(),
    "lists": st.lists(st.integers(0, 3), max_size=2),
    "structs": st.fixed_dictionaries({"a": st.integers(0, 3)}),
    "bytes": st.binary(max_size=3) | st.none(),
    "huge": st.sampled_from([2**62, -(2**62), 2**62 + 1, 0]),
    "extreme": st.sampled_from([float("inf"), float("-inf"), 1e308, -1e308, 1e-308, 0.0]) | st.none(),
    "clock": st.times() | st.none(),
    "nothing": st.none(),
    "infinite": st.just(float("inf")),
    "surrogates": st.sampled_from(["a", "\ud800", "b\udfff", "\0", "\u202e", "\x1b[31m"]) | st.none(),
    "numbers and lists": st.sampled_from([1, [1], None]),
    "texts and lists": st.sampled_from(["a", [1, 2], {"a": 1}, (1,)]),
    "equal lists": st.just([1, 2]),
    "great": st.sampled_from([10**400, 2**64, -(2**70), 1]),
}
ODD = st.one_of(
    st.integers(0, 3), st.text(max_size=2), st.floats(), st.none(), st.booleans(), st.just(Decimal(1)),
    st.sampled_from(["\ud800", 10**400, b"\xff", (1,), [1], {"a": 1}, {1}, 1j, pd.NA, pd.NaT, np.float32(1)]),
)  # fmt: skip
NAMES = ["a", "b", "when", "c d", "x<[1]", "", "\0", "a\0b", "\u202e", "\x1b[31m", "a" * 300]
PANDAS_DTYPES = ["Int64", "boolean", "category", "Float64", "string", "object", "float32", "int8"]


def polars_frame(data: dict[str, list[Any]]) -> pl.DataFrame:
    """A polars frame; of what polars has no type for, it holds objects, and text has no surrogates there."""

    def column(name: str, values: list[Any]) -> pl.Series:
        if any(isinstance(value, str) and not value.isascii() for value in values):
            values = [
                value.encode(errors="replace").decode() if isinstance(value, str) else value
                for value in values
            ]
        try:
            return pl.Series(name, values, strict=False)
        except Exception:  # noqa: BLE001  (it has errors of many kinds, and none for some of what it cannot hold)
            return pl.Series(name, values, dtype=pl.Object)

    return pl.DataFrame([column(name, values) for name, values in data.items()])


def pandas_column(values: list[Any]) -> pd.Series[Any]:
    """A pandas column, of objects where pandas has no type for its values."""
    try:
        return pd.Series(values)
    except (TypeError, ValueError, OverflowError):
        return pd.Series(values, dtype=object)


@st.composite
def frames(draw: st.DrawFn, at_least: int = 0) -> Any:
    """A pandas or polars frame of few rows, with columns of any kind, and often a target y."""
    n = draw(st.integers(at_least, 12))
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4))
    if draw(st.integers(0, 9)):
        names.append("y")
    kinds = {name: draw(st.sampled_from(sorted(VALUES))) for name in names}
    if at_least or draw(st.booleans()):
        kinds |= {"y": draw(st.sampled_from(["bits", "labels"]))}
    data = {name: draw(st.lists(VALUES[kind], min_size=n, max_size=n)) for name, kind in kinds.items()}
    if draw(st.booleans()):
        return polars_frame(data)
    frame = pd.DataFrame({name: pandas_column(values) for name, values in data.items()})
    for name in frame.columns.drop("y", errors="ignore") if at_least else frame.columns:
        if draw(st.integers(0, 3)) == 0:
            try:
                frame[name] = frame[name].astype(draw(st.sampled_from(PANDAS_DTYPES)))
            except (TypeError, ValueError, OverflowError, Warning):
                frame[name] = pd.Series(draw(st.lists(ODD, min_size=n, max_size=n)), dtype=object)
    if n and draw(st.booleans()):
        frame.index = np.zeros(n, dtype=int)
    if not at_least and draw(st.integers(0, 15)) == 0:
        odd = st.sampled_from(["a", 1, "y", pd.NA, None, "\ud800", ("a", "b"), 1.5])
        frame.columns = pd.Index([draw(odd) for _ in frame.columns], dtype=object, tupleize_cols=False)
    return frame


RELAXED = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
