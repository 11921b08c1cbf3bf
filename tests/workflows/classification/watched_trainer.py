"""A trainer that leaves a trace of every fit; other processes import it by name."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lolpop.components.feature_transformer import FeatureTransformer
from lolpop.components.model_trainer import Params
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.problem import Problem


class WatchedTrainer(SklearnModelTrainer):
    """Writes a file for each fit: by which process, on how many rows."""

    def __init__(
        self,
        estimator: str = "logistic_regression",
        params: Mapping[str, Any] | None = None,
        *,
        problem: Problem,
        seed: int = 0,
        feature_transformer: FeatureTransformer,
        folder: Path,
    ) -> None:
        super().__init__(
            estimator, params, problem=problem, seed=seed, feature_transformer=feature_transformer
        )
        self._folder = folder

    def fit(self, frame: Any, target: Any, params: Params | None = None) -> Any:
        descriptor, _ = tempfile.mkstemp(prefix=f"fit-{os.getpid()}-{len(frame)}-", dir=self._folder)
        os.close(descriptor)
        return super().fit(frame, target, params)
