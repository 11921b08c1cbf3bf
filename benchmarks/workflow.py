"""What a whole tracked workflow costs, beside the plain script that does the same work."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from sklearn.datasets import load_breast_cancer, make_classification

from benchmarks.budget import Budget, interleaved, python

SCRIPT = Path(__file__).with_name("plain_classification.py")
FULL_SCRIPT = Path(__file__).with_name("plain_full.py")
FULL = """\
problem: {name: bench, target: label, index: id}
data: {train: known.csv, predict: new.csv, predictions: predictions.csv}
seed: 7
"""
BARE = f"""{FULL}\
skip: [
  check_data, profile_data, compare_data, analyze_model, check_model, check_predictions,
  analyze_prediction_drift,
]
train: {{measured: [test]}}
"""


def budgets() -> Iterator[Budget]:
    with tempfile.TemporaryDirectory() as scratch:
        for name, write in (("569 real rows", write_real), ("100,000 rows", write_many)):
            folder = Path(scratch) / name.replace(" ", "_")
            folder.mkdir()
            write(folder)
            yield _beside(f"bare lolpop run classification, {name}", folder, BARE, SCRIPT, 1.15, 0.5)
            yield _beside(f"full lolpop run classification, {name}", folder, FULL, FULL_SCRIPT, 1.3, 0.0)


def _beside(
    what: str, folder: Path, settings: str, script: Path, times: float, plus: float, *, repeat: int = 5
) -> Budget:
    (folder / "lolpop.yaml").write_text(settings)

    def tracked() -> None:
        shutil.rmtree(folder / ".lolpop", ignore_errors=True)
        python("-m", "lolpop", "run", "classification", cwd=folder)

    plain, ours = interleaved([lambda: python(str(script), str(folder), cwd=folder), tracked], repeat=repeat)
    return Budget(what, ours, times * plain + plus, "s", f"plain script {plain:.2f} s")


def write_real(folder: Path) -> None:
    bundle = load_breast_cancer(as_frame=True)
    _write(folder, bundle.frame.rename(columns={"target": "label"}), training_count=469)


def write_many(folder: Path) -> None:
    features, label = make_classification(110_000, 20, n_informative=10, random_state=0)
    rows = pd.DataFrame(features).add_prefix("x").assign(label=label)
    _write(folder, rows, training_count=100_000)


def _write(folder: Path, rows: pd.DataFrame, *, training_count: int) -> None:
    rows.insert(0, "id", range(len(rows)))
    rows[:training_count].to_csv(folder / "known.csv", index=False)
    rows[training_count:].drop(columns="label").to_csv(folder / "new.csv", index=False)
