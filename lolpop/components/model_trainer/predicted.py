"""Predictions as columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lolpop.components.model_trainer import Predictions

__all__ = ["LABEL", "LOWER", "PROBABILITY", "UPPER", "predicted_columns", "probability_columns"]

LABEL, LOWER, UPPER = "prediction", "lower", "upper"
PROBABILITY = "probability_"


def probability_columns(classes: Sequence[Any]) -> list[str]:
    """Names of the columns that hold the probabilities of ``classes``, in their order."""
    return [f"{PROBABILITY}{name}" for name in classes]


def predicted_columns(predictions: Predictions) -> dict[str, Any]:
    """Columns of n predictions: ``prediction``, and for classifiers ``probability_<class>``."""
    labels = predictions.labels
    # Python's own values, so that every dataframe library has strings where labels are strings.
    columns: dict[str, Any] = {LABEL: labels.tolist() if labels.dtype.kind in "OU" else labels}
    if predictions.probabilities is not None:
        columns |= zip(probability_columns(predictions.classes), predictions.probabilities.T, strict=True)
    return columns
