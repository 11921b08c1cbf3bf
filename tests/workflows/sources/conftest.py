"""A project about orders, and whether they are paid in time."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from orders_project import orders

from lolpop.resources import ModelVersion
from lolpop_containers.classification import ClassificationContainer

SETTINGS = """
problem: {name: orders, target: paid, index: order_id}
data: {train: known.parquet, predict: new.parquet, predictions: out/predictions.parquet}
train: {model_trainer: {estimator: logistic_regression}}
skip: [profile_data, analyze_model, check_model]
seed: 7
"""


@pytest.fixture(scope="session")
def training_rows() -> pd.DataFrame:
    """400 orders, and whether they were paid in time."""
    return orders(400)


@pytest.fixture(scope="session")
def new() -> pd.DataFrame:
    """50 other orders."""
    return orders(50, seed=1, start=1000).drop(columns="paid")


@pytest.fixture
def project(tmp_path: Path, training_rows: pd.DataFrame, new: pd.DataFrame) -> Path:
    """A folder with settings and both tables."""
    training_rows.to_parquet(tmp_path / "known.parquet")
    new.to_parquet(tmp_path / "new.parquet")
    (tmp_path / "lolpop.yaml").write_text(SETTINGS)
    return tmp_path


@pytest.fixture(scope="session")
def trained_store(tmp_path_factory: pytest.TempPathFactory, training_rows: pd.DataFrame) -> Path:
    """The store of a project whose model is trained; tests work on copies."""
    folder = tmp_path_factory.mktemp("trained")
    training_rows.to_parquet(folder / "known.parquet")
    (folder / "lolpop.yaml").write_text(SETTINGS)
    with ClassificationContainer.load(folder / "lolpop.yaml", environ={}) as container:
        runner = container.runner()
        runner.train_model(runner.process_data())
    return folder / ".lolpop"


@pytest.fixture
def trained(project: Path, trained_store: Path) -> ModelVersion:
    """The model of the project, trained on the known orders."""
    shutil.copytree(trained_store, project / ".lolpop")
    return ModelVersion(name="orders", number=1)


@pytest.fixture
def load(loading: Callable[..., Any], project: Path) -> Callable[..., ClassificationContainer]:
    """Load the project's container, with settings by dotted path."""
    return partial(loading, ClassificationContainer, project)
