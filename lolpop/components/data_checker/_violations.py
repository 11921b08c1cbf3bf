"""Deviations of later rows from the expectation of a column that chance does not explain."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


def out_of_range(
    values: Floats, expected: ExpectedNumbers, reference_rows: int, *, margin: float, significance: float
) -> Floats:
    """Those of n finite numbers that are out of the range of ``reference_rows`` others.

    Other rows exceed a range now and then. What counts is what is beyond its ``bounds``, and more numbers on
    one side than chance puts there.
    """
    import numpy as np

    if not len(values) or (expected.least <= values.min() and values.max() <= expected.greatest):
        return values[:0]
    below, above = values < expected.least, values > expected.greatest
    is_outside = np.zeros(len(values), dtype=np.bool_)
    for side in (below, above):
        # That all k of them are among the n, and none among the others, has this chance.
        chance = int(side.sum()) * math.log(len(values) / (len(values) + reference_rows))
        if side.any() and chance <= math.log(significance):
            is_outside |= side
    low, high = bounds(expected, reference_rows, margin)
    return values[is_outside | (values < low) | (values > high)]


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
    new = sorted((value for value in values if value not in counts), key=lambda value: -values[value])
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
