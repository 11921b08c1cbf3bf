"""Faults that are planted in files are found and named by a run of the command line."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

from lolpop.cli import main

SETTINGS = """
problem: {name: tumors, target: diagnosis, index: patient_id}
data: {train: known.csv, predict: new.csv}
train: {model_trainer: {estimator: logistic_regression}}
skip: [analyze_model]
"""


def leaking(training_rows, new, random):
    """The target with one label in twenty wrong, under another name; nobody knows it of new patients."""
    wrong = random.random(len(training_rows)) < 0.05
    therapy = training_rows["diagnosis"].map({"malignant": "surgery", "benign": "none"})
    training_rows["therapy"] = np.where(wrong, random.permutation(therapy), therapy)
    new["therapy"] = "none"


def drifting(training_rows, new, random):
    """New patients' texture is measured by another device."""
    new["mean_texture"] = new["mean_texture"] * 1.3 + 4


FAULTS = {
    "a leak": (leaking, "process.check_data", "target_leakage", "therapy"),
    "drift": (drifting, "predict.compare_data", "drift", "mean_texture"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_a_check_of_the_run_that_names_its_column(fault, tmp_path, monkeypatch, capsys):
    """It is a warning or an error; no other column is reported."""
    plant, task, check, column = FAULTS[fault]
    bundle = load_breast_cancer(as_frame=True)
    rows = bundle.data.iloc[:, :8].rename(columns=lambda name: name.replace(" ", "_"))
    rows.insert(0, "patient_id", range(len(rows)))
    rows["diagnosis"] = bundle.target.map({0: "malignant", 1: "benign"})
    rows = rows.sample(frac=1, random_state=0, ignore_index=True)
    training_rows, new = rows[:469].copy(), rows[469:].drop(columns="diagnosis")
    plant(training_rows, new, np.random.default_rng(2))
    training_rows.to_csv(tmp_path / "known.csv", index=False)
    new.to_csv(tmp_path / "new.csv", index=False)
    (tmp_path / "lolpop.yaml").write_text(SETTINGS)
    monkeypatch.chdir(tmp_path)
    assert main(["run", "classification", "--json"]) == 0
    checks = json.loads(capsys.readouterr().out.splitlines()[-1])["checks"]
    results = [result for result in checks if (result["task"], result["check"]) == (task, check)]
    assert [result["columns"] for result in results if result["status"] in {"warn", "error"}] == [[column]]
