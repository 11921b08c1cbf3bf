"""How many true values the intervals of forecasts hold: ``python -m benchmarks.coverage``.

Series of known kinds are drawn with a seed each, and one is real: the CO2 of Mauna Loa, cut off at many
moments. Every trainer forecasts a year of months, and is told what came. Next to the share that intervals
hold stands how wide they are, in units of the error that the seasonal naive forecast makes.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_trainer import ModelTrainer
from lolpop.components.model_trainer.prophet import ProphetModelTrainer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.components.model_trainer.statsmodels import StatsmodelsModelTrainer
from lolpop.problem import ForecastingProblem

HORIZON, SEASON = 12, 12
# Further than so much from what was promised, an interval misleads.
FAR_OFF = 0.10

Draw = Callable[[np.random.Generator, int], np.ndarray]


@dataclass(frozen=True)
class Measured:
    """Coverage of intervals on one kind of series: of all steps, the first and the last; and their width."""

    series: str
    trainer: str
    coverage: float
    first: float
    last: float
    width: float
    seconds: float


def season(random: np.random.Generator, n: int) -> np.ndarray:
    return np.tile(random.normal(scale=3, size=SEASON), n // SEASON + 1)[:n]


def noise(random: np.random.Generator, n: int) -> np.ndarray:
    return 50 + random.normal(size=n)


def level(random: np.random.Generator, n: int) -> np.ndarray:
    return 50 + np.cumsum(random.normal(scale=0.5, size=n)) + random.normal(size=n)


def trend_season(random: np.random.Generator, n: int) -> np.ndarray:
    return 50 + random.normal(scale=0.2) * np.arange(n) + season(random, n) + random.normal(size=n)


def wandering_trend_season(random: np.random.Generator, n: int) -> np.ndarray:
    slope = np.cumsum(random.normal(scale=0.03, size=n))
    return (
        50 + np.cumsum(slope + random.normal(scale=0.3, size=n)) + season(random, n) + random.normal(size=n)
    )


def autoregressive(random: np.random.Generator, n: int) -> np.ndarray:
    values = np.zeros(n + 50)
    for at in range(1, n + 50):
        values[at] = 0.8 * values[at - 1] + random.normal()
    return 50 + values[50:]


def multiplicative(random: np.random.Generator, n: int) -> np.ndarray:
    growth = np.exp(0.01 * np.arange(n) + np.cumsum(random.normal(scale=0.02, size=n)))
    return 50 * growth * (1 + season(random, n) / 20) * np.exp(random.normal(scale=0.03, size=n))


DRAWN: dict[str, tuple[Draw, int]] = {
    "noise": (noise, 120),
    "level": (level, 120),
    "autoregressive": (autoregressive, 120),
    "trend, season": (trend_season, 120),
    "trend, season; short": (trend_season, 36),
    "wandering trend, season": (wandering_trend_season, 120),
    "growing season": (multiplicative, 120),
}


def trainers() -> dict[str, Callable[[ForecastingProblem], ModelTrainer]]:
    return {
        "sklearn": lambda problem: SklearnModelTrainer(
            problem=problem, feature_transformer=SklearnFeatureTransformer()
        ),
        "ets": lambda problem: StatsmodelsModelTrainer("ets", problem=problem),
        "sarimax": lambda problem: StatsmodelsModelTrainer("sarimax", problem=problem),
        "prophet": lambda problem: ProphetModelTrainer(problem=problem),
    }


def drawn(draw: Draw, n: int, seeds: int) -> Iterator[np.ndarray]:
    return (draw(np.random.default_rng(seed), n + HORIZON) for seed in range(seeds))


def co2(cuts: int) -> Iterator[np.ndarray]:
    """Ten years of months and the year after them, cut off at moments that lie apart."""
    from statsmodels.datasets import co2 as dataset

    months = dataset.load_pandas().data["co2"].resample("MS").mean().interpolate().to_numpy()
    length = 120 + HORIZON
    for start in np.linspace(0, len(months) - length, cuts).astype(int):
        yield months[start : start + length]


def measure(name: str, series: list[np.ndarray], trainer: str, interval: float) -> Measured:
    problem = ForecastingProblem(
        name="coverage", target="y", time="t", series="series", horizon=HORIZON, interval=interval
    )
    n = len(series[0])
    frame = pd.DataFrame(
        {
            "series": np.repeat([f"{number:03}" for number in range(len(series))], n),
            "t": np.tile(pd.date_range("2010-01-01", periods=n, freq="MS"), len(series)),
            "y": np.concatenate(series),
        }
    )
    ahead = np.tile(np.arange(n) >= n - HORIZON, len(series))
    began = time.perf_counter()
    learned = frame[~ahead].reset_index(drop=True)
    model = trainers()[trainer](problem).fit(learned.drop(columns="y"), learned["y"])
    predictions = model.predict(frame[ahead].drop(columns="y"))
    seconds = time.perf_counter() - began
    truth = frame["y"].to_numpy()[ahead]
    coverage = ((predictions.lower <= truth) & (truth <= predictions.upper)).reshape(-1, HORIZON)
    scale = np.mean(
        [np.abs(values[SEASON:-HORIZON] - values[: -SEASON - HORIZON]).mean() for values in series]
    )
    width = float(np.mean(predictions.upper - predictions.lower) / scale)
    return Measured(
        name, trainer, coverage.mean(), coverage[:, 0].mean(), coverage[:, -1].mean(), width, seconds
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--interval", type=float, default=0.9)
    parser.add_argument("--trainers", nargs="*", default=list(trainers()), choices=list(trainers()))
    chosen = parser.parse_args()
    kinds = {name: list(drawn(draw, n, chosen.seeds)) for name, (draw, n) in DRAWN.items()}
    kinds["CO2 of Mauna Loa"] = list(co2(chosen.seeds))
    measured = [
        measure(name, series, trainer, chosen.interval)
        for name, series in kinds.items()
        for trainer in chosen.trainers
    ]
    console = Console(width=None if sys.stdout.isatty() else 130)
    console.print(_table(measured, chosen.interval, chosen.seeds))
    return 1 if any(abs(outcome.coverage - chosen.interval) > FAR_OFF for outcome in measured) else 0


def _table(measured: list[Measured], interval: float, seeds: int) -> Table:
    title = f"Share of true values inside intervals of {interval:.0%}, {seeds} series of each kind"
    columns = ("series", "trainer", "held", "first step", "last step", "", "width", "seconds")
    table = Table(*columns, title=title, title_justify="left")
    before = ""
    for outcome in measured:
        off = outcome.coverage - interval
        verdict = (
            "[green]near[/]"
            if abs(off) <= FAR_OFF
            else "[red]too narrow[/]"
            if off < 0
            else "[red]too wide[/]"
        )
        shares = (f"{share:.0%}" for share in (outcome.coverage, outcome.first, outcome.last))
        series = outcome.series if outcome.series != before else ""
        table.add_row(
            series, outcome.trainer, *shares, verdict, f"{outcome.width:.2f}", f"{outcome.seconds:.1f}"
        )
        before = outcome.series
    return table


if __name__ == "__main__":
    sys.exit(main())
