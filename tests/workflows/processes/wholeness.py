"""What has to be true of a store, whatever happened to the processes that wrote to it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from lolpop.data.frames import wrap
from lolpop.resources import (
    RESOURCE_TYPES,
    DatasetVersion,
    Deployment,
    Experiment,
    Model,
    ModelVersion,
    PredictionJob,
    Resource,
)
from lolpop_containers.classification import ClassificationContainer

NUMBERED = (DatasetVersion, ModelVersion, Experiment, PredictionJob, Deployment)


def check_store(project: Path, to: Path) -> list[str]:
    """Assert that all that the project's store says is there can be had, and is what it was.

    ``to`` is a folder that artifacts are copied into. Returns the status of each run, newest first.
    """
    with ClassificationContainer.load(project / "lolpop.yaml", environ={}) as container:
        check_artifacts(container, to)
        check_models(container)
        check_numbers(container)
        runs = container.store().runs()
        tasks = [task for run in runs for task in container.store().tasks(run.run_id)]
    check_files(project)
    assert "running" not in {record.status for record in (*runs, *tasks)}
    return [run.status for run in runs]


def check_artifacts(container: ClassificationContainer, to: Path) -> None:
    """Every artifact is there, with the content that was kept, and every dataset version is a frame."""
    tracker, versions = container.metadata_tracker(), container.resource_version_control()
    for resource in resources(container):
        for name in tracker.artifacts(resource):
            # The store compares what it reads with the digest it was kept by.
            tracker.load_artifact(resource, name, to / resource.reference / name)
    for dataset_version in tracker.find(DatasetVersion):
        frame = wrap(versions.load_data(dataset_version))
        fields = tracker.get(dataset_version).fields
        assert (len(frame), len(frame.columns)) == (fields["rows"], fields["columns"])


def check_models(container: ClassificationContainer) -> None:
    """What is said to be usable can be used: winners predict, deployed versions are loadable."""
    tracker, versions = container.metadata_tracker(), container.resource_version_control()
    data = tracker.find(DatasetVersion, "tumors_train")
    for model_version in tracker.find(ModelVersion):
        fields = tracker.get(model_version).fields
        if "winning_experiment" in fields:
            frame = versions.load_data(DatasetVersion.parse(fields["test_data"]))
            model = versions.load_model(model_version)
            assert len(model.predict(frame).labels) == len(wrap(frame))
            assert container.metrics_tracker().get(model_version)
    for job in tracker.find(PredictionJob):
        fields = tracker.get(job).fields
        predictions = versions.load_data(DatasetVersion.parse(fields["predictions"]))
        assert len(wrap(predictions)) == fields["rows"]
    active = [
        deployment for deployment in tracker.find(Deployment) if tracker.get(deployment).fields["active"]
    ]
    assert len(active) <= 1
    deployed = container.model_deployer().deployed(Model(name="tumors"))
    if deployed is not None:
        assert versions.load_model(deployed).predict(versions.load_data(data[-1]))


def check_numbers(container: ClassificationContainer) -> None:
    """Versions of a name are numbered from 1, without a gap or a double."""
    tracker = container.metadata_tracker()
    for kind in NUMBERED:
        numbers_by_name: dict[str, list[int]] = {}
        for resource in tracker.find(kind):
            numbers_by_name.setdefault(resource.name, []).append(resource.number)
        for numbers in numbers_by_name.values():
            assert numbers == list(range(1, len(numbers) + 1))


def check_files(project: Path) -> None:
    """Every file that is kept has the content that its name says."""
    root = project / ".lolpop" / "artifacts"
    for path in root.glob("??/*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.parent.name + path.name


def resources(container: ClassificationContainer) -> Iterator[Resource]:
    """Everything that is tracked."""
    for kind in RESOURCE_TYPES.values():
        yield from container.metadata_tracker().find(kind)
