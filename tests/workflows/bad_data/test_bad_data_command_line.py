"""The same through the command line, in processes of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pandas as pd

TRAINED = "model_version:churn@1"


def start(folder, *arguments, **environ):
    return subprocess.Popen(
        [sys.executable, "-m", "lolpop", *arguments],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environ,
    )  # fmt: skip


def lolpop(folder, *arguments):
    process = start(folder, *arguments)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def test_an_error_is_a_few_lines_and_leaves_nothing(project, training_rows, made):
    """It exits with 1 after a warning, without a traceback, and in JSON too."""
    training_rows.rename(columns={"outcome": "outcomes"}).to_csv(project / "known.csv", index=False)
    code, out, err = lolpop(project, "run", "classification", "--json")
    assert code == 1
    assert err.count("Did you mean outcomes?") == 2
    assert err.startswith("warning: lolpop.yaml:")
    assert "Traceback" not in err
    assert len(err.splitlines()) <= 6
    document = json.loads(out.splitlines()[-1])
    assert document["status"] == "failed"
    assert "no target column 'outcome'" in document["error"]["message"]
    assert document["resources"] == {}
    assert not (project / "out").exists()
    assert {kind.kind for kind, number in made(project).items() if number} == {"run"}


def test_another_process_predicts_the_same(used):
    """Categories, booleans, dates, missing values and text labels are the same after loading."""
    predictions = used / "out" / "predictions.csv"
    former = predictions.read_bytes()
    predictions.unlink()
    code, out, err = lolpop(
        used, "run", "classification", "predict_data", "--json",
        "--model-version", TRAINED, "--dataset-version", "dataset_version:churn_predict@1",
    )  # fmt: skip
    assert code == 0, err
    assert json.loads(out.splitlines()[-1])["result"] == "prediction_job:churn@2"
    assert predictions.read_bytes() == former
    assert set(pd.read_csv(predictions)["prediction"]) == {"leaves", "stays"}


def test_predictions_do_not_depend_on_the_hashes_of_text(files, tmp_path):
    """The same seed gives the same bytes, whatever the order of text in sets."""
    folders = {seed: shutil.copytree(files, tmp_path / seed) for seed in ("1", "2")}
    started = [
        start(folder, "run", "classification", "--json", PYTHONHASHSEED=seed)
        for seed, folder in folders.items()
    ]
    one, other = [json.loads(process.communicate(timeout=120)[0].splitlines()[-1]) for process in started]
    assert one["status"] == other["status"] == "completed"
    assert one["metrics"] == other["metrics"]
    predictions = [(folder / "out" / "predictions.csv").read_bytes() for folder in folders.values()]
    assert predictions[0] == predictions[1]
