"""What the shell completes."""

import os
import subprocess
import sys

import pytest


@pytest.fixture
def complete():
    """The candidates for the last word of a command line, as bash asks for them."""

    def ask(line):
        words = line.split(" ")
        environ = {
            **os.environ,
            "_LOLPOP_COMPLETE": "complete_bash",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
        }
        done = subprocess.run(
            [sys.executable, "-m", "lolpop"], env=environ, capture_output=True, text=True, timeout=60
        )
        assert done.stderr == ""
        return done.stdout.split()

    return ask


def test_commands_and_options_are_completed(project, complete):
    """The names of commands, and of their options."""
    assert complete("lolpop ver") == ["verify"]
    assert "--profile" in complete("lolpop verify --pro")


def test_runners_workflows_and_settings_are_completed(project, complete):
    """Registered runners; of the project's own runner its workflows, and the paths of its settings."""
    (project / "lolpop.yaml").write_text("lolpop: {runner: app.py:AppContainer}\n")
    (project / "lolpop.prod.yaml").write_text("seed: 1\n")
    assert complete("lolpop verify cl") == ["classification"]
    assert "run" in complete("lolpop run ")
    assert complete("lolpop verify --set greet.greeter.g") == ["greet.greeter.greeting="]
    assert complete("lolpop verify --profile ") == ["prod"]
    assert "model_trainer.xgboost" in complete("lolpop describe model_trainer.x")


def test_runs_are_completed(project, complete, lolpop):
    """The ids of the newest runs."""
    assert lolpop("run", "app.py").code == 0
    (run,) = lolpop("runs", "ls", "--json").json
    assert complete("lolpop runs show ") == ["last", run["run_id"]]
    assert complete(f"lolpop runs show {run['run_id'][:6]}") == [run["run_id"]]


def test_what_commands_take_besides_is_completed(project, complete, lolpop):
    """Runs to resume and compare, settings to explain, profiles to compare, implementations and flows."""
    (project / "lolpop.yaml").write_text("lolpop: {runner: app.py:AppContainer}\n")
    (project / "lolpop.prod.yaml").write_text("seed: 1\n")
    assert complete("lolpop run --resume l") == ["last"]
    assert complete("lolpop runs compare l") == ["last"]
    assert complete("lolpop config explain greet.greeter.g") == ["greet.greeter.greeting"]
    assert complete("lolpop config diff p") == ["prod"]
    assert complete("lolpop new component model_trainer x --base xg") == ["xgboost"]
    assert complete("lolpop new container x --base regr") == ["regression"]
    assert complete("lolpop flow show train_a") == ["train_and_predict"]
    assert complete("lolpop flow build cro") == ["cron"]
    assert "run" in complete("lolpop test ")


def test_models_and_datasets_are_completed(project, complete):
    """Names of models and datasets, once each however many versions they have."""
    from lolpop.resources import ModelVersion
    from lolpop_containers.classification import ClassificationContainer

    problem, data = {"name": "churn", "target": "y"}, {"train": "rows.csv"}
    with ClassificationContainer.load(overrides={"problem": problem, "data": data}, environ={}) as container:
        tracker = container.metadata_tracker()
        for _ in range(2):
            tracker.create(ModelVersion, "churn")
    assert complete("lolpop models rollback c") == ["churn"]
    assert complete("lolpop models ls ") == ["churn"]


def test_nothing_is_said_where_nothing_can_be_looked_up(project, complete):
    """If the settings cannot be read, nothing is completed, and no error is printed into the prompt."""
    (project / "lolpop.yaml").write_text("lolpop: [\n")
    assert complete("lolpop verify --set gr") == []
