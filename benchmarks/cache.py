"""What the cache of calls spares, and what it costs."""

from __future__ import annotations

import os
import shutil
import statistics
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
_PATHS = [
    *(
        "process_data",
        "process.transform_data",
        "process.check_data",
        "process.track_data",
        "process.profile_data",
    ),
    *("train_model", "train.split_data", "train.train_model", "train.analyze_model", "train.check_model"),
    *("deploy_model", "deploy.promote_model", "deploy.check_approval", "deploy.deploy_model"),
    *("predict_data", "process.compare_data", "predict.compare_data", "predict.get_predictions"),
    *("predict.check_predictions", "predict.track_predictions", "predict.save_predictions"),
]
"""What a whole run calls."""


def budgets() -> Iterator[Budget]:
    with tempfile.TemporaryDirectory() as scratch:
        for name, write in (("569 real rows", write_real), ("100,000 rows", write_many)):
            folder = Path(scratch) / name.replace(" ", "_")
            folder.mkdir()
            write(folder)
            (folder / "lolpop.yaml").write_text(FULL)
            yield _rerun(name, folder)
        yield from _fingerprints(folder)
    yield _hashing()


def _rerun(name: str, folder: Path) -> Budget:
    """A run that finds everything in the cache beside the first one: it writes the predictions again."""

    def run() -> float:
        start = time.perf_counter()
        python("-m", "lolpop", "run", "classification", "--cache", cwd=folder)
        return time.perf_counter() - start

    firsts = []
    for _ in range(3 if folder.name.startswith("569") else 1):
        shutil.rmtree(folder / ".lolpop", ignore_errors=True)
        firsts.append(run())
    first = statistics.median(firsts)
    second = run()  # the first run has deployed its model: its rows are what others are compared with now
    again = median(run, repeat=5)
    return Budget(
        f"a cached run, {name}", again, 0.3 * first, "s", f"first {first:.2f} s, second {second:.2f} s"
    )


_FIRST_CALLS = """
import gc, time
from lolpop.kernel.scopes import scope_of
from lolpop.running.fingerprints.distributions import framework_digest
from lolpop.running.snapshots import snapshot
from lolpop_containers.classification import ClassificationContainer

framework_digest()  # of all files of an editable installation; others count by their version
with ClassificationContainer.load(environ={}) as container:
    container.runner()
    scope = scope_of(container)
    snapshot(scope)  # as each run makes it before its first task
    gc.freeze()  # as `lolpop run` does before it
    start = time.perf_counter()
    from lolpop.running.fingerprints.calls import CallFingerprints
    imported = time.perf_counter()
    fingerprints = CallFingerprints(scope)
    for path in PATHS:
        fingerprints.method(path).digest
    print(imported - start, (time.perf_counter() - imported) / len(PATHS))
"""


def _fingerprints(folder: Path) -> Iterator[Budget]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        # Processes of their own: what is computed once for a method, or for all, is in the figure.
        script = f"PATHS = {_PATHS!r}\n{_FIRST_CALLS}"
        outputs = [map(float, python("-c", script, cwd=folder).split()) for _ in range(9)]
        imported, first = map(statistics.median, zip(*outputs, strict=True))
        yield Budget(
            "fingerprints of a run, each the first, a task", first * 1e3, 1, "ms",
            f"{len(_PATHS)} tasks; the modules are imported in {imported * 1e3:.1f} ms",
        )  # fmt: skip
        with ClassificationContainer.load(environ={}) as container:
            container.runner()
            fingerprints = CallFingerprints(scope_of(container))
            arguments = {"frame": 1, "name": "rows", "source": "rows.csv", "parents": ()}
            taken = median(lambda: fingerprints.of("process.track_data", arguments), repeat=CALLS)
    finally:
        os.chdir(before)
    yield Budget("the fingerprint of a later call", taken * 1e3, 1, "ms")


def _hashing() -> Budget:
    frame = pd.DataFrame({f"c{at}": np.random.default_rng(at).normal(size=ROWS) for at in range(COLUMNS)})
    gigabytes = frame.memory_usage().sum() / 1e9
    whole = median(lambda: frame_digest(frame), repeat=5) / gigabytes
    column = frame["c0"].to_numpy()
    alone = median(lambda: array_digest(column), repeat=5) / (column.nbytes / 1e9)
    return Budget("hashing a gigabyte of numbers", whole, 1, "s", f"SHA-256 of one column: {alone:.2f} s")
