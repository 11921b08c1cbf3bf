"""Trainers of a user's that do not keep their promises: what the error names."""

from pathlib import Path

import pandas as pd
import pytest

from lolpop.components.model_trainer import FittedModel, ModelTrainer, folders
from lolpop.errors import TrainingError
from lolpop_containers.classification import ClassificationContainer

ROWS = pd.DataFrame({"x": range(40), "y": ["a", "b"] * 20})


class Model(FittedModel):
    columns = ("x",)
    classes = ("a", "b")

    def predict(self, frame):
        return frame["x"].to_numpy()


class Forgetful(ModelTrainer):
    model: object = None

    def fit(self, frame, target, params=None):
        return self.model

    def search_space(self):
        return {}

    def save(self, model, folder):
        pass

    @classmethod
    def load(cls, folder, trusted=()):
        return Model()


class Bare(Forgetful):
    model = Model()


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ROWS.to_csv("rows.csv", index=False)

    def run(trainer):
        settings = {
            "problem": {"name": "p", "target": "y"},
            "data.train": "rows.csv",
            "store.url": "sqlite://",
            "train.model_trainer": trainer,
            "train.hyperparameter_tuner.n_trials": 0,
            "interceptors": [],
            "skip": ["check_data", "profile_data"],
        }
        with ClassificationContainer.load(overrides=settings, environ={}) as container:
            container.runner().run()

    return run


def test_a_fit_that_returns_no_model_is_named(run):
    """The error has the trainer, what it returned, and what it must return."""
    with pytest.raises(TrainingError, match=r"Forgetful\.fit returned None\. It must return a FittedModel"):
        run(Forgetful)


def test_a_predict_that_returns_an_array_is_named(run):
    """The error has the model's class, what it returned, and what it must return."""
    with pytest.raises(
        TrainingError, match=r"Model\.predict returned a ndarray\. It must return Predictions"
    ):
        run(Bare)


def test_a_save_that_writes_nothing_is_named(tmp_path: Path):
    """The error names the trainer, before anything is loaded."""
    with pytest.raises(TrainingError, match=r"Forgetful\.save wrote no file"):
        folders.save(Model(), Forgetful(), tmp_path / "model")
