"""Baselines that can be deployed."""

import numpy as np
import pandas as pd
import pytest

from lolpop.components.model_checker.forecasting import ForecastModelChecker
from lolpop.components.model_trainer.naive import NaiveModelTrainer
from lolpop.problem import ForecastingProblem

pytestmark = pytest.mark.numerical

METHODS = ["naive", "seasonal_naive", "drift"]
PROBLEM = ForecastingProblem(name="y", target="y", time="month", horizon=6, series="of")


def rows(number, start=0, of="a"):
    times = pd.date_range("2000-01-01", periods=start + number, freq="MS")[start:]
    return pd.DataFrame({"month": times, "of": of})


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("lengths", [(40, 30), (2, 40), (12, 13), (9, 3)])
def test_forecasts_are_those_of_the_baseline(method, lengths):
    """Forecasts equal the baseline that models are compared with, for series of any length."""
    random = np.random.default_rng(1)
    history = pd.concat(
        [rows(size, of=of) for of, size in zip("ab", lengths, strict=True)], ignore_index=True
    )
    ahead = pd.concat([rows(6, size, of) for of, size in zip("ab", lengths, strict=True)], ignore_index=True)
    target = pd.Series(random.normal(10, 3, len(history)), name="y")
    model = NaiveModelTrainer(method, problem=PROBLEM).fit(history, target)
    predictions = model.predict(ahead)
    assert predictions.labels == pytest.approx(model.baselines(ahead)[method])
    assert ((predictions.lower <= predictions.labels) & (predictions.labels <= predictions.upper)).all()
    checker = ForecastModelChecker(problem=PROBLEM)
    compared = checker.compare_to_baseline(model, ahead, pd.Series(random.normal(size=12)), target)
    assert compared.score >= compared.other_score


def test_bounds_of_a_random_walk_hold_what_comes():
    """90% of the later values of many random walks lie between lower and upper."""
    problem = PROBLEM.model_copy(update={"series": None})
    inside = []
    for seed in range(60):
        walk = np.cumsum(np.random.default_rng(seed).normal(size=66))
        model = NaiveModelTrainer("naive", problem=problem).fit(
            rows(60)[["month"]], pd.Series(walk[:60], name="y")
        )
        predictions = model.predict(rows(6, 60)[["month"]])
        inside.append((predictions.lower <= walk[60:]) & (walk[60:] <= predictions.upper))
    assert 0.85 < np.mean(inside) < 1
