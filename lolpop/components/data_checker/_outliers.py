"""Outliers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


_MOST_ROWS = 10_000
_FEWEST_ROWS = 20
# More than this share of the rows is a group of its own rather than outliers.
_GREATEST_SHARE = 0.01


def outliers(values: NDArray[np.float64], distance: float) -> NDArray[np.float64]:
    """Those of n numbers that are ``distance`` times as far from the median as all others on their side.

    They must be as many interquartile ranges away as well, and stand out on a logarithmic scale too where
    none is negative: that a few amounts are great is in the nature of amounts. NaN is no number.
    """
    values = values[np.isfinite(values)]
    if len(values) < _FEWEST_ROWS:
        return values[:0]
    is_outlier = _far_away(values, distance)
    if is_outlier.any() and values.min() >= 0:
        is_outlier &= _far_away(np.log1p(values), distance)
    return values[is_outlier]


def _far_away(values: NDArray[np.float64], distance: float) -> NDArray[np.bool_]:
    sample = values[:: -(-len(values) // _MOST_ROWS)]
    lower, median, upper = np.quantile(sample, [0.25, 0.5, 0.75])
    with np.errstate(over="ignore"):
        spread = upper - lower
        # Most columns have nothing out there, and are done here.
        if max(values.max() - median, median - values.min()) <= distance * spread:
            return np.zeros(len(values), dtype=np.bool_)
        above = values - median
    return _beyond(above, spread, distance) | _beyond(-above, spread, distance)


def _beyond(deviations: NDArray[np.float64], spread: float, distance: float) -> NDArray[np.bool_]:
    far = deviations > distance * spread
    if not spread or not far.any():
        return np.zeros(len(deviations), dtype=np.bool_)
    ordered = np.sort(np.append(deviations[far], max(deviations[~far].max(), spread)))
    gaps = np.flatnonzero(ordered[1:] > distance * ordered[:-1])
    limit = max(1, int(_GREATEST_SHARE * len(deviations)))
    if not len(gaps) or len(ordered) - 1 - gaps[0] > limit:
        return np.zeros(len(deviations), dtype=np.bool_)
    beyond: NDArray[np.bool_] = deviations >= ordered[gaps[0] + 1]
    return beyond
