"""Predictions as columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lolpop.components.model_trainer import Predictions

__all__ = [
    "LABEL", "LOWER", "PROBABILITY", "UPPER", "label_values", "predicted_columns", "probability_columns",
    "probability_values",
]  # fmt: skip

LABEL, LOWER, UPPER = "prediction", "lower", "upper"
PROBABILITY = "probability_"


def probability_columns(classes: Sequence[Any]) -> list[str]:
    """Names of the columns that hold the probabilities of ``classes``, in their order."""
    return [f"{PROBABILITY}{name}" for name in classes]


def predicted_columns(predictions: Predictions) -> dict[str, Any]:
    """Columns of n predictions: ``prediction``, and for classifiers ``probability_<class>``."""
    return {LABEL: label_values(predictions), **probability_values(predictions)}


def label_values(predictions: Predictions) -> Any:
    """The n labels, as values of Python: every dataframe library has strings where labels are strings."""
    labels = predictions.labels
    return labels.tolist() if labels.dtype.kind in "OU" else labels


def probability_values(predictions: Predictions) -> dict[str, Any]:
    """The columns ``probability_<class>`` of n predictions; none without probabilities."""
    if predictions.probabilities is None:
        return {}
    columns = probability_columns(predictions.classes)
    return dict(zip(columns, predictions.probabilities.T, strict=True))
