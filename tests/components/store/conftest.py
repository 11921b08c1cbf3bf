"""Records of runs and tasks, and processes that write them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from lolpop.components.store import RunRecord, TaskRecord


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
