"""What tests of components share: frames, fitted models, stores on both databases, and a terminal."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from lolpop.components.metadata_tracker.sql import SQLMetadataTracker
from lolpop.components.model_trainer import FittedModel
from lolpop.components.store.sql import SQLStore
from lolpop.problem import Problem

Make = Callable[[Mapping[str, Any]], Any]
FEATURES = ["age", "income", "visits", "city", "noise"]
NOBODY = 65534


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Any:
    """Small fits are slower in several threads, and far slower beside other tests."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


@pytest.fixture(params=["pandas", "polars"])
def make_frame(request: pytest.FixtureRequest) -> Make:
    """Makes a dataframe of columns, of each kind in turn."""
    return pd.DataFrame if request.param == "pandas" else pl.DataFrame


@pytest.fixture
def problem() -> Problem:
    return Problem(name="churn", target="y")


@pytest.fixture
def columns() -> dict[str, Any]:
    """Columns of every kind that a model can learn from, with missing values, and some that it cannot."""
    rng = np.random.default_rng(0)
    n = 120
    number = rng.normal(size=n)
    dates = pd.date_range("2024-01-31 05:00", periods=n, freq="D").to_pydatetime().tolist()
    return {
        "number": [None if i % 11 == 0 else float(value) for i, value in enumerate(number)],
        "whole": rng.integers(0, 9, n).tolist(),
        "flag": [None if i % 13 == 0 else bool(value > 0) for i, value in enumerate(rng.normal(size=n))],
        "city": [None if i % 7 == 0 else ["Rome", "Oslo", "Bern"][i % 3] for i in range(n)],
        "when": [None if i % 17 == 0 else date for i, date in enumerate(dates)],
        "note": [f"a note of its own, {i}" for i in range(n)],
        "nothing": [None] * n,
        "y": ["yes" if value > 0 else "no" for value in number],
    }


@pytest.fixture(scope="session")
def fitted() -> Callable[..., FittedModel]:
    """A tree, fitted on the columns ``features`` of ``frame``."""
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    from lolpop.components.model_trainer.tabular import TabularModel

    def fitted(frame: pd.DataFrame, target: str = "churn", features: list[str] = FEATURES) -> FittedModel:
        texts = [name for name in features if not pd.api.types.is_numeric_dtype(frame[name])]
        encoder = make_column_transformer((OrdinalEncoder(), texts), remainder="passthrough")
        tree = DecisionTreeRegressor if target == "spend" else DecisionTreeClassifier
        estimator = tree(max_depth=8, min_samples_leaf=25, random_state=0)
        pipeline = make_pipeline(encoder, estimator).fit(frame[features], frame[target])
        classes = [] if target == "spend" else pipeline.classes_.tolist()
        return TabularModel(features, classes, {}, pipeline[0], pipeline[1])

    return fitted


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a Postgres server of the tests' own; tests skip where there is none to start."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'lolpop[postgres]'")
    if shutil.which("initdb") is None or shutil.which("postgres") is None:
        pytest.skip("Postgres is not installed")
    # Postgres refuses to run as root.
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="lolpop-pg-"))
    if user:
        os.chown(folder, NOBODY, NOBODY)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    password = folder / "password"
    password.write_text("s3cr3t/pass")
    password.chmod(0o644)
    subprocess.run(
        ["initdb", "-D", folder / "data", "-U", "lolpop_owner", "-A", "scram-sha-256",
         f"--pwfile={password}", "--no-sync", "-E", "UTF8", "--locale=C"],
        check=True, stdout=subprocess.DEVNULL, cwd=folder, **user,
    )  # fmt: skip
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            ["postgres", "-D", folder / "data", "-p", str(port), "-c", "listen_addresses=127.0.0.1",
             "-c", "unix_socket_directories=", "-c", "fsync=off"],
            stdout=log, stderr=log, cwd=folder, **user,
        )  # fmt: skip
    try:
        for _ in range(200):
            with socket.socket() as client:
                if (
                    client.connect_ex(("127.0.0.1", port)) == 0
                    and "ready to accept" in (folder / "log").read_text()
                ):
                    break
            time.sleep(0.05)
        else:
            pytest.fail(f"Postgres did not start: {(folder / 'log').read_text()}")
        yield f"postgresql+psycopg://lolpop_owner:s3cr3t%2Fpass@127.0.0.1:{port}/"
    finally:
        server.send_signal(signal.SIGQUIT)  # at once: nothing is kept
        server.wait()
        shutil.rmtree(folder)


@pytest.fixture
def postgres_url(postgres: str) -> str:
    """URL of a Postgres database without tables."""
    import psycopg

    url = f"{postgres}postgres"
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        # Killed processes may have left connections behind that the server has not missed yet.
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SQLStore]:
    """An empty store, on each database in turn."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    store = SQLStore(url, folder=tmp_path)
    yield store
    store.close()


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[SQLStore]:
    """An empty store on SQLite."""
    store = SQLStore(folder=tmp_path)
    yield store
    store.close()


@pytest.fixture
def tracker(store: SQLStore) -> SQLMetadataTracker:
    """A metadata tracker on an empty store."""
    return SQLMetadataTracker(store=store)


@pytest.fixture
def on_terminal():
    """Run a program and give what it shows where its standard error is a terminal."""

    def show(program: str) -> str:
        ours, theirs = pty.openpty()
        environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"}
        environment.pop("NO_COLOR", None)
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs, env=environment,
        )  # fmt: skip
        os.close(theirs)
        shown = b""
        # Linux says EIO, not end of file, when the last writer has closed a terminal.
        while chunk := _read(ours):
            shown += chunk
        os.close(ours)
        assert process.wait(timeout=60) == 0, shown.decode()
        return shown.decode()

    return show


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""
