"""Predictions as a frame: the index column, ``prediction``, and ``probability_<class>`` for each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lolpop.components.model_trainer import FittedModel, Predictions
from lolpop.frames import Frame, wrap

__all__ = ["LABEL", "RecordedModel", "plain_classes", "predictions_frame", "probability_columns"]

LABEL = "prediction"


def probability_columns(classes: Sequence[Any]) -> list[str]:
    """Names of the columns that hold the probabilities of ``classes``, in their order."""
    return [f"probability_{name}" for name in classes]


def plain_classes(model: FittedModel) -> list[Any]:
    """The classes of ``model`` as JSON values."""
    return [name.item() if hasattr(name, "item") else name for name in model.classes]


def predictions_frame(predictions: Predictions, frame: Frame, index: str | None) -> Frame:
    """Predictions of the n rows of ``frame`` as a frame of its kind, with its column ``index`` if given."""
    import narwhals as nw

    rows = wrap(frame)
    labels = predictions.labels
    # Python's own values, so that every dataframe library sees strings where labels are strings.
    values: dict[str, Any] = {LABEL: labels.tolist() if labels.dtype.kind in "OU" else labels}
    if predictions.probabilities is not None:
        values |= zip(probability_columns(predictions.classes), predictions.probabilities.T, strict=True)
    columns = [nw.new_series(name, each, backend=rows.implementation) for name, each in values.items()]
    # Starting from no column keeps nothing but the rows of a frame without index.
    kept = rows.select(index) if index else columns.pop(0).to_frame()
    built: Frame = kept.with_columns(*columns).to_native()
    return built


class RecordedModel(FittedModel):
    """Answers for rows of a predictions frame with the predictions in it.

    What is measured with it is what was predicted at the time, whatever became of the model since.
    """

    __slots__ = ("_classes",)

    def __init__(self, classes: Sequence[Any]) -> None:
        self._classes = tuple(classes)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that it reads."""
        return (LABEL, *probability_columns(self._classes))

    @property
    def classes(self) -> tuple[Any, ...]:
        """The target's classes in the order of the probabilities."""
        return self._classes

    def predict(self, frame: Frame) -> Predictions:
        """Read the predictions in ``frame``."""
        data = wrap(frame)
        names = probability_columns(self._classes)
        return Predictions(
            labels=data.get_column(LABEL).to_numpy(),
            probabilities=data.select(names).to_numpy() if names else None,
            classes=self._classes,
        )
