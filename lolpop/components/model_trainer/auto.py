"""Several trainers that the train pipeline chooses from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import PositiveInt

from lolpop.components.executor import Executor
from lolpop.components.feature_transformer import FeatureTransformer
from lolpop.components.logger import Logger
from lolpop.components.model_trainer import ModelTrainer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.errors import Finding
from lolpop.problem import ForecastingProblem, Problem

if TYPE_CHECKING:
    from lolpop.components.model_trainer.combination import CombinationModelTrainer

__all__ = ["AutoModelTrainer"]

_BOOSTING = "hist_gradient_boosting"
# On fewer values, trees gain little and take most of the time.
_MANY_VALUES = 1_000
_LINEAR = {"classification": "logistic_regression", "regression": "ridge"}
_TRIALS: Mapping[str, tuple[Mapping[str, Any], ...]] = MappingProxyType(
    {
        "logistic_regression": ({"C": 0.01}, {"C": 0.1}, {"C": 1.0}),
        "ridge": ({"alpha": 1.0}, {"alpha": 10.0}, {"alpha": 100.0}),
        _BOOSTING: (
            {},
            {"learning_rate": 0.05, "max_leaf_nodes": 8},
            {"learning_rate": 0.05, "max_iter": 50, "max_leaf_nodes": 4},
        ),
    }
)
"""From the simplest to the most flexible: a linear model, and trees of several sizes."""


class AutoModelTrainer(SklearnModelTrainer):
    """Represents several trainers; the train pipeline fits each of them and keeps the best.

    For series: the naive, the seasonal naive and the drift forecast, exponential smoothing with a damped
    trend and with one that fades less, a linear model of lags and, of 1,000 values or more, boosting on lags.
    The backtest chooses, so that the deployed model is never worse in it than the best baseline. For rows and
    columns: a linear model and gradient boosting, three of either, from simple to flexible. Validation rows
    choose, as in a search.

    With an estimator, parameters or lags, it represents that one model of scikit-learn. Called by hand,
    ``fit`` cannot choose, and fits gradient boosting.

    Parameters
    ----------
    estimator : str, optional
        The one estimator to fit, by short name or import path.
    params : mapping, optional
        Parameters of the one estimator to fit.
    lags : list of int, optional
        Of a forecasting problem, lags of the one estimator to fit.
    """

    def __init__(
        self,
        estimator: str | None = None,
        params: Mapping[str, Any] | None = None,
        lags: tuple[PositiveInt, ...] | None = None,
        *,
        problem: Problem,
        seed: int = 0,
        feature_transformer: FeatureTransformer,
        executor: Executor | None = None,
        logger: Logger | None = None,
    ) -> None:
        one = SklearnModelTrainer(
            estimator or _BOOSTING,
            params,
            lags,
            problem=problem,
            seed=seed,
            feature_transformer=feature_transformer,
        )
        super().__init__(
            estimator or _BOOSTING,
            params,
            lags,
            problem=problem,
            seed=seed,
            feature_transformer=feature_transformer,
        )
        self._combination: CombinationModelTrainer | None = None
        if estimator is not None or params or lags is not None:
            self._trainers: tuple[ModelTrainer, ...] = (one,)
        elif isinstance(problem, ForecastingProblem):
            from lolpop.components.model_trainer.combination import CombinationModelTrainer

            self._combination = CombinationModelTrainer(
                problem=problem,
                seed=seed,
                feature_transformer=feature_transformer,
                executor=executor,
                logger=logger,
            )
            self._trainers = tuple(self._combination.members.values())
        else:
            self._trainers = tuple(
                SklearnModelTrainer(
                    name, trial, problem=problem, seed=seed, feature_transformer=feature_transformer
                )
                for name in (_LINEAR[problem.type], _BOOSTING)
                for trial in _TRIALS[name]
            )

    @classmethod
    def check_settings(
        cls, settings: Mapping[str, Any], values: Mapping[str, Any] = MappingProxyType({})
    ) -> Iterable[Finding]:
        """Check that the estimator exists, is for the problem, and takes the settings."""
        explicit = {name: value for name, value in settings.items() if value is not None}
        yield from super().check_settings(explicit, values)

    @classmethod
    def known_keys(cls, setting: str, settings: Mapping[str, Any]) -> Iterable[str]:
        """Keys of the mapping ``setting``: parameters of the estimator that ``settings`` name."""
        return super().known_keys(setting, {**settings, "estimator": settings.get("estimator") or _BOOSTING})

    def alternatives(self, rows: int | None = None) -> Sequence[ModelTrainer]:
        """The trainers to choose from, the simplest first; without boosting for few values of series."""
        few = self._combination is not None and rows is not None and rows < _MANY_VALUES
        return self._trainers[:-1] if few else self._trainers

    @property
    def combination(self) -> CombinationModelTrainer | None:
        """The trainer that combines the best forecasters; None for rows and columns."""
        return self._combination
