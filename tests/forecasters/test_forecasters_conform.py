"""Every built-in trainer that forecasts keeps to what all of them have to."""

import pytest

from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_trainer.prophet import ProphetModelTrainer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.components.model_trainer.statsmodels import StatsmodelsModelTrainer
from lolpop.testing import FORECASTER_CHECKS

TRAINERS = {
    "sklearn": (SklearnModelTrainer, {"estimator": "ridge"}),
    "statsmodels ets": (StatsmodelsModelTrainer, {"model": "ets", "error": "additive", "trend": "none"}),
    "statsmodels sarimax": (StatsmodelsModelTrainer, {"model": "sarimax", "order": (1, 0, 0)}),
    "prophet": (ProphetModelTrainer, {}),
}


@pytest.mark.parametrize("check", FORECASTER_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", TRAINERS)
def test_a_forecaster_conforms(name, check):
    """The check's own sentence holds for the trainer."""
    trainer, settings = TRAINERS[name]
    pytest.importorskip(name.split()[0])

    def make(problem, seed):
        needed = (
            {"feature_transformer": SklearnFeatureTransformer()} if trainer is SklearnModelTrainer else {}
        )
        return trainer(**settings, problem=problem, seed=seed, **needed)

    check(make)
