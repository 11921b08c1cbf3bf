"""Predictions beside the truth, as the numbers that metrics are computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lolpop.components.model_trainer.promises import checked_predictions
from lolpop.data.frames import count, listed, to_floats, to_labels, wrap_series
from lolpop.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.components.model_trainer import FittedModel, Predictions
    from lolpop.data.frames import Array, Frame, Series

    Floats = NDArray[np.floating[Any]]
    Indices = NDArray[np.intp]

__all__ = ["Evaluation", "constant_class", "constant_mean", "evaluate_classes", "evaluate_numbers"]


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The predictions for n rows, and their true values.

    Of a classification, ``truth`` and ``labels`` are positions in ``classes``, of which the positive one
    is the last if they are two, and ``probabilities`` has shape (n, k) in their order. Of a regression,
    ``truth`` and ``labels`` are the values themselves, and there are no ``classes``.
    """

    truth: NDArray[Any]
    labels: NDArray[Any]
    probabilities: Floats | None = None
    classes: tuple[Any, ...] = ()

    def __len__(self) -> int:
        return len(self.truth)

    def take(self, rows: Indices) -> Evaluation:
        """The evaluation of ``rows``, each as often as it is listed."""
        chosen = None if self.probabilities is None else self.probabilities[rows]
        return Evaluation(self.truth[rows], self.labels[rows], chosen, self.classes)


def evaluate_classes(
    models: Sequence[FittedModel],
    frame: Frame,
    target: Series,
    positive: Any,
    train_target: Series | None = None,
) -> list[Evaluation]:
    """Let each of the classifiers predict the n rows of ``frame`` once.

    The classes are those of all models and targets; two of them end with ``positive``, or with the
    greater one if it is None. Raises DataError if the truth is missing or ``positive`` is neither.
    """
    truth = _plain(to_labels(wrap_series(target)))
    trained_on = [] if train_target is None else _plain(to_labels(wrap_series(train_target)))
    by_model = [_predict(model, frame, len(truth)) for model in models]
    labels = [_plain(predictions.labels) for predictions in by_model]
    own = [_plain(predictions.classes) for predictions in by_model]
    # The classes of models come first, in the order of their probabilities.
    all_classes = dict.fromkeys(value for values in (*own, trained_on, truth, *labels) for value in values)
    classes = _ordered(tuple(all_classes), positive)
    codes = {value: code for code, value in enumerate(classes)}
    return [
        Evaluation(
            _coded(truth, codes),
            _coded(labels_of_one, codes),
            _aligned(predictions.probabilities, [codes[value] for value in classes_of_one], len(classes)),
            classes,
        )
        for predictions, labels_of_one, classes_of_one in zip(by_model, labels, own, strict=True)
    ]


def evaluate_numbers(models: Sequence[FittedModel], frame: Frame, target: Series) -> list[Evaluation]:
    """Let each of the regressors predict the n rows of ``frame`` once.

    Raises DataError if the truth is missing, infinite, or no number.
    """
    import numpy as np

    truth = to_floats(wrap_series(target))
    if unusable := int(np.count_nonzero(~np.isfinite(truth))):
        raise DataError(
            f"The target is missing or infinite in {unusable:,} of {count(len(truth), 'row')}: "
            "models are evaluated on rows that have one."
        )
    return [
        Evaluation(truth, np.asarray(_predict(model, frame, len(truth)).labels, dtype=np.float64))
        for model in models
    ]


def constant_class(evaluation: Evaluation, train_target: Series) -> Evaluation:
    """Predict the class that is most frequent in ``train_target``, with the frequencies as probabilities."""
    import numpy as np

    codes = {value: code for code, value in enumerate(evaluation.classes)}
    seen = _coded(_plain(to_labels(wrap_series(train_target))), codes)
    if not len(seen):
        raise DataError("There are no training rows for a baseline.")
    frequencies = np.bincount(seen, minlength=len(codes)) / len(seen)
    return Evaluation(
        evaluation.truth,
        np.full(len(evaluation), frequencies.argmax()),
        np.broadcast_to(frequencies, (len(evaluation), len(codes))),
        evaluation.classes,
    )


def constant_mean(evaluation: Evaluation, train_target: Series) -> Evaluation:
    """Predict the mean of ``train_target``."""
    import numpy as np

    seen = to_floats(wrap_series(train_target))
    if not len(seen) or not np.isfinite(seen).all():
        raise DataError("The training rows have no finite target for a baseline.")
    return Evaluation(evaluation.truth, np.full(len(evaluation), seen.mean()))


def _predict(model: FittedModel, frame: Frame, rows: int) -> Predictions:
    predictions = checked_predictions(model, model.predict(frame))
    if rows != len(predictions.labels):
        raise DataError(
            f"{count(len(predictions.labels), 'row')} are predicted, but {rows:,} have a target: "
            "models are evaluated on rows that have both."
        )
    if not rows:
        raise DataError("There are no rows to evaluate the model on.")
    return predictions


def _plain(values: Any) -> list[Any]:
    # Python's own values: 1, 1.0 and numpy's are one class; a missing prediction is a class of its own.
    plain = values.tolist() if hasattr(values, "tolist") else list(values)
    return [
        None if value is None or value != value else value.item() if hasattr(value, "item") else value
        for value in plain
    ]


def _ordered(classes: tuple[Any, ...], positive: Any) -> tuple[Any, ...]:
    if len(classes) != 2:
        return classes
    if positive is None:
        last = max(classes, key=lambda value: (str(type(value)), value))
    else:
        # A class 1 may be "1" in an environment variable.
        matching = [value for value in classes if value == positive] or [
            value for value in classes if str(value) == str(positive)
        ]
        if not matching:
            raise DataError(
                f"problem.positive_label is {positive!r}, but the classes are {listed(classes)}. "
                "Set it to one of them."
            )
        last = matching[0]
    return (*(value for value in classes if value != last), last)


def _coded(values: Sequence[Any], codes: dict[Any, int]) -> Indices:
    import numpy as np

    return np.fromiter((codes[value] for value in values), dtype=np.intp, count=len(values))


def _aligned(probabilities: Array | None, codes: list[int], number: int) -> Floats | None:
    import numpy as np

    if probabilities is None:
        return None
    columns: NDArray[Any] = np.asarray(probabilities)
    if columns.dtype.kind != "f":
        columns = columns.astype(np.float64)
    aligned = np.zeros((len(columns), number), dtype=columns.dtype)  # classes unknown to a model get nothing
    aligned[:, codes] = columns
    return aligned
