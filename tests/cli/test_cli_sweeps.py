"""Sweeps over settings from the command line, and the table that compares their runs."""

import csv
import io
import os
import signal
import subprocess
import sys
import time

import pytest

from lolpop import compare_runs
from lolpop_containers.classification import ClassificationContainer

APP = """
import time
from pathlib import Path

from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.resources import DatasetVersion


def note(word):
    with Path("calls.txt").open("a") as file:
        file.write(word + " ")


class Scaler(Component):
    def __init__(self, factor: int = 1, names: list[str] = []):
        self.factor, self.names = factor, names


class Fit(Pipeline):
    def __init__(self, *, scaler: Scaler):
        self.scaler = scaler

    @task
    def fit(self, number: int) -> int:
        if self.scaler.factor == 13:
            raise ValueError("thirteen brings bad luck")
        return number * self.scaler.factor


class App(Runner):
    def __init__(self, *, fit: Fit, seed: int):
        self.fit, self.seed = fit, seed

    @workflow(reads=["rows.txt"])
    def prepare(self) -> DatasetVersion:
        note("prepare")
        return DatasetVersion(name="rows", number=len(Path("rows.txt").read_text()))

    @workflow
    def run(self, bonus: int = 0) -> int:
        note(f"run{self.seed}")
        if Path("slow").exists() and self.seed > 1:
            time.sleep(60)
        return self.fit.fit(self.prepare().number) + bonus + self.seed


class FitContainer(PipelineContainer):
    scaler = providers.Component(Scaler, default=Scaler)
    pipeline = providers.Pipeline(Fit)


class AppContainer(RunnerContainer):
    fit = providers.nested(FitContainer)
    runner = providers.Runner(App)
"""


@pytest.fixture
def app(folder):
    """A project that notes what it calls."""
    (folder / "app.py").write_text(APP)
    (folder / "rows.txt").write_text("abc")
    return folder


def calls(folder):
    """What was called since the last time that this was asked."""
    file = folder / "calls.txt"
    words = file.read_text().split() if file.exists() else []
    file.unlink(missing_ok=True)
    return words


def test_every_combination_is_a_run_of_one_group(app, lolpop):
    """Shared work is done once, and the settings that differ are compared."""
    done = lolpop("run", "app.py", "--bonus", "5", "--sweep", "fit.scaler.factor=2,3", "--sweep", "seed=1,2")
    assert done.code == 0, done.err
    assert sorted(calls(app)) == ["prepare", "run1", "run1", "run2", "run2"]
    runs = lolpop("runs", "ls", "--json").json
    (group,) = {run["group"] for run in runs}
    table = lolpop("runs", "compare", "--group", group, "--sort", "seed", "--json").json
    assert table["settings"] == ["seed", "fit.scaler.factor"]
    assert [run["settings"]["seed"] for run in table["runs"]] == [1, 1, 2, 2]
    assert f"lolpop runs compare --group {group}" in done.out


DEPLOYING = """
from pathlib import Path

from lolpop import Runner, RunnerContainer, providers, workflow
from lolpop.integrations import StoreState
from lolpop.resources import DatasetVersion


def deployed(runner):
    file = Path("deployed.txt")
    return {"deployed model": StoreState(file.read_text() if file.exists() else "none")}


class App(Runner):
    def __init__(self, *, seed: int):
        self.seed = seed

    @workflow(reads=deployed)
    def prepare(self) -> DatasetVersion:
        with Path("calls.txt").open("a") as file:
            file.write("prepare ")
        return DatasetVersion(name="rows", number=1)

    @workflow(effects=True)
    def run(self) -> int:
        number = self.prepare().number
        Path("deployed.txt").write_text(f"model {self.seed}")
        return number + self.seed


class AppContainer(RunnerContainer):
    runner = providers.Runner(App)
"""


@pytest.mark.parametrize("jobs", [(), ("--jobs", "2")], ids=["in turn", "two at once"])
def test_what_a_sweep_deploys_is_no_reason_to_make_what_is_shared_again(folder, lolpop, jobs):
    """The combinations share it; a run after the sweep makes it anew, with what is deployed by then."""
    (folder / "app.py").write_text(DEPLOYING)
    done = lolpop("run", "app.py", "--sweep", "seed=1,2,3", *jobs)
    assert done.code == 0, done.err
    assert calls(folder) == ["prepare"]
    assert lolpop("run", "app.py", "--cache", "--set", "seed=3").code == 0
    assert calls(folder) == ["prepare"]


def test_the_same_sweep_again_makes_only_what_is_missing(app, lolpop):
    """A failed combination does not stop the others, and only it runs again."""
    words = ("run", "app.py", "--sweep", "fit.scaler.factor=2,13,4", "--json")
    first = lolpop(*words)
    assert first.code == 1
    assert "thirteen brings bad luck" in first.err
    assert [combination["status"] for combination in first.json["combinations"]] == [
        "completed",
        "failed",
        "completed",
    ]
    calls(app)
    second = lolpop(*words)
    assert calls(app) == ["run0"]
    assert [combination["was_done"] for combination in second.json["combinations"]] == [True, False, True]


def test_a_combination_is_run_again_if_it_would_do_something_else(app, shell):
    """Edited rows, code and settings count, with the same group and without."""
    command = "lolpop run app.py --sweep seed=1,2 --group g"
    shell(command)
    assert calls(app) == ["run1", "prepare", "run2"]
    (app / "rows.txt").write_text("abcd")
    shell(command)
    assert calls(app) == ["run1", "prepare", "run2"]
    (app / "app.py").write_text(APP.replace("number * self", "number + self"))
    shell(command)
    assert calls(app) == ["run1", "run2"]
    shell("lolpop run app.py --sweep seed=1,2,3 --group g")
    assert calls(app) == ["run3"]


def test_combinations_run_at_once(app, shell):
    """Processes of the executor run the combinations, and shared work is done once."""
    done = shell("lolpop run app.py --sweep seed=1,2,3 --sweep fit.scaler.factor=2,13 -j 2 --json")
    assert done.code == 1, done.err
    combinations = done.json["combinations"]
    assert [combination["status"] for combination in combinations] == ["completed", "failed"] * 3
    assert sorted(calls(app)) == ["prepare", *["run1"] * 2, *["run2"] * 2, *["run3"] * 2]


def test_ctrl_c_ends_a_sweep_and_the_same_command_continues_it(app, shell):
    """The exit code is 130, the running combination is interrupted, and the same command runs the others."""
    (app / "slow").touch()
    command = [sys.executable, "-m", "lolpop", "run", "app.py", "--sweep", "seed=1,2"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )
    until = time.monotonic() + 30
    while "run2" not in ((app / "calls.txt").read_text() if (app / "calls.txt").exists() else ""):
        assert time.monotonic() < until, "the second combination was not begun"
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "1 of 2 combinations of sweep-" in err
    assert "Traceback" not in err
    (app / "slow").unlink()
    calls(app)
    assert shell("lolpop run app.py --sweep seed=1,2").code == 0
    assert calls(app) == ["run2"]


def test_a_file_names_values_of_any_kind(app, lolpop):
    """Lists and mappings are values too, in a file and as JSON in a flag."""
    (app / "sweep.yaml").write_text("seed: [1, 2]\nfit: {scaler: {names: [[a, b], []]}}\n")
    done = lolpop("run", "app.py", "--sweep-file", "sweep.yaml", "--json").json
    assert [run["settings"] for run in done["combinations"]] == [
        {"seed": seed, "fit.scaler.names": names} for seed in "12" for names in ('["a", "b"]', "[]")
    ]
    again = lolpop("run", "app.py", "--sweep", "seed=1,2", "--sweep", 'fit.scaler.names=["a", "b"],[]')
    assert again.code == 0, again.err


def test_ctrl_c_stops_combinations_in_other_processes(app):
    """Combinations in other processes are stopped with the sweep, which does not wait for them."""
    (app / "slow").touch()
    command = [sys.executable, "-m", "lolpop", "run", "app.py", "--sweep", "seed=2,3", "-j", "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while "run" not in ((app / "calls.txt").read_text() if (app / "calls.txt").exists() else ""):
        assert time.monotonic() < until, "no combination was begun"
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)  # the combinations sleep for a minute
    assert process.returncode == 130
    assert "0 of 2 combinations of sweep-" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--sweep", "fit.scaler.factr=1,2"], "Did you mean factor?"),
        (["--sweep", "sed=1,2"], "--sweep sed  sed: unknown setting. Did you mean seed?"),
        (["--sweep", "seed=1,x"], "valid integer"),
        (["--sweep", "seed"], "gives no values"),
        (["--sweep", "seed=1,,2"], "has an empty value"),
        (["--sweep", "seed=1,1"], "takes a value twice"),
        (["--sweep", "seed=1,2", "--sweep", "seed=3"], "is swept twice"),
        (["--sweep-file", "none.yaml"], "No such file"),
        (["--sweep-file", "wrong.yaml"], "wrong.yaml:1:1  seed: should be a list of values"),
        (["--sweep-file", "empty.yaml"], "the sweep file empty.yaml names no settings"),
        (["--jobs", "2"], "--jobs and --yes belong to a sweep"),
        (["--bonsu", "3", "--sweep", "seed=1"], "no option --bonsu"),
        (["--sweep", f"seed={','.join(map(str, range(100)))}", "--sweep", f"fit.scaler.factor={','.join(map(str, range(100)))}"], "10,000 combinations"),
    ],
)  # fmt: skip
def test_a_wrong_sweep_is_refused_before_anything_runs(app, lolpop, words, message):
    """Misspelt paths get near names; values of the wrong type and too many combinations are refused."""
    (app / "wrong.yaml").write_text("seed: 3\n")
    (app / "empty.yaml").write_text("# nothing yet\n")
    done = lolpop("run", "app.py", *words)
    assert done.code == 2
    assert message in done.err
    assert calls(app) == []


def test_a_group_without_runs_cannot_be_compared(app, lolpop):
    """A misspelt group is an error in every format of the table."""
    for form in ([], ["--json"], ["--csv"]):
        done = lolpop("runs", "compare", "--group", "nihgtly", *form)
        assert (done.code, "no runs of the group 'nihgtly'" in done.err) == (1, True)


def test_the_best_run_is_the_first(folder, lolpop):
    """Metrics are next to settings, in a table, CSV, JSON, and a frame in Python."""
    from sklearn.datasets import load_wine

    frame = load_wine(as_frame=True).frame.sample(frac=1, random_state=0)
    frame.to_csv(folder / "known.csv", index=False)
    (folder / "lolpop.yaml").write_text(
        "problem: {name: wine, target: target}\ndata: {train: known.csv}\n"
        "skip: [analyze_model, profile_data, check_data]\n"
        "train: {retrain_on_all_data: false, model_trainer: {estimator: logistic_regression}}\n"
    )
    version = lolpop("run", "classification", "process_data", "--json").json["result"]
    train = ("run", "classification", "train_model", "--dataset-version", version)
    done = lolpop(*train, "--sweep", "train.model_trainer.params.C=0.00001,1", "--group", "g")
    assert done.code == 0, done.err
    document = lolpop("runs", "compare", "--group", "g", "--json").json
    losses = [run["metrics"]["test.log_loss"] for run in document["runs"]]
    assert document["metrics"][0] == "test.log_loss"
    assert losses == sorted(losses)
    assert losses[0] < losses[1]
    rows = list(csv.DictReader(io.StringIO(lolpop("runs", "compare", "--group", "g", "--csv").out)))
    assert [float(row["test.log_loss"]) for row in rows] == losses
    worst_first = lolpop("runs", "compare", "last", "@2", "--sort", "train.accuracy", "--json").json
    assert len(worst_first["runs"]) == 2
    with ClassificationContainer.load() as container:
        table = compare_runs(container, group="g")
    assert list(table["test.log_loss"]) == losses
    assert lolpop("runs", "compare", "--group", "g", "--sort", "acuracy").code == 1
    assert lolpop("runs", "compare").code == 2
