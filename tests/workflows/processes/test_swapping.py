"""Parts that are replaced by a line of settings, or a variable."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from lolpop.resources import Experiment, ModelVersion
from lolpop_containers.classification import ClassificationContainer


def experiments(project):
    """Fields of the experiments of a project, oldest first."""
    with ClassificationContainer.load(project / "lolpop.yaml", environ={}) as container:
        tracker = container.metadata_tracker()
        (version,) = tracker.find(ModelVersion)
        winner = tracker.get(version).fields["winning_experiment"]
        resources = [
            (experiment.reference, tracker.get(experiment).fields) for experiment in tracker.find(Experiment)
        ]
    assert [fields["winner"] for reference, fields in resources] == [
        reference == winner for reference, _ in resources
    ]
    return [fields for _, fields in resources]


def completed(ended):
    assert ended.code == 0, ended.err
    assert ended.json["status"] == "completed"
    assert ended.json["metrics"]["test"]["accuracy"] > 0.8
    return ended


def test_one_variable_changes_the_trainer(lolpop, project):
    """Settings of the former trainer are dropped."""
    pytest.importorskip("xgboost")
    completed(lolpop("run", "classification", "--json", LOLPOP_TRAIN__MODEL_TRAINER="xgboost"))
    assert [fields["trainer"] for fields in experiments(project)] == ["xgboost"]
    document = lolpop(
        "config", "explain", "classification", "train.model_trainer.estimator",
        LOLPOP_TRAIN__MODEL_TRAINER="xgboost",
    )  # fmt: skip
    assert "dropped" in document.out


def test_a_search_is_one_setting(lolpop, project):
    """Each trial is an experiment, and one of them wins."""
    completed(lolpop("run", "classification", "--json", "--set", "train.hyperparameter_tuner.n_trials=3"))
    trials = experiments(project)
    assert len(trials) == 3
    assert len({json.dumps(fields["searched"]) for fields in trials}) == 3


def test_candidates_are_compared(lolpop, project):
    """Each candidate is an experiment; the best one wins."""
    pytest.importorskip("xgboost")
    completed(lolpop("run", "classification", "--json", "--set", 'train.candidates=["sklearn","xgboost"]'))
    assert [fields["trainer"] for fields in experiments(project)] == ["sklearn", "xgboost"]


def test_the_winner_may_learn_from_all_rows(lolpop, project):
    """Its metrics are those before the last fit."""
    completed(lolpop("run", "classification", "--json", "--set", "train.retrain_on_all_data=true"))
    first, last = experiments(project)
    assert "retrained_from" not in first
    assert last["retrained_from"] == "experiment:tumors@1"


def test_frames_may_be_polars(lolpop, project):
    """The whole workflow works with polars, and predicts the same."""
    pytest.importorskip("polars")
    completed(lolpop("run", "classification", "--json"))
    former = pd.read_csv(project / "out" / "predictions.csv")
    ended = completed(lolpop("run", "classification", "--json", "--set", "data.frame=polars"))
    assert "Traceback" not in ended.err
    pd.testing.assert_frame_equal(pd.read_csv(project / "out" / "predictions.csv"), former)


def test_a_log_file_and_interceptors_are_settings(lolpop, project):
    """Each task is logged as a line of JSON, in the order of interceptors."""
    ended = completed(
        lolpop(
            "run", "classification", "--json",
            "--set", 'logger={"use": "file", "path": "logs/run.jsonl"}',
            "--set", 'interceptors=["log", "timing", {"use": "retry", "attempts": 2}]',
        )
    )  # fmt: skip
    records = [json.loads(line) for line in (project / "logs" / "run.jsonl").read_text().splitlines()]
    messages = [record["message"] for record in records]
    assert "train.train_model done" in messages
    assert messages[-1] == "run done"
    assert {record.get("run_id", ended.json["run_id"]) for record in records} == {ended.json["run_id"]}
