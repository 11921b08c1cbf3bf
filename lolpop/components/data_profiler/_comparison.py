"""Comparing a column with its reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from lolpop.components.data_profiler._distances import (
    chi_squared,
    coarser,
    jensen_shannon,
    kolmogorov_smirnov,
    population_stability,
)
from lolpop.components.data_profiler._summaries import (
    FEW_ROWS,
    bin_counts,
    bucket_counts,
    finite_sorted,
)
from lolpop.data.frames import by_text, counted, date_form, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import narwhals as nw
    from numpy.typing import NDArray

    from lolpop.components.data_profiler.profiles import ColumnProfile
    from lolpop.data.frames import Floats, Kind

    Counts = NDArray[np.int64]


_NUMBERS = {"number", "duration", "boolean"}


class ComparedColumn(Protocol):
    """What is asked of the column of other rows: a series has it, and a sketch."""

    def __len__(self) -> int:
        """The number of rows."""

    @property
    def kind(self) -> Kind:
        """The kind of its values."""

    def finite_sorted(self) -> tuple[Floats, int, int]:
        """Its finite numbers, or a sample of them, in ascending order; how many rows miss one, and in how
        many it is infinite.
        """

    def has_texts(self) -> bool:
        """Whether its values can be compared as texts."""

    def is_dates(self) -> bool:
        """Whether its values are texts of dates."""

    def texts(self) -> tuple[Mapping[str, int], Counts, int]:
        """The rows of each frequent text, of the buckets of all texts, and of none."""


class SeriesColumn:
    """A series as a column to compare. ``stated_form`` is the format of its dates in the settings."""

    def __init__(self, series: nw.Series[Any], stated_form: str | None = None) -> None:
        self._series = series
        self._stated_form = stated_form
        self.kind = kind_of(series)

    def __len__(self) -> int:
        return len(self._series)

    def finite_sorted(self) -> tuple[Floats, int, int]:
        """All finite numbers in ascending order, how many rows miss one, and in how many it is infinite."""
        if self.kind == "empty":
            return np.array([], dtype=np.float64), len(self), 0
        return finite_sorted(self._series)

    def has_texts(self) -> bool:
        """Whether the values can be compared as texts."""
        return self.kind not in {"datetime", "other"}

    def is_dates(self) -> bool:
        """Whether all texts are dates."""
        return self.kind == "string" and date_form(self._series, self._stated_form) is not None

    def texts(self) -> tuple[Mapping[str, int], Counts, int]:
        """The rows of each text, of the buckets of all, and of none."""
        counts = by_text(counted(self._series))
        return counts, bucket_counts(counts), len(self) - sum(counts.values())


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one column; ``p_value`` is not corrected yet."""

    column: str
    test: Literal["kolmogorov_smirnov", "chi_squared"]
    statistic: float
    p_value: float
    psi: float
    jensen_shannon: float
    change: str


def difference(reference: ColumnProfile, column: ComparedColumn, reference_rows: int) -> Difference | None:
    """The difference of ``column`` from ``reference``, a column of ``reference_rows``; None if undefined.

    Dates are not compared, and those as text neither: later ones are new.
    """
    if not len(column) or not reference_rows:
        return None
    if reference.numbers is not None and column.kind in {*_NUMBERS, "empty"}:
        return _of_numbers(reference, column)
    if column.is_dates():
        return None
    if reference.values and column.has_texts():
        return _of_values(reference, column)
    return None


def _of_numbers(reference: ColumnProfile, column: ComparedColumn) -> Difference:
    known_numbers = reference.numbers
    assert known_numbers is not None  # noqa: S101  (whoever calls has looked)
    ordered, missing, infinite = column.finite_sorted()
    unusable = missing + infinite
    before = np.array(known_numbers.bins.counts, dtype=np.int64)
    now = bin_counts(ordered, np.array(known_numbers.bins.edges))
    unusable_before = reference.missing + reference.infinite
    statistic, p_value = kolmogorov_smirnov(before, now)
    usable = len(column) - unusable  # of which ``ordered`` may be a sample
    if unusable or unusable_before:
        # Two looks at one column: the better of two p-values is to be doubled.
        present = np.array([before.sum(), unusable_before]), np.array([usable, unusable])
        p_value = min(1.0, 2 * min(p_value, chi_squared(*present)[1]))
    coarse_before, coarse_now = coarser(before, now)
    all_now = coarse_now * (usable / max(len(ordered), 1))
    counts = np.append(coarse_before, unusable_before), np.append(all_now, unusable)
    share, share_before = unusable / len(column), unusable_before / (before.sum() + unusable_before)
    if abs(share - share_before) > statistic or not len(ordered):
        change = f"{share:.0%} missing, was {share_before:.0%}"
    else:
        middle = float(ordered[(len(ordered) - 1) // 2])
        change = f"median {middle:.4g}, was {known_numbers.quartiles[1]:.4g}"
    return Difference(
        column=reference.name,
        test="kolmogorov_smirnov",
        statistic=statistic,
        p_value=p_value,
        psi=population_stability(*counts),
        jensen_shannon=jensen_shannon(*counts),
        change=change,
    )


def _of_values(reference: ColumnProfile, column: ComparedColumn) -> Difference | None:
    texts, buckets, missing = column.texts()
    present = len(column) - missing
    if reference.buckets:
        before = np.array([*reference.buckets, reference.missing])
        now = np.append(buckets, missing)
        names = []
    elif reference.all_values and len(reference.values) * FEW_ROWS <= _present(reference):
        # Of rare values, those that some rows have are not those that others have.
        reference_counts = {value.value: value.count for value in reference.values if value.count >= FEW_ROWS}
        rare = _present(reference) - sum(reference_counts.values())
        before = np.array([*reference_counts.values(), rare, reference.missing])
        frequent = [texts.get(value, 0) for value in reference_counts]
        now = np.array([*frequent, present - sum(frequent), missing])
        names = [
            *map(repr, reference_counts),
            "values that were rare or absent" if rare else "new values",
            "missing",
        ]
    else:
        return None
    statistic, p_value = chi_squared(before, now)
    return Difference(
        column=reference.name,
        test="chi_squared",
        statistic=statistic,
        p_value=p_value,
        psi=population_stability(before, now),
        jensen_shannon=jensen_shannon(before, now),
        change=_greatest_change(before, now, names),
    )


def _present(reference: ColumnProfile) -> int:
    return sum(value.count for value in reference.values)


def _greatest_change(before: Counts, now: Counts, names: Sequence[str]) -> str:
    if not names:
        return "other values are frequent"
    shares, shares_before = now / now.sum(), before / before.sum()
    at = int(np.argmax(np.abs(shares - shares_before)))
    return f"{names[at]} {shares[at]:.0%}, was {shares_before[at]:.0%}"
