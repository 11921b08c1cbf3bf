"""A series of a made-up year after year, in a folder of its own, and what forecasts it."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lolpop_containers.forecasting import ForecastingContainer

SETTINGS = """
problem: {name: visitors, target: visits, time: month, horizon: 6}
data: {train: known.csv, predictions: out/predictions.csv}
train: {model_trainer: {estimator: ridge}, data_splitter: {origins: 2}}
seed: 7
"""


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Small fits are slower in several threads, and far slower beside other tests."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


@pytest.fixture
def project(tmp_path: Path, months: pd.DataFrame) -> Path:
    """A folder with settings and 120 known months."""
    months[:120].to_csv(tmp_path / "known.csv", index=False)
    (tmp_path / "lolpop.yaml").write_text(SETTINGS)
    return tmp_path


@pytest.fixture
def load(loading: Callable[..., Any], project: Path) -> Callable[..., ForecastingContainer]:
    """Load the project's container, with settings by dotted path."""
    return partial(loading, ForecastingContainer, project)


@pytest.fixture
def command(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run ``lolpop run forecasting --json`` in the project: the exit code, the JSON, and what was said."""
    from lolpop.cli import main

    monkeypatch.chdir(project)

    def command(*words: str) -> tuple[int, dict[str, Any], str]:
        code = main(["run", "forecasting", *words, "--json"])
        printed = capsys.readouterr()
        return code, json.loads(printed.out.splitlines()[-1]), printed.err

    return command
