"""What it costs to predict more rows than fit in memory, tracked, beside the plain loop over batches."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.pipeline import make_pipeline

from benchmarks.budget import Budget, python
from lolpop_containers.classification import ClassificationContainer

PLAIN = Path(__file__).with_name("plain_batches.py")
TRACKED = Path(__file__).with_name("tracked_batches.py")
LISTED = Path(__file__).with_name("listed_batches.py")
ROWS = 10_000_000
BATCH_ROWS = 100_000
SETTINGS = f"""\
problem: {{name: bench, target: label, index: id}}
data: {{train: known.csv, predict: new.parquet, predictions: tracked.parquet, batch_rows: {BATCH_ROWS}}}
seed: 7
skip: [check_data, profile_data, compare_data, analyze_model, check_model, analyze_prediction_drift]
train: {{measured: [test], model_trainer: {{estimator: logistic_regression}}}}
notifiers: []
interceptors: []
"""


def budgets(rows: int = ROWS, repeat: int = 3) -> Iterator[Budget]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        prepare(folder, rows)
        runs = [
            (measured(PLAIN, folder, str(BATCH_ROWS)), measured(TRACKED, folder), measured(LISTED, folder))
            for _ in range(repeat)
        ]
    plain, tracked, listed = (_medians(measurements) for measurements in zip(*runs, strict=True))
    of = f"{rows:,} rows from Parquet, in batches"
    limit = plain["seconds"] / 0.9
    beside = f"plain loop {plain['seconds']:.1f} s; keeping the rows before that {tracked['keeping']:.1f} s"
    yield Budget(f"predict_data of {of}", tracked["predicting"], limit, "s", beside)
    beside = f"plain loop {plain['peak']:.0f} MB"
    yield Budget(f"peak memory of process_data and predict_data of {of}", tracked["peak"], 1000, "MB", beside)
    beside = "the same predictions" if listed["same"] else "OTHER PREDICTIONS"
    in_place = f"{of}, which stay in place"
    yield Budget(f"process_data of {in_place}", listed["keeping"], 0.6 * tracked["keeping"], "s", beside)
    limit = 1.2 * tracked["predicting"]
    yield Budget(f"predict_data of {in_place}", listed["predicting"], limit, "s", beside)
    yield Budget(f"peak memory of both, of {in_place}", listed["peak"], 1000, "MB")


def _medians(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def prepare(folder: Path, rows: int) -> None:
    """Rows to learn from in ``folder``, and ``rows`` to predict with the model that was trained on those."""
    drawn_rows(folder, rows)
    (folder / "lolpop.yaml").write_text(SETTINGS)
    with ClassificationContainer.load(folder / "lolpop.yaml", environ={}) as container:
        runner = container.runner()
        model_version = runner.train_model(runner.process_data())
        model = container.resource_version_control().load_model(model_version)
    joblib.dump(make_pipeline(model.transformer, model.estimator), folder / "model.joblib")


def drawn_rows(folder: Path, rows: int) -> None:
    """Rows to learn from in ``folder``, and ``rows`` to predict."""
    random = np.random.default_rng(0)
    _drawn(random, 20_000, labelled=True).to_csv(folder / "known.csv", index=False)
    writer: pq.ParquetWriter | None = None
    for start in range(0, rows, 1_000_000):
        part = _drawn(random, min(1_000_000, rows - start), start)
        table = pa.Table.from_pandas(part, preserve_index=False)
        writer = writer or pq.ParquetWriter(folder / "new.parquet", table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def _drawn(random: np.random.Generator, rows: int, start: int = 0, *, labelled: bool = False) -> pd.DataFrame:
    frame = pd.DataFrame({f"x{number}": random.normal(size=rows) for number in range(5)})
    frame.insert(0, "id", np.arange(start, start + rows))
    frame["visits"] = random.poisson(3, size=rows)
    if labelled:
        score = frame["x0"] - frame["x1"] + 0.2 * frame["visits"] + random.normal(size=rows)
        frame["label"] = np.where(score > 1, "leaves", "stays")
    return frame


def measured(script: Path, folder: Path, *arguments: str) -> dict[str, float]:
    python("-m", f"benchmarks.{script.stem}", str(folder), *arguments)
    measured: dict[str, float] = json.loads((folder / f"{script.stem.partition('_')[0]}.json").read_text())
    return measured
