"""What the cache of calls spares, and what it costs."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.budget import Budget, median, python
from benchmarks.workflow import FULL, write_many, write_real
from lolpop.data.frame_digests import array_digest, frame_digest
from lolpop.kernel.scopes import scope_of
from lolpop.running.fingerprints.calls import CallFingerprints
from lolpop_containers.classification import ClassificationContainer

ROWS, COLUMNS = 2_000_000, 20
CALLS = 200


def budgets() -> Iterator[Budget]:
    with tempfile.TemporaryDirectory() as scratch:
        for name, write in (("569 real rows", write_real), ("100,000 rows", write_many)):
            folder = Path(scratch) / name.replace(" ", "_")
            folder.mkdir()
            write(folder)
            (folder / "lolpop.yaml").write_text(FULL)
            yield _rerun(name, folder)
        yield _fingerprint(folder)
    yield _hashing()


def _rerun(name: str, folder: Path) -> Budget:
    """A run that finds everything in the cache, beside a share of the first and the start of a process.

    Predictions are made in every run: the libraries behind the model are loaded for them.
    """

    def run(*flags: str) -> float:
        start = time.perf_counter()
        python("-m", "lolpop", "run", "classification", *flags, cwd=folder)
        return time.perf_counter() - start

    start = median(lambda: python("-c", "import pandas, sklearn.ensemble, skops.io", cwd=folder), repeat=3)
    first = run("--cache")
    run("--cache")  # the first run has deployed its model: its rows are what others are compared with now
    again = run("--cache")
    beside = f"first {first:.2f} s, loading the libraries {start:.2f} s"
    return Budget(f"a cached run, {name}", again, 0.3 * first + start, "s", beside)


def _fingerprint(folder: Path) -> Budget:
    before = Path.cwd()
    os.chdir(folder)
    try:
        with ClassificationContainer.load(environ={}) as container:
            container.runner()
            fingerprints = CallFingerprints(scope_of(container))
            arguments = {"frame": 1, "name": "rows", "source": "rows.csv", "parents": ()}
            start = time.perf_counter()
            fingerprints.of("process.track_data", arguments)
            first = time.perf_counter() - start
            taken = median(lambda: fingerprints.of("process.track_data", arguments), repeat=CALLS)
    finally:
        os.chdir(before)
    return Budget(
        "the fingerprint of a task", taken * 1e3, 1, "ms", f"once for a method: {first * 1e3:.0f} ms"
    )


def _hashing() -> Budget:
    frame = pd.DataFrame({f"c{at}": np.random.default_rng(at).normal(size=ROWS) for at in range(COLUMNS)})
    gigabytes = frame.memory_usage().sum() / 1e9
    whole = median(lambda: frame_digest(frame), repeat=5) / gigabytes
    column = frame["c0"].to_numpy()
    alone = median(lambda: array_digest(column), repeat=5) / (column.nbytes / 1e9)
    return Budget("hashing a gigabyte of numbers", whole, 1, "s", f"SHA-256 of one column: {alone:.2f} s")
