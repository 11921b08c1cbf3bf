"""Confidence intervals of the difference between two models."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.components.model_checker.evaluations import Evaluation
    from lolpop.components.model_checker.metrics import Metric


# Bounds of time and memory.
_MOST_ROWS = 10_000
_FEWEST_RESAMPLES = 200
_ROWS_AT_ONCE = 1_000_000


def paired_interval(
    metric: Metric, one: Evaluation, other: Evaluation, *, confidence: float, resamples: int, seed: int
) -> tuple[float, float] | None:
    """The percentile bootstrap interval of the difference in ``metric`` between two models.

    Both are measured on the same rows of each resample, so that rows that are hard for both cancel out. Of
    more than 10,000 rows, a sample of this size is resampled, and its spread is scaled down to that of all
    rows. The result is positive where ``one`` is better; None if there are fewer than two rows, or most
    resamples leave the metric undefined or infinite.
    """
    import numpy as np

    rows = len(one)
    if rows < 2:
        return None
    random = np.random.default_rng(seed % 2**32)
    sampled = rows > _MOST_ROWS
    if sampled:
        difference = metric.of(one) - metric.of(other)
        drawn = random.choice(rows, _MOST_ROWS, replace=False)
        one, other = one.take(drawn), other.take(drawn)
    # Metrics that are computed one resample at a time get the fewest resamples that make an interval.
    number = resamples if metric.values else min(resamples, _FEWEST_RESAMPLES)
    differences = _resampled(metric, one, other, number, random)
    defined = differences[np.isfinite(differences)]
    if 2 * len(defined) < number:
        return None
    quantiles = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    if sampled:
        spread = quantiles - (metric.of(one) - metric.of(other))
        quantiles = difference + spread * (_MOST_ROWS / rows) ** 0.5
    low, high = quantiles.tolist()
    return (low, high) if metric.greater_is_better else (-high, -low)


def _resampled(
    metric: Metric, one: Evaluation, other: Evaluation, number: int, random: np.random.Generator
) -> NDArray[np.float64]:
    import numpy as np

    n = len(one)
    step = max(1, _ROWS_AT_ONCE // n)
    parts = []
    for start in range(0, number, step):
        size = min(step, number - start)
        drawn = random.integers(n, size=(size, n)) + n * np.arange(size)[:, None]
        weights = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)
        with np.errstate(invalid="ignore"):
            parts.append(metric.resampled(one, weights) - metric.resampled(other, weights))
    return np.concatenate(parts)
