"""Runs that go on where one was killed or failed."""

from __future__ import annotations

import json
import re
import shutil
import signal

import pytest
from forked_commands import Command

from lolpop.resources import Deployment, Experiment, ModelVersion, PredictionJob
from lolpop_containers.classification import ClassificationContainer

KINDS = (ModelVersion, Experiment, Deployment, PredictionJob)


@pytest.fixture(scope="module")
def ended(tmp_path_factory, files):
    """A project, and the run in it that was killed when it was about to predict."""
    project = shutil.copytree(files, tmp_path_factory.mktemp("ended") / "project")
    # The variable is recorded as a link: whoever resumes the run says something else by it.
    end = {"use": "crashing:SignalInterceptor", "on": "predict.get_predictions", "number": "${env:SIGNAL}"}
    with (project / "lolpop.yaml").open("a") as settings:
        settings.write(f"interceptors: {json.dumps([end])}\n")
    kill = {"SIGNAL": str(int(signal.SIGKILL))}
    words = ("run", "classification", "--json", "--group", "nightly")
    done = Command(project, *words, environ=kill).end()
    assert done.code == -signal.SIGKILL, done.err
    (run,) = json.loads(Command(project, "runs", "ls", "--json").end().out)
    return project, run["run_id"]


@pytest.fixture
def project(ended, tmp_path):
    """A copy of it, of the test's own."""
    return shutil.copytree(ended[0], tmp_path / "project")


@pytest.fixture
def killed(ended):
    """The id of the run that was killed."""
    return ended[1]


def made(project):
    with ClassificationContainer.load(project / "lolpop.yaml", environ={"SIGNAL": "0"}) as container:
        return [len(container.metadata_tracker().find(kind)) for kind in KINDS]


def test_workflows_that_completed_are_not_done_again(killed, lolpop, project):
    """Predictions use the completed training and deployment."""
    assert made(project) == [1, 1, 1, 0]
    resumed = lolpop("run", "--resume", killed, "--json", SIGNAL="0")
    assert resumed.code == 0, resumed.err
    assert made(project) == [1, 1, 1, 1]
    assert resumed.json["prediction_job"] == "prediction_job:tumors@1"
    assert (project / "out" / "predictions.csv").exists()
    shown = json.loads(lolpop("runs", "show", "last", "--json").out)
    assert (shown["resumes"], shown["replays"], shown["group"]) == (killed, None, "nightly")
    paths = [task["path"] for task in shown["tasks"]]
    assert "train_model" in paths
    assert not [path for path in paths if path.startswith(("train.", "deploy."))]
    again = lolpop("run", "--resume", "last", SIGNAL="0")
    assert again.code == 2
    assert "cannot be resumed: it is completed, and no setting is changed" in again.err
    assert f"Replay it: lolpop runs replay {shown['run_id']}" in again.err


def test_changed_workflows_are_called_again(killed, lolpop, project):
    """With other rows or settings, completed workflows are called again."""
    file = project / "known.csv"
    rows = file.read_text().splitlines(keepends=True)
    file.write_text("".join(rows[:-20]))
    resumed = lolpop("run", "--resume", killed, "--json", SIGNAL="0")
    assert resumed.code == 0, resumed.err
    assert made(project)[0] == 2
    assert "model_version:tumors@2" in resumed.json["resources"]["model_version"]


def test_workflows_with_another_setting_are_called_again(killed, lolpop, project):
    """A setting of the command line repeats the workflow that reads it."""
    words = "--set", "train.model_trainer.params.C=0.5"
    resumed = lolpop("run", "--resume", killed, "--json", *words, SIGNAL="0")
    assert resumed.code == 0, resumed.err
    assert made(project)[0] == 2


@pytest.mark.parametrize(
    ("setting", "trained"),
    [
        ("data.predictions=out/others.csv", 1),
        ("predict.explain=3", 1),
        ('skip=["check_model"]', 2),
        ("train.hyperparameter_tuner.n_trials=2", 2),
        ("model_checker.metric=accuracy", 2),
        ("seed=8", 2),
    ],
)
def test_settings_that_no_completed_workflow_reads_change_nothing(killed, lolpop, project, setting, trained):
    """Only workflows that read the changed setting are called again."""
    resumed = lolpop("run", "--resume", killed, "--json", "--set", setting, SIGNAL="0")
    assert resumed.code == 0, resumed.err
    assert made(project)[0] == trained
    assert (project / "out" / "others.csv").exists() == ("others.csv" in setting)


def test_a_failure_says_how_to_resume(lolpop, project):
    """Standard error has the command, once."""
    (project / "new.csv").rename(project / "other.csv")
    failed = lolpop("run", "classification", SIGNAL="0")
    assert failed.code == 1
    (command,) = re.findall(r"Resume:  lolpop (run --resume \S+)", failed.err)
    (project / "other.csv").rename(project / "new.csv")
    resumed = lolpop(*command.split(), SIGNAL="0")
    assert resumed.code == 0, resumed.err
    refused = lolpop("run", "classification", "--resume", "last")
    assert refused.code == 2
    assert "lolpop run --resume last" in refused.err
