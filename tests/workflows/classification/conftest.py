"""A project on real data, in a folder of its own."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer

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
def project(labelled_project: Callable[..., Path], patients: pd.DataFrame) -> Path:
    """A folder with settings, 469 known patients, 100 new ones, and what became of those."""
    return labelled_project(SETTINGS, patients, 469, "patient_id", "diagnosis")


@pytest.fixture
def frame() -> str:
    """Kind of dataframe that rows travel in; files of tests that run on both kinds have their own."""
    return "pandas"


@pytest.fixture
def load(loading: Callable[..., Any], project: Path, frame: str) -> Callable[..., ClassificationContainer]:
    """Load the project's container, with settings by dotted path."""
    return partial(loading, ClassificationContainer, project, data__frame=frame)
