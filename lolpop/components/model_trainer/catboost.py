"""Gradient boosting by CatBoost."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from lolpop.components.feature_transformer import FeatureTransformer
from lolpop.components.model_trainer import Float, Int, Params, SearchSpace
from lolpop.components.model_trainer._estimators import parameter_names
from lolpop.components.model_trainer._forecast_support import worth_searching
from lolpop.components.model_trainer._threads import threads_for
from lolpop.components.model_trainer.boosting import BoostedTrees, BoostingModelTrainer, unnamed
from lolpop.components.model_trainer.tabular import REFUSALS, explained
from lolpop.errors import TrainingError, UnusableArtifactError
from lolpop.problem import Problem

if TYPE_CHECKING:
    from lolpop.data.frames import Array

__all__ = ["CatBoostModelTrainer"]

# Its errors begin with a place in its source code.
_PLACE = re.compile(r"^\S+:\d+: (Error: )?")

# Parameters of verbosity, of which CatBoost takes at most one.
_LOUDNESS = frozenset({"logging_level", "silent", "verbose", "verbose_eval"})

Depth = Annotated[int, Field(ge=1, le=16)]

_OF_THE_FIT = {"model_guid", "train_finish_time"}


class _CatBoostTrees(BoostedTrees):
    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator

    @classmethod
    def new(cls, params: Params, problem_type: str) -> Self:
        import catboost

        make = catboost.CatBoostClassifier if problem_type == "classification" else catboost.CatBoostRegressor
        quiet = {} if _LOUDNESS & set(params) else {"logging_level": "Silent"}
        try:
            return cls(make(**{**quiet, **params}))
        except (*REFUSALS, catboost.CatBoostError) as error:
            raise _explained(error) from error

    def fit(self, features: Any, labels: Array) -> None:
        import catboost

        try:
            self._estimator.fit(self.prepare(features), labels, cat_features=_categorical(features))
        except (*REFUSALS, catboost.CatBoostError) as error:
            raise _explained(error) from error

    def predict(self, features: Any) -> Array:
        predicted: Array = self._estimator.predict(
            self.prepare(features), thread_count=threads_for(*features.shape)
        )
        return predicted

    def predict_proba(self, features: Any) -> Array:
        probabilities: Array = self._estimator.predict_proba(
            self.prepare(features), thread_count=threads_for(*features.shape)
        )
        return probabilities

    @property
    def library_model(self) -> Any:
        return self._estimator

    def prepare(self, features: Any) -> Any:
        # CatBoost takes categories as integers without missing values: missing is the code -1.
        coded = unnamed(features)
        for column in _categorical(features):
            coded[column] = coded[column].cat.codes
        return coded

    def save(self, path: Path) -> None:
        # The time of the fit, and its random name, would make equal models differ.
        metadata = self._estimator.get_metadata()
        for name in _OF_THE_FIT.intersection(metadata.keys()):
            metadata[name] = ""
        self._estimator.save_model(str(path), format="cbm")

    @classmethod
    def load(cls, path: Path, classes: int) -> Self:
        import catboost

        estimator = catboost.CatBoostClassifier() if classes else catboost.CatBoostRegressor()
        try:
            return cls(estimator.load_model(str(path), format="cbm"))
        except (catboost.CatBoostError, OSError, ValueError) as error:
            raise UnusableArtifactError(f"The stored model in {path.parent} is damaged: {error}") from error


class CatBoostModelTrainer(BoostingModelTrainer):
    """CatBoost behind the feature transformer, stored in CatBoost's own format.

    CatBoost handles missing values and categories; a missing category is a category of its own.

    Parameters
    ----------
    iterations : int
        Number of trees.
    learning_rate : float or None
        Share of each tree that is added; None leaves it to CatBoost, by the number of rows and trees.
    depth : int
        Depth of the trees.
    l2_leaf_reg : float or None
        L2 regularisation of the leaves; None is CatBoost's default, 3. With any number, CatBoost no longer
        chooses the learning rate, which is then 0.03 by default.
    params : mapping, optional
        Further parameters of ``CatBoostClassifier`` or ``CatBoostRegressor``. Its ``random_seed`` is the
        workflow's seed unless it is set.
    """

    requires = ("catboost",)
    install = "lolpop[catboost]"
    library = "CatBoost"
    trees = _CatBoostTrees
    thread_parameter = "thread_count"
    estimator_file = "estimator.cbm"

    def __init__(
        self,
        iterations: PositiveInt = 1000,
        learning_rate: PositiveFloat | None = None,
        depth: Depth = 6,
        l2_leaf_reg: NonNegativeFloat | None = None,
        params: Mapping[str, Any] | None = None,
        *,
        problem: Problem,
        seed: int = 0,
        feature_transformer: FeatureTransformer,
    ) -> None:
        own = {
            "iterations": iterations,
            "learning_rate": learning_rate,
            "depth": depth,
            "l2_leaf_reg": l2_leaf_reg,
        }
        explicit = {name: value for name, value in own.items() if value is not None}
        super().__init__(
            {**explicit, **(params or {})},
            problem=problem,
            seed=seed % 2**63,  # CatBoost takes no other seeds
            feature_transformer=feature_transformer,
        )

    @classmethod
    def parameter_names(cls) -> Sequence[str]:
        """Names of the parameters that CatBoost takes; it is installed."""
        import catboost

        # Categories are recognised by the dtype of their columns.
        names = parameter_names(catboost.CatBoostClassifier)
        return [name for name in names if name not in {"cat_features", "kwargs"}]

    def search_space(self) -> SearchSpace:
        """The parameters that are worth searching."""
        space: SearchSpace = {
            "iterations": Int(100, 500),
            "learning_rate": Float(0.01, 0.3, log=True),
            "depth": Int(4, 8),
            "l2_leaf_reg": Float(1.0, 10.0, log=True),
        }
        return worth_searching(space, self._problem)

    def _fixed(self) -> Params:
        return {"random_seed": self._seed, "allow_writing_files": False}


def _categorical(features: Any) -> list[int]:
    dtypes = getattr(features, "dtypes", ())
    return [at for at, dtype in enumerate(dtypes) if dtype == "category"]


def _explained(error: Exception) -> TrainingError:
    return explained(ValueError(_PLACE.sub("", str(error))), "CatBoost")
