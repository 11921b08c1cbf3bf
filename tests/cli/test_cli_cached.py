"""Runs that take over what earlier ones have made, and plans that say so before."""

import subprocess
import sys

import pytest

SETTINGS = """
problem: {name: wine, target: wine, index: bottle}
data: {train: known.csv, predict: new.csv, predictions: out/predictions.csv}
train: {model_trainer: {estimator: logistic_regression}}
skip: [analyze_model, profile_data]
"""


CACHEABLE = ("process_data", "train_model")
EARLIER = "earlier rows: none → dataset_version:wine_train@1"


@pytest.fixture
def wines(folder):
    """Wines told apart, and some more to be told apart; settings for both."""
    from sklearn.datasets import load_wine

    frame = load_wine(as_frame=True).frame.rename_axis("bottle").reset_index()
    frame["wine"] = frame.pop("target").map({0: "red", 1: "white", 2: "rose"})
    frame = frame.sample(frac=1, random_state=0)
    frame[:140].to_csv(folder / "known.csv", index=False)
    frame[140:].drop(columns="wine").to_csv(folder / "new.csv", index=False)
    (folder / "lolpop.yaml").write_text(SETTINGS)
    return folder


def planned(done):
    return {call["path"]: call["status"] for call in done.json["calls"] if call["depth"] == 0}


def reused(lolpop):
    tasks = lolpop("runs", "show", "last", "--json").json["tasks"]
    return {task["path"]: task["reused_from"] is not None for task in tasks if task["parent_id"] is None}


def test_what_an_earlier_run_has_made_is_taken_over(wines, lolpop):
    """Training is not repeated, the record has its metrics and their origin; tasks with effects run again."""
    assert lolpop("plan", "classification").out.startswith("Everything runs")
    first = lolpop("run", "classification", "--json").json
    (wines / "out" / "predictions.csv").unlink()
    second = lolpop("run", "classification", "--cache", "--json").json
    assert (wines / "out" / "predictions.csv").exists()
    assert second["resources"]["model_version"] == first["resources"]["model_version"]
    assert second["metrics"] == first["metrics"]
    shown = lolpop("runs", "show", "last", "--json").json
    tasks = {task["path"]: task for task in shown["tasks"]}
    (made,) = [resource for resource in shown["lineage"] if resource["resource"] == "model_version:wine@1"]
    assert made["reused_from"] == tasks["train_model"]["reused_from"]
    # Which rows were learned from counts for how rows are read: those were not deployed then.
    assert reused(lolpop)["train_model"]
    assert not any(path.startswith("train.") for path in tasks)
    plan = planned(lolpop("plan", "classification", "--json"))
    lolpop("run", "classification", "--cache")
    assert {path for path, status in plan.items() if status == "reused"} == {"process_data", "train_model"}
    assert {path for path, is_reused in reused(lolpop).items() if is_reused} == {
        "process_data",
        "train_model",
    }


def test_what_is_reused_is_not_loaded(wines, tmp_path):
    """A run that predicts nothing new does not load the model, whose libraries take seconds to import."""
    script = tmp_path / "cached.py"
    script.write_text(
        "import sys\n"
        "from lolpop.cli import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print('libraries:', *sorted({'sklearn', 'skops', 'scipy'} & set(sys.modules)))\n"
    )

    def libraries():
        command = [sys.executable, str(script), "run", "classification", "--cache"]
        done = subprocess.run(command, cwd=wines, capture_output=True, text=True, check=True)
        return next(line for line in done.stdout.splitlines() if line.startswith("libraries:"))

    assert libraries() == "libraries: scipy sklearn skops"
    libraries()
    (wines / "out" / "predictions.csv").unlink()
    assert libraries() == "libraries:"
    assert (wines / "out" / "predictions.csv").exists()


def test_a_model_that_is_needed_after_all_is_loaded(wines, lolpop):
    """Other rows to predict are predicted with the model of an earlier run, with the cache and without it."""
    lolpop("run", "classification", "--cache")
    lolpop("run", "classification", "--cache")
    rows = (wines / "new.csv").read_text().splitlines(keepends=True)
    (wines / "new.csv").write_text("".join(rows[:-3]))
    assert lolpop("run", "classification", "--cache").code == 0
    cached = (wines / "out" / "predictions.csv").read_text()
    assert reused(lolpop)["train_model"]
    assert lolpop("run", "classification", "predict_data").code == 0
    assert (wines / "out" / "predictions.csv").read_text() == cached
    assert len(cached.splitlines()) == len(rows) - 3


def test_a_run_without_the_option_makes_everything(wines, lolpop):
    """The cache is off by default."""
    lolpop("run", "classification")
    again = lolpop("run", "classification", "--json").json
    assert "model_version:wine@2" in again["resources"]["model_version"]
    assert not any(reused(lolpop).values())


def test_other_settings_and_other_rows_are_no_hit(wines, lolpop):
    """The plan names each difference with its place, and those calls are made again."""
    lolpop("run", "classification", "train_model", "--dataset-version", version(lolpop))
    flag = "train.model_trainer.params.C=2"
    lolpop("run", "classification")
    calls = lolpop("plan", "classification", "--json", "--set", flag).json["calls"]
    (training,) = [call for call in calls if call["path"] == "train_model"]
    assert training["status"] == "runs"
    assert training["reasons"] == [
        "train.model_trainer.params: None → {'C': 2} (--set train.model_trainer.params.C)"
    ]
    file = wines / "known.csv"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-5]))
    calls = lolpop("plan", "classification", "--json").json["calls"]
    (reading, *_), (training,) = ([call for call in calls if call["path"] == path] for path in CACHEABLE)
    assert (reading["status"], reading["reasons"]) == ("runs", ["known.csv: content", EARLIER])
    assert (training["status"], training["reasons"]) == (
        "unknown",
        ["dataset_version waits for process_data"],
    )
    done = lolpop("run", "classification", "--cache", "--json").json
    assert "dataset_version:wine_train@2" in done["resources"]["dataset_version"]
    assert not reused(lolpop)["train_model"]


def version(lolpop):
    return lolpop("run", "classification", "process_data", "--json").json["result"]


def test_what_is_lost_is_made_again(wines, lolpop):
    """A model whose files are missing is fitted again, with a warning."""
    lolpop("run", "classification")
    for file in (wines / ".lolpop" / "artifacts").rglob("*"):
        if file.is_file():
            file.unlink()
    done = lolpop("run", "classification", "--cache")
    assert done.code == 0, done.err
    assert "train_model is called again: model_version:wine@1" in done.err
    assert not reused(lolpop)["train_model"]


def test_a_plan_of_a_run_says_what_resuming_it_does(wines, lolpop):
    """The plan compares the record of a run with other settings, and runs nothing."""
    (wines / "new.csv").rename(wines / "other.csv")
    assert lolpop("run", "classification", "train_model", "--dataset-version", version(lolpop)).code == 0
    assert lolpop("run", "classification").code == 1
    (wines / "other.csv").rename(wines / "new.csv")
    before = len(lolpop("runs", "ls", "--json").json)
    done = lolpop("plan", "--resume", "last", "--json")
    assert planned(done)["process_data"] == "runs"
    assert len(lolpop("runs", "ls", "--json").json) == before


def test_a_finished_run_goes_on_with_other_settings(wines, lolpop):
    """Calls that depend on the changed setting are made again; without a change it is refused."""
    lolpop("run", "classification")
    assert lolpop("run", "--resume", "last").code == 2
    done = lolpop("run", "--resume", "last", "--set", "data.predictions=out/others.csv", "--json")
    assert done.code == 0, done.err
    assert (wines / "out" / "others.csv").exists()
    (predicting,) = [call for call in done.json["plan"] if call["path"] == "predict_data"]
    assert predicting["status"] == "runs"
    assert done.json["resources"]["model_version"] == ["model_version:wine@1"]
    assert {path for path, is_reused in reused(lolpop).items() if is_reused} == {
        "process_data",
        "train_model",
    }


def test_other_hyperparameters_do_not_process_the_rows_again(wines, lolpop):
    """A resumed run does not process rows again because of the model that it deployed itself."""
    lolpop("run", "classification")
    done = lolpop("run", "--resume", "last", "--set", "train.model_trainer.params.C=2", "--json")
    assert done.json["resources"]["model_version"] == ["model_version:wine@2", "model_version:wine@1"]
    tasks = lolpop("runs", "show", "last", "--json").json["tasks"]
    calls = [(task["path"], task["reused_from"] is not None) for task in tasks if task["parent_id"] is None]
    assert calls[:3] == [("process_data", True), ("process_data", True), ("train_model", False)]


def test_rows_depend_on_no_other_source(wines, lolpop):
    """A workflow that reads rows is called again if its own source changes, and for no other source."""
    (wines / "b.csv").write_bytes((wines / "known.csv").read_bytes())
    lolpop("run", "classification")
    expected = {
        "data.predictions=out/b.csv": ["reused", "reused"],
        "data.truth=b.csv": ["reused", "reused"],
        "data.predict=b.csv": ["reused", "runs"],
        "data.train=b.csv": ["runs", "reused"],
    }
    for setting, statuses in expected.items():
        calls = lolpop("plan", "--resume", "last", "--set", setting, "--json").json["calls"]
        assert [call["status"] for call in calls if call["path"] == "process_data"] == statuses, setting


def test_a_sweep_that_predicts_is_not_run_again(wines, lolpop):
    """A repeated sweep runs nothing until the rows to train on or to predict change."""
    sweep = ("run", "classification", "--sweep", "train.model_trainer.params.C=1,2", "--json")

    def done_before():
        done = lolpop(*sweep)
        assert done.code == 0, done.err
        return [combination["was_done"] for combination in done.json["combinations"]]

    assert done_before() == [False, False]
    assert done_before() == [True, True]
    rows = (wines / "new.csv").read_text().splitlines(keepends=True)
    (wines / "new.csv").write_text("".join(rows[:-3]))
    assert done_before() == [False, False]
    trained = [
        task for task in lolpop("runs", "show", "last", "--json").json["tasks"] if "train." in task["path"]
    ]
    assert not trained
    assert done_before() == [True, True]


def test_the_settings_turn_the_cache_on(wines, lolpop):
    """For all calls or by patterns; tasks in workflows with effects are reused, and their checks shown."""
    misspelt = lolpop("verify", "classification", "--set", "lolpop.cache=trian.*")
    assert "'trian.*' matches no task or workflow: it caches nothing. Did you mean train.*?" in misspelt.out
    flags = ("--set", 'lolpop.cache=["predict.*", "train_model"]', "--json")
    first = lolpop("run", "classification", *flags).json
    second = lolpop("run", "classification", *flags).json
    tasks = lolpop("runs", "show", "last", "--json").json["tasks"]
    was_reused = {task["path"]: task["reused_from"] is not None for task in tasks}
    assert was_reused["train_model"]
    assert was_reused["predict.get_predictions"]
    assert not was_reused["process_data"]
    assert not was_reused["predict.save_predictions"]
    assert not was_reused["predict.track_predictions"]
    names = [{check["check"] for check in run["checks"]} for run in (first, second)]
    assert names[1] >= {check["check"] for check in first["checks"] if check["task"].startswith("train.")}
    assert second["metrics"]["test"] == first["metrics"]["test"]


@pytest.mark.parametrize(
    "words",
    [("plan",), ("plan", "classification", "--resume", "last"), ("plan", "classification", "trian_model")],
)
def test_wrong_use_is_reported(wines, lolpop, words):
    """Neither a runner nor a run, both of them, or a workflow that does not exist."""
    assert lolpop(*words).code == 2
