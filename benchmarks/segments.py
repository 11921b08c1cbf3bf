"""How often weak segments are overlooked, and named where there are none, at the default thresholds.

``python -m benchmarks.segments`` prints the power and the false alarms of every kind of data; the budgets are
part of ``python -m benchmarks``. Predictions are drawn, not learned: 200 data sets take seconds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.budget import Budget
from lolpop.components.model_checker.builtin import BuiltinModelChecker
from lolpop.components.model_trainer import FittedModel, Predictions
from lolpop.problem import Problem

DATA_SETS = 200
ROWS = (150, 700, 3_000)
CLASSES = Problem(name="segments", target="target")
NUMBERS = Problem(name="segments", target="target", type="regression")

Random = np.random.Generator
Floats = NDArray[np.float64]


class Drawn(FittedModel):
    """A model whose predictions for one frame are drawn before."""

    columns = ()
    classes = ()

    def __init__(self, predictions: Predictions) -> None:
        self.predictions = predictions
        self.classes = predictions.classes

    def predict(self, frame: pd.DataFrame) -> Predictions:  # noqa: ARG002  (drawn for that frame)
        return self.predictions


def drawn(rows: int, random: Random) -> pd.DataFrame:
    """Eight columns: numbers, heavy tails, counts, missing values, categories few and many, a flag."""
    return pd.DataFrame(
        {
            "one": random.normal(size=rows),
            "other": random.normal(size=rows),
            "amount": random.lognormal(3, 2, rows),
            "visits": random.poisson(3, rows),
            "partly": np.where(random.random(rows) < 0.3, np.nan, random.exponential(size=rows)),
            "region": random.choice(["north", "east", "south", "west"], rows),
            "shop": random.choice([f"shop {number}" for number in range(12)], rows),
            "member": random.random(rows) < 0.3,
        }
    )


def of_scores(scores: Floats, random: Random) -> tuple[NDArray[Any], Predictions]:
    """Classes that come from log odds, shape (n,) or (n, k), and the best predictions that there are."""
    odds = np.column_stack([np.zeros_like(scores), scores]) if scores.ndim == 1 else scores
    probabilities = np.exp(odds - odds.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    truth = (probabilities.cumsum(axis=1) < random.random((len(odds), 1))).sum(axis=1)
    return truth, Predictions(probabilities.argmax(axis=1), probabilities, tuple(range(odds.shape[1])))


def wrong(share: Floats, random: Random) -> tuple[NDArray[Any], Predictions]:
    """Two classes, and predictions of which this share is wrong, and which are as sure everywhere."""
    labels = random.integers(0, 2, len(share))
    sure = 1 - float(np.median(share))
    probabilities = np.where(np.arange(2) == labels[:, None], sure, 1 - sure)
    truth = np.where(random.random(len(share)) < share, 1 - labels, labels)
    return truth, Predictions(labels, probabilities, (0, 1))


def off(errors: Floats, random: Random) -> tuple[NDArray[Any], Predictions]:
    """Numbers with a spread of about 1, and predictions that are so far from them."""
    truth = random.normal(size=len(errors))
    return truth, Predictions(truth + errors)


Outcome = tuple[NDArray[Any], Predictions]
CLEAN: dict[str, Callable[[pd.DataFrame, Random], Outcome]] = {
    "5% are wrong": lambda rows, random: wrong(np.full(len(rows), 0.05), random),
    "36% are wrong": lambda rows, random: wrong(np.full(len(rows), 0.36), random),
    "one number decides": lambda rows, random: of_scores(2 * rows["one"].to_numpy(), random),
    "one number, of a rare class": lambda rows, random: of_scores(2 * rows["one"].to_numpy() - 4, random),
    "two numbers decide": lambda rows, random: of_scores(
        2 * rows["one"].to_numpy() + 2 * rows["other"].to_numpy() - 2, random
    ),
    "the middle decides": lambda rows, random: of_scores(3 * (rows["one"].to_numpy() ** 2 - 0.8), random),
    "three classes": lambda rows, random: of_scores(
        np.column_stack([2 * rows["one"], 2 * rows["other"], np.zeros(len(rows))]), random
    ),
    "normal errors": lambda rows, random: off(random.normal(scale=0.6, size=len(rows)), random),
    "errors with heavy tails": lambda rows, random: off(0.4 * random.standard_t(3, len(rows)), random),
    "skewed errors": lambda rows, random: off(random.lognormal(-1, 1, len(rows)), random),
    "a slope is overlooked": lambda rows, random: off(
        0.15 * rows["one"].to_numpy() + random.normal(scale=0.5, size=len(rows)), random
    ),
}


@dataclass(frozen=True, slots=True)
class Planted:
    """A segment, a share of the rows by ``column``, with errors of so much, and so much elsewhere."""

    column: str
    share: float
    error: float
    elsewhere: float
    regresses: bool = False

    def __str__(self) -> str:
        what = "a region" if self.column == "region" else "the greatest numbers"
        unit = "mean error" if self.regresses else "wrong"
        return f"{what}, {self.share:.0%} of rows, {unit} {self.error:g} and {self.elsewhere:g} elsewhere"

    def draw(self, rows: int, random: Random) -> tuple[pd.DataFrame, Outcome]:
        frame = drawn(rows, random)
        inside = random.random(rows) < self.share
        if self.column == "region":
            others = random.choice(["east", "south", "west"], rows)
            frame["region"] = np.where(inside, "north", others)
        else:
            inside = np.argsort(np.argsort(frame["one"])) >= (1 - self.share) * rows
        errors = np.where(inside, self.error, self.elsewhere)
        if self.regresses:
            return frame, off(errors * np.sqrt(np.pi / 2) * random.normal(size=rows), random)
        return frame, wrong(errors, random)


PLANTED = [
    Planted(column, share, error, elsewhere)
    for column in ("region", "one")
    for share in (0.1, 0.25, 0.4)
    for error, elsewhere in ((0.48, 0.36), (0.5, 0.2), (0.25, 0.05))
] + [
    Planted(column, share, error, 0.4, regresses=True)
    for column in ("region", "one")
    for share in (0.1, 0.25)
    for error in (0.8, 1.2)
]


def warned(frame: pd.DataFrame, outcome: Outcome) -> set[str]:
    """The columns of the weak segments that the checker names."""
    truth, predictions = outcome
    problem = NUMBERS if predictions.probabilities is None else CLASSES
    checker = BuiltinModelChecker(problem=problem, resamples=100)
    report = checker.check(Drawn(predictions), frame, pd.Series(truth, name="target"))
    return {name for check in report.of("warn") if check.check == "weak_segment" for name in check.columns}


def false_alarms(kind: str, rows: int, data_sets: int) -> float:
    """The share of clean data sets in which a weak segment is named."""
    alarms = 0
    for seed in range(data_sets):
        random = np.random.default_rng([seed, rows])
        frame = drawn(rows, random)
        alarms += bool(warned(frame, CLEAN[kind](frame, random)))
    return alarms / data_sets


def power(planted: Planted, rows: int, data_sets: int) -> float:
    """The share of data sets in which the planted segment is named."""
    named = 0
    for seed in range(data_sets):
        random = np.random.default_rng([seed, rows])
        named += planted.column in warned(*planted.draw(rows, random))
    return named / data_sets


def budgets() -> Iterator[Budget]:
    for problem, kinds in (("classification", list(CLEAN)[:7]), ("regression", list(CLEAN)[7:])):
        rates = [
            false_alarms(kind, rows, max(20, DATA_SETS // len(kinds))) for kind in kinds for rows in ROWS
        ]
        what = f"clean data sets with a weak segment, {problem}"
        yield Budget(what, 100 * float(np.mean(rates)), 5, "%", f"highest of {len(rates)}: {max(rates):.0%}")
    for planted, most in ((PLANTED[3], 75), (PLANTED[4], 5), (PLANTED[13], 5), (PLANTED[-2], 10)):
        missed = 1 - power(planted, 700, 100)
        yield Budget(f"overlooked in 700 rows: {planted}", 100 * missed, most, "%")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.segments", description=__doc__)
    parser.add_argument("--data-sets", type=int, default=DATA_SETS)
    data_sets = parser.parse_args().data_sets
    console = Console(width=None if sys.stdout.isatty() else 130)
    alarms = {kind: [false_alarms(kind, rows, data_sets) for rows in ROWS] for kind in CLEAN}
    console.print(_table(f"Clean data sets with a weak segment, of {data_sets}", alarms))
    named = {str(planted): [power(planted, rows, data_sets) for rows in ROWS] for planted in PLANTED}
    console.print(_table(f"Planted segments that are named, of {data_sets}", named))
    return 0 if np.mean(list(alarms.values())) <= 0.05 else 1


def _table(title: str, shares: dict[str, list[float]]) -> Table:
    table = Table("", *(f"{rows:,} rows" for rows in ROWS), title=title, title_justify="left")
    for name, values in shares.items():
        table.add_row(name, *(f"{value:.1%}" for value in values))
    return table


if __name__ == "__main__":
    sys.exit(main())
