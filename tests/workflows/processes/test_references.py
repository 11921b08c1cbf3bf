"""Workflows in processes of their own, which know of each other by references only."""

from __future__ import annotations

import json
import shutil

import pytest
from forked_commands import Command

from lolpop.resources import DatasetVersion, Experiment, ModelVersion, PredictionJob
from lolpop_containers.classification import ClassificationContainer

GROUP = ("--group", "nightly-7", "--json")


@pytest.fixture(scope="module")
def project(tmp_path_factory, files):
    """A project in which the nightly runs, and one of no group, have been."""
    return shutil.copytree(files, tmp_path_factory.mktemp("nightly") / "project")


@pytest.fixture(scope="module")
def nightly(project):
    """The results of three commands of one group, each in a process of its own."""

    def step(*arguments):
        ended = Command(project, "run", "classification", *arguments).end()
        assert ended.code == 0, ended.err
        return ended.json

    step("process_data", "--json")
    rows = step("process_data", "--dataset", "predict", *GROUP)
    trained = step("train_model", "--dataset-version", "dataset_version:tumors_train@1", *GROUP)
    versions = "--model-version", trained["result"], "--dataset-version", rows["result"]
    return rows, trained, step("predict_data", *versions, *GROUP)


def test_references_cross_processes(nightly, project):
    """A process uses the resources of another one, and records what it made and used."""
    rows, trained, predicted = nightly
    assert rows["result"] == "dataset_version:tumors_predict@1"
    assert trained["result"] == "model_version:tumors@1"
    assert trained["metrics"]["test"]
    assert predicted["result"] == "prediction_job:tumors@1"
    assert predicted["resources"]["model_version"] == ["model_version:tumors@1"]
    assert (project / "out" / "predictions.csv").exists()


def test_a_group_is_shown_together_with_its_lineage(nightly, lolpop):
    """The list of a group has its runs only, newest first, and the lineage across them."""
    runs = json.loads(lolpop("runs", "ls", *GROUP).out)
    assert [run["run_id"] for run in runs] == [ended["run_id"] for ended in reversed(nightly)]
    assert {(run["status"], run["group"]) for run in runs} == {("completed", "nightly-7")}
    assert [run["workflow"] for run in runs] == ["predict_data", "train_model", "process_data"]
    parents = {made["resource"]: set(made["parents"]) for run in runs for made in run["lineage"]}
    assert parents["prediction_job:tumors@1"] == {
        "model_version:tumors@1", "dataset_version:tumors_predict@1",
    }  # fmt: skip
    assert parents["model_version:tumors@1"] == {"dataset_version:tumors_train@1"}
    assert parents["experiment:tumors@1"] == {"model_version:tumors@1", "dataset_version:tumors_train@1"}
    tasks = {made["resource"]: made["task"] for run in runs for made in run["lineage"]}
    assert tasks["prediction_job:tumors@1"] == "predict.track_predictions"
    assert tasks["experiment:tumors@1"] == "train.train_model"


def test_lineage_leads_from_predictions_to_the_rows_of_training(nightly, project):
    """From any process: predictions, model, experiment, rows, and their runs."""
    with ClassificationContainer.load(project / "lolpop.yaml", environ={}) as container:
        tracker = container.metadata_tracker()
        (job,) = tracker.find(PredictionJob)
        model_version, rows = tracker.parents(job)
        assert (model_version, rows) == (
            ModelVersion(name="tumors", number=1), DatasetVersion(name="tumors_predict", number=1),
        )  # fmt: skip
        (training,) = tracker.parents(model_version)
        assert training == DatasetVersion(name="tumors_train", number=1)
        assert Experiment(name="tumors", number=1) in tracker.children(model_version)
        runs = [tracker.get(resource).run_id for resource in (rows, model_version, job)]
        assert runs == [ended["run_id"] for ended in nightly]


@pytest.mark.parametrize(
    ("reference", "code", "words"),
    [
        ("dataset_version:tumors_train@9", 1, ["dataset_version:tumors_train@9", "version 1"]),
        ("dataset_version:tumours_train@1", 1, ["dataset_version:tumours_train@1", "tumors_train"]),
        ("model_version:tumors@1", 2, ["--dataset-version", "dataset_version:name@number"]),
        ("tumors_train", 2, ["--dataset-version", "dataset_version:"]),
    ],
)
def test_a_reference_to_nothing_is_reported(nightly, lolpop, reference, code, words):
    """The error has the reference and existing ones, and no model version is made."""
    ended = lolpop("run", "classification", "train_model", "--dataset-version", reference, "--json")
    assert ended.code == code, ended.err
    assert all(word in ended.err for word in words), ended.err
    assert "Traceback" not in ended.err
    assert "model_version" not in ended.json["resources"]
