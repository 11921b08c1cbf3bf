"""A real, if simple, trainer: the target's mean, kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lolpop.components.model_trainer import FittedModel, ModelTrainer, Params, Predictions, SearchSpace


class MeanModel(FittedModel):
    def __init__(self, mean: float, columns: Sequence[str]) -> None:
        self.mean = mean
        self._columns = tuple(columns)

    @property
    def columns(self) -> tuple[str, ...]:
        return self._columns

    @property
    def classes(self) -> tuple[object, ...]:
        return ()

    def predict(self, frame) -> Predictions:
        return Predictions(np.full(len(frame), self.mean))


class MeanTrainer(ModelTrainer):
    def fit(self, frame, target, params: Params | None = None) -> MeanModel:
        return MeanModel(float(np.mean(target)), frame.columns)

    def search_space(self) -> SearchSpace:
        return {}

    def save(self, model: FittedModel, folder: Path) -> None:
        content = {"mean": model.mean, "columns": model.columns}
        (folder / "model.json").write_text(json.dumps(content))

    @classmethod
    def load(cls, folder: Path, trusted: Sequence[str] = ()) -> MeanModel:
        return MeanModel(**json.loads((folder / "model.json").read_text()))
