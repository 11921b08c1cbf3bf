"""Checks of a model that do not depend on its metrics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lolpop.checks import Check, Status
from lolpop.data.frames import count, listed

if TYPE_CHECKING:
    from lolpop.components.model_checker.evaluations import Evaluation
    from lolpop.components.model_trainer import FittedModel


def left_out(model: FittedModel) -> Iterator[Check]:
    """A warning for each reason why ``model`` does not use columns."""
    by_reason: dict[str, list[str]] = {}
    for column, reason in model.left_out.items():
        by_reason.setdefault(reason.replace("_", " "), []).append(column)
    for reason, columns in by_reason.items():
        message = f"columns that the model does not use ({reason}): {listed(columns)}"
        yield Check(check="left_out_columns", status="warn", message=message, columns=tuple(columns))


def predictions_of(evaluation: Evaluation) -> Check:
    """Whether every row has a prediction, and valid probabilities."""
    import numpy as np

    name, values = "predictions", evaluation.probabilities
    if None in evaluation.classes or not np.isfinite(evaluation.labels).all():
        return outcome(name, "error", "some of its predictions are missing or infinite")
    if values is None:
        return outcome(name, "ok", "every row has a prediction")
    if not np.isfinite(values).all():
        return outcome(name, "error", "some of its probabilities are missing or infinite")
    if (values < 0).any() or not np.allclose(values.sum(axis=1), 1, atol=1e-3):
        return outcome(name, "error", "its probabilities are negative, or do not add up to 1")
    return outcome(name, "ok", "every row has a prediction, and probabilities that add up to 1")


def classes_of(evaluation: Evaluation, train_classes: Sequence[Any]) -> Iterator[Check]:
    """Whether more than one class is predicted, and ``train_classes`` contain all classes of the truth."""
    import numpy as np

    truth, labels = np.unique(evaluation.truth), np.unique(evaluation.labels)
    if len(labels) == 1 < len(truth):
        label = evaluation.classes[labels[0]]
        yield outcome("one_class", "warn", f"it predicts {label!r} for every row")
    else:
        yield outcome("one_class", "ok", f"it predicts {count(len(labels), 'class')}")
    unknown = [evaluation.classes[code] for code in truth if evaluation.classes[code] not in train_classes]
    if unknown and train_classes:
        message = f"it cannot predict {listed(unknown)}: no training row has this class"
        yield outcome("unknown_classes", "warn", message)
    else:
        yield outcome("unknown_classes", "ok", "it can predict every class of these rows")


def outcome(name: str, status: Status, message: str) -> Check:
    """The outcome of the check ``name``, which is about the whole model."""
    return Check(check=name, status=status, message=message)
