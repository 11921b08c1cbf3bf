"""A model trainer that inherits from a ready-made one."""

from __future__ import annotations

from pydantic import PositiveInt

from lolpop import Problem
from lolpop.components.feature_transformer import FeatureTransformer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer

__all__ = ["ShallowTreeModelTrainer"]


class ShallowTreeModelTrainer(SklearnModelTrainer):
    """A decision tree that fits on a page.

    Parameters
    ----------
    max_depth : int
        How many questions it asks of a row at most.
    """

    def __init__(
        self,
        max_depth: PositiveInt = 3,
        *,
        problem: Problem,
        seed: int = 0,
        feature_transformer: FeatureTransformer,
    ) -> None:
        super().__init__(
            "decision_tree",
            {"max_depth": max_depth},
            problem=problem,
            seed=seed,
            feature_transformer=feature_transformer,
        )
