"""What ``lolpop run --json`` tells a script to act on."""

import json

import pytest

from lolpop.cli import main


def test_a_first_run_tells_checks_deployment_and_predictions(command):
    """Every check has its task and outcome; there is no comparison."""
    code, document = command()
    assert code == 0
    assert all(
        set(check) == {"task", "check", "status", "columns", "message"} for check in document["checks"]
    )
    assert {check["task"] for check in document["checks"]} == {
        "process.check_data", "train.check_model", "predict.compare_data", "predict.check_predictions",
    }  # fmt: skip
    assert {check["status"] for check in document["checks"]} == {"ok"}
    assert document["comparison"] is None
    assert document["deployment"] == "deployment:diabetes@1"
    assert document["prediction_job"] == "prediction_job:diabetes@1"


def test_a_worse_challenger_is_reported_with_the_interval(command, capsys):
    """The comparison has metric, difference, interval and the other model; so does the notice."""
    command()
    assert main(["run", "regression", "--set", "train.model_trainer.estimator=decision_tree", "--json"]) == 0
    printed = capsys.readouterr()
    document = json.loads(printed.out.splitlines()[-1])
    comparison = document["comparison"]
    low, high = comparison.pop("interval")
    assert low < comparison["difference"] < high < 0
    assert comparison == {
        "better": False,
        "metric": "root_mean_squared_error",
        "difference": pytest.approx(-20, abs=15),
        "against": "model_version:diabetes@1",
    }
    assert document["deployment"] is None
    assert document["prediction_job"] == "prediction_job:diabetes@2"
    assert f"({low:.4g} to {high:.4g}), where positive is better" in printed.err


def test_a_better_challenger_is_reported_with_the_interval(command):
    """A model with a positive interval is deployed."""
    command("--set", "train.model_trainer.estimator=decision_tree")
    _, document = command()
    assert document["comparison"]["better"] is True
    assert document["comparison"]["interval"][0] > 0
    assert document["deployment"] == "deployment:diabetes@2"


def test_what_stops_a_run_is_among_its_checks(project, command, patients):
    """The checks say why training failed, although nothing was stored."""
    patients.assign(progression="high", constant=1).to_csv(project / "known.csv", index=False)
    code, document = command()
    assert code == 1
    checks = {check["check"]: check for check in document["checks"] if check["status"] != "ok"}
    assert checks["target_values"]["status"] == "error"
    assert checks["target_values"]["columns"] == ["progression"]
    assert checks["constant_columns"]["columns"] == ["constant"]
    assert document["deployment"] is None
    assert document["prediction_job"] is None


def test_a_run_that_never_began_tells_nothing_found(command):
    """All keys of the JSON exist."""
    code, document = command("--set", "nothing=1")
    assert code == 2
    assert (document["checks"], document["comparison"], document["deployment"], document["prediction_job"]) == (
        [], None, None, None,
    )  # fmt: skip


def test_skipped_tasks_find_nothing(command):
    """Skipped tasks have no checks."""
    _, document = command("--set", 'skip=["check_data", "compare_data", "check_model", "check_predictions"]')
    assert document["checks"] == []


def test_a_run_is_shown_with_its_checks(command, capsys):
    """They are recorded with the run."""
    _, document = command()
    assert main(["runs", "show", document["run_id"], "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["checks"] == document["checks"]
    assert shown["comparison"] is None
