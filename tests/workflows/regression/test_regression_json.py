"""What ``lolpop run --json`` tells a script to act on."""

import json

import pytest

from lolpop.cli import main


def test_a_first_run_tells_checks_deployment_and_predictions(command):
    """Every check has its task and outcome; there is no comparison."""
    code, told = command()
    assert code == 0
    assert all(set(check) == {"task", "check", "status", "columns", "message"} for check in told["checks"])
    assert {check["task"] for check in told["checks"]} == {
        "process.check_data", "train.check_model", "predict.compare_data", "predict.check_predictions",
    }  # fmt: skip
    assert {check["status"] for check in told["checks"]} == {"ok"}
    assert told["comparison"] is None
    assert told["deployment"] == "deployment:diabetes@1"
    assert told["prediction_job"] == "prediction_job:diabetes@1"


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
    _, told = command()
    assert told["comparison"]["better"] is True
    assert told["comparison"]["interval"][0] > 0
    assert told["deployment"] == "deployment:diabetes@2"


def test_what_stops_a_run_is_among_its_checks(project, command, patients):
    """The checks say why training failed, although nothing was stored."""
    patients.assign(progression="high", constant=1).to_csv(project / "known.csv", index=False)
    code, told = command()
    assert code == 1
    found = {check["check"]: check for check in told["checks"] if check["status"] != "ok"}
    assert found["target_values"]["status"] == "error"
    assert found["target_values"]["columns"] == ["progression"]
    assert found["constant_columns"]["columns"] == ["constant"]
    assert told["deployment"] is None
    assert told["prediction_job"] is None


def test_a_run_that_never_began_tells_nothing_found(command):
    """All keys of the JSON exist."""
    code, told = command("--set", "nothing=1")
    assert code == 2
    assert (told["checks"], told["comparison"], told["deployment"], told["prediction_job"]) == (
        [], None, None, None,
    )  # fmt: skip


def test_skipped_tasks_find_nothing(command):
    """Skipped tasks have no checks."""
    _, told = command("--set", 'skip=["check_data", "compare_data", "check_model", "check_predictions"]')
    assert told["checks"] == []


def test_a_run_is_shown_with_its_checks(command, capsys):
    """They are recorded with the run."""
    _, told = command()
    assert main(["runs", "show", told["run_id"], "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["checks"] == told["checks"]
    assert shown["comparison"] is None
