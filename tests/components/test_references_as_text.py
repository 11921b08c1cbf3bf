"""References are taken wherever resources are: by each method of the components that keep them."""

from __future__ import annotations

import pandas as pd
import pytest

from lolpop.components.metadata_tracker.sql import SQLMetadataTracker
from lolpop.components.metrics_tracker.sql import SQLMetricsTracker
from lolpop.components.model_deployer.local import LocalModelDeployer
from lolpop.components.model_repository.sql import SQLModelRepository
from lolpop.components.resource_version_control.local import LocalResourceVersionControl as Versions
from lolpop.errors import LolpopError
from lolpop.resources import (
    Dataset,
    DatasetVersion,
    Experiment,
    Model,
    ModelVersion,
    Numbered,
    as_resource,
)

FRAME = pd.DataFrame({"x": [1.0, 2.0], "y": [0.5, 1.5]})


@pytest.fixture
def file_tracker(file_store):
    return SQLMetadataTracker(store=file_store)


@pytest.fixture
def keepers(file_store, file_tracker):
    """One of each component, by its class."""
    made = {
        component: component(store=file_store, metadata_tracker=file_tracker)
        for component in (Versions, SQLModelRepository, LocalModelDeployer)
    }
    return made | {SQLMetadataTracker: file_tracker, SQLMetricsTracker: SQLMetricsTracker(store=file_store)}


def test_the_metadata_tracker_takes_text(file_tracker, tmp_path):
    """A reference and its resource have the same records."""
    file_tracker.create(Dataset, "rows")
    version = file_tracker.create(DatasetVersion, "rows", parents=["dataset:rows"])
    text = version.reference
    file_tracker.update(text, {"rows": 2})
    file_tracker.tag(text, {"good": "yes"})
    model = file_tracker.create(Model, "m")
    file_tracker.link(text, ["model:m"])
    (tmp_path / "note").write_text("hello")
    file_tracker.save_artifact(text, "note", tmp_path / "note")
    file_tracker.load_artifact(text, "note", tmp_path / "again")
    with file_tracker.reading_artifact(text, "note") as path:
        assert path.read_text() == (tmp_path / "again").read_text() == "hello"
    assert file_tracker.get(text).fields == {"rows": 2}
    assert file_tracker.get(version).tags == {"good": "yes"}
    assert file_tracker.parents(text) == [Dataset(name="rows"), model]
    assert file_tracker.children("model:m") == [version]
    assert file_tracker.artifacts(text) == ["note"]


def test_metrics_and_versions_take_text(keepers, file_tracker):
    """Metrics, rows and models are saved and loaded by reference."""
    metrics, control = keepers[SQLMetricsTracker], keepers[Versions]
    file_tracker.create(Dataset, "source")
    control.save_data("rows", FRAME, parents=["dataset:source"])
    assert control.load_data("dataset_version:rows@1").equals(FRAME)
    assert pd.concat(control.load_batches("dataset_version:rows@1")).equals(FRAME)
    file_tracker.create(ModelVersion, "m", fields={"winning_experiment": "experiment:m@1"})
    file_tracker.create(Experiment, "m")
    metrics.log("experiment:m@1", {"r2": 0.5})
    assert metrics.get("experiment:m@1") == metrics.get(Experiment(name="m", number=1)) == {"r2": 0.5}


def test_the_life_of_a_model_version_takes_text(keepers, file_tracker):
    """A version is registered, approved, deployed and undeployed by reference."""
    repository, deployer = keepers[SQLModelRepository], keepers[LocalModelDeployer]
    for _ in range(2):
        file_tracker.create(ModelVersion, "m")
    text = "model_version:m@1"
    repository.register(text)
    repository.promote(text)
    repository.approve(text, by="Ada")
    assert repository.is_approved(text)
    assert repository.registration(text).approved_by == "Ada"
    deployer.deploy(text)
    deployment = deployer.deploy("model_version:m@2", instead_of=text)
    assert deployer.deployed("model:m") == ModelVersion(name="m", number=2)
    deployer.undeploy(deployment.reference)
    assert deployer.deployed("model:m") is None


@pytest.mark.parametrize(
    ("keeper", "call", "form"),
    [
        (SQLMetadataTracker, lambda it, wrong: it.get(wrong), "kind:name"),
        (SQLMetadataTracker, lambda it, wrong: it.link("dataset:a", [wrong]), "kind:name"),
        (SQLMetricsTracker, lambda it, wrong: it.log(wrong, {"r2": 1.0}), "kind:name"),
        (Versions, lambda it, wrong: it.load_data(wrong), "dataset_version:name@number"),
        (Versions, lambda it, wrong: next(it.load_batches(wrong)), "dataset_version:name@number"),
        (Versions, lambda it, wrong: it.load_model(wrong), "experiment:.* or model_version:name@number"),
        (Versions, lambda it, wrong: it.save_model(wrong, None, None), "experiment:name@number"),
        (SQLModelRepository, lambda it, wrong: it.promote(wrong), "model_version:name@number"),
        (LocalModelDeployer, lambda it, wrong: it.undeploy(wrong), "deployment:name@number"),
        (LocalModelDeployer, lambda it, wrong: it.deployed(wrong), "model:name"),
    ],
)
def test_what_is_no_such_resource_is_reported(keepers, keeper, call, form):
    """The error has a short form of the value, and the expected form."""
    for wrong, shown in [
        ("prediction_job:m", "'prediction_job:m'"),
        (3, "3"),
        (None, "None"),
        (FRAME, "DataFrame"),
    ]:
        with pytest.raises(LolpopError, match=f"^{shown} is not a reference of the form {form}"):
            call(keepers[keeper], wrong)


def test_resources_of_another_kind_are_reported(keepers):
    """A resource of another kind is refused."""
    with pytest.raises(LolpopError, match=r"^dataset:rows is not a reference of the form dataset_version"):
        keepers[Versions].load_data(Dataset(name="rows"))


def test_a_subclass_of_a_resource_is_read_by_its_own_name():
    """Kinds of an extension have references, too, which give resources of that kind."""

    class Report(Numbered):
        kind = "report"

    assert as_resource("report:weekly@3", Report) == Report(name="weekly", number=3)
    assert as_resource("model:m", Report, Model) == Model(name="m")
    with pytest.raises(
        LolpopError, match=r"'report:weekly' is not a reference of the form report:name@number"
    ):
        Report.parse("report:weekly")
