"""How often checks of data cry wolf at their default thresholds: ``python -m benchmarks.false_alarms``.

Rows in which nothing is wrong are drawn with many seeds; every warning and error is a false alarm.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine

from lolpop.checks import CheckReport
from lolpop.components.data_checker.builtin import BuiltinDataChecker
from lolpop.components.data_profiler.builtin import BuiltinDataProfiler
from lolpop.problem import Problem

PROBLEM = Problem(name="wolf", target="target", index="id")
SIZES = (40, 100, 300, 1_000, 10_000, 100_000)


def drawn(rows: int, random: np.random.Generator) -> pd.DataFrame:
    """Numbers, counts, heavy tails, categories, rare categories, text and missing values."""
    score = random.normal(size=rows)
    frame = pd.DataFrame({f"normal_{number}": random.normal(size=rows) for number in range(6)})
    return frame.assign(
        id=np.arange(rows),
        score=score,
        amount=random.lognormal(3, 2, size=rows),
        visits=random.poisson(3, size=rows),
        rare=random.random(rows) < 0.02,
        partly=np.where(random.random(rows) < 0.3, np.nan, random.exponential(size=rows)),
        town=random.choice(["Ulm", "Bonn", "Jena", "Trier"], size=rows, p=[0.6, 0.3, 0.08, 0.02]),
        product=[f"product {number}" for number in random.zipf(1.3, size=rows) % 500],
        street=[f"street {number}" for number in random.integers(0, 200, size=rows)],
        note=[f"note {number}" for number in random.integers(0, 10**9, size=rows)],
        target=np.where(score + random.normal(size=rows) > 0, "yes", "no"),
    )


def two_of_a_kind(random: np.random.Generator) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Pairs of frames that come from the same place, the second one with new rows."""
    for rows in SIZES:
        yield f"drawn, {rows:,} rows", drawn(rows, random), drawn(max(30, rows // 4), random)
    for name, load in (
        ("cancer", load_breast_cancer),
        ("diabetes", load_diabetes),
        ("wine", load_wine),
        ("iris", load_iris),
    ):
        frame = load(as_frame=True).frame.sample(frac=1, random_state=random)
        half = len(frame) // 2
        yield f"{name}, halves", frame[:half], frame[half:]


def drift(reference: pd.DataFrame, frame: pd.DataFrame) -> CheckReport:
    return BuiltinDataProfiler(problem=PROBLEM).compare(frame, reference)


def values(reference: pd.DataFrame, _: pd.DataFrame) -> CheckReport:
    """The checks that infer something; a column of one value, or two equal rows, are facts."""
    kind = "classification" if reference["target"].nunique() < 10 else "regression"
    checks = BuiltinDataChecker(problem=PROBLEM.model_copy(update={"type": kind})).check(reference).checks
    return CheckReport(checks=tuple(check for check in checks if check.check in INFERRED))


INFERRED = {"target_leakage", "class_imbalance", "label_conflicts", "outliers"}
REPORTS: dict[str, Callable[[pd.DataFrame, pd.DataFrame], CheckReport]] = {"drift": drift, "values": values}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.false_alarms", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    chosen = parser.parse_args()
    alarms: Counter[tuple[str, str]] = Counter()
    names: dict[str, None] = {}
    checks: dict[str, None] = {}
    for seed in range(chosen.seeds):
        for name, reference, frame in two_of_a_kind(np.random.default_rng(seed)):
            names[name] = None
            for report in REPORTS.values():
                for check in report(reference, frame).checks:
                    checks[check.check] = None
                    if check.status != "ok":
                        alarms[name, check.check] += 1
                        print(f"seed {seed}, {name}: {check.check}: {check.message}", file=sys.stderr)
    console = Console(width=None if sys.stdout.isatty() else 130)
    console.print(_table(alarms, list(names), list(checks), chosen.seeds))
    return 1 if alarms else 0


def _table(alarms: Counter[tuple[str, str]], data: list[str], checks: list[str], seeds: int) -> Table:
    table = Table("check", *data, title=f"False alarms of {seeds} seeds", title_justify="left")
    for check in checks:
        table.add_row(check, *(str(alarms[name, check]) for name in data))
    return table


if __name__ == "__main__":
    sys.exit(main())
