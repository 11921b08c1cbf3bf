"""Fitted models as arguments of cached calls, whether or not the run knows which experiment they are of."""

from __future__ import annotations

from pathlib import Path

import pytest

from lolpop import Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.model_trainer import FittedModel, ModelTrainer
from lolpop.components.resource_version_control import ResourceVersionControl
from lolpop.containers import load
from lolpop.resources import Experiment
from lolpop.testing.contracts._samples import ScoreModel, ScoreTrainer, sample


class Foreign(ScoreModel):
    """A model that no trainer of the container writes and reads as it is."""


class LibraryTrainer(ScoreTrainer):
    """Fits models of a library, which is not among those that every call depends on."""

    requires = ("scores",)


class Steps(Pipeline):
    def __init__(
        self,
        sign: float = 1.0,
        foreign: bool = False,
        stored: bool = False,
        *,
        model_trainer: ModelTrainer,
        metadata_tracker: MetadataTracker,
        resource_version_control: ResourceVersionControl,
    ) -> None:
        self.sign = sign
        self.foreign = foreign
        self.stored = stored
        self.model_trainer = model_trainer
        self.metadata_tracker = metadata_tracker
        self.resource_version_control = resource_version_control

    def fit(self) -> FittedModel:
        rows = sample()
        if self.foreign:
            return Foreign("classification", self.sign)
        model = self.model_trainer.fit(rows.features, rows.target, {"sign": self.sign})
        if not self.stored:
            return model
        experiments = self.metadata_tracker.find(Experiment, "scores")
        if experiments:
            return self.resource_version_control.open_model(experiments[0])
        experiment = self.metadata_tracker.create(Experiment, "scores")
        self.resource_version_control.save_model(experiment, model, self.model_trainer)
        return model

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
    metadata_tracker = providers.Component(MetadataTracker, default="sql")
    resource_version_control = providers.Component(ResourceVersionControl, default="local")
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


@pytest.mark.parametrize("stored", ["false", "true"])
def test_another_version_of_the_library_of_a_model_counts(run, tmp_path, monkeypatch, stored):
    """A call with a model depends on what the trainer requires, whether or not an experiment is known."""
    for version in ("1.0", "2.0"):
        (tmp_path / version / f"scores-{version}.dist-info").mkdir(parents=True)
        (tmp_path / version / "scores.py").touch()
    flags = (f"steps.stored={stored}", f"steps.model_trainer={__name__}:LibraryTrainer")
    monkeypatch.syspath_prepend(tmp_path / "1.0")
    label, was_reused = run(*flags)
    assert not was_reused
    assert run(*flags) == (label, True)
    monkeypatch.syspath_prepend(tmp_path / "2.0")
    assert run(*flags) == (label, False)
    assert run(*flags) == (label, True)
