"""Many processes on one store, and processes that are killed."""

from __future__ import annotations

import multiprocessing
import random
import sqlite3
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from lolpop.components.metadata_tracker.sql import SQLMetadataTracker
from lolpop.components.model_deployer.local import LocalModelDeployer
from lolpop.components.store.sql import SQLStore
from lolpop.resources import DatasetVersion, Deployment, Experiment, Model, ModelVersion

PREAMBLE = """
import os, sys, time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from lolpop.components.metadata_tracker.sql import SQLMetadataTracker
from lolpop.components.metrics_tracker.sql import SQLMetricsTracker
from lolpop.components.model_deployer.local import LocalModelDeployer
from lolpop.components.resource_version_control.local import LocalResourceVersionControl
from lolpop.components.store import RunRecord, TaskRecord
from lolpop.components.store.sql import SQLStore
from lolpop.resources import DatasetVersion, Experiment, ModelVersion

folder, name, url = Path(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None
store = SQLStore(url, folder=folder)
tracker = SQLMetadataTracker(store=store)
metrics = SQLMetricsTracker(store=store)
now = lambda: datetime.now(UTC)
run = RunRecord(name, "run", "app:App", "running", now())
"""

WRITER = """
with store.begin_run(run):
    for number in range(25):
        task = TaskRecord(f"{name}-{number}", name, "train.fit", "running", now())
        store.begin_task(task)
        experiment = tracker.create(Experiment, "shared", fields={"by": name, "number": number})
        metrics.log(experiment, {"score": number})
        store.end_task(replace(task, status="completed", ended_at=now()))
    store.end_run(replace(run, status="completed", ended_at=now()))
store.close()
"""

ENDLESS = """
print("ready", flush=True)
number = 0
with store.begin_run(run):
    while True:
        task = TaskRecord(f"{name}-{number}", name, "train.fit", "running", now())
        store.begin_task(task)
        model = folder / f"model-{name}"
        model.mkdir(exist_ok=True)
        for part in ("a", "b"):
            (model / part).write_bytes(os.urandom(200_000))
        experiment = tracker.create(Experiment, "shared", artifacts={"model": model})
        store.end_task(replace(task, status="completed", ended_at=now(), outputs={"return": str(experiment)}))
        print(experiment, flush=True)
        number += 1
"""

SAVER = """
import pandas as pd
control = LocalResourceVersionControl(store=store, metadata_tracker=tracker)
for rows in range(1, 6):
    print(control.save_data("shared", pd.DataFrame({"a": range(rows)})))
store.close()
"""

DEPLOYER = """
deployer = LocalModelDeployer(metadata_tracker=tracker, store=store)
for version in tracker.find(ModelVersion, "shared"):
    deployer.deploy(version)
store.close()
"""

REPLACER = """
deployer = LocalModelDeployer(metadata_tracker=tracker, store=store)
print("ready", flush=True)
for round in range(60):
    for version in tracker.find(ModelVersion, "shared"):
        deployer.deploy(version)
store.close()
"""


@pytest.fixture(params=["sqlite", "postgres"])
def address(request, tmp_path):
    """What a process needs to reach the store: folder, and URL on Postgres."""
    return [tmp_path, *([request.getfixturevalue("postgres_url")] if request.param == "postgres" else [])]


def finish(processes):
    outputs = [process.communicate(timeout=300) for process in processes]
    assert [(process.returncode, error) for process, (_, error) in zip(processes, outputs, strict=True)] == [
        (0, "")
    ] * len(processes)
    return [output.splitlines() for output, _ in outputs]


def test_eight_processes_lose_nothing(python, address):
    """Eight processes create a store and write to it at once; numbers are unique, and nothing is lost."""
    folder, *url = address
    finish([python(PREAMBLE + WRITER, folder, f"run{number}", *url) for number in range(8)])
    store = SQLStore(*url, folder=folder)
    tracker = SQLMetadataTracker(store=store)
    assert {run.status for run in store.runs()} == {"completed"}
    assert [len(store.tasks(f"run{number}")) for number in range(8)] == [25] * 8
    experiments = tracker.find(Experiment, "shared")
    assert sorted(experiment.number for experiment in experiments) == list(range(1, 201))
    made = [tuple(tracker.get(experiment).fields.values()) for experiment in experiments]
    assert sorted(made) == sorted((f"run{run}", number) for run in range(8) for number in range(25))
    store.close()


def test_processes_that_save_the_same_data_share_a_version(python, tmp_path):
    """The same content, saved by several processes at once, is one version."""
    finish([python(PREAMBLE + SAVER, tmp_path, "x") for _ in range(3)])
    store = SQLStore(folder=tmp_path)
    tracker = SQLMetadataTracker(store=store)
    digests = [tracker.get(version).fields["digest"] for version in tracker.find(DatasetVersion)]
    store.close()
    assert all(one != other for one, other in pairwise(digests))
    assert len(set(digests)) == 5


def test_processes_that_deploy_at_once_leave_one_active(python, address):
    """Processes that deploy at once leave one version in use, and a history without gaps."""
    folder, *url = address
    store = SQLStore(*url, folder=folder)
    tracker = SQLMetadataTracker(store=store)
    for _ in range(4):
        tracker.create(ModelVersion, "shared")
    finish([python(PREAMBLE + DEPLOYER, folder, "x", *url) for _ in range(4)])
    deployments = tracker.find(Deployment, "shared")
    assert [deployment.number for deployment in deployments] == list(range(1, len(deployments) + 1))
    active = [tracker.get(deployment).fields["active"] for deployment in deployments]
    assert active == [False] * (len(deployments) - 1) + [True]
    deployer = LocalModelDeployer(metadata_tracker=tracker, store=store)
    assert deployer.deployed(Model(name="shared")) == ModelVersion(name="shared", number=4)
    store.close()


def test_something_is_deployed_while_it_is_replaced(python, address):
    """During a replacement, readers get the old or the new version, never none."""
    folder, *url = address
    store = SQLStore(*url, folder=folder)
    tracker = SQLMetadataTracker(store=store)
    deployer = LocalModelDeployer(metadata_tracker=tracker, store=store)
    for _ in range(2):
        deployer.deploy(tracker.create(ModelVersion, "shared"))
    process = python(PREAMBLE + REPLACER, folder, "x", *url)
    assert process.stdout.readline() == "ready\n"
    answers = set()
    while process.poll() is None:
        answers.add(deployer.deployed(Model(name="shared")))
    finish([process])
    assert None not in answers
    store.close()


def test_killed_process_leaves_everything_whole(python, tmp_path):
    """After a kill at any moment, the store opens, its run is interrupted, and artifacts are complete."""
    moment = random.Random(7)
    for trial in range(6):
        process = python(PREAMBLE + ENDLESS, tmp_path, f"run{trial}")
        assert process.stdout.readline() == "ready\n"
        time.sleep(moment.uniform(0.02, 0.3))
        process.kill()
        output = process.communicate()[0].split()
        store = SQLStore(folder=tmp_path)
        tracker = SQLMetadataTracker(store=store)
        runs = {run.run_id: run for run in store.runs()}
        assert {run.status for run in runs.values()} <= {"interrupted"}
        experiments = tracker.find(Experiment, "shared")
        assert set(output) <= set(map(str, experiments))
        for experiment in experiments:
            copy = tmp_path / f"copy-{trial}-{experiment.number}"
            tracker.load_artifact(experiment, "model", copy)
            assert sorted(path.name for path in copy.iterdir()) == ["a", "b"]
        if f"run{trial}" in runs:
            tasks = store.tasks(f"run{trial}")
            assert {task.status for task in tasks} <= {"completed", "interrupted"}
            assert all(task.ended_at for task in tasks)
        store.close()
    with sqlite3.connect(tmp_path / ".lolpop" / "store.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_killed_while_creating_the_store(python, tmp_path):
    """If a process is killed while it creates the store, others can use it."""
    for delay in (0.15, 0.25, 0.3, 0.35, 0.4, 0.5):
        folder = tmp_path / str(delay)
        process = python(PREAMBLE + ENDLESS, folder, "run")
        time.sleep(delay)
        process.kill()
        process.wait()
        store = SQLStore(folder=folder)
        assert {run.status for run in store.runs()} <= {"interrupted"}
        store.close()


def test_living_run_is_not_interrupted_by_others(python, tmp_path):
    """A run of a living process is running; after a kill it is interrupted at once."""
    process = python(PREAMBLE + ENDLESS, tmp_path, "far")
    for _ in range(3):
        process.stdout.readline()
    store = SQLStore(folder=tmp_path)
    assert store.run("far").status == "running"
    process.kill()
    process.wait()
    assert store.run("far").status == "interrupted"
    store.close()


def test_lease_of_a_killed_process_runs_out(python, postgres_url, tmp_path):
    """On Postgres, a living process renews its lease; after a kill its run is soon interrupted."""
    short = "import lolpop.components.store._leases as leases; leases.LEASE_SECONDS = 3\n"
    process = python(PREAMBLE + short + ENDLESS, tmp_path, "far", postgres_url)
    process.stdout.readline()
    process.stdout.readline()
    store = SQLStore(postgres_url, folder=tmp_path)
    time.sleep(3.5)
    assert store.run("far").status == "running"
    process.kill()
    process.wait()
    deadline = time.monotonic() + 60
    while store.run("far").status == "running" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert store.run("far").status == "interrupted"
    store.close()


def write_in_fork(store: SQLStore) -> None:
    SQLMetadataTracker(store=store).create(Experiment, "forked")
    store.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_forked_process_opens_its_own_connections(store):
    """A forked process uses its own connections to the store."""
    tracker = SQLMetadataTracker(store=store)
    tracker.create(Experiment, "forked")
    children = [
        multiprocessing.get_context("fork").Process(target=write_in_fork, args=(store,)) for _ in range(3)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0, 0]
    tracker.create(Experiment, "forked")
    assert len(tracker.find(Experiment, "forked")) == 5


def test_run_outlives_no_forked_worker(file_store, new_run, tmp_path):
    """A worker that was forked in a run does not hold the run's lock after its end."""
    ready, go_on = multiprocessing.get_context("fork").Pipe()
    with file_store.begin_run(new_run()):
        child = multiprocessing.get_context("fork").Process(target=go_on.recv)
        child.start()
    assert child.is_alive()
    assert file_store.runs()[0].status == "interrupted"
    ready.send(None)
    child.join()
    assert not list(Path(tmp_path, ".lolpop", "locks").glob("run-*"))
