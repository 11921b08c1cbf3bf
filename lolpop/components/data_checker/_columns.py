"""Facts about columns that checks need, computed in one pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lolpop.components.data_checker._violations import out_of_range
from lolpop.data.frames import GREATEST_FEATURE, Kind, by_text, counted, date_form, kind_of, to_floats

if TYPE_CHECKING:
    import narwhals as nw

    from lolpop.components.data_checker.expectations import ExpectedColumn
    from lolpop.data.dates import DateForm
    from lolpop.data.frames import Floats


_SOME_ROWS = 10_000
# Of texts, the values themselves are looked at only where they are few.
_FEW_VALUES = 1_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of normal columns."""

    constant_share: float
    outlier_distance: float
    range_margin: float
    unseen: float
    missing_increase: float
    significance: float


@dataclass(frozen=True, slots=True, eq=False)
class ColumnFacts:
    """One column of n rows: ``missing`` and ``infinite`` count its rows without a usable value.

    ``beyond`` counts the numbers beyond ``GREATEST_FEATURE``, which a feature cannot use and a target can.
    """

    name: str
    kind: Kind
    missing: int
    infinite: int = 0
    beyond: int = 0
    constant: bool = False
    """Whether all values that are there are the same one; not of columns without values."""
    repeated: float = 0.0
    """The share of the most frequent value among those present, by some of the rows where it is small."""
    distinct: int | None = None
    """How many different texts, categories or booleans there are."""
    values: Mapping[str, int] | None = None
    """The number of rows of each of them, if they are few."""
    dates: DateForm | None = None
    """The form in which all texts are dates, which make no categories."""
    far: Floats | None = None
    """Numbers that are far away from all others."""
    out_of_range: Floats | None = None
    """Numbers that are out of the range that was expected."""


def facts_of(
    series: nw.Series[Any],
    limits: Limits,
    expected: ExpectedColumn | None = None,
    reference_rows: int = 0,
    stated_form: str | None = None,
) -> ColumnFacts:
    """The facts about ``series``, compared with what is ``expected`` from ``reference_rows`` rows.

    ``stated_form`` is the format of its dates in the settings.
    """
    kind = kind_of(series)
    if kind == "empty":
        return ColumnFacts(series.name, kind, missing=len(series))
    if kind in {"number", "duration"}:
        return _of_numbers(series, kind, limits, expected, reference_rows)
    missing = series.null_count()
    if kind in {"mixed", "other"}:
        return ColumnFacts(series.name, kind, missing)
    if kind == "datetime":
        share = _share_of_most_frequent(series.drop_nulls(), limits.constant_share)
        return ColumnFacts(series.name, kind, missing, constant=share == 1, repeated=share)
    return _of_values(series, kind, missing, date_form(series, stated_form) if kind == "string" else None)


def _of_values(series: nw.Series[Any], kind: Kind, missing: int, dates: DateForm | None) -> ColumnFacts:
    values = counted(series)
    counts = values.get_column("count")
    is_few = len(values) <= _FEW_VALUES
    return ColumnFacts(
        series.name,
        kind,
        missing,
        constant=len(values) == 1,
        repeated=float(counts.max()) / (len(series) - missing),
        distinct=None if dates else len(values),
        values=by_text(values) if is_few and not dates else None,
        dates=dates,
    )


def _of_numbers(
    series: nw.Series[Any], kind: Kind, limits: Limits, expected: ExpectedColumn | None, reference_rows: int
) -> ColumnFacts:
    import numpy as np

    from lolpop.components.data_checker._outliers import outliers

    values = to_floats(series)
    usable = np.isfinite(values)
    finite = values if usable.all() else values[usable]
    missing = 0 if finite is values else int(np.isnan(values).sum())
    present = series.drop_nulls()
    if missing and series.dtype.is_float():
        present = present.filter(~present.is_nan())
    share = _share_of_most_frequent(present, limits.constant_share)
    numbers = kind == "number" and expected is not None and expected.is_of(kind) and expected.numbers
    return ColumnFacts(
        series.name,
        kind,
        missing,
        infinite=len(values) - len(finite) - missing,
        beyond=int((np.abs(finite) > GREATEST_FEATURE).sum()),
        constant=share == 1,
        repeated=share,
        far=outliers(finite, limits.outlier_distance) if kind == "number" else None,
        out_of_range=out_of_range(
            finite, numbers, reference_rows, margin=limits.range_margin, significance=limits.significance
        )
        if numbers
        else None,
    )


def _share_of_most_frequent(present: nw.Series[Any], interesting: float) -> float:
    # By evenly spaced rows, and by all of them where those come near an interesting share.
    if present.is_empty():
        return 0.0
    some = present.gather_every(max(1, -(-len(present) // _SOME_ROWS)))
    share = _share(some)
    return share if len(some) == len(present) or share < interesting - 0.01 else _share(present)


def _share(present: nw.Series[Any]) -> float:
    counts = present.alias("value").value_counts(name="count").get_column("count")
    return float(counts.max()) / len(present)
