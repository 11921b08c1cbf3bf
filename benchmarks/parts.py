"""What two workers save when many rows are predicted part by part."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.batches import BATCH_ROWS, ROWS, drawn_rows, measured
from benchmarks.budget import Budget
from lolpop_containers.classification import ClassificationContainer

PREDICTING = Path(__file__).with_name("predicted_parts.py")
SETTINGS = f"""\
problem: {{name: bench, target: label, index: id}}
data: {{train: known.csv, predict: new.parquet, predictions: parts/, batch_rows: {BATCH_ROWS}}}
seed: 7
skip: [check_data, profile_data, compare_data, analyze_model, check_model, analyze_prediction_drift]
train: {{measured: [test]}}
notifiers: []
interceptors: []
"""
EXECUTORS = ("local", "dask", "ray")


def budgets(rows: int = ROWS, repeat: int = 1) -> Iterator[Budget]:
    with prepared(rows) as folder:
        for executor in EXECUTORS:
            runs = [
                tuple(measured(PREDICTING, folder, executor, str(workers), "2") for workers in (1, 2))
                for _ in range(repeat)
            ]
            one, two = (statistics.median(run[number]["seconds"] for run in runs) for number in (0, 1))
            of = f"{rows:,} rows by two workers of {executor}"
            yield Budget(f"predicting {of}", two, 0.65 * one, "s", f"by one worker {one:.1f} s")
            peak = max(run[1]["peak"] for run in runs)
            yield Budget(f"peak memory of a process that predicts {of}", peak, 1000, "MB")


@contextmanager
def prepared(rows: int) -> Iterator[Path]:
    """A project whose model is trained, and whose rows to predict are stored."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        drawn_rows(folder, rows)
        (folder / "lolpop.yaml").write_text(SETTINGS)
        with ClassificationContainer.load(folder / "lolpop.yaml", environ={}) as container:
            runner = container.runner()
            runner.train_model(runner.process_data())
            runner.process_data(dataset="predict")
        yield folder
