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

from lolpop.checks import Check
from lolpop.components.data_checker import Expectation
from lolpop.components.data_checker.builtin import BuiltinDataChecker
from lolpop.components.data_profiler.builtin import BuiltinDataProfiler
from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_bias_checker.builtin import BuiltinModelBiasChecker
from lolpop.components.model_checker.builtin import BuiltinModelChecker
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.problem import Problem

PROBLEM = Problem(name="wolf", target="target", index="id", drop=("group",), sensitive_features=("group",))
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
        group=random.choice(["a", "b", "c"], size=rows, p=[0.6, 0.3, 0.1]),
        target=np.where(score + random.normal(size=rows) > 0, "yes", "no"),
    )


def two_of_a_kind(random: np.random.Generator) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Pairs of frames that come from the same place, the second one with new rows."""
    for rows in SIZES:
        yield f"drawn {rows:,}", drawn(rows, random), drawn(max(30, rows // 4), random)
    for name, load in (
        ("cancer", load_breast_cancer),
        ("diabetes", load_diabetes),
        ("wine", load_wine),
        ("iris", load_iris),
    ):
        frame = load(as_frame=True).frame.sample(frac=1, random_state=random)
        frame["group"] = random.choice(["a", "b"], size=len(frame))
        half = len(frame) // 2
        yield name, frame[:half], frame[half:]


def problem_of(frame: pd.DataFrame) -> Problem:
    kind = "classification" if frame["target"].nunique() < 10 else "regression"
    return PROBLEM.model_copy(update={"type": kind})


def drift(reference: pd.DataFrame, frame: pd.DataFrame) -> Iterator[Check]:
    yield from BuiltinDataProfiler(problem=PROBLEM).compare(frame, reference).checks


def values(reference: pd.DataFrame, _: pd.DataFrame) -> Iterator[Check]:
    """The checks that infer something; a column of one value, or two equal rows, are facts."""
    yield from BuiltinDataChecker(problem=problem_of(reference)).check(reference).checks


def expected(reference: pd.DataFrame, frame: pd.DataFrame) -> Iterator[Check]:
    problem = problem_of(reference)
    expectation = Expectation.of(BuiltinDataProfiler(problem=problem).profile(reference))
    checker = BuiltinDataChecker(problem=problem)
    yield from checker.check(frame, expectation).checks
    yield from checker.check(frame.drop(columns="target"), expectation, labelled=False).checks


def models(reference: pd.DataFrame, frame: pd.DataFrame) -> Iterator[Check]:
    """A linear model, judged on as many other rows; the groups have nothing to do with anything."""
    if len(reference) > MOST_TO_LEARN:
        return
    problem = problem_of(reference)
    estimator = "logistic_regression" if problem.type == "classification" else "ridge"
    transformer = SklearnFeatureTransformer()
    trainer = SklearnModelTrainer(estimator, problem=problem, feature_transformer=transformer)
    columns = [name for name in reference.columns if name not in {*problem.not_features, "note", "street"}]
    model = trainer.fit(reference[columns], reference["target"], {})
    yield from BuiltinModelChecker(problem=problem).check(model, frame[columns], frame["target"]).checks
    yield from BuiltinModelBiasChecker(problem=problem).check(model, frame, frame["target"]).checks


MOST_TO_LEARN = 10_000
INFERRED = (
    "target_leakage", "drift", "bias", "weak_segment", "class_imbalance", "label_conflicts", "outliers",
    "schema", "out_of_range", "unseen_categories", "missing_increase",
)  # fmt: skip
LOOKS: tuple[Callable[[pd.DataFrame, pd.DataFrame], Iterator[Check]], ...] = (drift, values, expected, models)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.false_alarms", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    chosen = parser.parse_args()
    alarms: Counter[tuple[str, str]] = Counter()
    looks: Counter[tuple[str, str]] = Counter()
    for seed in range(chosen.seeds):
        for name, reference, frame in two_of_a_kind(np.random.default_rng(seed)):
            for check in (check for look in LOOKS for check in look(reference, frame)):
                if check.check not in INFERRED:
                    continue
                looks[name, check.check] += 1
                if check.status != "ok":
                    alarms[name, check.check] += 1
                    print(f"seed {seed}, {name}: {check.check}: {check.message}", file=sys.stderr)
    console = Console(width=None if sys.stdout.isatty() else 130)
    console.print(_table(alarms, looks, chosen.seeds))
    return 1 if alarms else 0


def _table(alarms: Counter[tuple[str, str]], looks: Counter[tuple[str, str]], seeds: int) -> Table:
    title = f"False alarms of {seeds} seeds, of how many outcomes"
    table = Table("check", title=title, title_justify="left")
    table.columns[0].no_wrap = True
    data = list(dict.fromkeys(name for name, _ in looks))
    for name in data:
        table.add_column(name)
    for check in INFERRED:
        table.add_row(check, *(f"{alarms[name, check]} of {looks[name, check]}" for name in data))
    return table


if __name__ == "__main__":
    sys.exit(main())
