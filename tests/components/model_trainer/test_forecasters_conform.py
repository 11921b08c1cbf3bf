"""Every built-in trainer that forecasts keeps to what all of them have to."""

import pytest

from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_trainer.combination import CombinationModelTrainer
from lolpop.components.model_trainer.naive import NaiveModelTrainer
from lolpop.components.model_trainer.prophet import ProphetModelTrainer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.components.model_trainer.smoothing import SmoothingModelTrainer
from lolpop.components.model_trainer.statsmodels import StatsmodelsModelTrainer
from lolpop.components.model_trainer.theta import ThetaModelTrainer
from lolpop.testing import FORECASTER_CHECKS

TRAINERS = {
    "naive": (NaiveModelTrainer, {"method": "naive"}),
    "seasonal naive": (NaiveModelTrainer, {"method": "seasonal_naive"}),
    "drift": (NaiveModelTrainer, {"method": "drift"}),
    "smoothing": (SmoothingModelTrainer, {}),
    "smoothing of logarithms": (SmoothingModelTrainer, {"logarithms": True}),
    "theta": (ThetaModelTrainer, {}),
    "combination": (CombinationModelTrainer, {}),
    "sklearn": (SklearnModelTrainer, {"estimator": "ridge"}),
    "statsmodels ets": (StatsmodelsModelTrainer, {"model": "ets", "error": "additive", "trend": "none"}),
    "statsmodels sarimax": (StatsmodelsModelTrainer, {"model": "sarimax", "order": (1, 0, 0)}),
    "prophet": (ProphetModelTrainer, {}),
}


KNOW_NO_SEASON = {"naive", "drift"}  # they are what is deployed where nothing is better


@pytest.mark.parametrize(
    ("name", "check"),
    [
        pytest.param(name, check, id=f"{name}-{check.__name__}")
        for name in TRAINERS
        for check in FORECASTER_CHECKS
        if not (name in KNOW_NO_SEASON and check.__name__ == "goes_on_with_a_season")
    ],
)
def test_a_forecaster_conforms(name, check):
    """The trainer fulfils the check, whose docstring says what is required."""
    trainer, settings = TRAINERS[name]
    for module in trainer.requires:
        pytest.importorskip(module)

    def make(problem, seed):
        needed = (
            {"feature_transformer": SklearnFeatureTransformer()}
            if trainer in {SklearnModelTrainer, CombinationModelTrainer}
            else {}
        )
        return trainer(**settings, problem=problem, seed=seed, **needed)

    check(make)
