"""A project on real data, in a folder of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer

from lolpop.components.metadata_tracker import MetadataTracker
from lolpop_containers.classification import ClassificationContainer

SETTINGS = """
problem: {name: tumors, target: diagnosis, index: patient_id, positive_label: malignant}
data: {train: known.csv, predict: new.csv, truth: truth.csv, predictions: out/predictions.csv}
train: {model_trainer: {estimator: logistic_regression}}
seed: 7
"""


@pytest.fixture(scope="session")
def patients() -> pd.DataFrame:
    """569 patients: an id, six measurements, and the diagnosis."""
    bundle = load_breast_cancer(as_frame=True)
    rows = bundle.data.iloc[:, :6].rename(columns=lambda name: name.replace(" ", "_"))
    rows.insert(0, "patient_id", range(1000, 1000 + len(rows)))
    rows["diagnosis"] = bundle.target.map(dict(enumerate(bundle.target_names)))
    return rows.sample(frac=1, random_state=0, ignore_index=True)


@pytest.fixture
def project(tmp_path: Path, patients: pd.DataFrame) -> Path:
    """A folder with settings, 469 known patients, 100 new ones, and what became of those."""
    known, new = patients[:469], patients[469:]
    known.to_csv(tmp_path / "known.csv", index=False)
    new.drop(columns="diagnosis").to_csv(tmp_path / "new.csv", index=False)
    new[["patient_id", "diagnosis"]].to_csv(tmp_path / "truth.csv", index=False)
    (tmp_path / "lolpop.yaml").write_text(SETTINGS)
    return tmp_path


@pytest.fixture
def frame() -> str:
    """Kind of dataframe that rows travel in; files of tests that run on both kinds have their own."""
    return "pandas"


@pytest.fixture
def load(project: Path, frame: str) -> Any:
    """Load the project's container, with settings by dotted path; all are closed after the test."""
    containers = []

    def load(**settings: Any) -> ClassificationContainer:
        overrides = {
            path.replace("__", "."): value for path, value in {"data__frame": frame, **settings}.items()
        }
        container = ClassificationContainer.load(project / "lolpop.yaml", environ={}, overrides=overrides)
        containers.append(container)
        return container

    yield load
    for container in containers:
        with container:
            pass


@pytest.fixture
def kept(load: Callable[..., ClassificationContainer]) -> MetadataTracker:
    """What the project's store knows, whichever container made it."""
    return load().metadata_tracker()
