"""What runs lose when they are ended at random moments, or write all at once; nothing is what they may lose.

    python -m benchmarks.faults signals --count 300
    python -m benchmarks.faults kills --count 50
    python -m benchmarks.faults cached --count 30
    python -m benchmarks.faults writers --seconds 60 --processes 16 [--url postgresql+psycopg://…]

The exit code is 1 if anything was lost, or was not as it has to be.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from sklearn.datasets import load_breast_cancer

from lolpop.components.metadata_tracker.sql import SQLMetadataTracker
from lolpop.components.metrics_tracker.sql import SQLMetricsTracker
from lolpop.components.store import RunRecord, TaskRecord
from lolpop.components.store.sql import SQLStore
from lolpop.errors import LolpopError
from lolpop.resources import DatasetVersion, Experiment, ModelVersion
from lolpop_containers.classification import ClassificationContainer

SETTINGS = """\
problem: {name: tumors, target: label, index: id}
data: {train: known.csv, predict: new.csv, predictions: predictions.csv}
train: {model_trainer: {estimator: logistic_regression}}
seed: 7
"""
EXIT_CODES = {signal.SIGINT: {130, -signal.SIGINT}, signal.SIGTERM: {143, -signal.SIGTERM}}
"""Of a command, as a shell sees it; negative if the system ended it, before or after it was at work."""
NOT_STARTED = "Fatal Python error: init_import_site"
"""What Python says if it is interrupted before the first line of a program."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.faults", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("attack", choices=["signals", "kills", "cached", "writers"])
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--processes", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--url", help="the database of the writers; SQLite if none")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if chosen.attack == "writers":
            wrong = write_at_once(folder, chosen.url, chosen.processes, chosen.seconds)
        elif chosen.attack == "cached":
            wrong = kill_cached(folder, chosen.count, random.Random(chosen.seed))
        else:
            numbers = [signal.SIGKILL] if chosen.attack == "kills" else list(EXIT_CODES)
            wrong = end_at_random(folder, numbers, chosen.count, random.Random(chosen.seed))
    for line in wrong:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


def end_at_random(
    folder: Path, numbers: list[signal.Signals], count: int, chance: random.Random
) -> list[str]:
    """End ``count`` runs at random moments of their lives; what is not as it has to be."""
    write_project(folder)
    began = time.monotonic()
    subprocess.run(command(), cwd=folder, check=True, capture_output=True)
    lifetime = time.monotonic() - began
    wrong: list[str] = []
    codes: Counter[int] = Counter()
    sent = 0
    while sent < count:
        number = chance.choice(numbers)
        process = subprocess.Popen(
            command(), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        moment = chance.uniform(0, lifetime)
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            process.send_signal(number)
            is_hit = True
        else:
            is_hit = False
        _, errors = process.communicate(timeout=300)
        if not is_hit or process.returncode == 0 or errors.startswith(NOT_STARTED):
            continue  # it had ended, or Python itself had not started, when the signal came
        sent += 1
        codes[process.returncode] += 1
        if process.returncode not in EXIT_CODES.get(number, {-number}):
            wrong.append(
                f"{number.name} after {moment:.2f} s: exit code {process.returncode}: {errors[-600:]}"
            )
    wrong += lost(folder)
    subprocess.run(command(), cwd=folder, check=True, capture_output=True)
    with opened(folder) as container:
        statuses = Counter(run.status for run in container.store().runs())
    print(f"{sent} signals within {lifetime:.1f} s; exit codes {dict(codes)}; runs {dict(statuses)}")
    if unexpected := set(statuses) - {"completed", "interrupted"}:
        wrong.append(f"runs that are {', '.join(sorted(unexpected))}")
    return wrong


def kill_cached(folder: Path, count: int, chance: random.Random) -> list[str]:
    """Kill ``count`` runs with the cache on at random moments; what a cached run makes wrong after each."""
    write_project(folder)
    subprocess.run(command(), cwd=folder, check=True, capture_output=True)
    expected = (folder / "predictions.csv").read_bytes()
    wrong: list[str] = []
    began = time.monotonic()
    subprocess.run([*command(), "--cache"], cwd=folder, check=True, capture_output=True)
    lifetime = time.monotonic() - began
    for number in range(count):
        # Others settings each time: there is always something to be made and kept.
        words = [*command(), "--cache", "--set", f"seed={7 + number // 3}"]
        process = subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(chance.uniform(0, lifetime))
        except subprocess.TimeoutExpired:
            process.kill()
        process.wait()
    (folder / "predictions.csv").unlink()
    cached, anew = folder / "cached.csv", folder / "anew.csv"
    for path, flags in ((cached, ["--cache"]), (anew, [])):
        predictions = ["--set", f"data.predictions={path.name}"]
        subprocess.run([*command(), *flags, *predictions], cwd=folder, check=True, capture_output=True)
    if not cached.read_bytes() == anew.read_bytes() == expected:
        wrong.append("a cached run predicts something else than one without a cache")
    print(f"{count} kills within {lifetime:.1f} s with the cache on")
    return wrong + lost(folder)


def lost(folder: Path) -> list[str]:
    """What a store says it has, and cannot give."""
    wrong = []
    with opened(folder) as container:
        store, tracker = container.store(), container.metadata_tracker()
        versions = container.resource_version_control()
        if running := [run.run_id for run in store.runs() if run.status == "running"]:
            wrong.append(f"runs without a process that are running: {running}")
        wrong += [
            f"a task of {run.run_id} is running"
            for run in store.runs()
            if any(task.status == "running" for task in store.tasks(run.run_id))
        ]
        try:
            for dataset_version in tracker.find(DatasetVersion):
                versions.load_data(dataset_version)
            for model_version in tracker.find(ModelVersion):
                if "winning_experiment" in tracker.get(model_version).fields:
                    versions.load_model(model_version)
        except LolpopError as error:
            wrong.append(str(error))
    return wrong


def write_at_once(folder: Path, url: str | None, processes: int, seconds: float) -> list[str]:
    """Let processes write for a while; what of it is missing."""
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        written = pool.starmap(write, [(folder, url, number, seconds) for number in range(processes)])
    total = sum(written)
    store = SQLStore(url, folder=folder)
    tracker, metrics = SQLMetadataTracker(store=store), SQLMetricsTracker(store=store)
    runs, experiments = store.runs(), tracker.find(Experiment, "shared")
    values = sorted(
        (name, value) for experiment in experiments for name, value in metrics.get(experiment).items()
    )
    counts = {
        "completed runs": sum(run.status == "completed" for run in runs),
        "tasks": sum(len(store.tasks(run.run_id)) for run in runs),
        "experiments": len(experiments),
        "numbers without a gap": len(
            set(range(1, total + 1)) & {experiment.number for experiment in experiments}
        ),
        "metrics": len(set(values)),
    }
    store.close()
    print(f"{processes} processes in {seconds:.0f} s: {total} runs written; found {counts}")
    return [f"{number} of {total} {what}" for what, number in counts.items() if number != total]


def write(folder: Path, url: str | None, writer: int, seconds: float) -> int:
    """Record runs for a while, each with a task, an experiment and a metric; how many."""
    until = time.monotonic() + seconds
    store = SQLStore(url, folder=folder)
    tracker, metrics = SQLMetadataTracker(store=store), SQLMetricsTracker(store=store)
    written = 0
    while time.monotonic() < until:
        name = f"{writer}-{written}"
        run = RunRecord(name, "run", "App", "running", datetime.now(UTC))
        task = TaskRecord(f"task {name}", name, "work", "running", datetime.now(UTC))
        with store.begin_run(run):
            store.begin_task(task)
            experiment = tracker.create(Experiment, "shared")
            metrics.log(experiment, {name: 1.0})
            store.end_task(replace(task, status="completed", ended_at=datetime.now(UTC)))
            store.end_run(replace(run, status="completed", ended_at=datetime.now(UTC)))
        written += 1
    store.close()
    return written


def command() -> list[str]:
    return [sys.executable, "-m", "lolpop", "run", "classification"]


@contextmanager
def opened(folder: Path) -> Iterator[ClassificationContainer]:
    with ClassificationContainer.load(folder / "lolpop.yaml", environ={}) as container:
        yield container


def write_project(folder: Path) -> None:
    bundle = load_breast_cancer(as_frame=True)
    rows = bundle.data.iloc[:, :6].assign(label=bundle.target.map({0: "bad", 1: "good"}))
    rows = rows.rename(columns=lambda name: name.replace(" ", "_")).sample(frac=1, random_state=0)
    rows.insert(0, "id", range(len(rows)))
    rows[:400].to_csv(folder / "known.csv", index=False)
    pd.DataFrame(rows[400:]).drop(columns="label").to_csv(folder / "new.csv", index=False)
    (folder / "lolpop.yaml").write_text(SETTINGS)


if __name__ == "__main__":
    sys.exit(main())
