"""Significance tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["chance_of_difference", "chance_of_hits", "chance_of_mean"]


def chance_of_hits(hits: int, rows: int, all_hits: int, all_rows: int) -> float:
    """The probability of ``hits`` or more in ``rows`` drawn from ``all_rows`` with ``all_hits``.

    Fisher's exact test, one-sided: it holds for few rows and for rare hits too.
    """
    import numpy as np

    possible = np.arange(hits, min(rows, all_hits) + 1)
    ways = _log_ways(all_hits, possible) + _log_ways(all_rows - all_hits, rows - possible)
    return min(1.0, float(np.exp(ways - _log_ways(all_rows, rows)).sum()))


def chance_of_mean(inside: tuple[float, float, int], outside: tuple[float, float, int]) -> float:
    """The p-value of a greater mean inside than outside: Welch's test, one-sided.

    Each side is its mean, variance and number of rows, of which it needs two.
    """
    from scipy.special import stdtr

    (mean, variance, rows), (other_mean, other_variance, other_rows) = inside, outside
    spread, other_spread = variance / rows, other_variance / other_rows
    if not spread + other_spread:
        return 0.0 if mean > other_mean else 1.0
    freedom = (spread + other_spread) ** 2 / (spread**2 / (rows - 1) + other_spread**2 / (other_rows - 1))
    return float(stdtr(freedom, -(mean - other_mean) / (spread + other_spread) ** 0.5))


def chance_of_difference(inside: NDArray[Any], outside: NDArray[Any]) -> float:
    """The p-value of a difference between the means of two sets of values, two-sided.

    Truth values are compared by Fisher's test, numbers by Welch's. It is 1 if a side has less than two.
    """
    if min(len(inside), len(outside)) < 2:
        return 1.0
    if inside.dtype == bool:
        hits, rows, all_rows = int(inside.sum()), len(inside), len(inside) + len(outside)
        all_hits = hits + int(outside.sum())
        more = chance_of_hits(hits, rows, all_hits, all_rows)
        fewer = chance_of_hits(rows - hits, rows, all_rows - all_hits, all_rows)
        return min(1.0, 2 * min(more, fewer))
    sides = [(float(side.mean()), float(side.var(ddof=1)), len(side)) for side in (inside, outside)]
    return min(1.0, 2 * min(chance_of_mean(sides[0], sides[1]), chance_of_mean(sides[1], sides[0])))


def _log_ways(of: int, chosen: Any) -> Any:
    from scipy.special import gammaln

    return gammaln(of + 1) - gammaln(chosen + 1) - gammaln(of - chosen + 1)
