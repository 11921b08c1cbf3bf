"""Facts about columns that checks need, computed in one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from lolpop.components.data_checker._violations import ComparedRange
from lolpop.data.frames import (
    GREATEST_FEATURE,
    Kind,
    by_text,
    counted,
    date_form,
    kind_of,
    kind_of_all,
    to_floats,
)

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
    values: Mapping[str, int] | None = None
    """The number of rows of each text, category or boolean, if these are few."""
    dates: DateForm | None = None
    """The form in which all texts are dates, which make no categories."""
    compared: ComparedRange | None = None
    """Numbers beside the range that was expected."""
    constant: bool = False
    """Whether all values that are there are the same one; not of columns without values."""
    repeated: float = 0.0
    """The share of the most frequent value among those present, by some of the rows where it is small."""
    distinct: int | None = None
    """How many different texts, categories or booleans there are."""
    far: Floats | None = None
    """Numbers that are far away from all others."""

    def followed_by(self, later: Self) -> Self:
        """The facts about these rows and those after them; without what is asked of training rows only."""
        if later.kind == "empty":
            return replace(self, missing=self.missing + later.missing)
        if self.kind == "empty":
            return replace(later, missing=self.missing + later.missing)
        return type(self)(
            self.name,
            kind_of_all({self.kind, later.kind}),
            self.missing + later.missing,
            self.infinite + later.infinite,
            self.beyond + later.beyond,
            _together(self.values, later.values),
            self.dates if later.dates else None,
            self.compared.followed_by(later.compared) if self.compared and later.compared else None,
        )


def facts_of(
    series: nw.Series[Any],
    limits: Limits,
    expected: ExpectedColumn | None = None,
    reference_rows: int = 0,
    stated_form: str | None = None,
    *,
    labelled: bool = True,
) -> ColumnFacts:
    """The facts about ``series``, compared with what is ``expected`` from ``reference_rows`` rows.

    ``stated_form`` is the format of its dates in the settings. What is asked of training rows only is left
    out of rows that are not ``labelled``.
    """
    kind = kind_of(series)
    if kind == "empty":
        return ColumnFacts(series.name, kind, missing=len(series))
    if kind in {"number", "duration"}:
        return _of_numbers(series, kind, limits, expected, reference_rows, labelled=labelled)
    missing = series.null_count()
    if kind == "datetime" and labelled:
        share = _share_of_most_frequent(series.drop_nulls(), limits.constant_share)
        return ColumnFacts(series.name, kind, missing, constant=share == 1, repeated=share)
    if kind in {"mixed", "other", "datetime"}:
        return ColumnFacts(series.name, kind, missing)
    dates = date_form(series, stated_form) if kind == "string" else None
    return _of_values(series, kind, missing, dates, labelled=labelled)


def _of_values(
    series: nw.Series[Any], kind: Kind, missing: int, dates: DateForm | None, *, labelled: bool
) -> ColumnFacts:
    values = counted(series)
    facts = ColumnFacts(
        series.name,
        kind,
        missing,
        values=by_text(values) if len(values) <= _FEW_VALUES else None,
        dates=dates,
    )
    if not labelled:
        return facts
    return replace(
        facts,
        constant=len(values) == 1,
        repeated=float(values.get_column("count").max()) / (len(series) - missing),
        distinct=None if dates else len(values),
    )


def _of_numbers(
    series: nw.Series[Any],
    kind: Kind,
    limits: Limits,
    expected: ExpectedColumn | None,
    reference_rows: int,
    *,
    labelled: bool,
) -> ColumnFacts:
    import numpy as np

    values = to_floats(series)
    usable = np.isfinite(values)
    finite = values if usable.all() else values[usable]
    missing = 0 if finite is values else int(np.isnan(values).sum())
    numbers = expected.numbers if kind == "number" and expected is not None and expected.is_of(kind) else None
    compared = None
    if numbers is not None:
        compared = ComparedRange.of(finite, numbers, reference_rows, limits.range_margin)
    facts = ColumnFacts(
        series.name,
        kind,
        missing,
        infinite=len(values) - len(finite) - missing,
        beyond=int((np.abs(finite) > GREATEST_FEATURE).sum()),
        compared=compared,
    )
    return _with_spread(facts, series, finite, limits) if labelled else facts


def _with_spread(facts: ColumnFacts, series: nw.Series[Any], finite: Floats, limits: Limits) -> ColumnFacts:
    """``facts`` about numbers, with how much they differ."""
    from lolpop.components.data_checker._outliers import outliers

    present = series.drop_nulls()
    if facts.missing and series.dtype.is_float():
        present = present.filter(~present.is_nan())
    share = _share_of_most_frequent(present, limits.constant_share)
    far = outliers(finite, limits.outlier_distance) if facts.kind == "number" else None
    return replace(facts, constant=share == 1, repeated=share, far=far)


def _together(values: Mapping[str, int] | None, later: Mapping[str, int] | None) -> Mapping[str, int] | None:
    if values is None or later is None:
        return None
    counts = Counter(values) + Counter(later)
    return counts if len(counts) <= _FEW_VALUES else None


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
