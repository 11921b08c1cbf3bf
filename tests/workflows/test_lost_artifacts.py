"""What was lost from the store blocks nobody, and comes back when it is made again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lolpop.components.model_trainer import folders
from lolpop.errors import UnusableArtifactError
from lolpop.resources import DatasetVersion, Experiment, Model, ModelVersion
from lolpop_containers.classification import ClassificationContainer


@pytest.fixture
def project(tmp_path: Path) -> Path:
    random = np.random.default_rng(1)
    rows = pd.DataFrame({"id": range(120), "x": random.normal(size=120), "z": random.normal(size=120)})
    rows["y"] = np.where(rows["x"] + random.normal(0, 0.5, 120) > 0, "yes", "no")
    rows[:90].to_csv(tmp_path / "known.csv", index=False)
    rows[90:].drop(columns="y").to_csv(tmp_path / "new.csv", index=False)
    settings = {
        "problem": {"name": "p", "target": "y", "index": "id"},
        "data": {"train": "known.csv", "predict": "new.csv", "predictions": "out.csv"},
        "train": {"model_trainer": {"estimator": "logistic_regression"}},
        "skip": ["analyze_model", "check_model"],
        "seed": 7,
    }
    (tmp_path / "lolpop.yaml").write_text(json.dumps(settings))
    return tmp_path


@pytest.fixture
def load(loading: Callable[..., Any], project: Path) -> Callable[..., Any]:
    def load(**settings: Any) -> Any:
        return loading(ClassificationContainer, project, **settings)

    return load


def files_of(container: Any, resource: Any, name: str) -> list[Path]:
    """Where the store keeps the files of an artifact."""
    import sqlalchemy as sa

    with container.store().snapshot() as connection:
        text = "select files from lolpop_artifacts where reference = :reference and name = :name"
        document = connection.execute(
            sa.text(text), {"reference": resource.reference, "name": name}
        ).scalar_one()
    digests = json.loads(document).values()
    root = Path(container.folder()) / ".lolpop" / "artifacts"
    return [root / digest[:2] / digest[2:] for digest in digests]


def lose(container: Any, resource: Any, name: str) -> None:
    for file in files_of(container, resource, name):
        file.unlink()


def damage(container: Any, resource: Any, name: str) -> None:
    for file in files_of(container, resource, name):
        file.write_bytes(b"x" * file.stat().st_size)


def winner(container: Any, version: ModelVersion) -> Experiment:
    return Experiment.parse(container.metadata_tracker().get(version).fields["winning_experiment"])


@pytest.fixture
def first(load: Callable[..., Any]) -> ModelVersion:
    """A deployed model version."""
    container = load()
    container.runner().run()
    return container.model_deployer().deployed(Model(name="p"))


@pytest.mark.parametrize("harm", [lose, damage])
@pytest.mark.parametrize("retrain", [True, False])
def test_a_deployed_model_that_is_lost_is_replaced(
    load: Callable[..., Any], project: Path, capsys: pytest.CaptureFixture[str], harm: Any, retrain: bool
) -> None:
    """The next run replaces it, says why, and predicts."""
    container = load(train__retrain_on_all_data=retrain)
    container.runner().run()
    version = container.model_deployer().deployed(Model(name="p"))
    harm(container, winner(container, version), "model")
    (project / "out.csv").unlink()
    capsys.readouterr()
    job = load(train__retrain_on_all_data=retrain, train__model_trainer__params={"C": 0.5}).runner().run()
    output = capsys.readouterr().err
    assert "model_version:p@2 replaces model_version:p@1, which is no longer usable" in output
    assert "missing" in output or "changed" in output
    assert job is not None
    assert len(pd.read_csv(project / "out.csv")) == 30
    assert load().model_deployer().deployed("model:p").number == 2


def test_a_deployed_model_of_a_trainer_that_is_gone_is_replaced(
    load: Callable[..., Any], first: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A renamed class, or a type that is no longer trusted, does not stop a run."""
    container = load(train__model_trainer__params={"C": 0.5})
    folder = container.folder() / "stored"
    container.metadata_tracker().load_artifact(winner(container, first), "model", folder)
    description = folder / folders._DESCRIPTION
    description.write_text(json.dumps({"trainer": "former.module:Trainer"}))
    container.metadata_tracker().save_artifact(winner(container, first), "model", folder)
    container.runner().run()
    assert container.model_deployer().deployed("model:p").number == 2


def test_test_rows_of_the_deployed_model_that_are_lost_block_nothing(
    load: Callable[..., Any], first: ModelVersion
) -> None:
    """The deployed model cannot be compared, so it is replaced."""
    container = load(seed=8, train__model_trainer__params={"C": 0.5})
    test_rows = DatasetVersion.parse(container.metadata_tracker().get(first).fields["test_data"])
    lose(container, test_rows, "data")
    container.runner().run()
    assert container.model_deployer().deployed("model:p").number == 2


def test_a_new_model_that_is_lost_replaces_nothing(load: Callable[..., Any], first: ModelVersion) -> None:
    """The deployed model stays, and the error names the lost file."""
    with load(train__model_trainer__params={"C": 0.5}) as container:
        runner = container.runner()
        version = runner.train_model("dataset_version:p_train@1")
        lose(container, winner(container, version), "model")
    with load() as container:
        with pytest.raises(UnusableArtifactError):
            container.runner().deploy_model(version)
        assert container.model_deployer().deployed("model:p") == first


@pytest.mark.parametrize("name", ["profile", "expectation", "data"])
@pytest.mark.parametrize("others", [False, True])
def test_a_lost_description_of_the_training_rows_blocks_nothing(
    load: Callable[..., Any], project: Path, first: ModelVersion, name: str, others: bool
) -> None:
    """It is made again from the rows; without them, a message says that nothing is compared."""
    with load() as container:
        rows = DatasetVersion(name="p_train", number=1)
        lose(container, rows, name)
        if others:
            for other in {"profile", "expectation", "data"} - {name}:
                lose(container, rows, other)
    table = pd.read_csv(project / "known.csv")
    table[:-1].to_csv(project / "known.csv", index=False)
    assert load().runner().run() is not None


def test_the_same_rows_bring_back_what_was_lost(load: Callable[..., Any], first: ModelVersion) -> None:
    """Reading equal rows restores the version."""
    for harm in (lose, damage):
        with load() as container:
            harm(container, DatasetVersion(name="p_train", number=1), "data")
        with load() as container, pytest.raises(UnusableArtifactError):
            container.resource_version_control().load_data("dataset_version:p_train@1")
        with load() as container:
            assert container.runner().process_data().number == 1
        with load() as container:
            assert len(container.resource_version_control().load_data("dataset_version:p_train@1")) == 90


def test_lost_predictions_of_an_earlier_job_block_nothing(
    load: Callable[..., Any], first: ModelVersion
) -> None:
    """There is no comparison with lost predictions."""
    with load() as container:
        lose(container, DatasetVersion(name="p_predictions", number=1), "data")
    assert load(skip=["analyze_model", "check_model"]).runner().run() is not None


def test_equal_models_are_kept_once(load: Callable[..., Any], project: Path, first: ModelVersion) -> None:
    """Equal rows, settings and seed give equal files, in another run too."""
    with load() as container:
        before = sorted((project / ".lolpop" / "artifacts").rglob("*"))
        second = container.runner().train_model("dataset_version:p_train@1")
        mine, others = (
            files_of(container, winner(container, version), "model") for version in (first, second)
        )
    assert mine == others
    assert sorted((project / ".lolpop" / "artifacts").rglob("*")) == before
