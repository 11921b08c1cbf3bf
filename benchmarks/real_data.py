"""Real data at the first try: ``python -m benchmarks.real_data``.

Tables and series that installable packages ship are written as CSV, with the few lines of settings that their
users would write. Of each, rows are held out that neither side sees: of tables a quarter, drawn with several
seeds; of series the last horizon, at several moments. lolpop runs beside the plain scikit-learn script with
the same estimator (error: log loss, or mean absolute error), or beside the best of four baselines (error:
mean absolute error, scaled by that of last season's value in the history).

Rows of tables are drawn at random: whoever warns that new ones are unlike the known ones is wrong. Whether
other warnings are, people have to judge: ``--warnings`` prints all of them.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table as Printed
from sklearn.metrics import log_loss, mean_absolute_error
from sklearn.model_selection import train_test_split

from benchmarks.real_sets import SeriesSet, Table, series_sets, tables

HERE = Path(__file__).parent
HELD_OUT = 0.25
# An error that is greater by no more than this is as good.
AS_GOOD = 1.02
_COLUMNS = "data", "error", "beside", "error beside", "ratio", "s", "s beside", "false", "warnings"
_FALSE = re.compile(r"drift|differs? from|is unlike|unlike those|distribut")


@dataclass
class Outcome:
    """What came of one data set, over all its repetitions."""

    name: str
    kind: str
    beside: str = ""
    ours: list[float] = field(default_factory=list)
    theirs: dict[str, list[float]] = field(default_factory=dict)
    our_seconds: list[float] = field(default_factory=list)
    their_seconds: list[float] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    failed: str = ""

    @property
    def best(self) -> str:
        """The best of those beside it."""
        return min(self.theirs, key=lambda name: float(np.mean(self.theirs[name])))

    @property
    def ratio(self) -> float:
        """Our error as a share of theirs, 1 if both are none."""
        ours, theirs = float(np.mean(self.ours)), float(np.mean(self.theirs[self.best]))
        return ours / theirs if theirs else float(ours > 0) + 1

    @property
    def is_as_good(self) -> bool:
        return not self.failed and self.ratio <= AS_GOOD

    @property
    def false_warnings(self) -> list[str]:
        """Warnings of drift between rows that were drawn at random."""
        if self.kind == "forecasting":
            return []
        return [warning for warning in self.warnings if _FALSE.search(warning)]


def run(arguments: Sequence[str], folder: Path) -> tuple[float, str]:
    """Seconds, and what was said. Raises RuntimeError with that if it fails."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(HERE.parent)},
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr else str(done.returncode))
    return seconds, done.stderr


def warnings_in(said: str) -> Iterator[str]:
    for line in said.splitlines():
        if line.startswith("warning: "):
            yield line.removeprefix("warning: ")


def judge_table(table: Table, seeds: int) -> Outcome:
    outcome = Outcome(table.name, table.kind)
    rows = table.load()
    rows = rows[rows[table.target].notna()].reset_index(drop=True)
    rows.insert(0, "row", np.arange(len(rows)))
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            (folder / "lolpop.yaml").write_text(
                f"problem: {{name: bench, target: {table.target}, index: row}}\n"
                "data: {train: known.csv, predict: new.csv, predictions: ours.csv}\n"
                f"seed: {seed}\n"
            )
            stratify = rows[table.target] if table.kind == "classification" else None
            _, held = train_test_split(rows, test_size=HELD_OUT, random_state=seed, stratify=stratify)
            rows.drop(index=held.index).to_csv(folder / "known.csv", index=False)
            held.drop(columns=table.target).to_csv(folder / "new.csv", index=False)
            plain = [str(HERE / "plain_table.py"), str(folder), table.target, table.kind, str(seed)]
            seconds, said = run(["-m", "lolpop", "run", table.kind], folder)
            outcome.our_seconds.append(seconds)
            outcome.warnings += [warning for warning in warnings_in(said) if warning not in outcome.warnings]
            outcome.their_seconds.append(run(plain, folder)[0])
            truth = held.set_index("row")[table.target]
            outcome.ours.append(_error(folder / "ours.csv", truth, table.kind))
            outcome.theirs.setdefault("plain script", []).append(
                _error(folder / "plain.csv", truth, table.kind)
            )
    return outcome


def _error(path: Path, truth: pd.Series, kind: str) -> float:
    said = pd.read_csv(path).set_index("row").loc[truth.index]
    if kind == "regression":
        return float(mean_absolute_error(truth, said["prediction"]))
    labels = sorted(map(str, truth.unique()))
    probabilities = said[[f"probability_{label}" for label in labels]].to_numpy()
    return float(log_loss(truth.astype(str), probabilities, labels=labels))


def judge_series(one: SeriesSet, cuts: int) -> Outcome:
    outcome = Outcome(one.name, "forecasting")
    rows = one.load()
    keys = rows[one.series] if one.series else pd.Series(0, index=rows.index)
    rows = rows.sort_values(one.time)
    back = rows.groupby(keys.loc[rows.index])[one.target].transform(lambda each: np.arange(len(each))[::-1])
    named = f", series: {one.series}" if one.series else ""
    for cut in range(cuts):
        held = (back >= cut * one.horizon) & (back < (cut + 1) * one.horizon)
        known, later = rows[back >= (cut + 1) * one.horizon], rows[held]
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            (folder / "lolpop.yaml").write_text(
                f"problem: {{name: bench, target: {one.target}, time: {one.time}, "
                f"horizon: {one.horizon}{named}}}\n"
                "data: {train: known.csv, predict: new.csv, predictions: ours.csv}\n"
            )
            known.to_csv(folder / "known.csv", index=False)
            later.drop(columns=one.target).to_csv(folder / "new.csv", index=False)
            place = [one.target, one.time, str(one.horizon), str(one.season), *filter(None, [one.series])]
            seconds, said = run(["-m", "lolpop", "run", "forecasting"], folder)
            outcome.our_seconds.append(seconds)
            outcome.warnings += [warning for warning in warnings_in(said) if warning not in outcome.warnings]
            chosen = re.search(r"@\d+: (.+) is chosen by the backtest", said)
            outcome.beside += f"{chosen.group(1) if chosen else '?'}, "
            outcome.their_seconds.append(run([str(HERE / "plain_series.py"), str(folder), *place], folder)[0])
            _score_series(outcome, folder, one, later)
    outcome.beside = outcome.beside.rstrip(", ")
    return outcome


def _score_series(outcome: Outcome, folder: Path, one: SeriesSet, later: pd.DataFrame) -> None:
    place = [*filter(None, [one.series]), one.time]
    truth = pd.read_csv(folder / "new.csv")[place].assign(truth=later[one.target].to_numpy())
    plain = pd.read_csv(folder / "plain.csv").merge(truth, on=place)
    ours = pd.read_csv(folder / "ours.csv")[[*place, "prediction"]].merge(plain, on=place)
    if len(ours) != len(truth):
        raise RuntimeError(f"{len(ours)} of {len(truth)} rows are forecast")

    def scaled(said: pd.Series) -> float:
        return float(np.nanmean(np.abs(said - ours["truth"]) / ours["usual"]))

    outcome.ours.append(scaled(ours["prediction"]))
    for name in ("naive", "seasonal naive", "drift", "plain ETS"):
        outcome.theirs.setdefault(name, []).append(scaled(ours[name]))


def judged(names: Sequence[str], seeds: int) -> Iterator[Outcome]:
    for table in tables():
        if not names or table.name in names:
            yield _tried(Outcome(table.name, table.kind), lambda each=table: judge_table(each, seeds))
    for one in series_sets():
        if not names or one.name in names:
            yield _tried(Outcome(one.name, "forecasting"), lambda each=one: judge_series(each, seeds))


def _tried(outcome: Outcome, judge: Callable[[], Outcome]) -> Outcome:
    try:
        return judge()
    except RuntimeError as error:
        outcome.failed = str(error)
        return outcome


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_data", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="data sets; all if none")
    parser.add_argument("--seeds", type=int, default=3, help="how often rows are held out (default 3)")
    parser.add_argument("--warnings", action="store_true", help="print all warnings, too")
    chosen = parser.parse_args()
    printed = Printed(*_COLUMNS)
    outcomes = []
    for outcome in judged(chosen.names, chosen.seeds):
        outcomes.append(outcome)
        printed.add_row(*_row(outcome))
        print(*_row(outcome), sep=" | ", file=sys.stderr, flush=True)
        if chosen.warnings:
            print(*(f"    {warning}" for warning in outcome.warnings), sep="\n", file=sys.stderr)
    Console(width=150).print(printed)
    for what, some in (
        ("tables", [each for each in outcomes if each.kind != "forecasting"]),
        ("series", [each for each in outcomes if each.kind == "forecasting"]),
    ):
        ran = sum(not each.failed for each in some)
        good = sum(each.is_as_good for each in some)
        print(f"{what}: {ran} of {len(some)} ran, {good} as good as what is beside them, or better")
    return int(any(each.failed for each in outcomes))


def _row(outcome: Outcome) -> list[str]:
    if outcome.failed:
        return [outcome.name, "failed", outcome.failed, *[""] * 6]
    beside = outcome.best + (f" ({outcome.beside})" if outcome.beside else "")
    return [
        outcome.name,
        f"{np.mean(outcome.ours):.4g}",
        beside,
        f"{np.mean(outcome.theirs[outcome.best]):.4g}",
        f"{outcome.ratio:.3f}",
        f"{np.median(outcome.our_seconds):.1f}",
        f"{np.median(outcome.their_seconds):.1f}",
        str(len(outcome.false_warnings)),
        str(len(outcome.warnings)),
    ]


if __name__ == "__main__":
    sys.exit(main())
