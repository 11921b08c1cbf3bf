"""A series of a made-up year after year, in a folder of its own, and what forecasts it."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
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


@pytest.fixture(scope="session")
def months() -> pd.DataFrame:
    """126 months: a trend, a season, and a little noise."""
    at = np.arange(126)
    noise = np.random.default_rng(3).normal(0, 2, len(at))
    visits = 100 + 0.5 * at + 20 * np.sin(2 * np.pi * at / 12) + noise
    return pd.DataFrame({"month": pd.date_range("2015-01-01", periods=len(at), freq="MS"), "visits": visits})


@pytest.fixture(scope="session")
def shops() -> pd.DataFrame:
    """Four shops, 90 days each, and whether there is an offer, which is known in advance."""
    random = np.random.default_rng(5)
    parts = []
    for shop, size in enumerate((5, 20, 80, 300), start=1):
        offer = random.random(90) < 0.2
        week = 1 + 0.3 * np.sin(2 * np.pi * np.arange(90) / 7)
        sold = size * (week + 0.5 * offer) + random.normal(0, size / 20, 90)
        day = pd.date_range("2025-01-01", periods=90)
        parts.append(pd.DataFrame({"shop": shop, "day": day, "offer": offer, "sold": sold}))
    return pd.concat(parts, ignore_index=True)


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
