"""Checks that a trainer and its models keep their contract, where it is first relied on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lolpop._names import with_article
from lolpop.errors import TrainingError

if TYPE_CHECKING:
    from pathlib import Path

    from lolpop.components.model_trainer import FittedModel, Predictions

__all__ = ["checked_model", "checked_predictions", "require_saved"]

_MODEL = ("columns", "classes", "predict")
_PREDICTIONS = ("labels", "probabilities", "classes")


def checked_model(trainer: object, model: Any) -> FittedModel:
    """The result of ``fit``. Raises TrainingError, naming the trainer, if it is not a fitted model."""
    missing = [name for name in _MODEL if not hasattr(model, name)]
    if missing:
        raise TrainingError(
            f"{type(trainer).__name__}.fit returned {_what(model)}. It must return a FittedModel, which has "
            f"{', '.join(_MODEL)}."
        )
    fitted: FittedModel = model
    return fitted


def checked_predictions(model: object, predictions: Any) -> Predictions:
    """The result of ``predict``. Raises TrainingError, naming the model, if it is not predictions."""
    if any(not hasattr(predictions, name) for name in _PREDICTIONS):
        raise TrainingError(
            f"{type(model).__name__}.predict returned {_what(predictions)}. "
            "It must return Predictions(labels=…), with one label for each row."
        )
    checked: Predictions = predictions
    return checked


def require_saved(trainer: object, folder: Path) -> None:
    """Raise TrainingError, naming the trainer, if ``save`` wrote nothing."""
    if not any(folder.iterdir()):
        raise TrainingError(
            f"{type(trainer).__name__}.save wrote no file. "
            "It must write the model into the folder that it gets."
        )


def _what(value: object) -> str:
    return "None" if value is None else with_article(type(value).__name__)
