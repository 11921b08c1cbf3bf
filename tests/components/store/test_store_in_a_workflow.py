"""The store inside a container: what runs and tasks leave in it."""

from __future__ import annotations

import pandas as pd
import pytest

from lolpop import Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.resource_version_control import ResourceVersionControl
from lolpop.components.store import Store
from lolpop.errors import VerificationError
from lolpop.resources import Dataset, DatasetVersion, Run


class Process(Pipeline):
    def __init__(self, *, resource_version_control: ResourceVersionControl):
        self.resource_version_control = resource_version_control

    @task
    def save(self, frame: pd.DataFrame) -> DatasetVersion:
        return self.resource_version_control.save_data("cities", frame)

    @task
    def load(self, version: DatasetVersion) -> pd.DataFrame:
        return self.resource_version_control.load_data(version)


class Keep(Runner):
    def __init__(self, *, process: Process):
        self.process = process

    @workflow
    def run(self) -> DatasetVersion:
        frame = pd.DataFrame({"city": ["Oslo", "Rome"], "people": [0.7, 2.8]})
        version = self.process.save(frame)
        assert self.process.load(version) is frame, "what the run knows is not read again"
        return version

    @workflow
    def fail(self) -> None:
        self.run()
        raise RuntimeError("boom")


class ProcessContainer(PipelineContainer):
    resource_version_control = providers.Component(ResourceVersionControl, default="local")
    pipeline = providers.Pipeline(Process)


class KeepContainer(RunnerContainer):
    metadata_tracker = providers.Component(MetadataTracker, default="sql")
    process = providers.nested(ProcessContainer)
    runner = providers.Runner(Keep)


@pytest.fixture
def container(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with KeepContainer() as container:
        yield container


def test_run_and_task_are_recorded_with_what_they_make(container, tmp_path):
    """A resource has its run and task, and a task its input and output resources."""
    version = container.runner().run()
    store, tracker = container.store(), container.metadata_tracker()
    run = store.runs()[0]
    assert run.status == "completed"
    assert (tmp_path / ".lolpop" / "store.db").is_file()
    record = tracker.get(version)
    assert (record.run_id, record.task) == (run.run_id, "process.save")
    assert tracker.find(DatasetVersion, run_id=run.run_id) == [version]
    saved, loaded = store.tasks(run.run_id)
    assert (saved.path, saved.status, saved.outputs["return"]) == ("process.save", "completed", str(version))
    assert (loaded.path, loaded.inputs["version"]) == ("process.load", str(version))


def test_failed_run_keeps_what_was_made(container):
    """A failed run has its error, and its resources stay."""
    with pytest.raises(RuntimeError, match="boom"):
        container.runner().fail()
    run = container.store().runs()[0]
    assert run.status == "failed"
    assert "boom" in run.error
    assert container.metadata_tracker().find(DatasetVersion, run_id=run.run_id)


def test_outside_a_run_nobody_is_recorded(container):
    """A resource that is made outside a run has no run; a run can be a parent."""
    container.runner().run()
    tracker = container.metadata_tracker()
    run = Run(name=container.store().runs()[0].run_id)
    dataset = tracker.create(Dataset, "elsewhere", parents=[run])
    assert (tracker.get(dataset).run_id, tracker.get(dataset).task) == (None, None)
    assert tracker.parents(dataset) == [run]


def test_same_data_in_two_runs_is_one_version(container):
    """A second run over the same data gets the version of the first."""
    assert container.runner().run() == container.runner().run()
    assert len(container.store().runs()) == 2


def test_store_is_closed_with_its_container(tmp_path, monkeypatch):
    """When the container closes, the store has no file open."""
    monkeypatch.chdir(tmp_path)
    with KeepContainer() as container:
        container.runner().run()
        store = container.store()
        assert isinstance(store, Store)
    assert not (tmp_path / ".lolpop" / "store.db-wal").exists()


def test_store_is_beside_the_settings(tmp_path, monkeypatch):
    """The store is beside the settings file, whatever the current directory is."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "lolpop.yaml").write_text("seed: 1\n")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with KeepContainer.load(tmp_path / "project" / "lolpop.yaml") as container:
        container.runner().run()
    assert (tmp_path / "project" / ".lolpop" / "store.db").is_file()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_settings_are_judged_without_opening_anything(tmp_path, monkeypatch):
    """An invalid URL and an invalid type name are findings at their place, without secrets."""
    monkeypatch.chdir(tmp_path)
    overrides = {
        "store.url": "mysql://root:hunter2@db/x",
        "process.resource_version_control.trusted_types": ["a b"],
    }
    with pytest.raises(VerificationError) as caught:
        KeepContainer.load(overrides=overrides).verify()
    findings = {finding.path: finding.message for finding in caught.value.findings}
    assert "mysql://**********@db/x" in findings["store.url"]
    assert any(path.startswith("process.resource_version_control.trusted_types") for path in findings)
    assert "hunter2" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
