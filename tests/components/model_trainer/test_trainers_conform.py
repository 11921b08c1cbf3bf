"""Every built-in trainer keeps to what all trainers have to."""

import pytest

from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_trainer.auto import AutoModelTrainer
from lolpop.components.model_trainer.catboost import CatBoostModelTrainer
from lolpop.components.model_trainer.lightgbm import LightGBMModelTrainer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.components.model_trainer.xgboost import XGBoostModelTrainer
from lolpop.testing import MODEL_TRAINER_CHECKS

TRAINERS = {
    "sklearn": (SklearnModelTrainer, {"params": {"max_iter": 10}}),
    "sklearn forest": (SklearnModelTrainer, {"estimator": "random_forest", "params": {"n_estimators": 10}}),
    "sklearn auto": (AutoModelTrainer, {"estimator": "hist_gradient_boosting", "params": {"max_iter": 5}}),
    "xgboost": (XGBoostModelTrainer, {"n_estimators": 10}),
    "lightgbm": (LightGBMModelTrainer, {"n_estimators": 10}),
    "catboost": (CatBoostModelTrainer, {"iterations": 10}),
}


@pytest.mark.parametrize("check", MODEL_TRAINER_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", TRAINERS)
def test_a_trainer_conforms(name, check):
    """The trainer fulfils the check, whose docstring says what is required."""
    trainer, settings = TRAINERS[name]
    pytest.importorskip(name.split()[0])

    def make(problem, seed):
        return trainer(
            **settings, problem=problem, seed=seed, feature_transformer=SklearnFeatureTransformer()
        )

    check(make, ("classification", "regression"))
