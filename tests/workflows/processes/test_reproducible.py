"""The same seed, data and settings."""

from __future__ import annotations

import shutil

import pytest
from forked_commands import Command

SETTINGS = {
    "the default estimator": ["train.model_trainer.estimator=hist_gradient_boosting"],
    "a forest": ["train.model_trainer.estimator=random_forest", "train.model_trainer.params.n_estimators=20"],
    "a search": ["train.hyperparameter_tuner.n_trials=3"],
}


def run(folder, *settings):
    flags = [word for setting in settings for word in ("--set", setting)]
    return Command(folder, "run", "classification", "--json", *flags)


@pytest.mark.parametrize("case", SETTINGS)
def test_the_same_gives_the_same(case, files, tmp_path):
    """Another folder and process gives equal metrics and predictions."""
    folders = [shutil.copytree(files, tmp_path / name) for name in ("one", "other")]
    started = [run(folder, *SETTINGS[case]) for folder in folders]
    one, other = [command.end() for command in started]
    assert one.code == other.code == 0, one.err + other.err
    assert one.json["metrics"] == other.json["metrics"]
    assert one.json["resources"] == other.json["resources"]
    predictions = [(folder / "out" / "predictions.csv").read_bytes() for folder in folders]
    assert predictions[0] == predictions[1]


def test_another_seed_splits_otherwise(files, tmp_path):
    """Another seed gives another split."""
    folders = [shutil.copytree(files, tmp_path / name) for name in ("one", "other")]
    one, other = [run(folder, f"seed={seed}").end() for seed, folder in enumerate(folders)]
    assert one.json["metrics"]["test"] != other.json["metrics"]["test"]


def test_a_challenger_has_to_be_better(project):
    """A better model is deployed, a worse or equal one is not, with a message."""
    poor = run(project, "train.model_trainer.params.C=0.0001").end()
    assert "model_version:tumors@1 is deployed as deployment:tumors@1" in poor.err
    better = run(project).end()
    assert "model_version:tumors@2 replaces model_version:tumors@1: log_loss is" in better.err
    assert "on the same test rows" in better.err
    equal = run(project).end()
    assert (
        "model_version:tumors@3 is not deployed, since it is no better than model_version:tumors@2"
        in equal.err
    )
    worse = run(project, "train.model_trainer.params.C=0.0001").end()
    assert (
        "model_version:tumors@4 is not deployed, since it is no better than model_version:tumors@2"
        in worse.err
    )
    assert [ended.code for ended in (poor, better, equal, worse)] == [0, 0, 0, 0]
    # Predictions are those of what is deployed.
    assert equal.json["metrics"]["truth"] == worse.json["metrics"]["truth"] == better.json["metrics"]["truth"]
    assert poor.json["metrics"]["truth"] != better.json["metrics"]["truth"]
