"""Exact attributions for trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lolpop.components.feature_transformer.sources import feature_sources
from lolpop.components.model_explainer import Attributions
from lolpop.components.model_explainer._outputs import likeliest, outputs_of
from lolpop.components.model_trainer.boosting import BoostedTrees
from lolpop.components.model_trainer.tabular import REFUSALS, TabularModel

if TYPE_CHECKING:
    import narwhals as nw
    from numpy.typing import NDArray

    from lolpop.components.model_trainer import FittedModel, Predictions
    from lolpop.data.frames import Floats


_OF_SKLEARN = frozenset(
    f"{name}{kind}"
    for name in (
        "DecisionTree", "ExtraTree", "ExtraTrees", "GradientBoosting", "HistGradientBoosting", "RandomForest"
    )
    for kind in ("Classifier", "Regressor")
)  # fmt: skip

_TOLERANCE = 1e-3
_NODES = 100


def attribute_trees(model: FittedModel, rows: nw.DataFrame[Any]) -> Attributions | None:
    """Attribute the predictions of n rows, one at least, as against the rows that trees were fitted on.

    The result is None where the model is not made of trees, or of trees whose attributions shap gets wrong:
    with the rest of the trees they have to add up to what is predicted.
    """
    import numpy as np
    import shap

    if not isinstance(model, TabularModel) or (trees := _trees(model.estimator)) is None:
        return None
    native = rows.to_native()
    features = model.transformer.transform(native)
    if isinstance(model.estimator, BoostedTrees):
        features = model.estimator.prepare(features)
    try:
        explanation = shap.TreeExplainer(trees)(features, check_additivity=False)
        sources = feature_sources(model.transformer)
    except (*REFUSALS, AssertionError):
        return None  # what shap does not know: a booster of linear models, many classes, a new version's file
    by_feature = np.asarray(explanation.values, dtype=np.float64)
    by_feature = by_feature.reshape(*by_feature.shape[:2], -1)
    base = np.asarray(explanation.base_values, dtype=np.float64).reshape(len(rows), -1)
    predictions = model.predict(native)
    values = _in_units_of(predictions, by_feature, base)
    if values is None or len(sources) != values.shape[1]:
        return None
    columns = np.zeros((len(rows), len(model.columns)))
    for at, source in enumerate(sources):
        columns[:, model.columns.index(source)] += values[:, at]
    return Attributions(tuple(model.columns), columns, outputs_of(predictions, likeliest(predictions)))


def _trees(estimator: Any) -> Any:
    if isinstance(estimator, BoostedTrees):
        return estimator.library_model
    kind = type(estimator)
    if not kind.__module__.startswith("sklearn.") or kind.__name__ not in _OF_SKLEARN:
        return None
    categorical = getattr(estimator, "is_categorical_", None)
    # shap takes their codes for numbers.
    return None if categorical is not None and categorical.any() else estimator


def _in_units_of(predictions: Predictions, values: Floats, base: Floats) -> Floats | None:
    """Attributions of n rows to f features, in units of what is predicted.

    ``values`` has shape (n, f, k), ``base`` (n, k): numbers, the probabilities of classes, or the logarithms
    that those are made of. None if they add up to none of these.
    """
    import numpy as np

    totals = base + values.sum(axis=1)
    if predictions.probabilities is None:
        labels = np.asarray(predictions.labels, dtype=np.float64)
        spread = float(np.abs(labels).max(initial=1.0))
        close = np.abs(totals[:, 0] - labels).max(initial=0.0) <= _TOLERANCE * spread
        return values[:, :, 0] if totals.shape[1] == 1 and close else None
    probabilities = np.asarray(predictions.probabilities, dtype=np.float64)
    classes = probabilities.argmax(axis=1)
    if _same(totals, probabilities):
        return values[np.arange(len(values)), :, classes]
    if totals.shape[1] == 1:  # of two classes, the logarithm of the odds of the second
        values = np.concatenate([np.zeros_like(values), values], axis=2)
        base = np.concatenate([np.zeros_like(base), base], axis=1)
        totals = base + values.sum(axis=1)
    if not _same(_softmax(totals), probabilities):
        return None
    attributions: Floats = np.einsum("nfk,nk->nf", values, _slopes(base, totals, classes))
    return attributions


def _same(one: Floats, other: Floats) -> bool:
    import numpy as np

    return one.shape == other.shape and bool(np.abs(one - other).max(initial=0.0) <= _TOLERANCE)


def _softmax(logarithms: Floats) -> Floats:
    import numpy as np

    powers = np.exp(logarithms - logarithms.max(axis=1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _slopes(start: Floats, end: Floats, classes: NDArray[Any]) -> Floats:
    """By how much the probability of a class grows with each logarithm, on the way from start to end.

    Attributions of the logarithms, times these, add up to the difference in probability: they are the
    derivatives' mean over the straight line between (Aumann and Shapley).
    """
    import numpy as np

    at, weights = np.polynomial.legendre.leggauss(_NODES)
    chosen = np.eye(start.shape[1])[classes]
    slopes = np.zeros_like(start)
    for share, weight in zip((at + 1) / 2, weights / 2, strict=True):
        probabilities = _softmax(start + share * (end - start))
        chosen_probability = (probabilities * chosen).sum(axis=1, keepdims=True)
        slopes += weight * chosen_probability * (chosen - probabilities)
    return slopes
