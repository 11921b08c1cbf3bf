"""Distances of two samples and their p-values, from counts in the same bins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Counts = NDArray[np.int64]


# The chi-squared distribution is a good approximation from this many expected rows in a cell on.
_LEAST_EXPECTED = 5.0
# What a share counts for at least: one row where there was none before is no great instability.
_LEAST_SHARE = 1e-4


def kolmogorov_smirnov(reference: Counts, counts: Counts) -> tuple[float, float]:
    """Greatest distance of the two distribution functions at the edges of k ordered bins, and its p-value.

    Between the edges the distance may be greater, so that the p-value is never too small.
    """
    from scipy.special import kolmogorov

    n, m = int(reference.sum()), int(counts.sum())
    if not n or not m:
        return 0.0, 1.0
    distance = float(np.max(np.abs(np.cumsum(reference) / n - np.cumsum(counts) / m)))
    return distance, float(kolmogorov(distance * np.sqrt(n / (n + m) * m)))


def chi_squared(reference: Counts, counts: Counts) -> tuple[float, float]:
    """Pearson's statistic of the 2 x k table and its p-value; rare cells are counted together."""
    from scipy.special import chdtrc

    table = np.stack([reference, counts]).astype(np.float64)
    rows = table.sum(axis=1)
    if not rows.all():
        return 0.0, 1.0
    table = _without_rare_cells(table, rows.min() / rows.sum())
    if table.shape[1] < 2:
        return 0.0, 1.0
    expected = np.outer(rows, table.sum(axis=0)) / rows.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    return statistic, float(chdtrc(table.shape[1] - 1, statistic))


def population_stability(reference: Counts, counts: Counts) -> float:
    """The population stability index over k bins, of shares of 0.01 % at least."""
    expected, actual = _shares(reference), _shares(counts)
    return float(((actual - expected) * np.log(actual / expected)).sum())


def jensen_shannon(reference: Counts, counts: Counts) -> float:
    """The Jensen-Shannon distance to base 2 over k bins, between 0 and 1."""
    from scipy.special import rel_entr

    first, second = _shares(reference), _shares(counts)
    middle = (first + second) / 2
    divergence = (rel_entr(first, middle) + rel_entr(second, middle)).sum() / 2
    return float(np.sqrt(max(divergence, 0.0) / np.log(2)))


def coarser(reference: Counts, counts: Counts, bins: int = 10) -> tuple[Counts, Counts]:
    """The same counts in at most ``bins`` bins of about as many reference rows each."""
    before = np.cumsum(reference) - reference
    groups = np.minimum(before * bins // max(int(reference.sum()), 1), bins - 1)
    return tuple(  # type: ignore[return-value]  # two in, two out
        np.bincount(groups, weights=weights, minlength=bins).astype(np.int64)
        for weights in (reference, counts)
    )


def _shares(counts: Counts) -> NDArray[np.float64]:
    # Half a row more in each bin: of few rows, one bin may be empty by chance.
    smoothed = counts + 0.5
    shares: NDArray[np.float64] = np.maximum(smoothed / smoothed.sum(), _LEAST_SHARE)
    return shares


def _without_rare_cells(table: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    table = table[:, np.argsort(-table.sum(axis=0), kind="stable")]
    common = int((table.sum(axis=0) * share >= _LEAST_EXPECTED).sum())
    rare = table[:, common:].sum(axis=1, keepdims=True)
    if rare.sum() * share >= _LEAST_EXPECTED:
        return np.hstack([table[:, :common], rare])
    common_values = table[:, : max(common, 1)].copy()
    if common:
        common_values[:, -1:] += rare
    return common_values
