"""Searching for the best trainer and parameters."""

from functools import partial

import pytest

from lolpop.components.model_checker.builtin import BuiltinModelChecker
from lolpop.resources import Experiment, ModelVersion

LAZY = "sklearn.dummy:DummyClassifier"


@pytest.fixture
def load(load):
    """The experiments are those of the search: the winner is not fitted once more."""
    return partial(load, train__retrain_on_all_data=False)


def outcomes(tracker, container):
    return [
        (tracker.get(experiment).fields, container.metrics_tracker().get(experiment))
        for experiment in tracker.find(Experiment)
    ]


def test_each_trial_is_an_experiment_of_one_model_version(load, tracker):
    """All trials belong to one model version, and one of them wins."""
    container = load(train__hyperparameter_tuner__n_trials=4)
    model_version = container.runner().train_model(container.runner().process_data())
    trials = outcomes(tracker, container)
    assert len(trials) == 4
    assert {fields["model_version"] for fields, _ in trials} == {model_version.reference}
    assert [fields["winner"] for fields, _ in trials].count(True) == 1
    assert tracker.find(ModelVersion) == [model_version]


def test_the_winner_is_chosen_by_validation_rows_alone(load, tracker):
    """Only the winner is measured on the test rows."""
    container = load(train__hyperparameter_tuner__n_trials=4)
    container.runner().train_model(container.runner().process_data())
    checker = container.model_checker()
    metric = f"validation.{checker.metric}"
    trials = outcomes(tracker, container)
    best = (max if checker.greater_is_better else min)(metrics[metric] for _, metrics in trials)
    for fields, metrics in trials:
        assert any(name.startswith("test.") for name in metrics) is fields["winner"]
        if fields["winner"]:
            assert metrics[metric] == best


def test_candidates_compete_without_a_search_too(load, tracker):
    """Each candidate is fitted once, and the best on validation rows wins."""
    candidates = [{"use": "sklearn", "estimator": name} for name in (LAZY, "logistic_regression")]
    container = load(train__candidates=candidates, train__retrain_on_all_data=True)
    container.runner().run()
    fields = [fields for fields, _ in outcomes(tracker, container)]
    assert [field["candidate"] for field in fields] == [0, 1, 1]
    assert [field["winner"] for field in fields] == [False, False, True]
    assert fields[2]["retrained_from"] == "experiment:tumors@2"


def test_a_search_runs_over_candidates_and_their_parameters(load, tracker):
    """With trials, each experiment is of one of the candidates."""
    candidates = [{"use": "sklearn", "estimator": name} for name in ("random_forest", "logistic_regression")]
    container = load(train__candidates=candidates, train__hyperparameter_tuner__n_trials=6)
    container.runner().train_model(container.runner().process_data())
    trials = outcomes(tracker, container)
    assert len(trials) == 6
    assert {fields["candidate"] for fields, _ in trials} <= {0, 1}


def test_trials_are_logged_as_they_are_judged(load, capsys):
    """Each trial is logged with its score."""
    container = load(train__hyperparameter_tuner__n_trials=2)
    container.runner().train_model(container.runner().process_data())
    output = capsys.readouterr().err
    assert "experiment:tumors@1 judged metric=" in output
    assert "experiment:tumors@2 judged metric=" in output


def test_training_that_is_retried_ends_in_one_model_version(load, tracker):
    """A run has one model version, however often its training started."""
    left = [OSError("the network was gone for a moment")]

    class Flaky(BuiltinModelChecker):
        def measure(self, model, frame, target):
            if left:
                raise left.pop()
            return super().measure(model, frame, target)

    container = load(model_checker=Flaky, interceptors=[{"use": "retry", "wait": 0}])
    model_version = container.runner().train_model(container.runner().process_data())
    assert tracker.find(ModelVersion) == [model_version]
    assert [fields["winner"] for fields, _ in outcomes(tracker, container)] == [False, True]
