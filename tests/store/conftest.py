"""Stores on both databases, and what stands on them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lolpop.components.metadata_tracker.sql import SQLMetadataTracker
from lolpop.components.store import RunRecord, TaskRecord
from lolpop.components.store.sql import SQLStore

NOBODY = 65534


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
def new_run() -> Callable[..., RunRecord]:
    """Records of runs."""

    def make(run_id: str = "run1", **changes: object) -> RunRecord:
        fields = {
            "workflow": "run",
            "container": "app:App",
            "status": "running",
            "started_at": datetime.now(UTC),
        }
        return RunRecord(run_id, **{**fields, **changes})

    return make


@pytest.fixture
def new_task() -> Callable[..., TaskRecord]:
    """Records of tasks."""

    def make(task_id: str = "task1", run_id: str = "run1", **changes: object) -> TaskRecord:
        fields = {"path": "train.train_model", "status": "running", "started_at": datetime.now(UTC)}
        return TaskRecord(task_id, run_id, **{**fields, **changes})

    return make


@pytest.fixture
def python() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a process of its own that runs a script; those still alive at the end are killed."""
    started: list[subprocess.Popen[str]] = []

    def start(script: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "error", "-c", script, *map(str, arguments)]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
