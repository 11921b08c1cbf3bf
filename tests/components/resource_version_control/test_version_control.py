"""Local version control: versions of data and of models."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from mean_model import MeanTrainer
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression

from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.metadata_tracker.sql import SQLMetadataTracker
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.components.resource_version_control.local import LocalResourceVersionControl
from lolpop.errors import DataError, ReferenceNotFoundError, StoreError, UntrustedTypeError
from lolpop.problem import Problem
from lolpop.resources import Dataset, DatasetVersion, Experiment, ModelVersion


class TheirRegression(LogisticRegression):
    """An estimator that a user wrote."""


@pytest.fixture
def control(store, tracker):
    return LocalResourceVersionControl(store=store, metadata_tracker=tracker)


@pytest.fixture
def wine():
    return load_wine(as_frame=True).frame


@pytest.fixture
def experiment(tracker):
    return tracker.create(Experiment, "wine")


def trainer_of(estimator="hist_gradient_boosting", **params):
    problem = Problem(name="wine", target="target")
    return SklearnModelTrainer(
        estimator, params, problem=problem, feature_transformer=SklearnFeatureTransformer()
    )


def test_data_comes_back(control, tracker, wine):
    """Loaded data equals the saved data, and its shape is recorded."""
    version = control.save_data("wine", wine)
    pd.testing.assert_frame_equal(control.load_data(version), wine)
    fields = tracker.get(version).fields
    assert (fields["rows"], fields["columns"]) == (178, 14)
    assert list(fields["dtypes"]) == list(wine.columns)
    assert fields["dtypes"]["target"] == "int64"
    assert len(fields["digest"]) == 64
    assert tracker.find(Dataset) == [Dataset(name="wine")]


def test_same_content_is_the_same_version(control, tracker, wine):
    """Equal content is the latest version again; other and earlier content are new ones."""
    versions = [control.save_data("wine", frame) for frame in (wine, wine.copy(), wine.iloc[1:], wine)]
    assert [version.number for version in versions] == [1, 1, 2, 3]
    assert control.save_data("other", wine).reference == "dataset_version:other@1"


def test_parents_of_data_are_recorded(control, tracker, wine):
    """A version has its parents, even if its content was stored before."""
    orders, customers = control.save_data("orders", wine), control.save_data("customers", wine.iloc[:9])
    joined = control.save_data("joined", wine, parents=[orders])
    assert control.save_data("joined", wine, parents=[orders, customers]) == joined
    assert tracker.parents(joined) == [orders, customers]


def test_data_that_cannot_be_kept_makes_no_version(control, tracker, wine):
    """Data that cannot be stored is refused, and no version is made."""
    with pytest.raises(DataError):
        control.save_data("wine", wine.assign(mixed=[1j] * len(wine)))
    assert tracker.find(Dataset) == tracker.find(DatasetVersion) == []


def test_damaged_data_is_refused(file_store, wine, tmp_path):
    """Data whose file was changed is refused, naming the file."""
    control = LocalResourceVersionControl(
        store=file_store, metadata_tracker=SQLMetadataTracker(store=file_store)
    )
    version = control.save_data("wine", wine)
    file = next(path for path in (tmp_path / ".lolpop" / "artifacts").rglob("*") if path.is_file())
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(StoreError, match=f"{file} has changed since it was stored"):
        control.load_data(version)


def test_unknown_data_is_explained(control, wine):
    """The error for an unknown version lists the existing ones."""
    control.save_data("wine", wine)
    with pytest.raises(ReferenceNotFoundError, match="wine has version 1"):
        control.load_data(DatasetVersion(name="wine", number=2))


def test_model_comes_back(control, experiment, wine):
    """A loaded model of the default estimator predicts the same."""
    trainer, features = trainer_of(max_iter=5), wine.drop(columns="target")
    model = trainer.fit(features, wine["target"])
    control.save_model(experiment, model, trainer)
    loaded = control.load_model(experiment)
    assert loaded is not model
    assert (loaded.predict(features).probabilities == model.predict(features).probabilities).all()
    assert loaded.columns == model.columns


def test_model_of_a_version_is_the_winner(control, tracker, wine):
    """The model of a model version is that of its winning experiment; without one there is an error."""
    version = tracker.create(ModelVersion, "wine")
    with pytest.raises(ReferenceNotFoundError, match="model_version:wine@1 has no winning experiment"):
        control.load_model(version)
    trainer = MeanTrainer()
    experiments = [tracker.create(Experiment, "wine", parents=[version]) for _ in range(2)]
    for experiment, rows in zip(experiments, (5, 50), strict=True):
        control.save_model(experiment, trainer.fit(wine.iloc[:rows], wine["alcohol"].iloc[:rows]), trainer)
    tracker.update(version, {"winning_experiment": str(experiments[1])})
    assert control.load_model(version).mean == pytest.approx(wine["alcohol"].iloc[:50].mean())


def test_experiment_without_a_model_is_explained(control, experiment):
    """Loading the model of an experiment without one is an error that says so."""
    with pytest.raises(ReferenceNotFoundError, match="experiment:wine@1 has no artifact 'model'"):
        control.load_model(experiment)


def test_untrusted_type_is_refused_when_saving(store, tracker, experiment, wine):
    """An untrusted type is named with the setting and nothing is saved; a trusted one works."""
    trainer = trainer_of(f"{__name__}:TheirRegression", max_iter=10_000)
    model = trainer.fit(wine.drop(columns="target"), wine["target"])
    control = LocalResourceVersionControl(store=store, metadata_tracker=tracker)
    name = f"{__name__}.TheirRegression"
    with pytest.raises(UntrustedTypeError, match=rf"{name}.*resource_version_control\.trusted_types"):
        control.save_model(experiment, model, trainer)
    assert tracker.artifacts(experiment) == []
    trusting = LocalResourceVersionControl((name,), store=store, metadata_tracker=tracker)
    trusting.save_model(experiment, model, trainer)
    assert trusting.load_model(experiment).classes == (0, 1, 2)
    with pytest.raises(UntrustedTypeError, match=name):
        control.load_model(experiment)


def test_trainer_in_use_needs_no_trust(control, experiment, wine):
    """A trainer of this process can load its models, registered or not."""
    trainer = MeanTrainer()
    model = trainer.fit(wine, wine["alcohol"])
    control.save_model(experiment, model, trainer)
    assert control.load_model(experiment).mean == model.mean


def test_stored_model_imports_nothing_by_itself(file_store, wine, tmp_path):
    """In another process, an unregistered trainer is imported only if it is trusted by name."""
    tracker = SQLMetadataTracker(store=file_store)
    control = LocalResourceVersionControl(store=file_store, metadata_tracker=tracker)
    experiment = tracker.create(Experiment, "wine")
    control.save_model(experiment, MeanTrainer().fit(wine, wine["alcohol"]), MeanTrainer())
    script = (
        "import sys; from pathlib import Path\n"
        "sys.path.insert(0, sys.argv[2])\n"
        "from lolpop.components.metadata_tracker.sql import SQLMetadataTracker\n"
        "from lolpop.components.resource_version_control.local import LocalResourceVersionControl\n"
        "from lolpop.components.store.sql import SQLStore\n"
        "from lolpop.errors import UntrustedTypeError\n"
        "from lolpop.resources import Experiment\n"
        "store = SQLStore(folder=Path(sys.argv[1])); tracker = SQLMetadataTracker(store=store)\n"
        "model = Experiment.parse('experiment:wine@1')\n"
        "control = LocalResourceVersionControl(store=store, metadata_tracker=tracker)\n"
        "try: control.load_model(model)\n"
        "except UntrustedTypeError as error: print(error)\n"
        "print('mean_model' in sys.modules)\n"
        "trusting = LocalResourceVersionControl(('mean_model:MeanTrainer',), store=store, metadata_tracker=tracker)\n"
        "print(trusting.load_model(model).columns[0]); store.close()\n"
    )
    command = [sys.executable, "-c", script, tmp_path, Path(__file__).parent]
    process = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert "mean_model:MeanTrainer" in process[0]
    assert "resource_version_control.trusted_types" in process[0]
    assert process[1:] == ["False", "alcohol"]


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ('{"trainer": "nosuch"}', "cannot be used here: unknown implementation 'nosuch'"),
        ('{"trainer": "os:system"}', "os:system, which is not a registered trainer"),
        ("{}", "no stored model"),
        ("not json", "no stored model"),
    ],
)
def test_forged_description_is_refused(control, tracker, tmp_path, description, message):
    """A stored model whose description names no trainer is refused."""
    (tmp_path / "model" / "files").mkdir(parents=True)
    (tmp_path / "model" / "model.json").write_text(description)
    experiment = tracker.create(Experiment, "wine", artifacts={"model": tmp_path / "model"})
    with pytest.raises((StoreError, UntrustedTypeError), match=message):
        control.load_model(experiment)


def test_trusted_name_must_be_a_trainer(store, tracker, tmp_path):
    """A trusted name is used only if it is a trainer."""
    (tmp_path / "model" / "files").mkdir(parents=True)
    (tmp_path / "model" / "model.json").write_text(json.dumps({"trainer": "os:system"}))
    experiment = tracker.create(Experiment, "wine", artifacts={"model": tmp_path / "model"})
    control = LocalResourceVersionControl(("os:system",), store=store, metadata_tracker=tracker)
    with pytest.raises(StoreError, match="not a ModelTrainer"):
        control.load_model(experiment)


@pytest.mark.parametrize("name", ["", "a b", "a:b:c", ".a", "1a"])
def test_trusted_types_are_names(store, tracker, name):
    """The constructor refuses text that cannot name a type."""
    with pytest.raises(ValueError, match="trusted_types should name types"):
        LocalResourceVersionControl((name,), store=store, metadata_tracker=tracker)
