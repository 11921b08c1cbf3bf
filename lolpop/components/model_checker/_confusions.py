"""Metrics that are functions of the confusion matrix, for many resamples of the rows at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

from lolpop.components.model_checker.evaluations import Evaluation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Values: TypeAlias = NDArray[np.float64]
    Weights: TypeAlias = NDArray[np.intp]

Average: TypeAlias = Literal["binary", "macro", "micro", "weighted"]
Confusions: TypeAlias = "Values"  # (m, k, k): how often the true class (rows) was predicted as (columns)


def confusions(evaluation: Evaluation, weights: Weights) -> Confusions:
    """The confusion matrix of the rows repeated as often as each line of weights says."""
    import numpy as np

    k = len(evaluation.classes)
    cells = evaluation.truth * k + evaluation.labels
    order = np.argsort(cells, kind="stable")
    cell_codes, starts = np.unique(cells[order], return_index=True)
    counts = np.zeros((len(weights), k * k))
    counts[:, cell_codes] = np.add.reduceat(weights[:, order], starts, axis=1)
    return counts.reshape(-1, k, k)


def balanced_accuracy(counts: Confusions) -> Values:
    """The mean recall of the classes that have rows."""
    true = counts.sum(axis=2)
    return _mean(share(_diagonal(counts), true), true > 0)


def matthews(counts: Confusions) -> Values:
    """The correlation coefficient of Matthews."""
    import numpy as np

    true, predicted, rows = counts.sum(axis=2), counts.sum(axis=1), counts.sum(axis=(1, 2))
    together = _diagonal(counts).sum(axis=1) * rows - (true * predicted).sum(axis=1)
    spread = (rows**2 - (true**2).sum(axis=1)) * (rows**2 - (predicted**2).sum(axis=1))
    return share(together, np.sqrt(spread))


def precision(hits: Values, true: Values, predicted: Values) -> Values:
    """Hits among the predictions of each class."""
    del true
    return share(hits, predicted)


def recall(hits: Values, true: Values, predicted: Values) -> Values:
    """Hits among the rows of each class."""
    del predicted
    return share(hits, true)


def f1(hits: Values, true: Values, predicted: Values) -> Values:
    """The harmonic mean of precision and recall."""
    return share(2 * hits, true + predicted)


def jaccard(hits: Values, true: Values, predicted: Values) -> Values:
    """Hits among the rows that are of a class or predicted as it."""
    return share(hits, true + predicted - hits)


def by_class(
    function: Callable[[Values, Values, Values], Values], average: Average | None, counts: Confusions
) -> Values:
    """A metric of each class, averaged; without an average, that of the second of two classes.

    If no row is of the second class, and none is predicted as such, there is nothing to measure: NaN, where
    scikit-learn has 0, which looks like a model that is always wrong.
    """
    import numpy as np

    hits, true, predicted = _diagonal(counts), counts.sum(axis=2), counts.sum(axis=1)
    if average == "micro":
        return function(hits.sum(axis=1), true.sum(axis=1), predicted.sum(axis=1))
    by_class = function(hits, true, predicted)
    if average == "weighted":
        return share((by_class * true).sum(axis=1), true.sum(axis=1))
    if average is None and counts.shape[1] == 2:
        return np.where((true + predicted)[:, 1] > 0, by_class[:, 1], np.nan)
    return _mean(by_class, true + predicted > 0)


def _diagonal(counts: Confusions) -> Values:
    return counts.diagonal(axis1=1, axis2=2)


def share(part: Values, whole: Values) -> Values:
    """A part divided by a whole; 0 where the whole is 0, as scikit-learn with zero_division=0."""
    import numpy as np

    return np.divide(part, whole, out=np.zeros_like(part), where=whole != 0)


def _mean(values: Values, counted: NDArray[np.bool_]) -> Values:
    return share((values * counted).sum(axis=1), counted.sum(axis=1).astype(float))
