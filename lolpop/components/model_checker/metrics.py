"""The metrics that decide, by the names of scikit-learn's scorers."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from lolpop.components.model_checker import _confusions
from lolpop.components.model_checker._confusions import Average, Confusions
from lolpop.components.model_checker.evaluations import Evaluation
from lolpop.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Values: TypeAlias = NDArray[np.float64]
    Weights: TypeAlias = NDArray[np.intp]
    Areas: TypeAlias = Callable[[Any, Any, Weights], tuple[Values, Values]]

__all__ = ["METRICS", "Metric"]

ProblemType: TypeAlias = Literal["classification", "regression"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that says how good predictions are.

    Parameters
    ----------
    name
        Name of the metric, such as ``roc_auc``.
    problem_type
        The type of problem that it measures.
    greater_is_better
        Whether a greater value is a better one.
    needs_probabilities
        Whether labels alone are not enough.
    value
        Computes the value of an evaluation: NaN where it is undefined, such as an area under the curve with
        one class.
    values
        Computes m values at once, for the n rows repeated as often as each line of the weights says, shape
        (m, n); None if the metric has no fast way.
    """

    name: str
    problem_type: ProblemType
    greater_is_better: bool
    needs_probabilities: bool
    value: Callable[[Evaluation], float]
    values: Callable[[Evaluation, Weights], Values] | None = None

    def is_for(self, problem_type: str) -> bool:
        """Whether it measures models of problems of a type; forecasts are numbers, as those of regression."""
        return (self.problem_type == "classification") == (problem_type == "classification")

    def of(self, evaluation: Evaluation) -> float:
        """Its value; raises DataError if it cannot be computed for these rows."""
        import numpy as np

        if self.needs_probabilities and evaluation.probabilities is None:
            raise DataError(
                f"The metric {self.name} needs probabilities, but the model predicts only labels. "
                "Use a model with probabilities, or set model_checker.metric, for example to accuracy."
            )
        if not np.isfinite(_predicted(evaluation, self.needs_probabilities)).all():
            return float("nan")
        try:
            with np.errstate(over="ignore", invalid="ignore"):  # for absurdly great numbers
                return float(self.value(evaluation))
        except ValueError as error:
            raise DataError(f"The metric {self.name} cannot be computed on these rows: {error}") from error

    def resampled(self, evaluation: Evaluation, weights: Weights) -> Values:
        """Its value for each line of ``weights``."""
        import numpy as np

        if self.values is not None:
            with np.errstate(over="ignore", invalid="ignore"):
                return self.values(evaluation, weights)
        rows = np.arange(len(evaluation))
        return np.array([self.of(evaluation.take(np.repeat(rows, line))) for line in weights])


def _predicted(evaluation: Evaluation, probabilities: bool) -> Any:
    return evaluation.probabilities if probabilities else evaluation.labels


# --- Means of a value for each row -----------------------------------------------------------------------


def _row_metric(
    name: str,
    problem_type: ProblemType,
    rows: Callable[[Evaluation], Values],
    *,
    greater_is_better: bool = False,
    needs_probabilities: bool = False,
    root: bool = False,
) -> Metric:
    def value(evaluation: Evaluation) -> float:
        mean = rows(evaluation).mean()
        return float(mean**0.5 if root else mean)

    def values(evaluation: Evaluation, weights: Weights) -> Values:
        means: Values = weights @ rows(evaluation) / len(evaluation)
        return means**0.5 if root else means

    return Metric(name, problem_type, greater_is_better, needs_probabilities, value, values)


def _correct(evaluation: Evaluation) -> Values:
    hits: Values = (evaluation.truth == evaluation.labels).astype("float64")
    return hits


def _among_two_likeliest(evaluation: Evaluation) -> Values:
    import numpy as np

    likeliest = np.argsort(_probabilities(evaluation), axis=1, kind="stable")[:, ::-1][:, :2]
    hits: Values = (likeliest == evaluation.truth[:, None]).any(axis=1).astype(np.float64)
    return hits


def _log_losses(evaluation: Evaluation) -> Values:
    import numpy as np

    probabilities = _probabilities(evaluation)
    least = np.finfo(probabilities.dtype).eps
    true = probabilities[np.arange(len(probabilities)), evaluation.truth]
    losses: Values = -np.log(np.clip(true, least, 1 - least))
    return losses


def _brier_losses(evaluation: Evaluation) -> Values:
    import numpy as np

    probabilities = _probabilities(evaluation)
    true = np.eye(probabilities.shape[1])[evaluation.truth]
    losses: Values = ((true - probabilities) ** 2).sum(axis=1)
    # With two classes, both errors are the same, and are counted once.
    return losses / 2 if probabilities.shape[1] == 2 else losses


def _absolute_errors(evaluation: Evaluation) -> Values:
    import numpy as np

    errors: Values = np.abs(_errors(evaluation))
    return errors


def _squared_errors(evaluation: Evaluation) -> Values:
    return _errors(evaluation) ** 2


def _relative_errors(evaluation: Evaluation) -> Values:
    import numpy as np

    truth = np.abs(evaluation.truth)
    relative: Values = _absolute_errors(evaluation) / np.maximum(truth, np.finfo(np.float64).eps)
    return relative


def _errors(evaluation: Evaluation) -> Values:
    errors: Values = evaluation.truth - evaluation.labels
    return errors


def _probabilities(evaluation: Evaluation) -> Any:
    import numpy as np

    probabilities = evaluation.probabilities
    assert probabilities is not None  # noqa: S101  (Metric.of has refused those without)
    sums = probabilities.sum(axis=1, keepdims=True)
    tolerance = float(np.sqrt(np.finfo(probabilities.dtype).eps))
    return (
        probabilities if np.allclose(sums, 1, rtol=tolerance) else probabilities / np.where(sums > 0, sums, 1)
    )


# --- Functions of the confusion matrix -------------------------------------------------------------------


def _confusion_metric(name: str, function: Callable[[Confusions], Values]) -> Metric:
    def value(evaluation: Evaluation) -> float:
        import numpy as np

        ones = np.ones((1, len(evaluation)), dtype=np.intp)
        return float(function(_confusions.confusions(evaluation, ones))[0])

    def values(evaluation: Evaluation, weights: Weights) -> Values:
        return function(_confusions.confusions(evaluation, weights))

    return Metric(name, "classification", True, False, value, values)


# --- Areas under curves ----------------------------------------------------------------------------------


def _area_metric(name: str, function: str, areas: Areas, *, weighted: bool = False) -> Metric:
    def value(evaluation: Evaluation) -> float:
        import numpy as np
        import sklearn.metrics

        # A class without rows, or without other rows, has no curve.
        classes = [
            class_scores
            for class_scores in _one_against_rest(evaluation)
            if 0 < class_scores[0].sum() < len(evaluation)
        ]
        if not classes:
            return float("nan")
        by_class = [getattr(sklearn.metrics, function)(is_class, scores) for is_class, scores in classes]
        sizes = [is_class.sum() for is_class, _ in classes]
        return float(np.average(by_class, weights=sizes if weighted else None))

    def values(evaluation: Evaluation, weights: Weights) -> Values:
        import numpy as np

        by_class, sizes = (
            np.array(class_areas)
            for class_areas in zip(
                *(areas(*one, weights) for one in _one_against_rest(evaluation)), strict=True
            )
        )
        defined = ~np.isnan(by_class)
        counted = sizes * defined if weighted else defined.astype(np.float64)
        total: Values = (np.where(defined, by_class, 0) * counted).sum(axis=0)
        return _defined_share(total, counted.sum(axis=0))

    return Metric(name, "classification", True, True, value, values)


def _one_against_rest(evaluation: Evaluation) -> list[tuple[Any, Any]]:
    probabilities = _probabilities(evaluation)
    classes = [1] if probabilities.shape[1] == 2 else range(probabilities.shape[1])
    return [(evaluation.truth == label, probabilities[:, label]) for label in classes]


def _roc_areas(is_class: Any, scores: Any, weights: Weights) -> tuple[Values, Values]:
    """Shares of the pairs of a row of the class and one of the rest in which the former scores higher."""
    of_class, rest = _by_score(is_class, scores, weights)
    higher = (of_class * (rest.cumsum(axis=1) - rest / 2)).sum(axis=1)
    size = of_class.sum(axis=1)
    return _defined_share(higher, size * rest.sum(axis=1)), size


def _precision_areas(is_class: Any, scores: Any, weights: Weights) -> tuple[Values, Values]:
    """Mean precision over the thresholds at which a row of the class is found."""
    of_class, rest = (counts[:, ::-1] for counts in _by_score(is_class, scores, weights))
    positives = of_class.cumsum(axis=1)
    precision = _confusions.share(positives, positives + rest.cumsum(axis=1))
    size = of_class.sum(axis=1)
    return _defined_share((of_class * precision).sum(axis=1), size), size


def _by_score(is_class: Any, scores: Any, weights: Weights) -> tuple[Values, Values]:
    """How many rows of the class, and of the rest, have each score, ascending."""
    import numpy as np

    order = np.argsort(scores, kind="stable")
    _, starts = np.unique(scores[order], return_index=True)
    all_rows, of_class = (
        np.add.reduceat(values[:, order], starts, axis=1).astype(np.float64)
        for values in (weights, weights * is_class)
    )
    return of_class, all_rows - of_class


def _defined_share(part: Values, whole: Values) -> Values:
    import numpy as np

    shares: Values = np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)
    return shares


# --- As scikit-learn computes them -----------------------------------------------------------------------


def _sklearn_classification(name: str, function: str, **arguments: Any) -> Metric:
    def value(evaluation: Evaluation) -> float:
        import numpy as np
        import sklearn.metrics

        present = np.bincount(evaluation.truth, minlength=len(evaluation.classes))
        if len(present) < 2 or not present.all():
            return float("nan")  # undefined if a class has no rows
        probabilities = _probabilities(evaluation)
        score = probabilities[:, 1] if probabilities.shape[1] == 2 else probabilities
        result: float = getattr(sklearn.metrics, function)(evaluation.truth, score, **arguments)
        return result

    return Metric(name, "classification", True, True, value)


def _sklearn_regression(name: str, function: str, *, greater_is_better: bool = False) -> Metric:
    def value(evaluation: Evaluation) -> float:
        import sklearn.metrics

        if len(evaluation) < 2:
            return float("nan")
        result: float = getattr(sklearn.metrics, function)(evaluation.truth, evaluation.labels)
        return result

    return Metric(name, "regression", greater_is_better, False, value)


def _r2_values(evaluation: Evaluation, weights: Weights) -> Values:
    n = len(evaluation)
    mean = weights @ evaluation.truth / n
    spread = weights @ (evaluation.truth**2) / n - mean**2
    unexplained = weights @ _squared_errors(evaluation) / n
    explained: Values = 1 - _defined_share(unexplained, spread)
    return explained


_row = functools.partial(_row_metric, problem_type="classification")
_errors_of = functools.partial(_row_metric, problem_type="regression")
_BY_CLASS = {
    "precision": _confusions.precision,
    "recall": _confusions.recall,
    "f1": _confusions.f1,
    "jaccard": _confusions.jaccard,
}
_AVERAGES: tuple[Average | None, ...] = (None, "macro", "micro", "weighted")


def _natural() -> list[Metric]:
    return [
        _row("accuracy", rows=_correct, greater_is_better=True),
        _row("log_loss", rows=_log_losses, needs_probabilities=True),
        _row("brier_score", rows=_brier_losses, needs_probabilities=True),
        _row("top_k_accuracy", rows=_among_two_likeliest, greater_is_better=True, needs_probabilities=True),
        _confusion_metric("balanced_accuracy", _confusions.balanced_accuracy),
        _confusion_metric("matthews_corrcoef", _confusions.matthews),
        *(
            _confusion_metric(
                name if average is None else f"{name}_{average}",
                functools.partial(_confusions.by_class, function, average),
            )
            for name, function in _BY_CLASS.items()
            for average in _AVERAGES
        ),
        _area_metric("roc_auc", "roc_auc_score", _roc_areas),
        _area_metric("roc_auc_ovr", "roc_auc_score", _roc_areas),
        _area_metric("roc_auc_ovr_weighted", "roc_auc_score", _roc_areas, weighted=True),
        _area_metric("average_precision", "average_precision_score", _precision_areas),
        _sklearn_classification("roc_auc_ovo", "roc_auc_score", multi_class="ovo"),
        _sklearn_classification(
            "roc_auc_ovo_weighted", "roc_auc_score", multi_class="ovo", average="weighted"
        ),
        _sklearn_classification("d2_log_loss_score", "d2_log_loss_score"),
        _sklearn_classification("d2_brier_score", "d2_brier_score"),
        _errors_of("mean_absolute_error", rows=_absolute_errors),
        _errors_of("mean_absolute_percentage_error", rows=_relative_errors),
        _errors_of("mean_squared_error", rows=_squared_errors),
        _errors_of("root_mean_squared_error", rows=_squared_errors, root=True),
        dataclasses.replace(_sklearn_regression("r2", "r2_score", greater_is_better=True), values=_r2_values),
        _sklearn_regression("explained_variance", "explained_variance_score", greater_is_better=True),
        _sklearn_regression("d2_absolute_error_score", "d2_absolute_error_score", greater_is_better=True),
        _sklearn_regression("max_error", "max_error"),
        _sklearn_regression("median_absolute_error", "median_absolute_error"),
        _sklearn_regression("mean_squared_log_error", "mean_squared_log_error"),
        _sklearn_regression("root_mean_squared_log_error", "root_mean_squared_log_error"),
        _sklearn_regression("mean_poisson_deviance", "mean_poisson_deviance"),
        _sklearn_regression("mean_gamma_deviance", "mean_gamma_deviance"),
    ]


def _negated(metric: Metric) -> Metric:
    value, values = metric.value, metric.values
    return dataclasses.replace(
        metric,
        name=f"neg_{metric.name}",
        greater_is_better=True,
        value=lambda evaluation: -value(evaluation),
        values=None if values is None else lambda evaluation, weights: -values(evaluation, weights),
    )


def _by_name() -> dict[str, Metric]:
    natural = _natural()
    losses = [_negated(metric) for metric in natural if not metric.greater_is_better]
    return {metric.name: metric for metric in (*natural, *losses)}


METRICS: Mapping[str, Metric] = MappingProxyType(_by_name())
"""All metrics by name: scikit-learn's scorers, and without their ``neg_`` the losses as people read them."""
