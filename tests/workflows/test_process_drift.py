"""Profiles and drift in the workflows."""

import json
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer

from lolpop.cli import main
from lolpop.components.data_profiler import DriftReport, Profile
from lolpop.errors import DataError
from lolpop.resources import DatasetVersion, ModelVersion, PredictionJob
from lolpop_containers.classification import ClassificationContainer

SETTINGS = """
problem: {name: tumors, target: diagnosis, index: patient_id}
data: {train: known.csv, predict: new.csv, predictions: out.csv}
train: {model_trainer: {estimator: logistic_regression}}
"""
TRAIN, PREDICT = (DatasetVersion(name=f"tumors_{part}", number=1) for part in ("train", "predict"))


@pytest.fixture
def training_rows(tmp_path):
    """469 known patients and 100 new ones, in files of a project."""
    bundle = load_breast_cancer(as_frame=True)
    rows = bundle.data.iloc[:, :6].rename(columns=lambda name: name.replace(" ", "_"))
    rows.insert(0, "patient_id", range(1000, 1000 + len(rows)))
    rows["diagnosis"] = bundle.target.map({0: "malignant", 1: "benign"})
    rows = rows.sample(frac=1, random_state=0, ignore_index=True)
    rows[:469].to_csv(tmp_path / "known.csv", index=False)
    rows[469:].drop(columns="diagnosis").to_csv(tmp_path / "new.csv", index=False)
    (tmp_path / "lolpop.yaml").write_text(SETTINGS)
    return rows[:469]


@pytest.fixture
def load(loading, tmp_path, training_rows):
    """Load the project's container, with settings by dotted path."""
    return partial(loading, ClassificationContainer, tmp_path)


@pytest.fixture
def drifted(tmp_path, training_rows):
    """The new patients' radius is measured in another unit."""
    rows = pd.read_csv(tmp_path / "new.csv")
    rows.assign(mean_radius=rows["mean_radius"] * 2.54).to_csv(tmp_path / "new.csv", index=False)


def test_rows_to_train_on_are_profiled(load, tmp_path, training_rows):
    """The profile is an artifact of the dataset version."""
    container = load()
    container.runner().process_data()
    container.metadata_tracker().load_artifact(TRAIN, "profile", tmp_path / "profile.json")
    profile = Profile.model_validate_json((tmp_path / "profile.json").read_text())
    assert profile.rows == 469
    assert profile.by_name["mean_radius"].numbers.max == training_rows["mean_radius"].max()


@pytest.mark.parametrize("frame", ["pandas", "polars"])
def test_new_rows_like_those_of_the_training_raise_no_alarm(load, frame, capsys):
    """The comparison is recorded with the rows to predict."""
    container = load(data__frame=frame)
    container.runner().run()
    document = container.metadata_tracker().get(PREDICT).fields[f"drift.{TRAIN}"]
    report = DriftReport.model_validate(document)
    assert report.status == "ok"
    assert len(report.columns) == 6
    assert "drift" not in capsys.readouterr().err


@pytest.mark.parametrize("profiled", [True, False])
def test_drifted_rows_are_reported_before_they_are_predicted(load, drifted, capsys, profiled):
    """The warning has the rows, the column and the change, and prediction continues."""
    container = load(skip=[] if profiled else ["profile_data"])
    assert container.runner().run() == PredictionJob(name="tumors", number=1)
    output = capsys.readouterr().err
    assert f"{PREDICT} against {TRAIN}: 1 column drifted" in " ".join(output.split())
    assert "'mean_radius'" in output
    document = container.metadata_tracker().get(PREDICT).fields[f"drift.{TRAIN}"]
    assert [column["column"] for column in document["columns"] if column["status"] == "warn"] == [
        "mean_radius"
    ]


def test_settings_make_drift_an_error_that_stops_predictions(load, drifted):
    """Rows that drifted too far are not predicted."""
    container = load(data_profiler__error_psi=1.0)
    with pytest.raises(DataError, match="mean_radius"):
        container.runner().run()
    assert container.metadata_tracker().find(PredictionJob) == []


def test_new_rows_to_train_on_are_compared_with_those_of_the_deployed_model(
    load, tmp_path, training_rows, capsys
):
    """The differences are reported, and training continues."""
    load().runner().run()
    later = training_rows.assign(mean_area=np.sqrt(training_rows["mean_area"]))
    later.to_csv(tmp_path / "known.csv", index=False)
    capsys.readouterr()
    container = load(data_profiler__error_psi=1.0)
    new = container.runner().process_data()
    assert f"{new} against {TRAIN}: 1 column drifted" in " ".join(capsys.readouterr().err.split())
    assert container.metadata_tracker().get(new).fields[f"drift.{TRAIN}"]["columns"]


def test_drift_is_among_the_checks_of_the_run(drifted, tmp_path, monkeypatch, capsys):
    """The JSON of the command has the column."""
    monkeypatch.chdir(tmp_path)
    assert main(["run", "classification", "--json"]) == 0
    checks = json.loads(capsys.readouterr().out.splitlines()[-1])["checks"]
    (drift,) = [check for check in checks if check["check"] == "drift"]
    assert (drift["task"], drift["status"], drift["columns"]) == (
        "predict.compare_data", "warn", ["mean_radius"],
    )  # fmt: skip


def later(tmp_path, change):
    """Other new patients: some of the known ones, changed."""
    rows = pd.read_csv(tmp_path / "known.csv").drop(columns="diagnosis").sample(200, random_state=3)
    change(rows).to_csv(tmp_path / "new.csv", index=False)


def predict(container):
    runner = container.runner()
    return runner.predict_data(ModelVersion(name="tumors", number=1), runner.process_data(dataset="predict"))


@pytest.mark.parametrize("batch_rows", [None, 70])
def test_drift_since_the_previous_job_is_reported_and_recorded(
    load, tmp_path, training_rows, capsys, batch_rows
):
    """Changes of rows and of predictions are reported, in batches too."""
    load(data__batch_rows=batch_rows).runner().run()
    later(tmp_path, lambda rows: rows.assign(mean_radius=rows["mean_radius"] * 2.54))
    capsys.readouterr()
    container = load(skip=["check_data", "compare_data"], data__batch_rows=batch_rows)
    job = predict(container)
    output = " ".join(capsys.readouterr().err.split())
    assert (
        f"{PREDICT.model_copy(update={'number': 2})} against {PREDICT} of prediction_job:tumors@1:" in output
    )
    assert "'mean_radius' (median" in output
    assert "'prediction' ('" in output
    document = container.metadata_tracker().get(job).fields["drift.prediction_job:tumors@1"]
    report = DriftReport.model_validate(document)
    drifted = {column.column for column in report.columns if column.status == "warn"}
    assert {"mean_radius", "prediction"} <= drifted
    assert "patient_id" not in {column.column for column in report.columns}


def test_like_rows_as_in_the_previous_job_raise_no_alarm(load, tmp_path, training_rows, capsys):
    """Similar rows show no drift; equal rows are not compared."""
    load().runner().run()
    container = load()
    same = predict(container)
    assert container.metadata_tracker().get(same).fields["drift.prediction_job:tumors@1"]["columns"] == []
    later(tmp_path, lambda rows: rows)
    capsys.readouterr()
    job = predict(container)
    document = container.metadata_tracker().get(job).fields[f"drift.{same}"]
    assert {column["column"] for column in document["columns"]} >= {"mean_radius", "prediction"}
    assert "drifted" not in capsys.readouterr().err


def test_drift_since_the_previous_job_is_among_the_checks(training_rows, tmp_path, monkeypatch, capsys):
    """The JSON has the task of the check."""
    monkeypatch.chdir(tmp_path)
    assert main(["run", "classification"]) == 0
    later(tmp_path, lambda rows: rows.assign(mean_area=rows["mean_area"] / 10))
    dataset, model = "--dataset-version", "--model-version"
    assert main(["run", "classification", "process_data", "--dataset", "predict"]) == 0
    capsys.readouterr()
    words = ["predict_data", model, "model_version:tumors@1", dataset, "dataset_version:tumors_predict@2"]
    assert main(["run", "classification", *words, "--json"]) == 0
    checks = json.loads(capsys.readouterr().out.splitlines()[-1])["checks"]
    drift_checks = [check for check in checks if check["task"] == "predict.analyze_prediction_drift"]
    assert {check["check"] for check in drift_checks} == {"drift"}
    assert ["mean_area"] in [check["columns"] for check in drift_checks if check["status"] == "warn"]


def test_the_target_of_rows_to_predict_is_not_compared(load, tmp_path, training_rows):
    """Labels in rows to predict are no drift."""
    load().runner().run()
    training_rows.assign(diagnosis="benign")[:100].to_csv(tmp_path / "new.csv", index=False)
    container = load()
    job = predict(container)
    (rows,) = [
        parent for parent in container.metadata_tracker().parents(job) if isinstance(parent, DatasetVersion)
    ]
    document = container.metadata_tracker().get(rows).fields[f"drift.{TRAIN}"]
    assert {column["column"] for column in document["columns"]}.isdisjoint({"diagnosis", "patient_id"})
