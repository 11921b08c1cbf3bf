"""``lolpop migrate``: settings of the original lolpop become settings of this one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

FORMER = Path(__file__).parent / "former_settings"


@pytest.fixture
def former(folder):
    for file in FORMER.iterdir():
        shutil.copy(file, folder)
    return folder


def test_settings_are_rewritten_and_can_be_verified(former, lolpop):
    """Roles, sources, components, parameters and a grid are where this lolpop expects them."""
    done = lolpop("migrate", "classification.yaml", "-o", "lolpop.yaml")
    assert done.code == 0, done.err
    settings = YAML(typ="safe").load(former / "lolpop.yaml")
    assert settings == {
        "lolpop": {"runner": "classification"},
        "problem": {"name": "customers", "target": "churned", "index": "customer_id", "drop": ["note"]},
        "data": {
            "train": "data/known.csv", "predict": "data/new.csv", "predictions": "out/predictions.csv",
        },
        "notifiers": ["console"],
        "process": {
            "data_transformer": {"use": "python", "function": "process_customers.py:transform"},
        },
        "train": {
            "data_splitter": {"validation_size": 0.1, "test_size": 0.2},
            "model_trainer": {"use": "xgboost", "n_estimators": 20},
            "hyperparameter_tuner": {
                "use": "grid", "values": {"max_depth": [2, 4], "reg_alpha": [0, 1]},
            },
            "retrain_on_all_data": True,
        },
        "seed": 3,
        "model_checker": {"metric": "f1"},
        "logger": {"level": "info"},
        "predict": {"explain": False},
    }  # fmt: skip
    for name in ("known", "new"):
        (former / "data").mkdir(exist_ok=True)
        (former / "data" / f"{name}.csv").write_text("customer_id,note,months,churned\n1,a,2,yes\n")
    (former / "process_customers.py").write_text("def transform(rows):\n    return rows\n")
    assert lolpop("verify").code == 0


def test_what_is_not_carried_over_is_listed_at_its_place(former, lolpop):
    """A component that does not exist here, and a setting without a counterpart, with file, line and column."""
    done = lolpop("migrate", "classification.yaml")
    lost, needless = done.err.split("No longer needed:")
    assert "classification.yaml:7:3  component.metadata_tracker: there is no MLFlowMetadataTracker" in lost
    assert "classification.yaml:50:5  train.config.callbacks: has no counterpart" in lost
    assert "mlflow_tracking_uri" not in done.err  # it is a part of what is missing
    assert "classification.yaml:18:3  config.local_dir" in needless


def test_series_are_forecast(former, lolpop):
    """A time index makes a forecasting problem, references are resolved, and queries are no files."""
    done = lolpop("migrate", "forecasting.yaml", "--json")
    assert done.code == 0, done.err
    assert done.json["settings"]["lolpop"] == {"runner": "forecasting"}
    assert done.json["settings"]["problem"] == {
        "name": "sales", "target": "revenue", "time": "month", "frequency": "MS", "horizon": 12,
    }  # fmt: skip
    assert done.json["settings"]["train"]["model_trainer"] == {
        "use": "prophet", "seasonality_mode": "multiplicative", "params": {"changepoint_range": 0.9},
        "country_holidays": "US",
    }  # fmt: skip
    assert done.json["settings"]["model_checker"]["metric"] == "symmetric_mean_absolute_percentage_error"
    left = {note["path"]: note["reason"] for note in done.json["left"]}
    assert "is no file or URL" in left["config.train_data"]
    assert "SlackNotifier" in left["component.notifier"]
    assert "SeasonalTrain" in left["pipeline.train"]
    assert {"train.model_trainer.config.target_min", "train.config.cv_initial"} <= set(left)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "config: {model_name: $nowhere.at.all}",
            "old.yaml:1:22  the reference $nowhere.at.all points to an unknown setting",
        ),
        ("config: {model_name: $config.model_name}", "is circular"),
        ("config: [", "old.yaml:1:10"),
        ("problem: {name: churn}", "old.yaml:1:1  is no settings file of the original lolpop"),
        (None, "old.yaml  cannot be read: No such file"),
    ],
)
def test_files_that_cannot_be_rewritten_are_errors_at_their_place(folder, lolpop, content, message):
    """A few lines that name the place, and exit code 2."""
    if content is not None:
        (folder / "old.yaml").write_text(content)
    done = lolpop("migrate", "old.yaml")
    assert done.code == 2
    assert message in done.err
    assert "Traceback" not in done.err


def test_a_misspelt_file_gets_a_near_name(folder, lolpop):
    """A settings file beside it whose name is near is proposed."""
    (folder / "dev.yaml").write_text("")
    done = lolpop("migrate", "dve.yaml")
    assert done.code == 2
    assert done.err.rstrip().endswith("No such file or directory. Did you mean dev.yaml?")


@pytest.mark.parametrize(
    ("runner", "size", "reason"),
    [
        ("", "0.3", None),
        ("", "12", "is not a share of the rows: set train.data_splitter.test_size to one, such as 0.2"),
        ("config: {time_index: day}\n", "12", "the last problem.horizon steps are the test rows"),
    ],
    ids=["share of a table", "rows of a table", "steps of a series"],
)
def test_sizes_of_test_rows_are_carried_over_or_reported(folder, lolpop, runner, size, reason):
    """A share of a table is carried over; a number is reported with the setting that replaces it."""
    (folder / "old.yaml").write_text(
        f"{runner}component: {{}}\ntrain: {{data_splitter: {{config: {{test_size: {size}}}}}}}\n"
    )
    done = lolpop("migrate", "old.yaml", "--json")
    assert done.code == 0, done.err
    notes = [note["reason"] for note in done.json["left"] + done.json["not_needed"]]
    assert notes == ([] if reason is None else [reason])
    carried = done.json["settings"].get("train", {}).get("data_splitter", {})
    assert carried == ({"test_size": 0.3} if reason is None else {})


def test_nothing_is_overwritten(former, lolpop):
    """A file that exists is named and left as it is."""
    (former / "lolpop.yaml").write_text("seed: 1\n")
    done = lolpop("migrate", "classification.yaml", "-o", "lolpop.yaml")
    assert done.code == 2
    assert "lolpop.yaml exists" in done.err
    assert (former / "lolpop.yaml").read_text() == "seed: 1\n"
