"""Projects in folders of their own, containers that are closed after the test, and made-up rows."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lolpop.components.metadata_tracker import MetadataTracker


@pytest.fixture(scope="session", autouse=True)
def _hear_ctrl_c() -> None:
    """Let processes that tests start end on Ctrl-C, also where a shell has started the tests in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def loading() -> Iterator[Callable[..., Any]]:
    """Load a container of a project's folder, with settings by dotted path, whose dots are written ``__``."""
    with ExitStack() as opened:

        def load(container: type[Any], project: Path, **settings: Any) -> Any:
            overrides = {path.replace("__", "."): value for path, value in settings.items()}
            loaded = container.load(project / "lolpop.yaml", environ={}, overrides=overrides)
            return opened.enter_context(loaded)

        yield load


@pytest.fixture(scope="module")
def two_workers() -> Iterator[Callable[[str], dict[str, Any]]]:
    """Settings of an executor of two workers, by its name: tests of a module share a cluster of each engine."""
    with ExitStack() as clusters:
        started: dict[str, dict[str, Any]] = {"local": {"use": "local", "workers": 2}}

        def settings_of(name: str) -> dict[str, Any]:
            if name not in started:
                started[name] = _CLUSTERS[name](clusters)
            return started[name]

        yield settings_of


def _start_dask(clusters: ExitStack) -> dict[str, Any]:
    distributed = pytest.importorskip(
        "distributed", reason="Dask is not installed: pip install 'lolpop[dask]'"
    )
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    )
    return {"use": "dask", "address": clusters.enter_context(cluster).scheduler_address, "workers": None}


def _start_ray(clusters: ExitStack) -> dict[str, Any]:
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'lolpop[ray]'")
    for name in ("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "RAY_USAGE_STATS_ENABLED"):
        os.environ.setdefault(name, "0")
    handler = signal.getsignal(signal.SIGTERM)
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    signal.signal(signal.SIGTERM, handler)  # Ray's own would end the process of later tests
    clusters.callback(ray.shutdown)
    return {"use": "ray", "workers": 2}


_CLUSTERS = {"dask": _start_dask, "ray": _start_ray}


@pytest.fixture
def tracker(load: Callable[..., Any]) -> MetadataTracker:
    """What the project's store knows, whichever container made it."""
    return load().metadata_tracker()


@pytest.fixture
def labelled_project(tmp_path: Path) -> Callable[..., Path]:
    """Make a folder with settings, the first rows to learn from, the others to predict, and their truth."""

    def make(settings: str, rows: pd.DataFrame, training_count: int, index: str, target: str) -> Path:
        new = rows[training_count:]
        rows[:training_count].to_csv(tmp_path / "known.csv", index=False)
        new.drop(columns=target).to_csv(tmp_path / "new.csv", index=False)
        new[[index, target]].to_csv(tmp_path / "truth.csv", index=False)
        (tmp_path / "lolpop.yaml").write_text(settings)
        return tmp_path

    return make


@pytest.fixture
def iris_project() -> Callable[[Path], None]:
    """Write known and new rows of iris into a folder, with settings that train and predict."""
    from sklearn.datasets import load_iris

    def make(folder: Path) -> None:
        rows = load_iris(as_frame=True).frame.rename_axis("flower").reset_index()
        rows[::2].to_csv(folder / "known.csv", index=False)
        rows[1::2].drop(columns="target").to_csv(folder / "new.csv", index=False)
        (folder / "lolpop.yaml").write_text(
            "lolpop: {runner: classification}\n"
            "problem: {name: iris, target: target, index: flower}\n"
            "data: {train: known.csv, predict: new.csv, predictions: predictions.csv}\n"
            "train: {model_trainer: {estimator: logistic_regression}}\n"
        )

    return make


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Let nothing on this machine say who may read a bucket, nor a driver remember what was tried."""
    s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed: pip install 'lolpop[s3]'")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    s3fs.S3FileSystem.clear_instance_cache()
    yield
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture(scope="session")
def customers() -> Callable[..., pd.DataFrame]:
    """Rows whose target, ``churn`` or ``spend``, follows from three features; ``group`` says nothing."""

    def customers(seed: int = 0, rows: int = 2_000) -> pd.DataFrame:
        random = np.random.default_rng(seed)
        frame = pd.DataFrame(
            {
                "age": random.integers(18, 80, rows),
                "income": random.normal(40, 10, rows).round(1),
                "visits": random.poisson(4, rows),
                "city": random.choice(["Oslo", "Bergen", "Tromso", "Bodo", "Hamar"], rows),
                "noise": random.normal(size=rows),
                "group": random.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1]),
            }
        )
        score = 0.08 * (frame["age"] - 49) - 0.12 * (frame["income"] - 40) + 0.5 * (frame["visits"] - 4)
        frame["churn"] = np.where(score + random.logistic(size=rows) * 0.5 > 0, "yes", "no")
        frame["spend"] = 100 + 10 * score + random.normal(scale=5, size=rows)
        return frame

    return customers


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
