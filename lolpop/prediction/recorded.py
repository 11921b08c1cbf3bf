"""The record of a model that is stored beside its predictions, to measure them once the truth is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lolpop.components.model_trainer import FittedModel, Predictions
from lolpop.components.model_trainer.predicted import (
    LABEL,
    probability_columns,
)
from lolpop.components.model_trainer.stored import loaded
from lolpop.data.frames import Frame, wrap
from lolpop.problem import ForecastingProblem, Problem


def plain_classes(model: FittedModel) -> list[Any]:
    """The classes of ``model`` as JSON values."""
    return [name.item() if hasattr(name, "item") else name for name in model.classes]


class RecordedModel(FittedModel):
    """A model whose predictions are those recorded in a frame. So the recorded predictions are measured,
    independently of the model today.
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


def record_of(model: FittedModel, problem: Problem) -> dict[str, Any]:
    """The record of ``model``, as JSON values, to measure its predictions later."""
    record: dict[str, Any] = {"classes": plain_classes(model)}
    if isinstance(problem, ForecastingProblem):
        from lolpop.components.model_trainer.forecasting.models import ForecastModel

        model = loaded(model)
        if isinstance(model, ForecastModel):
            record["scales"] = {key: history.scale for key, history in model.learned.histories.items()}
    return record


def recorded_model(record: Mapping[str, Any], problem: Problem) -> FittedModel:
    """The recorded model of the ``record`` that was stored beside predictions."""
    if isinstance(problem, ForecastingProblem):
        from lolpop.components.model_checker.backtests import RecordedForecasts

        return RecordedForecasts(problem, record["scales"])
    return RecordedModel(record["classes"])
