"""Runs that somebody ends with Ctrl-C."""

from __future__ import annotations

import json
import signal

import pytest
from wholeness import check_store


@pytest.mark.parametrize("task", ["train.train_model", "predict.save_predictions"])
def test_an_interrupted_run_is_marked_and_closes_what_was_opened(task, lolpop, project, tmp_path):
    """Ctrl-C ends the command with 130, marks the run and its task, and closes components."""
    interrupt = {"use": "crashing:SignalInterceptor", "on": task, "number": signal.SIGINT}
    ended = lolpop(
        "run", "classification", "--json",
        "--set", f"interceptors={json.dumps([interrupt])}",
        "--set", 'notifiers=["crashing:ClosingNotifier"]',
    )  # fmt: skip
    assert ended.code == 130
    assert "Traceback" not in ended.err
    assert ended.json["status"] == "interrupted"
    assert ended.json["run_id"] in ended.err
    assert (project / "closed").exists()
    assert not (project / "out" / "predictions.csv").exists()
    run = json.loads(lolpop("runs", "show", ended.json["run_id"], "--json").out)
    assert run["status"] == "interrupted"
    assert {entry["path"]: entry["status"] for entry in run["tasks"]}[task] == "interrupted"
    check_store(project, tmp_path / "kept")
    assert lolpop("run", "classification").code == 0
