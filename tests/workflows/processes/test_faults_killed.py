"""Runs whose process is killed."""

from __future__ import annotations

import json
import shutil
import signal

import pandas as pd
import pytest
from forked_commands import Command
from wholeness import check_store

from lolpop.integrations import call_kind
from lolpop.pipelines.deploy import DeployPipeline
from lolpop.pipelines.predict import PredictPipeline
from lolpop.pipelines.process import ProcessPipeline
from lolpop.pipelines.train import TrainPipeline

PIPELINES = {
    "process": ProcessPipeline,
    "train": TrainPipeline,
    "predict": PredictPipeline,
    "deploy": DeployPipeline,
}
TASKS = [
    f"{name}.{attribute}"
    for name, pipeline in PIPELINES.items()
    for attribute, method in vars(pipeline).items()
    if call_kind(method) == "task"
]

EVERY_TASK = ("--set", "skip=[]")

# Some of the moments that CrashingStore counts in a run, from the first to the last.
MOMENTS = range(1, 65, 13)


def killing(task):
    interceptors = [{"use": "crashing:SignalInterceptor", "on": task, "moment": "after"}]
    return "--set", f"interceptors={json.dumps(interceptors)}", *EVERY_TASK


@pytest.fixture(scope="module")
def used(tmp_path_factory, files):
    """A project with a poor model deployed, whose rows have changed since."""
    folder = shutil.copytree(files, tmp_path_factory.mktemp("used") / "project")
    rows = pd.read_csv(folder / "known.csv")
    rows[:200].to_csv(folder / "known.csv", index=False)
    poor = Command(folder, "run", "classification", "--set", "train.model_trainer.params.C=0.0001").end()
    assert poor.code == 0, poor.err
    rows.to_csv(folder / "known.csv", index=False)
    return folder


@pytest.fixture
def project(tmp_path, used):
    """A copy of that project."""
    return shutil.copytree(used, tmp_path / "project")


def test_a_run_has_no_other_tasks(lolpop):
    """The tests below kill a run in each of its tasks."""
    ended = lolpop("run", "classification", "--json", *EVERY_TASK)
    assert ended.code == 0, ended.err
    run = json.loads(lolpop("runs", "show", ended.json["run_id"], "--json").out)
    assert {task["path"] for task in run["tasks"] if "." in task["path"]} <= set(TASKS)


@pytest.mark.parametrize("task", TASKS)
def test_what_was_recorded_before_a_kill_is_whole(task, lolpop, project, tmp_path):
    """A run that is killed in a task is interrupted, and the next one completes."""
    predictions = project / "out" / "predictions.csv"
    former = predictions.read_bytes()
    ended = lolpop("run", "classification", *killing(task))
    if ended.code == 0:
        pytest.skip(f"{task} is no part of this run")
    assert ended.code == -signal.SIGKILL
    assert check_store(project, tmp_path / "kept") == ["interrupted", "completed"]
    left = predictions.read_bytes()
    completed = lolpop("run", "classification", "--json")
    assert completed.code == 0, completed.err
    assert check_store(project, tmp_path / "kept after") == ["completed", "interrupted", "completed"]
    assert left in (former, predictions.read_bytes())
    assert predictions.read_bytes() != former


@pytest.mark.parametrize("moment", MOMENTS)
def test_no_moment_of_writing_is_a_bad_one(moment, lolpop, project, tmp_path):
    """A kill just before or after a commit or a rename leaves an intact store."""
    crashing = json.dumps({"use": "crashing:CrashingStore", "moment": moment})
    assert lolpop("run", "classification", "--set", f"store={crashing}").code == -signal.SIGKILL
    check_store(project, tmp_path / "kept")
    completed = lolpop("run", "classification")
    assert completed.code == 0, completed.err
    check_store(project, tmp_path / "kept after")


def test_a_killed_run_shows_as_interrupted_whoever_looks_first(lolpop):
    """The list of runs is right without another run."""
    assert lolpop("run", "classification", *killing("train.train_model")).code == -signal.SIGKILL
    runs = json.loads(lolpop("runs", "ls", "--json").out)
    assert [run["status"] for run in runs] == ["interrupted", "completed"]
    tasks = json.loads(lolpop("runs", "show", runs[0]["run_id"], "--json").out)["tasks"]
    statuses = {task["path"]: task["status"] for task in tasks}
    assert statuses["train.train_model"] == statuses["train_model"] == "interrupted"
    assert statuses["train.split_data"] == "completed"
