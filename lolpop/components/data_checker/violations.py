"""How later rows break what was expected of a column, by more than chance does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.components.data_checker.expectations import ExpectedColumn, ExpectedNumbers

    Floats = NDArray[np.float64]

__all__ = ["more_missing", "out_of_range", "unseen_values"]

# The greatest number is this many times as far from the median as the least: amounts, not measures.
_SKEWED = 3.0
# With as many rows of each of its values, a column is not expected to have further ones.
_ROWS_OF_A_KNOWN_VALUE = 20


def out_of_range(
    values: Floats, expected: ExpectedNumbers, known: int, *, margin: float, significance: float
) -> Floats:
    """Those of n finite numbers that are out of the range that ``known`` others had.

    Other rows exceed a range now and then. What counts is what is out by more than ``margin`` times the
    width of the range (on a logarithmic scale too, where a few great amounts are natural), more numbers on
    one side than chance puts there, or negative numbers where there should be none.
    """
    import numpy as np

    if not len(values) or (expected.least <= values.min() and values.max() <= expected.greatest):
        return values[:0]
    below, above = values < expected.least, values > expected.greatest
    found = np.zeros(len(values), dtype=np.bool_)
    for side in (below, above):
        # That all k of them are among the n, and none among the others, has this chance.
        chance = int(side.sum()) * math.log(len(values) / (len(values) + known))
        if side.any() and chance <= math.log(significance):
            found |= side
    skewed = expected.greatest - expected.median > _SKEWED * (expected.median - expected.least)
    with np.errstate(over="ignore"):
        width = margin * (expected.greatest - expected.least)
        if width:
            far = (values < expected.least - width) | (values > expected.greatest + width)
            if skewed and expected.least >= 0:
                low, high = np.log1p(expected.least), np.log1p(expected.greatest)
                far &= np.log1p(np.maximum(values, 0)) > high + margin * (high - low)
            found |= far
    if expected.least >= 0 and (expected.whole or skewed):
        found |= values < 0
    return values[found]


def unseen_values(
    values: Mapping[str, int], expected: ExpectedColumn, *, most: float, significance: float
) -> list[str]:
    """Those of ``values``, with the rows of each, that are new and too many; most frequent first.

    More than a share of ``most`` of the rows has to have them. New ones are natural where some known ones
    are rare: their share is about that of values of one row (Good and Turing).
    """
    known = {each.value: each.count for each in expected.values}
    new = sorted((value for value in values if value not in known), key=lambda value: -values[value])
    rows, strange = sum(values.values()), sum(values[value] for value in new)
    if not strange or strange <= most * rows or len(known) < 2 or expected.kind == "boolean":
        return []
    if min(known.values()) >= _ROWS_OF_A_KNOWN_VALUE:
        return new
    from scipy.special import bdtrc

    once = sum(1 for count in known.values() if count == 1)
    natural = min(1.0, 2 * (once + 1) / sum(known.values()))
    return new if bdtrc(strange - 1, rows, natural) <= significance else []


def more_missing(
    missing: int, rows: int, expected: float, known: int, *, most: float, deviations: float = 5
) -> bool:
    """Whether the share of missing values among ``rows`` is greater than ``expected`` of ``known`` rows.

    By more than ``most``, and by more standard deviations than chance explains.
    """
    increase = missing / rows - expected
    pooled = (missing + expected * known) / (rows + known)
    deviation = math.sqrt(pooled * (1 - pooled) * (1 / rows + 1 / known))
    return increase > most and increase > deviations * deviation
