"""Threads of one process, on one container."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from wholeness import check_store

from lolpop import providers, workflow
from lolpop.components.model_trainer import ModelTrainer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.errors import WiringError
from lolpop.resources import ModelVersion
from lolpop.runners.classification import ClassificationRunner
from lolpop_containers.classification import ClassificationContainer


class PoolRunner(ClassificationRunner):
    """Keeps the rows of several sources at once."""

    @workflow
    def keep_data(self, sources: list[str]) -> list[str]:
        def keep(source: str) -> str:
            frame = self.process.transform_data(self.data_connector.read(source))
            return self.process.track_data(frame, source.removesuffix(".csv"), source).reference

        with ThreadPoolExecutor(len(sources)) as pool:
            return list(pool.map(keep, sources))


class PoolContainer(ClassificationContainer):
    """Classification with another runner."""

    runner = providers.Runner(PoolRunner)


@pytest.fixture
def container(project):
    with ClassificationContainer.load(project / "lolpop.yaml", environ={}) as container:
        yield container


def test_tasks_of_a_thread_pool_are_recorded_in_the_run(project):
    """Each task has its resource, and each resource its task."""
    with PoolContainer.load(project / "lolpop.yaml", environ={}) as container:
        references = container.runner().keep_data(["known.csv", "new.csv", "truth.csv"])
        (run,) = container.store().runs()
        tasks = container.store().tasks(run.run_id)
        assert (
            sorted(task.path for task in tasks) == ["process.track_data"] * 3 + ["process.transform_data"] * 3
        )
        assert sorted(task.outputs["return"] for task in tasks if task.path.endswith("track_data")) == sorted(
            references
        )
        for reference in references:
            record = container.metadata_tracker().get(reference)
            assert (record.run_id, record.task) == (run.run_id, "process.track_data")


def test_workflows_of_several_threads_are_runs_of_their_own(container, project, tmp_path):
    """Four threads train on the same rows: four complete runs with four model versions."""
    runner = container.runner()
    rows = runner.process_data()
    with ThreadPoolExecutor(4) as pool:
        versions = list(pool.map(runner.train_model, [rows] * 4))
    assert sorted(version.number for version in versions) == [1, 2, 3, 4]
    tracker = container.metadata_tracker()
    assert len({tracker.get(version).run_id for version in tracker.find(ModelVersion)}) == 4
    assert check_store(project, tmp_path / "kept") == ["completed"] * 5


def test_what_was_overridden_comes_back(container, project):
    """Inside the block another trainer is used, after it the former one."""

    class Forest(SklearnModelTrainer):
        closed = refused = False

        def fit(self, frame, target, params=None):
            with pytest.raises(WiringError, match="open"):
                container.train.model_trainer.override(former)
            type(self).refused = True
            return super().fit(frame, target, params)

        def close(self):
            type(self).closed = True

    former, runner = container.train.model_trainer(), container.runner()
    rows = runner.process_data()
    forest = providers.Component(
        ModelTrainer,
        default=Forest,
        settings={"estimator": "random_forest", "params": {"n_estimators": 5}},
    )
    with container.train.model_trainer.override(forest):
        assert isinstance(container.train.model_trainer(), Forest)
        version = container.runner().train_model(rows)
    assert Forest.refused
    assert Forest.closed
    assert container.train.model_trainer() is former
    assert container.runner() is runner
    (experiment,) = container.metadata_tracker().children(version)[:1]
    assert container.metadata_tracker().get(experiment).fields["params"]["n_estimators"] == 5
