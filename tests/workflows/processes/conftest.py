"""A project on real data, and commands that run in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from forked_commands import Command, Ended
from sklearn.datasets import load_breast_cancer

SETTINGS = """
problem: {name: tumors, target: diagnosis, index: patient_id, positive_label: malignant}
data: {train: known.csv, predict: new.csv, truth: truth.csv, predictions: out/predictions.csv}
train: {model_trainer: {estimator: logistic_regression}, retrain_on_all_data: false}
skip: [profile_data, compare_data, analyze_model, check_model_bias]
seed: 7
"""


@pytest.fixture(scope="session", autouse=True)
def _one_thread_each() -> None:
    """Many processes share few cores: a pool of threads in each would only have them wait for each other."""
    with pytest.MonkeyPatch.context() as environ:
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            environ.setenv(name, "1")
        yield


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings, 269 patients whose diagnosis is known, 100 new ones, and what became of those."""
    folder = tmp_path_factory.mktemp("files")
    bundle = load_breast_cancer(as_frame=True)
    rows = bundle.data.iloc[:, :6].rename(columns=lambda name: name.replace(" ", "_"))
    rows.insert(0, "patient_id", range(1000, 1000 + len(rows)))
    rows["diagnosis"] = bundle.target.map(dict(enumerate(bundle.target_names)))
    rows = rows.sample(n=369, random_state=0)
    training_rows, new = rows[:269], rows[269:]
    training_rows.to_csv(folder / "known.csv", index=False)
    new.drop(columns="diagnosis").to_csv(folder / "new.csv", index=False)
    new[["patient_id", "diagnosis"]].to_csv(folder / "truth.csv", index=False)
    (folder / "lolpop.yaml").write_text(SETTINGS)
    return folder


@pytest.fixture
def project(tmp_path: Path, files: Path) -> Path:
    """A folder of the test's own with these files."""
    return shutil.copytree(files, tmp_path / "project")


@pytest.fixture
def lolpop(project: Path) -> Callable[..., Ended]:
    """Run ``lolpop`` in the project, to its end."""

    def run(*arguments: str, **environ: str) -> Ended:
        return Command(project, *arguments, environ=environ).end()

    return run
