"""Comparing a column with its reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

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
    from collections.abc import Sequence

    import narwhals as nw
    from numpy.typing import NDArray

    from lolpop.components.data_profiler.profiles import ColumnProfile

    Counts = NDArray[np.int64]


_NUMBERS = {"number", "duration", "boolean"}


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


def difference(
    reference: ColumnProfile, series: nw.Series[Any], reference_rows: int, stated_form: str | None = None
) -> Difference | None:
    """The difference of ``series`` from ``reference``, a column of ``reference_rows``; None if undefined.

    Dates are not compared, those as text, of the ``stated_form`` or a usual one, neither: later ones are new.
    """
    if series.is_empty() or not reference_rows:
        return None
    kind = kind_of(series)
    if reference.numbers is not None and kind in {*_NUMBERS, "empty"}:
        return _of_numbers(reference, series, empty=kind == "empty")
    if kind == "string" and date_form(series, stated_form) is not None:
        return None
    if reference.values and kind not in {"datetime", "other"}:
        return _of_values(reference, series)
    return None


def _of_numbers(reference: ColumnProfile, series: nw.Series[Any], *, empty: bool) -> Difference:
    known_numbers = reference.numbers
    assert known_numbers is not None  # noqa: S101  (whoever calls has looked)
    if empty:
        ordered, unusable = np.array([], dtype=np.float64), len(series)
    else:
        ordered, missing, infinite = finite_sorted(series)
        unusable = missing + infinite
    before = np.array(known_numbers.bins.counts, dtype=np.int64)
    now = bin_counts(ordered, np.array(known_numbers.bins.edges))
    unusable_before = reference.missing + reference.infinite
    statistic, p_value = kolmogorov_smirnov(before, now)
    if unusable or unusable_before:
        # Two looks at one column: the better of two p-values is to be doubled.
        present = np.array([before.sum(), unusable_before]), np.array([len(ordered), unusable])
        p_value = min(1.0, 2 * min(p_value, chi_squared(*present)[1]))
    coarse_before, coarse_now = coarser(before, now)
    counts = np.append(coarse_before, unusable_before), np.append(coarse_now, unusable)
    share, share_before = unusable / len(series), unusable_before / (before.sum() + unusable_before)
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


def _of_values(reference: ColumnProfile, series: nw.Series[Any]) -> Difference | None:
    counts = by_text(counted(series))
    missing = len(series) - sum(counts.values())
    if reference.buckets:
        before = np.array([*reference.buckets, reference.missing])
        now = np.append(bucket_counts(counts), missing)
        names = []
    elif reference.all_values and len(reference.values) * FEW_ROWS <= _present(reference):
        # Of rare values, those that some rows have are not those that others have.
        reference_counts = {value.value: value.count for value in reference.values if value.count >= FEW_ROWS}
        rare = _present(reference) - sum(reference_counts.values())
        before = np.array([*reference_counts.values(), rare, reference.missing])
        now = np.array([counts.pop(value, 0) for value in reference_counts] + [sum(counts.values()), missing])
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
