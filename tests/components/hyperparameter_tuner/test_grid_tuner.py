"""Trying every combination, and trials side by side."""

import itertools
import threading

import pytest

from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.hyperparameter_tuner.grid import GridHyperparameterTuner
from lolpop.components.hyperparameter_tuner.optuna import OptunaHyperparameterTuner
from lolpop.components.model_trainer import Choice, Float, Int
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.components.model_trainer.xgboost import XGBoostModelTrainer
from lolpop.errors import DataError, TrainingError
from lolpop.problem import Problem

SPACE = {"rate": Float(0.01, 1.0, log=True), "depth": Int(1, 9), "loss": Choice(("squared", None))}


def trainer(make=SklearnModelTrainer, **settings):
    problem = Problem(name="churn", target="y")
    return make(**settings, problem=problem, seed=0, feature_transformer=SklearnFeatureTransformer())


ONE, OTHER = trainer(), trainer(estimator="logistic_regression")


def depth(trainer, params):
    return params.get("depth", 0)


def test_a_grid_is_every_combination_and_each_once():
    """Points are even and include both ends of a range; every choice is a point."""
    search = GridHyperparameterTuner(3).search(depth, [(ONE, SPACE)])
    expected = list(itertools.product([0.01, pytest.approx(0.1), 1.0], [1, 5, 9], ["squared", None]))
    assert [tuple(trial.params.values()) for trial in search.trials] == expected
    assert search.best is search.trials[4]


def test_a_grid_covers_each_trainer():
    """Each trainer has its own grid; one without a search space is one trial."""
    search = GridHyperparameterTuner(2).search(depth, [(ONE, {"depth": Int(1, 2)}), (OTHER, {})])
    trials = [(trial.trainer, dict(trial.params)) for trial in search.trials]
    assert trials == [(ONE, {"depth": 1}), (ONE, {"depth": 2}), (OTHER, {})]


def test_values_that_are_named_are_all_that_is_searched():
    """Each trainer tries the values of its own parameters, in its search space or not."""
    spaces = [(ONE, SPACE), (OTHER, {"C": Float(0.1, 1.0)})]
    search = GridHyperparameterTuner(values={"depth": [3, 4], "max_iter": [50]}).search(depth, spaces)
    trials = [(trial.trainer, dict(trial.params)) for trial in search.trials]
    assert trials == [(ONE, {"depth": 3}), (ONE, {"depth": 4}), (OTHER, {"max_iter": 50})]


@pytest.mark.parametrize(
    ("settings", "spaces", "message"),
    [
        ({"max_trials": 17}, [(ONE, SPACE)], "18 combinations, more than max_trials: 17"),
        ({"values": {"dept": [1]}}, [(ONE, SPACE)], r"values\.dept.*depth"),
        ({}, [], "has no trainers"),
        ({}, [(ONE, {})], "has a search space"),
    ],
)
def test_what_cannot_be_searched_says_why(settings, spaces, message):
    """No trial is made."""
    with pytest.raises(DataError, match=message):
        GridHyperparameterTuner(**settings).search(lambda trainer, params: pytest.fail("tried"), spaces)


@pytest.mark.parametrize("setting", ["points", "max_trials", "n_jobs", "timeout"])
def test_senseless_settings_of_a_grid_are_refused(setting):
    """The constructor raises, with the value in the message."""
    with pytest.raises(ValueError, match=f"{setting}.*0"):
        GridHyperparameterTuner(**{setting: 0})


def test_a_grid_stops_when_its_time_is_over():
    """At least one trial is made."""
    assert len(GridHyperparameterTuner(3, timeout=1e-9).search(depth, [(ONE, SPACE)]).trials) == 1


def test_failures_of_a_grid_are_trials_without_a_score():
    """The search continues; if all trials fail, the error has the reason."""

    def objective(trainer, params):
        if params["depth"] > limit:
            raise TrainingError("too deep")
        return 1.0

    limit = 4
    search = GridHyperparameterTuner(2, n_jobs=2).search(objective, [(ONE, {"depth": Int(1, 9)})])
    assert [trial.score for trial in search.trials] == [1.0, None]
    limit = 0
    with pytest.raises(TrainingError, match=r"All of 2 trials failed.*too deep"):
        GridHyperparameterTuner(2).search(objective, [(ONE, {"depth": Int(1, 9)})])


@pytest.mark.parametrize(
    "tuner", [GridHyperparameterTuner(3, n_jobs=2), OptunaHyperparameterTuner(12, n_jobs=2)]
)
def test_trials_are_made_at_once_and_told_in_order(tuner):
    """Two trials run at once, and a second search has the same trials in the same order."""
    both = threading.Barrier(2, timeout=60)

    def objective(trainer, params):
        both.wait()
        return depth(trainer, params)

    one, again = (tuner.search(objective, [(ONE, SPACE)]) for _ in range(2))
    assert [trial.params for trial in one.trials] == [trial.params for trial in again.trials]
    assert one.best.score == max(trial.score for trial in one.trials)


def test_optuna_begins_with_each_trainers_own_parameters():
    """Parameters outside the search space are moved into it."""
    boosting = trainer(XGBoostModelTrainer, n_estimators=7, max_depth=4)
    spaces = [(ONE, SPACE), (boosting, boosting.search_space())]
    search = OptunaHyperparameterTuner(1).search(lambda trainer, params: 0.0, spaces)
    assert search.best.trainer is boosting
    expected = {**boosting.params(), "n_estimators": 50}
    assert dict(search.best.params) == expected


@pytest.mark.parametrize(
    ("estimator", "defaults"),
    [
        (
            "hist_gradient_boosting",
            {
                "max_iter": 100,
                "learning_rate": 0.1,
                "max_leaf_nodes": 31,
                "min_samples_leaf": 20,
                "l2_regularization": 1e-6,
            },
        ),
        ("random_forest", {"n_estimators": 100, "min_samples_leaf": 1, "max_features": "sqrt"}),
        ("logistic_regression", {"C": 1.0}),
    ],
)
def test_optuna_begins_with_the_defaults_of_scikit_learn(estimator, defaults):
    """The first trial has the parameters of a fit without search, moved into the search space."""
    own = trainer(estimator=estimator)
    search = OptunaHyperparameterTuner(1).search(lambda trainer, params: 0.0, [(own, own.search_space())])
    assert dict(search.best.params) == defaults
    assert trainer(estimator="ridge", params={"alpha": 7.0}).search_start() == {"alpha": 7.0}
