"""How sure a difference between two models is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lolpop.components.model_checker.evaluations import Evaluation
    from lolpop.components.model_checker.metrics import Metric

__all__ = ["paired_interval"]

# Bounds of time and memory: a resample of many rows says more, so that fewer of them do.
_DRAWN_ROWS = 20_000_000
_LEAST_RESAMPLES = 200
_ROWS_AT_ONCE = 2_000_000


def paired_interval(
    metric: Metric, one: Evaluation, other: Evaluation, *, confidence: float, resamples: int, seed: int
) -> tuple[float, float] | None:
    """The percentile bootstrap interval of the difference in ``metric`` between two models.

    Both are judged by the same rows of each resample, so that what is hard for both cancels out. None if
    there are fewer than two rows, or most resamples leave the metric undefined.
    """
    import numpy as np

    n = len(one)
    if n < 2:
        return None
    # Of metrics that are computed one resample at a time, the fewest that make an interval have to do.
    number = min(resamples, max(_LEAST_RESAMPLES, _DRAWN_ROWS // n if metric.values else 0))
    random = np.random.default_rng(seed % 2**32)
    differences = np.empty(number)
    step = max(1, _ROWS_AT_ONCE // n)
    for start in range(0, number, step):
        size = min(step, number - start)
        drawn = random.integers(n, size=(size, n)) + n * np.arange(size)[:, None]
        weights = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)
        part = metric.resampled(one, weights) - metric.resampled(other, weights)
        differences[start : start + size] = part
    defined = differences[~np.isnan(differences)]
    if 2 * len(defined) < number:
        return None
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2]).tolist()
    return (low, high) if metric.greater_is_better else (-high, -low)
