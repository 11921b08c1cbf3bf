"""Gradient boosting by XGBoost."""

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

__all__ = ["XGBoostModelTrainer"]

# The form of its errors: value -1 for Parameter max_depth should be greater equal to 0.
_REFUSED = re.compile(
    r"value (?P<value>\S+) for Parameter (?P<name>\w+) (?P<expected>(should|exceed)[^\n]*)", re.IGNORECASE
)

# Its errors begin with the time and a place in its source code.
_PLACE = re.compile(r"^\[[\d:]+\] \S+:\d+: ")

# The names of parameters in XGBoost's errors, by those of its estimators.
_NAMES = {"alpha": "reg_alpha", "eta": "learning_rate", "lambda": "reg_lambda", "min_split_loss": "gamma"}

Fraction = Annotated[float, Field(gt=0, le=1)]


class _XGBoostTrees(BoostedTrees):
    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator

    @classmethod
    def new(cls, params: Params, problem_type: str) -> Self:
        import xgboost

        make = xgboost.XGBClassifier if problem_type == "classification" else xgboost.XGBRegressor
        return cls(make(**params))

    def fit(self, features: Any, labels: Array) -> None:
        try:
            self._estimator.fit(self.prepare(features), labels)
        except REFUSALS as error:
            raise _explained(error) from error

    def predict(self, features: Any) -> Array:
        self._use_threads(features)
        predicted: Array = self._estimator.predict(self.prepare(features))
        return predicted

    def predict_proba(self, features: Any) -> Array:
        self._use_threads(features)
        probabilities: Array = self._estimator.predict_proba(self.prepare(features))
        return probabilities

    def _use_threads(self, features: Any) -> None:
        threads = threads_for(*features.shape)
        if self._estimator.n_jobs != threads:
            self._estimator.set_params(n_jobs=threads)
            self._estimator.get_booster().set_param({"nthread": threads})

    @property
    def library_model(self) -> Any:
        return self._estimator

    def save(self, path: Path) -> None:
        self._estimator.save_model(path)

    @classmethod
    def load(cls, path: Path, classes: int) -> Self:
        import xgboost

        estimator = xgboost.XGBClassifier() if classes else xgboost.XGBRegressor()
        try:
            estimator.load_model(path)
        except (xgboost.core.XGBoostError, OSError, ValueError, KeyError) as error:
            raise UnusableArtifactError(f"The stored model in {path.parent} is damaged: {error}") from error
        return cls(estimator)


class XGBoostModelTrainer(BoostingModelTrainer):
    """XGBoost behind the feature transformer, stored in XGBoost's own format.

    XGBoost handles missing values and categories.

    Parameters
    ----------
    n_estimators : int
        Number of trees (for several classes: of each class).
    learning_rate : float
        Share of each tree that is added.
    max_depth : int
        Depth of a tree at most; 0 for no limit.
    subsample : float
        Share of the rows that each tree learns from.
    colsample_bytree : float
        Share of the features that each tree learns from.
    min_child_weight : float
        Sum of the weights of rows in a leaf at least.
    reg_lambda : float
        L2 regularisation of the leaves.
    params : mapping, optional
        Further parameters of ``XGBClassifier`` or ``XGBRegressor``. Its ``random_state`` is the workflow's
        seed unless it is set.
    """

    requires = ("xgboost",)
    install = "lolpop[xgboost]"
    library = "XGBoost"
    trees = _XGBoostTrees
    thread_parameter = "n_jobs"
    estimator_file = "estimator.ubj"

    def __init__(
        self,
        n_estimators: PositiveInt = 100,
        learning_rate: PositiveFloat = 0.3,
        max_depth: NonNegativeInt = 6,
        subsample: Fraction = 1.0,
        colsample_bytree: Fraction = 1.0,
        min_child_weight: NonNegativeFloat = 1.0,
        reg_lambda: NonNegativeFloat = 1.0,
        params: Mapping[str, Any] | None = None,
        *,
        problem: Problem,
        seed: int = 0,
        feature_transformer: FeatureTransformer,
    ) -> None:
        own = {
            "n_estimators": n_estimators,
            "learning_rate": learning_rate,
            "max_depth": max_depth,
            "subsample": subsample,
            "colsample_bytree": colsample_bytree,
            "min_child_weight": min_child_weight,
            "reg_lambda": reg_lambda,
        }
        super().__init__(
            {**own, **(params or {})},
            problem=problem,
            seed=seed % 2**32,  # numpy takes no other seeds
            feature_transformer=feature_transformer,
        )

    @classmethod
    def parameter_names(cls) -> Sequence[str]:
        """Names of the parameters that XGBoost takes; it is installed."""
        import xgboost

        # The classifier takes the parameters of its base class.
        return [name for name in parameter_names(xgboost.XGBModel) if name != "kwargs"]

    def search_space(self) -> SearchSpace:
        """The parameters that are worth searching."""
        space: SearchSpace = {
            "n_estimators": Int(50, 500),
            "learning_rate": Float(0.01, 0.3, log=True),
            "max_depth": Int(2, 10),
            "subsample": Float(0.5, 1.0),
            "colsample_bytree": Float(0.5, 1.0),
            "min_child_weight": Float(1.0, 20.0, log=True),
            "reg_lambda": Float(1e-3, 10.0, log=True),
        }
        return worth_searching(space, self._problem)

    def _fixed(self) -> Params:
        return {"random_state": self._seed, "enable_categorical": True, "verbosity": 0}


def _explained(error: Exception) -> TrainingError:
    if match := _REFUSED.search(str(error)):
        name = _NAMES.get(match["name"], match["name"])
        message = f"{name} of XGBoost cannot be {match['value']}: {match['expected']}."
        return TrainingError(message, parameter=(name, match["value"]))
    lines = [line for line in str(error).splitlines() if line and not line.startswith(("Stack trace", "  "))]
    reason = _PLACE.sub("", lines[0]) if lines else type(error).__name__
    return explained(ValueError(reason), "XGBoost")
