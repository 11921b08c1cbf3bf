"""Searches that go on where earlier ones ended."""

import json
from functools import partial

import pytest

from lolpop.resources import Experiment

TRAINER = "watched_trainer:WatchedTrainer"
SKIPPED = ["profile_data", "compare_data", "analyze_model", "check_model"]


@pytest.fixture
def load(load):
    """The experiments are those of the search: the winner is not fitted once more."""
    return partial(load, train__retrain_on_all_data=False)


@pytest.fixture
def search(load, tracker, project):
    """Train by a search: its trials, by parameters and score, and how many fits they took."""

    def search(tuner, **settings):
        for fit in project.glob("fit-*"):
            fit.unlink()
        if isinstance(tuner, int):
            tuner = {"n_trials": tuner}
        wiring = {"train__model_trainer": TRAINER, "train__hyperparameter_tuner": tuner, "skip": SKIPPED}
        container = load(**wiring | settings)
        runner = container.runner()
        model_version = runner.train_model(runner.process_data())
        resources = tracker.find(Experiment, run_id=container.runs()[0].run_id)
        metrics, metric = container.metrics_tracker(), f"validation.{container.model_checker().metric}"
        parents = [
            experiment for experiment in tracker.parents(model_version) if isinstance(experiment, Experiment)
        ]
        trials = [
            (json.dumps(tracker.get(experiment).fields["searched"]), metrics.get(experiment)[metric])
            for experiment in [*parents, *resources]
        ]
        return trials, len(list(project.glob("fit-*")))

    return search


def test_a_search_goes_on_where_one_ended(search):
    """The trials equal those of one longer search; earlier ones are not fitted again."""
    alone, fits = search(7, seed=8)
    assert fits == 7
    search(4, seed=8, problem__name="other")
    trials, fits = search(7, seed=8, problem__name="other", train__resume_search=True)
    assert 3 <= fits <= 4  # the winner may be one of the earlier four, whose model is not kept
    assert sorted(set(trials)) == sorted(alone)


def test_a_search_that_had_ended_is_not_made_again(search, load, tracker):
    """Only the winner is fitted again; it is the same, and its model version can be used."""
    trials, _ = search(4)
    again, fits = search(4, train__resume_search=True)
    assert fits == 1
    assert sorted(set(again)) == sorted(trials)
    winners = [
        experiment for experiment in tracker.find(Experiment) if tracker.get(experiment).fields["winner"]
    ]
    one, other = (tracker.get(winner).fields["searched"] for winner in winners)
    assert one == other
    assert load().resource_version_control().load_model(winners[1]).columns


@pytest.mark.parametrize(
    "change",
    [
        {"train__resume_search": False},
        {"seed": 8},
        {"train__model_trainer": {"use": TRAINER, "params": {"max_iter": 500}}},
        {"train__feature_transformer__max_categories": 3},
        {"train__data_splitter__test_size": 0.3},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_was_tried_in_another_way_is_tried_again(search, change):
    """Without resume, or with another seed, setting or other rows, no trial is reused."""
    search(2)
    assert search(2, **{"train__resume_search": True} | change)[1] == 2


def test_a_grid_is_resumed_too(search):
    """Trials of every tuner are reused."""
    grid = {"use": "grid", "values": {"C": [0.1, 1.0]}}
    search(grid)
    grid["values"]["C"].append(10.0)
    _, fits = search(grid, train__resume_search=True)
    assert 1 <= fits <= 2
