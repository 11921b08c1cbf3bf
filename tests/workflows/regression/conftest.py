"""Patients with diabetes, and how far their illness progressed in a year, in a folder of their own."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sklearn.datasets import load_diabetes

from lolpop_containers.regression import RegressionContainer

SETTINGS = """
problem: {name: diabetes, target: progression, index: patient_id}
data: {train: known.csv, predict: new.csv, truth: truth.csv, predictions: out/predictions.csv}
train: {model_trainer: {estimator: ridge}}
seed: 7
"""


@pytest.fixture(scope="session")
def patients() -> pd.DataFrame:
    """442 patients: an id, ten measurements, and the progression."""
    rows = load_diabetes(as_frame=True, scaled=False).frame.rename(columns={"target": "progression"})
    rows.insert(0, "patient_id", range(1, len(rows) + 1))
    return rows.sample(frac=1, random_state=0, ignore_index=True)


@pytest.fixture
def project(labelled_project: Callable[..., Path], patients: pd.DataFrame) -> Path:
    """A folder with settings, 342 known patients, 100 new ones, and what became of those."""
    return labelled_project(SETTINGS, patients, 342, "patient_id", "progression")


@pytest.fixture
def frame() -> str:
    """Kind of dataframe that rows travel in; files of tests that run on both kinds have their own."""
    return "pandas"


@pytest.fixture
def load(loading: Callable[..., Any], project: Path, frame: str) -> Callable[..., RegressionContainer]:
    """Load the project's container, with settings by dotted path."""
    return partial(loading, RegressionContainer, project, data__frame=frame)


@pytest.fixture
def command(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run ``lolpop run regression --json`` in the project: the exit code, and the JSON it printed."""
    from lolpop.cli import main

    monkeypatch.chdir(project)

    def command(*words: str) -> tuple[int, dict[str, Any]]:
        code = main(["run", "regression", *words, "--json"])
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    return command
