"""Patients with diabetes, and how far their illness progressed in a year, in a folder of their own."""

import json
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
def project(tmp_path: Path, patients: pd.DataFrame) -> Path:
    """A folder with settings, 342 known patients, 100 new ones, and what became of those."""
    known, new = patients[:342], patients[342:]
    known.to_csv(tmp_path / "known.csv", index=False)
    new.drop(columns="progression").to_csv(tmp_path / "new.csv", index=False)
    new[["patient_id", "progression"]].to_csv(tmp_path / "truth.csv", index=False)
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

    def load(**settings: Any) -> RegressionContainer:
        overrides = {
            path.replace("__", "."): value for path, value in {"data__frame": frame, **settings}.items()
        }
        container = RegressionContainer.load(project / "lolpop.yaml", environ={}, overrides=overrides)
        containers.append(container)
        return container

    yield load
    for container in containers:
        with container:
            pass


@pytest.fixture
def command(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run ``lolpop run regression --json`` in the project: the exit code, and the JSON it printed."""
    from lolpop.cli import main

    monkeypatch.chdir(project)

    def command(*words: str) -> tuple[int, dict[str, Any]]:
        code = main(["run", "regression", *words, "--json"])
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    return command
