"""Exponential smoothing of our own: as good a fit as that of statsmodels, and the season that a series has."""

import numpy as np
import pandas as pd
import pytest

from lolpop.components.model_trainer.smoothing import SmoothingModelTrainer
from lolpop.problem import ForecastingProblem

pytestmark = pytest.mark.numerical

HORIZON = 12


def fitted(values, trend="mean", logarithms=False, **problem):
    settings = {"name": "y", "target": "y", "time": "month", "horizon": HORIZON, **problem}
    trainer = SmoothingModelTrainer(trend, logarithms, problem=ForecastingProblem(**settings))
    return trainer.fit(months(len(values)), pd.Series(values, name="y"))


def months(number, start=0):
    return pd.DataFrame({"month": pd.date_range("2000-01-01", periods=start + number, freq="MS")[start:]})


def forecast(values, steps=HORIZON, **problem):
    return fitted(values, **problem).predict(months(steps, len(values)))


def noise(number, seed=0):
    return np.random.default_rng(seed).normal(size=number)


@pytest.mark.parametrize("season", [False, True])
def test_a_season_is_seen_where_there_is_one(season):
    """A yearly season is forecast; noise is not taken for a season."""
    values = 100 + season * 20 * np.sin(np.arange(120) * np.pi / 6) + noise(120)
    (model,) = fitted(values).series.values()
    letter = "A" if season else "N"
    assert model.name == f"ETS(A,Ad,{letter}) and ETS(A,A,{letter})"


def test_the_mean_goes_on_half_way_between_both_trends():
    """The mean of a straight and a damped trend is forecast."""
    values = 100 + 2 * np.arange(120) + noise(120)
    damped, mean, straight = (
        forecast(values, steps=24, trend=trend).labels for trend in ("damped", "mean", "additive")
    )
    assert straight[-1] == pytest.approx(100 + 2 * 143, abs=5)
    assert damped[-1] < mean[-1] < straight[-1]
    assert mean == pytest.approx((damped + straight) / 2)


@pytest.mark.parametrize("trend", ["none", "damped", "additive"])
@pytest.mark.parametrize("season", [1, 4, 12])
def test_the_fit_is_no_worse_than_that_of_statsmodels(trend, season):
    """The one-step errors are as small as those of the maximum likelihood."""
    ets = pytest.importorskip("statsmodels.tsa.exponential_smoothing.ets")
    from lolpop.components.model_trainer.forecasting.smoothing import Form, fit_form

    at = np.arange(96)
    values = 50 + np.cumsum(noise(96, 1)) + 0.3 * at + 5 * np.sin(at * 2 * np.pi / season) * (season > 1)
    theirs = ets.ETSModel(
        pd.Series(values),
        trend=None if trend == "none" else "add",
        damped_trend=trend == "damped",
        seasonal="add" if season > 1 else None,
        seasonal_periods=season if season > 1 else None,
    ).fit(disp=False, maxiter=1000, warn_convergence=False)
    ours = fit_form(Form(trend, season), values)
    assert np.sum(ours.errors**2) < 1.02 * theirs.sse


def test_bounds_hold_about_what_they_should():
    """80% of the later values of many seasonal random walks, or a little more, lie in the bounds."""
    inside = []
    for seed in range(40):
        at = np.arange(108)
        values = 50 + np.cumsum(noise(108, seed)) + 8 * np.sin(at * np.pi / 6)
        predictions = forecast(values[:96], interval=0.8)
        inside.append((predictions.lower <= values[96:]) & (values[96:] <= predictions.upper))
    assert 0.7 < np.mean(inside) < 0.95


def test_long_seasons_are_averages():
    """A season of more than 24 steps is estimated by its averages, in a short time."""
    at = np.arange(52 * 6)
    values = 10 * np.sin(at * 2 * np.pi / 52) + 0.3 * noise(len(at))
    predictions = forecast(values, steps=52, season=52, horizon=52)
    assert np.abs(predictions.labels - 10 * np.sin((at[-1] + 1 + np.arange(52)) * 2 * np.pi / 52)).mean() < 1


def test_logarithms_follow_growth_and_seasons_in_proportion():
    """If a season grows with its level, smoothing logarithms halves the error."""
    at = np.arange(96)
    values = 100 * 1.02**at * (1 + 0.3 * np.sin(at * np.pi / 6)) * np.exp(0.02 * noise(96))
    plain, logarithms = (
        np.abs(forecast(values[:84], **settings).labels - values[84:]).mean()
        for settings in ({}, {"logarithms": True})
    )
    assert logarithms < plain / 2


def test_values_that_are_not_positive_have_no_logarithms():
    """A series with a zero is smoothed without logarithms, whatever is set."""
    values = np.maximum(0, noise(60))
    expected = forecast(values).labels
    assert forecast(values, logarithms=True).labels.tolist() == expected.tolist()
