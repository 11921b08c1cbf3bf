"""Fitted models as arguments of cached calls, whether or not the run knows which experiment they are of."""

from __future__ import annotations

from pathlib import Path

import pytest

from lolpop import Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.components.model_trainer import FittedModel, ModelTrainer
from lolpop.containers import load
from lolpop.testing.contracts._samples import ScoreModel, ScoreTrainer, sample


class Foreign(ScoreModel):
    """A model that no trainer of the container writes and reads as it is."""


class Steps(Pipeline):
    def __init__(self, sign: float = 1.0, foreign: bool = False, *, model_trainer: ModelTrainer) -> None:
        self.sign = sign
        self.foreign = foreign
        self.model_trainer = model_trainer

    def fit(self) -> FittedModel:
        rows = sample()
        if self.foreign:
            return Foreign("classification", self.sign)
        return self.model_trainer.fit(rows.features, rows.target, {"sign": self.sign})

    @task
    def first_label(self, model: FittedModel) -> str:
        return str(model.predict(sample().features).labels[0])


class App(Runner):
    def __init__(self, *, steps: Steps) -> None:
        self.steps = steps

    @workflow
    def run(self) -> str:
        return self.steps.first_label(self.steps.fit())


class StepsContainer(PipelineContainer):
    model_trainer = providers.Component(ModelTrainer, default=ScoreTrainer)
    pipeline = providers.Pipeline(Steps)


class AppContainer(RunnerContainer):
    steps = providers.nested(StepsContainer)
    runner = providers.Runner(App)


@pytest.fixture
def run(tmp_path: Path):
    """Runs with the cache: the result, and whether that of an earlier call was reused."""
    (tmp_path / "lolpop.yaml").write_text("lolpop: {cache: true}")

    def call(*flags: str) -> tuple[str, bool]:
        files = [tmp_path / "lolpop.yaml"]
        with load(AppContainer, files, environ={}, flags=flags, recorded=True) as container:
            result = container.runner().run()
            (step,) = container.store().tasks(container.store().runs()[0].run_id)
            return result, step.reused_from is not None

    return call


def test_a_model_counts_by_what_its_trainer_writes(run):
    """Equal stored models are the same argument, other ones are not."""
    label, was_reused = run()
    assert not was_reused
    assert run() == (label, True)
    other, was_reused = run("steps.sign=-1")
    assert (other != label, was_reused) == (True, False)
    assert run("steps.sign=-1") == (other, True)


def test_a_model_that_nothing_can_keep_is_never_the_same(run):
    """A model of another trainer is not compared by the files of this one."""
    assert not run("steps.foreign=true")[1]
    assert not run("steps.foreign=true")[1]
