"""Searches that somebody ends, or kills, in the middle."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest
from wholeness import check_store

from lolpop.resources import Experiment
from lolpop_containers.classification import ClassificationContainer

TRIALS = 6
TAKEN_OVER = 3


def search(lolpop, *more):
    return lolpop(
        "run", "classification", "--json", "--set", f"train.hyperparameter_tuner.n_trials={TRIALS}", *more
    )


def ending(number):
    logger = {"use": "crashing:SignalLogger", "moment": TAKEN_OVER, "number": int(number)}
    return "--set", f"logger={json.dumps(logger)}"


def trials_of(project, run_id):
    """The scores of trials by their parameters; one that was killed before it was measured has none."""
    with ClassificationContainer.load(project / "lolpop.yaml", environ={}) as container:
        tracker, metrics = container.metadata_tracker(), container.metrics_tracker()
        return {
            json.dumps(tracker.get(experiment).fields["searched"]): measured["validation.log_loss"]
            for experiment in tracker.find(Experiment, run_id=run_id)
            if (measured := metrics.get(experiment))
        }


def processes_in(folder: str) -> list[int]:
    """The processes whose current directory is ``folder``."""
    processes = []
    for path in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if str(path.readlink()) == folder:
                processes.append(int(path.parts[2]))
        except OSError:
            continue  # it is gone
    return processes


@pytest.mark.parametrize(("n_jobs", "number"), [(1, signal.SIGKILL), (2, signal.SIGKILL), (2, signal.SIGINT)])
def test_an_ended_search_leaves_what_was_recorded_and_is_resumed(n_jobs, number, lolpop, project, tmp_path):
    """Recorded trials stay, no process is left, and a resumed search makes the missing trials."""
    ended = search(lolpop, "--set", f"train.hyperparameter_tuner.n_jobs={n_jobs}", *ending(number))
    assert ended.code == (-signal.SIGKILL if number == signal.SIGKILL else 130), ended.err
    assert "Traceback" not in ended.err
    assert check_store(project, tmp_path / "kept") == ["interrupted"]
    deadline = time.monotonic() + 60
    while (left := processes_in(str(project))) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []
    (interrupted,) = json.loads(lolpop("runs", "ls", "--json").out)
    earlier = trials_of(project, interrupted["run_id"])
    assert len(earlier) >= TAKEN_OVER
    resumed = lolpop("run", "--resume", interrupted["run_id"], "--json", "--set", "logger=console")
    assert resumed.code == 0, resumed.err
    later = trials_of(project, resumed.json["run_id"])
    assert len({**earlier, **later}) == TRIALS
    assert len(set(earlier) & set(later)) <= 1  # the winner, if it was one of those
    assert f"{len(earlier)} trials reused from an earlier search" in resumed.err
    assert resumed.json["resumes"] == interrupted["run_id"]
    assert check_store(project, tmp_path / "kept after") == ["completed", "interrupted"]
