"""What a second worker is worth to a search, and what the search costs beside that on ``local`` workers."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
from sklearn.datasets import make_classification

from benchmarks.budget import Budget, environ_of_measured
from benchmarks.processes import Cost, cost_of
from benchmarks.standing import standing

TRIALS = 24
REPEAT = 2
SHARES_OF_ONE = {"local": 0.625, "dask": 0.65, "ray": 0.65}
OVERHEAD = 1.2
PACKAGES = {"local": "lolpop", "dask": "distributed", "ray": "ray"}
SETTINGS = """\
problem: {name: bench, target: label}
data: {train: known.csv}
seed: 7
skip: [check_data, profile_data, compare_data, analyze_model, check_model]
interceptors: []
notifiers: []
train:
  measured: [test]
  retrain_on_all_data: false  # it is no part of the search
  model_trainer: {estimator: random_forest, params: {n_estimators: TREES, n_jobs: 1}}
  hyperparameter_tuner: {use: grid, values: {min_samples_leaf: VALUES}, n_jobs: 2}
"""
SEARCH = """
import sys, time
from lolpop_containers.classification import ClassificationContainer

if __name__ == "__main__":
    use, workers, address = sys.argv[1], int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None
    executor = {"use": use, "address": address} if address else {"use": use, "workers": workers}
    overrides = {"executor": executor}
    with ClassificationContainer.load("lolpop.yaml", environ={}, overrides=overrides) as container:
        runner = container.runner()
        rows = runner.process_data()
        start = time.perf_counter()
        runner.train_model(rows)
        print(time.perf_counter() - start)
"""


def budgets(trials: int = TRIALS, trees: int = 75, repeat: int = REPEAT) -> Iterator[Budget]:
    executors = [name for name, package in PACKAGES.items() if find_spec(package) is not None]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _prepare(folder, trials, trees)
        # In turn: what else the machine does hits all of them.
        costs: dict[tuple[str, int], list[Cost]] = defaultdict(list)
        on_standing: dict[str, list[Cost]] = defaultdict(list)
        for _ in range(repeat):
            for workers in (1, 2):
                for executor in executors:
                    costs[executor, workers].append(_search(folder, executor, workers))
            for executor in executors[1:]:
                with standing(executor, 2) as (address, variables):
                    on_standing[executor].append(_search(folder, executor, 2, address, **variables))
    plain = _arithmetic(2) / (2 * _arithmetic(1))
    of = f"a search of {trials} trials by two workers"
    for executor in executors:
        one, two = (_seconds(costs[executor, workers]) for workers in (1, 2))
        yield Budget(
            f"{of} of {executor}, of the time of one", two / one, SHARES_OF_ONE[executor], "",
            f"{one:.1f} s by one, {two:.1f} s by two; plain arithmetic by two processes {plain:.2f}",
        )  # fmt: skip
    local = _processor_seconds(costs["local", 2])
    for executor in executors[1:]:
        seconds = _processor_seconds(costs[executor, 2])
        yield Budget(
            f"processor time of {of} of {executor}, of that of local", seconds / local, OVERHEAD, "",
            f"{seconds:.1f} s, {local:.1f} s of local",
        )  # fmt: skip
        beside, started = _seconds(costs["local", 2]), _seconds(costs[executor, 2])
        yield Budget(
            f"time of {of} of a standing cluster of {executor}, of that of local",
            _seconds(on_standing[executor]) / beside, OVERHEAD, "",
            f"{beside:.1f} s of local; {started / beside:.2f} with the start of a cluster",
        )  # fmt: skip


def _prepare(folder: Path, trials: int, trees: int) -> None:
    features, label = make_classification(20_000, 20, n_informative=10, random_state=0)
    pd.DataFrame(features).add_prefix("x").assign(label=label).to_csv(folder / "known.csv", index=False)
    # Values that hardly matter: all trials take the same time.
    values = str(list(range(1, trials + 1)))
    (folder / "lolpop.yaml").write_text(SETTINGS.replace("VALUES", values).replace("TREES", str(trees)))
    (folder / "search.py").write_text(SEARCH)


def _search(folder: Path, executor: str, workers: int, address: str | None = None, **variables: str) -> Cost:
    shutil.rmtree(folder / ".lolpop", ignore_errors=True)
    command = [sys.executable, "search.py", executor, str(workers), *filter(None, [address])]
    return cost_of(command, folder, {**environ_of_measured(), **variables, "OMP_NUM_THREADS": "1"})


def _seconds(costs: list[Cost]) -> float:
    return min(float(cost.output.split()[-1]) for cost in costs)


def _processor_seconds(costs: list[Cost]) -> float:
    return statistics.median(cost.processor_seconds for cost in costs)


def _arithmetic(at_once: int) -> float:
    """Seconds of a second's work in each of so many processes: what the machine has left for them."""
    work = "import time\nwhile time.process_time() < 1: pass"
    start = time.perf_counter()
    started = [subprocess.Popen([sys.executable, "-c", work]) for _ in range(at_once)]
    for process in started:
        process.wait()
    return time.perf_counter() - start
