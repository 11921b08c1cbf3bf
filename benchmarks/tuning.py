"""What a second worker is worth to a search: the same trials, with estimators of one thread each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from sklearn.datasets import make_classification

from benchmarks.budget import Budget

TRIALS = 12
REPEAT = 2
SPEEDUP = 1.6
SETTINGS = """\
problem: {name: bench, target: label}
data: {train: known.csv}
seed: 7
skip: [check_data, profile_data, compare_data, analyze_model, check_model]
interceptors: []
train:
  measured: [test]
  model_trainer: {estimator: random_forest, params: {n_estimators: 100, n_jobs: 1}}
  hyperparameter_tuner: {use: grid, values: {min_samples_leaf: VALUES}}
"""
SEARCH = """
import sys, time
from lolpop_containers.classification import ClassificationContainer

if __name__ == "__main__":
    overrides = {"train.hyperparameter_tuner.n_jobs": int(sys.argv[1])}
    with ClassificationContainer.load("lolpop.yaml", environ={}, overrides=overrides) as container:
        runner = container.runner()
        rows = runner.process_data()
        start = time.perf_counter()
        runner.train_model(rows)
        print(time.perf_counter() - start)
"""


def budgets() -> Iterator[Budget]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        features, label = make_classification(20_000, 20, n_informative=10, random_state=0)
        pd.DataFrame(features).add_prefix("x").assign(label=label).to_csv(folder / "known.csv", index=False)
        # Values that hardly matter: all trials take the same time.
        (folder / "lolpop.yaml").write_text(SETTINGS.replace("VALUES", str(list(range(1, TRIALS + 1)))))
        (folder / "search.py").write_text(SEARCH)
        # In turn, and the faster of each: what else the machine does hits both.
        taken = [[_seconds(folder, n_jobs) for n_jobs in (1, 2)] for _ in range(REPEAT)]
        one, two = map(min, zip(*taken, strict=True))
    plain = _arithmetic(2) / (2 * _arithmetic(1))
    yield Budget(
        f"a search of {TRIALS} trials by two workers, of the time of one",
        two / one,
        1 / SPEEDUP,
        "",
        f"{one:.0f} s by one, {two:.0f} s by two; plain arithmetic by two processes {plain:.2f}",
    )


def _seconds(folder: Path, n_jobs: int) -> float:
    shutil.rmtree(folder / ".lolpop", ignore_errors=True)
    done = subprocess.run(
        [sys.executable, "search.py", str(n_jobs)],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    return float(done.stdout.splitlines()[-1])


def _arithmetic(at_once: int) -> float:
    """Seconds of a second's work in each of so many processes: what the machine has left for them."""
    work = "import time\nwhile time.process_time() < 1: pass"
    start = time.perf_counter()
    started = [subprocess.Popen([sys.executable, "-c", work]) for _ in range(at_once)]
    for process in started:
        process.wait()
    return time.perf_counter() - start
