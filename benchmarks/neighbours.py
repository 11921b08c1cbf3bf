"""What busy neighbours cost a fit, beside plain scikit-learn: the fit alone, in a process of its own.

``python -m benchmarks.neighbours ROWS --columns COLUMNS`` measures, on a machine that is quiet, from which
size on a second thread is worth its cost (``lolpop.components.model_trainer._threads``).
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.budget import Budget
from lolpop._processors import processors

REPEAT = 5
SIZES = ((1_168, 70), (60_000, 20))
BUSY = "while True: pass"
FIT = """\
import os, signal, sys, time
kind, rows, columns = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
if kind == "lolpop" or kind.isdigit():
    from lolpop._processors import let_threads_sleep
    let_threads_sleep()  # as the command line does
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.problem import Problem
random = np.random.default_rng(0)
features = pd.DataFrame(random.normal(size=(rows, columns))).add_prefix("x")
target = (features["x0"] + features["x1"] * features["x2"] + random.normal(size=rows)).rename("y")
problem = Problem(name="busy", target="y", type="regression")
threads = int(kind) if kind.isdigit() else None
transformer = SklearnFeatureTransformer()
trainer = SklearnModelTrainer(threads=threads, problem=problem, feature_transformer=transformer)
plain = HistGradientBoostingRegressor(random_state=0)
fit = plain.fit if kind == "plain" else trainer.fit
fit(features[:100], target[:100])
signal.setitimer(signal.ITIMER_REAL, float(sys.argv[4]))  # ends the process, whatever threads do
start, used = time.perf_counter(), time.process_time()
fit(features, target)
print(time.perf_counter() - start, time.process_time() - used)
"""


@contextlib.contextmanager
def neighbours(number: int) -> Iterator[None]:
    """So many processes that never rest."""
    processes = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(number)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def seconds(kind: str, rows: int, columns: int, longest: float = 600) -> tuple[float, float]:
    """Seconds of one fit by the clock, and of processors; kind is plain, lolpop or a number of threads.

    A fit is ended after ``longest`` seconds, and counts as that.
    """
    command = [sys.executable, "-c", FIT, kind, str(rows), str(columns), str(longest)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == -signal.SIGALRM:
        return longest, longest
    done.check_returncode()
    clock, used = map(float, done.stdout.split())
    return clock, used


def budgets() -> Iterator[Budget]:
    """Never slower than scikit-learn, and beside neighbours at most twice the time on a quiet machine.

    Where every processor has a neighbour, half of each is all that two threads can get: there, it is twice
    the time that one thread takes.
    """
    for rows, columns in SIZES:
        quiet, longest = 0.0, 600.0
        one_thread = float(np.median([seconds("1", rows, columns)[0] for _ in range(REPEAT)]))
        for number in range(3):
            with neighbours(number):
                taken = [
                    [seconds(kind, rows, columns, longest)[0] for kind in ("plain", "lolpop")]
                    for _ in range(REPEAT)
                ]
            plain, ours = np.median(taken, axis=0).tolist()
            quiet = quiet or ours
            longest = 3 * max(quiet, one_thread)  # more than any limit below: scikit-learn may take minutes
            # A hundredth of a second is what columns are looked at for.
            limit = 1.05 * plain + 0.02
            if number:
                limit = min(limit, 2 * (quiet if number < processors() else one_thread))
            what = f"fit of {rows:,} rows beside {number} busy process{'es' * (number != 1)}"
            yield Budget(what, ours, limit, "s", f"scikit-learn {plain:.2f} s, quiet {quiet:.2f} s")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.neighbours", description=__doc__)
    parser.add_argument(
        "rows", type=int, nargs="*", default=[1_000, 3_000, 10_000, 20_000, 30_000, 60_000, 100_000]
    )
    parser.add_argument("--columns", type=int, default=20)
    chosen = parser.parse_args()
    table = Table("rows", "values", "1 thread", "2 threads", "scikit-learn", title="Seconds (of processors)")
    for rows in chosen.rows:
        shown = []
        for kind in ("1", "2", "plain"):
            clock, used = np.median([seconds(kind, rows, chosen.columns) for _ in range(REPEAT)], axis=0)
            shown.append(f"{clock:.2f} ({used:.2f})")
        table.add_row(f"{rows:,}", f"{rows * chosen.columns:,}", *shown)
    Console(width=None if sys.stdout.isatty() else 130).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
