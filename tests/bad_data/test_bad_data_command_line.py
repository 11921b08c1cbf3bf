"""The same through the command line, in processes of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pandas as pd

TRAINED = "model_version:churn@1"


def lolpop(folder, *arguments, **environ):
    return subprocess.run(
        [sys.executable, "-m", "lolpop", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False, env=os.environ | environ,
    )  # fmt: skip


def test_an_error_is_a_few_lines_and_leaves_nothing(project, known, made):
    """It exits 1, says what is wrong once, without a traceback, and says it in JSON too."""
    known.rename(columns={"outcome": "outcomes"}).to_csv(project / "known.csv", index=False)
    done = lolpop(project, "run", "classification", "--json")
    assert done.returncode == 1
    assert done.stderr.count("Did you mean outcomes?") == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 4
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["status"] == "failed"
    assert "no target column 'outcome'" in told["error"]["message"]
    assert told["resources"] == {}
    assert not (project / "out").exists()
    assert {kind.kind for kind, number in made(project).items() if number} == {"run"}


def test_another_process_predicts_the_same(used):
    """Categories, booleans, dates, missing values and labels of text are what they were after loading."""
    predictions = used / "out" / "predictions.csv"
    former = predictions.read_bytes()
    predictions.unlink()
    done = lolpop(
        used, "run", "classification", "predict_data", "--json",
        "--model-version", TRAINED, "--dataset-version", "dataset_version:churn_predict@1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["result"] == "prediction_job:churn@2"
    assert predictions.read_bytes() == former
    assert set(pd.read_csv(predictions)["prediction"]) == {"leaves", "stays"}


def test_predictions_do_not_depend_on_the_hashes_of_text(files, tmp_path):
    """Columns and categories are text: the same seed gives the same bytes whatever their order in a set."""
    predictions, metrics = [], []
    for seed in ("1", "2"):
        folder = shutil.copytree(files, tmp_path / seed)
        done = lolpop(folder, "run", "classification", "--json", PYTHONHASHSEED=seed)
        assert done.returncode == 0, done.stderr
        metrics.append(json.loads(done.stdout.splitlines()[-1])["metrics"])
        predictions.append((folder / "out" / "predictions.csv").read_bytes())
    assert metrics[0] == metrics[1]
    assert predictions[0] == predictions[1]
