"""Deviations of later rows from the expectation of a column that chance does not explain."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.components.data_checker.expectations import ExpectedColumn, ExpectedNumbers
    from lolpop.data.frames import Floats


# The greatest number is this many times as far from the median as the least: amounts, not measures.
_SKEWED = 3.0
# Of as many rows, the range is half as well known as of very many.
_FEW_ROWS = 100
# Mostly zero values have no scale.
_TIMES_IF_MOSTLY_ZERO = 10.0
# With as many rows of each of its values, a column is not expected to have further ones.
_ROWS_OF_A_KNOWN_VALUE = 20


@dataclass(frozen=True, slots=True)
class Exceeding:
    """Numbers beyond a limit: how many, the place of the first one, and its value."""

    number: int = 0
    place: int = 0
    value: float = math.nan

    @classmethod
    def of(cls, values: Floats, is_beyond: NDArray[np.bool_]) -> Self:
        """Those of n ``values`` that are beyond."""
        number = int(is_beyond.sum())
        if not number:
            return cls()
        place = int(is_beyond.argmax())
        return cls(number, place, float(values[place]))

    def followed_by(self, later: Self, numbers: int) -> Self:
        """These, of ``numbers`` in all, and those of ``later`` numbers."""
        number = self.number + later.number
        if self.number or not later.number:
            return type(self)(number, self.place, self.value)
        return type(self)(number, numbers + later.place, later.value)

    def beside(self, other: Self) -> Self:
        """These and ``other`` ones among the same numbers."""
        first = min(self, other, key=lambda side: (not side.number, side.place))
        return type(self)(self.number + other.number, first.place, first.value)


@dataclass(frozen=True, slots=True)
class ComparedRange:
    """Finite numbers beside an expected range: how many there are, and those below and above it.

    ``far_below`` and ``far_above`` are those beyond its ``bounds``.
    """

    numbers: int
    below: Exceeding
    above: Exceeding
    far_below: Exceeding
    far_above: Exceeding

    @classmethod
    def of(cls, values: Floats, expected: ExpectedNumbers, reference_rows: int, margin: float) -> Self:
        """Finite ``values``, n of them, beside the range of ``reference_rows`` others."""
        none = Exceeding()
        if not len(values) or (expected.least <= values.min() and values.max() <= expected.greatest):
            return cls(len(values), none, none, none, none)
        low, high = bounds(expected, reference_rows, margin)
        return cls(
            len(values),
            Exceeding.of(values, values < expected.least),
            Exceeding.of(values, values > expected.greatest),
            Exceeding.of(values, values < low),
            Exceeding.of(values, values > high),
        )

    def followed_by(self, later: Self) -> Self:
        """These numbers and those after them, beside the same range."""
        return type(self)(
            self.numbers + later.numbers,
            self.below.followed_by(later.below, self.numbers),
            self.above.followed_by(later.above, self.numbers),
            self.far_below.followed_by(later.far_below, self.numbers),
            self.far_above.followed_by(later.far_above, self.numbers),
        )

    def out_of_range(self, reference_rows: int, significance: float) -> Exceeding:
        """The numbers that are out of the range of ``reference_rows`` others.

        Other rows exceed a range now and then. What counts is what is beyond its bounds, and more numbers on
        one side than chance puts there.
        """

        def counting(side: Exceeding, far: Exceeding) -> Exceeding:
            # That all k of them are among the n, and none among the others, has this chance.
            chance = (
                side.number * math.log(self.numbers / (self.numbers + reference_rows)) if side.number else 0
            )
            return side if side.number and chance <= math.log(significance) else far

        return counting(self.below, self.far_below).beside(counting(self.above, self.far_above))


def bounds(expected: ExpectedNumbers, reference_rows: int, margin: float) -> tuple[float, float]:
    """The range, extended on both sides by ``margin`` times its width.

    With few ``reference_rows`` the range is less certain, and the margin is greater. Above, it is on a
    logarithmic scale if a few large amounts are natural; amounts and counts have no bound below zero.
    """
    import numpy as np

    margin *= 1 + _FEW_ROWS / max(reference_rows, 1)
    low, high = expected.least, expected.greatest
    if low == high:
        return (0.0 if expected.whole and low >= 0 else -math.inf), math.inf
    skewed = high - expected.median > _SKEWED * (expected.median - low)
    with np.errstate(over="ignore"):
        width = np.float64(margin) * (np.float64(high) - low)
        above, below = high + width, low - width
        if low >= 0 and skewed:
            times = high / expected.median if expected.median > 0 else _TIMES_IF_MOSTLY_ZERO
            start, end = np.log1p(low), np.log1p(high)
            above = max(above, high * np.float64(times) ** margin, np.expm1(end + margin * (end - start)))
    if low >= 0 and (expected.whole or skewed):
        below = max(below, np.float64(0))
    return float(below), float(above)


def unseen_values(
    values: Mapping[str, int], expected: ExpectedColumn, *, most: float, significance: float
) -> list[str]:
    """Those of ``values``, with the rows of each, that are new and too many; most frequent first.

    More than a share of ``most`` of the rows has to have them. New ones are natural where some known ones
    are rare: their share is about that of values of one row (Good and Turing).
    """
    counts = {counted.value: counted.count for counted in expected.values}
    new = sorted(
        (value for value in values if value not in counts), key=lambda value: (-values[value], value)
    )
    rows, unseen = sum(values.values()), sum(values[value] for value in new)
    if not unseen or unseen <= most * rows or len(counts) < 2 or expected.kind == "boolean":
        return []
    if min(counts.values()) >= _ROWS_OF_A_KNOWN_VALUE:
        return new
    from scipy.special import bdtrc

    once = sum(1 for count in counts.values() if count == 1)
    natural = min(1.0, 2 * (once + 1) / sum(counts.values()))
    return new if bdtrc(unseen - 1, rows, natural) <= significance else []


def more_missing(
    missing: int, rows: int, expected: float, reference_rows: int, *, most: float, deviations: float = 5
) -> bool:
    """Whether the share of missing values among ``rows`` is greater than ``expected`` of the reference.

    By more than ``most``, and by more standard deviations than chance explains.
    """
    increase = missing / rows - expected
    pooled = (missing + expected * reference_rows) / (rows + reference_rows)
    deviation = math.sqrt(pooled * (1 - pooled) * (1 / rows + 1 / reference_rows))
    return increase > most and increase > deviations * deviation
