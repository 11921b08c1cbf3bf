"""What LightGBM and CatBoost do besides what all trainers do."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_trainer.catboost import CatBoostModelTrainer
from lolpop.components.model_trainer.lightgbm import LightGBMModelTrainer
from lolpop.errors import StoreError, TrainingError
from lolpop.problem import Problem

lightgbm = pytest.importorskip("lightgbm")
catboost = pytest.importorskip("catboost")

BOTH = [(LightGBMModelTrainer, {"n_estimators": 10}), (CatBoostModelTrainer, {"iterations": 10})]


def trainer(make, kind="classification", **settings):
    problem = Problem(name="churn", target="y", type=kind)
    return make(**settings, problem=problem, seed=0, feature_transformer=SklearnFeatureTransformer())


@pytest.mark.parametrize("load", [load_breast_cancer, load_wine])
def test_classifiers_are_the_plain_script_on_numbers(load):
    """The probabilities equal those of the library's own classifier, for two classes and three."""
    X, y = load(return_X_y=True, as_frame=True)
    plain = lightgbm.LGBMClassifier(n_estimators=10, random_state=0, verbosity=-1).fit(X, y)
    predictions = trainer(LightGBMModelTrainer, n_estimators=10).fit(X, y).predict(X)
    assert np.array_equal(predictions.probabilities, plain.predict_proba(X))
    plain = catboost.CatBoostClassifier(
        iterations=10, random_seed=0, verbose=False, allow_writing_files=False
    ).fit(X, y)
    predictions = trainer(CatBoostModelTrainer, iterations=10).fit(X, y).predict(X)
    assert np.allclose(predictions.probabilities, plain.predict_proba(X), atol=1e-12)


def test_regressors_are_the_plain_script_on_numbers():
    """The predictions equal those of the library's own regressor."""
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    plain = lightgbm.LGBMRegressor(n_estimators=10, random_state=0, verbosity=-1).fit(X, y)
    predictions = trainer(LightGBMModelTrainer, "regression", n_estimators=10).fit(X, y).predict(X)
    assert np.allclose(predictions.labels, plain.predict(X), rtol=1e-12)
    plain = catboost.CatBoostRegressor(
        iterations=10, random_seed=0, verbose=False, allow_writing_files=False
    ).fit(X, y)
    predictions = trainer(CatBoostModelTrainer, "regression", iterations=10).fit(X, y).predict(X)
    assert np.allclose(predictions.labels, plain.predict(X), rtol=1e-12)


@pytest.mark.parametrize(("make", "settings"), BOTH)
def test_categories_are_learned_from_and_unseen_ones_predicted(make, settings):
    """A category decides the label, missing values aside; a new category is no error."""
    cities = ["Rome", "Oslo", None, "Bern"] * 60
    frame = pd.DataFrame({"city": cities, "noise": np.arange(240.0) % 7})
    model = trainer(make, **settings).fit(frame, pd.Series([city == "Oslo" for city in cities], name="y"))
    asked = pd.DataFrame({"city": ["Oslo", "Rome", None, "Paris"], "noise": [1.0, None, 2.0, 3.0]})
    assert model.predict(asked).labels.tolist()[:3] == [True, False, False]


@pytest.mark.parametrize(
    ("make", "params", "message"),
    [
        (LightGBMModelTrainer, {"n_estimators": -1}, "n_estimators of LightGBM cannot be -1"),
        (LightGBMModelTrainer, {"learning_rate": "fast"}, "learning_rate of LightGBM cannot be 'fast'"),
        (LightGBMModelTrainer, {"max_bin": 0}, "max_bin of LightGBM must be > 1"),
        (LightGBMModelTrainer, {"reg_alpha": -1}, "reg_alpha of LightGBM must be >= 0.0"),
        (LightGBMModelTrainer, {"objective": "guess"}, "LightGBM cannot be fitted: "),
        (LightGBMModelTrainer, {"num_leafs": 3}, "Did you mean num_leaves"),
        (CatBoostModelTrainer, {"iterations": 0}, "iterations of CatBoost cannot be 0"),
        (CatBoostModelTrainer, {"depth": 50}, "depth of CatBoost cannot be 50"),
        (CatBoostModelTrainer, {"loss_function": "guess"}, "CatBoost cannot be fitted: guess loss"),
        (CatBoostModelTrainer, {"n_estimators": 5}, "CatBoost cannot be fitted: only one of the parameters"),
        (CatBoostModelTrainer, {"dept": 3}, "Did you mean depth"),
    ],
)
def test_parameters_that_are_refused_are_named(make, params, message):
    """The error has the parameter and what was expected, without places in the library's source."""
    X, y = load_wine(return_X_y=True, as_frame=True)
    with pytest.raises(TrainingError, match=message) as raised:
        trainer(make).fit(X, y, params)
    assert ".cpp" not in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("make", "params"), [(LightGBMModelTrainer, "max_bin"), (CatBoostModelTrainer, "nan_mode")]
)
def test_verification_knows_the_parameters(make, params):
    """A parameter of the library is valid, a misspelt one is a finding with a near name."""
    assert not list(make.check_settings({"params": {params: 1}}))
    (finding,) = make.check_settings({"params": {params + "s": 1}})
    assert finding.path == f"params.{params}s"
    assert params in (finding.hint or "")
    assert params in make.known_keys("params", {})


@pytest.mark.parametrize(("make", "settings"), BOTH)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_a_file_that_was_cut_off_is_an_error(make, settings, share, tmp_path):
    """At any length; LightGBM itself would end the process."""
    X, y = load_wine(return_X_y=True, as_frame=True)
    trainer(make, **settings).save(trainer(make, **settings).fit(X, y), tmp_path)
    path = tmp_path / make.estimator_file
    stored = path.read_bytes()
    whole = stored.find(b"end of trees") if make is LightGBMModelTrainer else len(stored)
    path.write_bytes(stored[: int(whole * share)])
    with pytest.raises(StoreError, match="damaged"):
        make.load(tmp_path)


def test_a_model_of_another_trainer_is_refused(tmp_path):
    """A trainer stores models of its own library only."""
    X, y = load_wine(return_X_y=True, as_frame=True)
    model = trainer(LightGBMModelTrainer, n_estimators=2).fit(X, y)
    with pytest.raises(TrainingError, match="not a model of CatBoost"):
        trainer(CatBoostModelTrainer).save(model, tmp_path)
