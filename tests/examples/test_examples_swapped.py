"""Changing one line of an example, and nothing else, changes one part of it."""

import runpy
import shutil
from pathlib import Path

import pandas as pd
import pytest

from lolpop_containers.classification import ClassificationContainer
from lolpop_containers.regression import RegressionContainer

EXAMPLES = Path(__file__).parents[2] / "examples"
RUNNERS = {
    "quickstart": ClassificationContainer,
    "classification": ClassificationContainer,
    "churn": ClassificationContainer,
    "several_sources": ClassificationContainer,
    "regression": RegressionContainer,
}
# What the line sets, to what, and what has to be installed for it.
SWAPS = [
    ("train.model_trainer", "xgboost", "xgboost"),
    ("train.model_trainer", "lightgbm", "lightgbm"),
    ("train.model_trainer", "catboost", "catboost"),
    ("train.feature_transformer", "feature_engine", "feature_engine"),
    ("train.model_bias_checker", "fairlearn", "fairlearn"),
    ("model_explainer", "shap", "shap"),
]
# Those that are of other libraries inside: the example with columns of every kind has them on polars as well.
FOR_POLARS = [swap for swap in SWAPS if swap[0] != "train.model_trainer"]
CASES = [
    *((name, "pandas", swap) for name in RUNNERS for swap in SWAPS),
    *(("churn", "polars", swap) for swap in FOR_POLARS),
]


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    """Folders of the examples with their data, by name."""
    folder = tmp_path_factory.mktemp("examples")
    made = shutil.ignore_patterns("data", "out", ".lolpop", "__pycache__")
    for name in RUNNERS:
        shutil.copytree(EXAMPLES / name, folder / name, ignore=made)
        runpy.run_path(str(folder / name / "make_data.py"), run_name="__main__")
    return folder


@pytest.mark.parametrize(
    ("name", "frame", "swap"), CASES, ids=lambda part: "-".join(part) if isinstance(part, tuple) else part
)
def test_an_example_runs_with_another_part(name, frame, swap, examples, tmp_path, monkeypatch):
    """It trains, analyzes, deploys and predicts with the other implementation."""
    path, use, library = swap
    pytest.importorskip(library)
    folder = shutil.copytree(examples / name, tmp_path / name)
    monkeypatch.chdir(folder)
    settings = {path: use, **({"data.frame": frame} if frame != "pandas" else {})}
    with RUNNERS[name].load("lolpop.yaml", environ={}, overrides=settings) as container:
        assert container.runner().run() is not None
        part = container
        for step in path.split("."):
            part = getattr(part, step)
        assert part().requires == (library,)
    [new] = (folder / "data").glob("new*.csv")
    predicted = folder / "out" / "predictions.csv"
    assert len(predicted.read_text().splitlines()) == len(new.read_text().splitlines())


@pytest.mark.parametrize("name", [name for name in RUNNERS if name != "churn"])
def test_an_example_runs_on_polars(name, examples, tmp_path, monkeypatch):
    """Predictions on polars equal those on pandas."""
    pytest.importorskip("polars")
    predicted = {}
    for frame in ("pandas", "polars"):
        folder = shutil.copytree(examples / name, tmp_path / frame)
        monkeypatch.chdir(folder)
        with RUNNERS[name].load("lolpop.yaml", environ={}, overrides={"data.frame": frame}) as container:
            assert container.runner().run() is not None
        predicted[frame] = pd.read_csv(folder / "out" / "predictions.csv")
    pd.testing.assert_frame_equal(predicted["pandas"], predicted["polars"])
