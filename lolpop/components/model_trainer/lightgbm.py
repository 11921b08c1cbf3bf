"""Gradient boosting by LightGBM."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from lolpop.components.feature_transformer import FeatureTransformer
from lolpop.components.model_trainer import Float, Int, Params, SearchSpace
from lolpop.components.model_trainer._estimators import parameter_names
from lolpop.components.model_trainer._forecast_support import worth_searching
from lolpop.components.model_trainer._threads import threads_for
from lolpop.components.model_trainer.boosting import BoostedTrees, BoostingModelTrainer
from lolpop.components.model_trainer.tabular import REFUSALS, explained
from lolpop.errors import TrainingError, UnusableArtifactError
from lolpop.problem import Problem

if TYPE_CHECKING:
    from lolpop.data.frames import Array

__all__ = ["LightGBMModelTrainer"]

# The form of its errors: Check failed: (lambda_l1) >= (0.0) at …/config_auto.cpp, line 415 .
_REFUSED = re.compile(r"Check failed: \((?P<name>\w+)\) (?P<relation>[<>=!]+) \((?P<bound>[^)]*)\)")

# The names of parameters in LightGBM's errors, by those of its estimators.
_NAMES = {
    "feature_fraction": "colsample_bytree", "lambda_l1": "reg_alpha", "lambda_l2": "reg_lambda",
    "bagging_fraction": "subsample", "min_data_in_leaf": "min_child_samples",
}  # fmt: skip

_TREE_SIZES = re.compile(rb"^tree_sizes=([\d ]*)$", re.MULTILINE)

Fraction = Annotated[float, Field(gt=0, le=1)]
Leaves = Annotated[int, Field(ge=2, le=131072)]


class _LightGBMTrees(BoostedTrees):
    """Keeps only the booster once fitted, since only that can be stored."""

    def __init__(self, estimator: Any = None, booster: Any = None) -> None:
        self._estimator = estimator
        self._booster = booster

    @classmethod
    def new(cls, params: Params, problem_type: str) -> Self:
        import lightgbm

        make = lightgbm.LGBMClassifier if problem_type == "classification" else lightgbm.LGBMRegressor
        return cls(estimator=make(**params))

    def fit(self, features: Any, labels: Array) -> None:
        import lightgbm

        try:
            self._booster = self._estimator.fit(self.prepare(features), labels).booster_
        except (*REFUSALS, lightgbm.basic.LightGBMError) as error:
            raise _explained(error) from error
        self._estimator = None

    def predict(self, features: Any) -> Array:
        predicted: Array = self._booster.predict(
            self.prepare(features), num_threads=threads_for(*features.shape)
        )
        return predicted

    def predict_proba(self, features: Any) -> Array:
        import numpy as np

        probabilities: Array = self._booster.predict(
            self.prepare(features), num_threads=threads_for(*features.shape)
        )
        if probabilities.ndim == 1:
            return np.column_stack([1 - probabilities, probabilities])
        return probabilities

    @property
    def library_model(self) -> Any:
        return self._booster

    def save(self, path: Path) -> None:
        self._booster.save_model(path, num_iteration=-1)

    @classmethod
    def load(cls, path: Path, classes: int) -> Self:  # noqa: ARG003  (the file says it)
        import lightgbm

        try:
            _require_whole(path)
            return cls(booster=lightgbm.Booster(model_file=path))
        except (lightgbm.basic.LightGBMError, OSError, ValueError, KeyError) as error:
            raise UnusableArtifactError(f"The stored model in {path.parent} is damaged: {error}") from error


class LightGBMModelTrainer(BoostingModelTrainer):
    """LightGBM behind the feature transformer, stored in LightGBM's own text format.

    LightGBM handles missing values and categories.

    Parameters
    ----------
    n_estimators : int
        Number of trees (for several classes: of each class).
    learning_rate : float
        Share of each tree that is added.
    num_leaves : int
        Leaves of a tree at most.
    max_depth : int
        Depth of a tree at most; 0 for no limit.
    min_child_samples : int
        Rows in a leaf at least.
    colsample_bytree : float
        Share of the features that each tree learns from.
    reg_lambda : float
        L2 regularisation of the leaves.
    params : mapping, optional
        Further parameters of ``LGBMClassifier`` or ``LGBMRegressor``, or of LightGBM itself. Its
        ``random_state`` is the workflow's seed unless it is set.
    """

    requires = ("lightgbm",)
    install = "lolpop[lightgbm]"
    library = "LightGBM"
    trees = _LightGBMTrees
    thread_parameter = "n_jobs"
    estimator_file = "estimator.txt"

    def __init__(
        self,
        n_estimators: PositiveInt = 100,
        learning_rate: PositiveFloat = 0.1,
        num_leaves: Leaves = 31,
        max_depth: NonNegativeInt = 0,
        min_child_samples: NonNegativeInt = 20,
        colsample_bytree: Fraction = 1.0,
        reg_lambda: NonNegativeFloat = 0.0,
        params: Mapping[str, Any] | None = None,
        *,
        problem: Problem,
        seed: int = 0,
        feature_transformer: FeatureTransformer,
    ) -> None:
        own = {
            "n_estimators": n_estimators,
            "learning_rate": learning_rate,
            "num_leaves": num_leaves,
            "max_depth": max_depth,
            "min_child_samples": min_child_samples,
            "colsample_bytree": colsample_bytree,
            "reg_lambda": reg_lambda,
        }
        super().__init__(
            {**own, **(params or {})},
            problem=problem,
            seed=seed % 2**31,  # LightGBM takes no other seeds
            feature_transformer=feature_transformer,
        )

    @classmethod
    def parameter_names(cls) -> Sequence[str]:
        """Names of the parameters that LightGBM takes; it is installed."""
        import lightgbm

        named = [name for name in parameter_names(lightgbm.LGBMModel) if name != "kwargs"]
        # Other parameters are listed by the library only; aliases of those above are left out.
        aliases = lightgbm.basic._ConfigAliases._get_all_param_aliases()
        return named + [name for name, synonyms in aliases.items() if not {name, *synonyms} & set(named)]

    def search_space(self) -> SearchSpace:
        """The parameters that are worth searching."""
        space: SearchSpace = {
            "n_estimators": Int(50, 500),
            "learning_rate": Float(0.01, 0.3, log=True),
            "num_leaves": Int(7, 127, log=True),
            "min_child_samples": Int(5, 100, log=True),
            "colsample_bytree": Float(0.5, 1.0),
            "reg_lambda": Float(1e-3, 10.0, log=True),
        }
        return worth_searching(space, self._problem)

    def _fixed(self) -> Params:
        # Without these, LightGBM times two ways to sum and takes the faster: no two fits need be the same.
        same = {"deterministic": True, "force_col_wise": True}
        return {"random_state": self._seed, "verbosity": -1, **same}


def _require_whole(path: Path) -> None:
    # LightGBM ends the process, without an exception, on some truncated files.
    stored = path.read_bytes()
    sizes = _TREE_SIZES.search(stored)
    begin, end = stored.find(b"Tree=0"), stored.find(b"end of trees")
    if not sizes or end < 0 or end - (begin if begin >= 0 else end) != sum(map(int, sizes[1].split())):
        raise ValueError("it is not whole")


def _explained(error: Exception) -> TrainingError:
    if match := _REFUSED.search(str(error)):
        name = _NAMES.get(match["name"], match["name"])
        return TrainingError(f"{name} of LightGBM must be {match['relation']} {match['bound']}.")
    return explained(error, "LightGBM")
