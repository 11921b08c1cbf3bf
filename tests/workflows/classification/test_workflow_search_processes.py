"""Searches whose trials are made in other processes."""

import os
from functools import partial

import pytest

from lolpop.errors import WiringError
from lolpop.resources import Experiment

TRAINER = {"use": "watched_trainer:WatchedTrainer"}
SKIPPED = ["profile_data", "compare_data", "analyze_model", "check_model"]


@pytest.fixture
def load(load):
    """The experiments are those of the search: the winner is not fitted once more."""
    return partial(load, train__retrain_on_all_data=False)


@pytest.fixture
def searching(load):
    def searching(**tuner):
        return load(train__model_trainer=TRAINER, train__hyperparameter_tuner=tuner, skip=SKIPPED)

    return searching


def test_trials_of_other_processes_are_experiments_of_this_run(searching, tracker, project):
    """Each process reads the rows once; run and lineage are those of the search."""
    container = searching(n_trials=4, n_jobs=2)
    runner = container.runner()
    rows = runner.process_data()
    model_version = runner.train_model(rows)
    pids = {path.name.split("-")[1] for path in project.glob("fit-*")}
    assert 1 <= len(pids) <= 2  # one may have done all before the other has started
    assert str(os.getpid()) not in pids
    resources = tracker.find(Experiment)
    assert len(resources) == 4
    for experiment in resources:
        record = tracker.get(experiment)
        assert (record.run_id, record.task) == (container.runs()[0].run_id, "train.train_model")
        assert tracker.parents(experiment) == [model_version, rows]
        assert any(name.startswith("validation.") for name in container.metrics_tracker().get(experiment))
    assert [tracker.get(resource).fields["winner"] for resource in resources].count(True) == 1
    assert container.resource_version_control().load_model(model_version).columns


def test_trials_given_up_early_are_experiments_on_a_share_of_the_rows(searching, tracker, project):
    """Pruned trials record their share of the rows, and do not win."""
    container = searching(n_trials=9, prune_at=[0.2])
    container.runner().train_model(container.runner().process_data())
    fields = [tracker.get(experiment).fields for experiment in tracker.find(Experiment)]
    full = [trial for trial in fields if "share" not in trial]
    assert [trial["share"] for trial in fields if "share" in trial] == [0.2] * 9
    assert 5 <= len(full) < 9
    assert any(trial["winner"] for trial in full)
    assert not any(trial["winner"] for trial in fields if "share" in trial)
    sizes = sorted(int(path.name.split("-")[2]) for path in project.glob("fit-*"))
    assert sizes[:9] == [sizes[0]] * 9
    assert sizes[0] == pytest.approx(0.2 * sizes[-1], abs=2)


def test_what_other_processes_cannot_have_is_refused(searching):
    """An override by a live object is refused before the first trial."""
    container = searching(n_trials=2, n_jobs=2)
    former = container.train.model_trainer()
    with (
        container.train.model_trainer.override(former),
        pytest.raises(WiringError, match=r"train\.model_trainer is overridden by a live object"),
    ):
        container.runner().train_model(container.runner().process_data())


def test_failed_trials_are_logged_with_their_reason(load, capsys):
    """If all trials fail, the log has the reasons."""
    container = load(skip=SKIPPED, train__hyperparameter_tuner={"use": "grid", "values": {"C": [-1.0, 1.0]}})
    container.runner().train_model(container.runner().process_data())
    assert "A trial of SklearnModelTrainer failed: " in capsys.readouterr().err
