"""A project about customers, some of them spoilt by the test."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from customer_rows import SETTINGS, customers
from threadpoolctl import threadpool_limits

from lolpop.resources import RESOURCE_TYPES, Resource
from lolpop_containers.classification import ClassificationContainer

Counts = Counter[type[Resource]]


@pytest.fixture(scope="session", autouse=True)
def _one_thread_each() -> Any:
    """Tests run beside each other: a pool of threads in each would only have them wait for each other."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def training_rows() -> pd.DataFrame:
    """300 customers, and whether they have left."""
    return customers(300)


@pytest.fixture(scope="session")
def new() -> pd.DataFrame:
    """60 other customers."""
    return customers(60, seed=1).drop(columns="outcome")


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory, training_rows: pd.DataFrame, new: pd.DataFrame) -> Path:
    """Settings and both tables as CSV."""
    folder = tmp_path_factory.mktemp("files")
    training_rows.to_csv(folder / "known.csv", index=False)
    new.to_csv(folder / "new.csv", index=False)
    (folder / "lolpop.yaml").write_text(SETTINGS)
    return folder


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, files: Path) -> Path:
    """The project after one run."""
    folder = shutil.copytree(files, tmp_path_factory.mktemp("trained") / "project")
    with opened(folder) as container:
        assert container.runner().run() is not None
    return folder


@pytest.fixture
def project(tmp_path: Path, files: Path) -> Path:
    """A copy of the project, to be spoilt."""
    return shutil.copytree(files, tmp_path / "project")


@pytest.fixture
def used(tmp_path: Path, trained: Path) -> Path:
    """A copy of the project after one run."""
    return shutil.copytree(trained, tmp_path / "project")


def opened(folder: Path, **overrides: Any) -> ClassificationContainer:
    """The project's container; the environment of the tests has no say in it."""
    settings = {path.replace("__", "."): value for path, value in overrides.items()}
    return ClassificationContainer.load(folder / "lolpop.yaml", environ={}, overrides=settings)


@pytest.fixture(name="opened")
def _opened() -> Callable[..., ClassificationContainer]:
    return opened


@pytest.fixture
def made() -> Callable[[Path], Counts]:
    """How many resources of each type a project has."""

    def count(folder: Path) -> Counts:
        with opened(folder) as container:
            tracker = container.metadata_tracker()
            return Counter({kind: len(tracker.find(kind)) for kind in RESOURCE_TYPES.values()})

    return count
