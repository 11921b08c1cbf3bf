"""Trainers and their parameters searched together, from settings to a prediction in another process."""

import json
import subprocess
import sys

import pytest
from sklearn.datasets import load_wine

from lolpop.resources import Experiment
from lolpop_containers.classification import ClassificationContainer

pytest.importorskip("xgboost")
pytest.importorskip("lightgbm")

SETTINGS = """
problem: {name: wines, target: cultivar}
data: {train: wines.csv}
train:
  retrain_on_all_data: false
  candidates:
    - sklearn
    - {use: xgboost, n_estimators: 50, params: {n_jobs: 1}}
    - {use: lightgbm, params: {n_jobs: 1}}
  hyperparameter_tuner: TUNER
seed: 3
"""

PREDICT = """
import json, sys
from lolpop.resources import Experiment
from lolpop_containers.classification import ClassificationContainer
import pandas as pd

with ClassificationContainer.load("lolpop.yaml", environ={}) as container:
    winner = Experiment.parse(sys.argv[1])
    model = container.resource_version_control().load_model(winner)
    print(json.dumps(model.predict(pd.read_csv("wines.csv")).probabilities.tolist()))
"""


@pytest.mark.parametrize(
    ("tuner", "trials"),
    [
        ("{n_trials: 7}", 7),
        ("{n_trials: 6, n_jobs: 2}", 6),
        ("{use: grid, values: {learning_rate: [0.05, 0.2], n_estimators: [50]}}", 6),
    ],
)
def test_candidates_are_searched_with_their_parameters(tmp_path, monkeypatch, tuner, trials):
    """Every trial is an experiment, all trainers take part, and the loaded winner predicts the same."""
    monkeypatch.chdir(tmp_path)
    bundle = load_wine(as_frame=True)
    bundle.data.assign(cultivar=bundle.target.map(lambda at: f"cultivar {at}")).to_csv(
        "wines.csv", index=False
    )
    (tmp_path / "lolpop.yaml").write_text(SETTINGS.replace("TUNER", tuner))
    with ClassificationContainer.load("lolpop.yaml", environ={}) as container:
        runner, tracker = container.runner(), container.metadata_tracker()
        runner.train_model(runner.process_data())
        resources = [tracker.get(experiment) for experiment in tracker.find(Experiment)]
        assert len(resources) == trials
        assert {resource.fields["trainer"] for resource in resources} <= {"sklearn", "xgboost", "lightgbm"}
        assert {resource.fields["candidate"] for resource in resources} >= {1, 2}
        (winner,) = [
            experiment for experiment in tracker.find(Experiment) if tracker.get(experiment).fields["winner"]
        ]
        model = container.resource_version_control().load_model(winner)
        here = model.predict(bundle.data).probabilities.tolist()
    done = subprocess.run(
        [sys.executable, "-c", PREDICT, winner.reference], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == here
