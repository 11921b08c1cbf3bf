"""The theta method: half the slope, a season set aside, and series that leave it nothing to do."""

import numpy as np
import pandas as pd
import pytest

from lolpop.components.model_trainer.theta import ThetaModelTrainer
from lolpop.problem import ForecastingProblem

pytestmark = pytest.mark.numerical

HORIZON = 12
PROBLEM = ForecastingProblem(name="y", target="y", time="month", horizon=HORIZON)


def months(number, start=0):
    return pd.DataFrame({"month": pd.date_range("2000-01-01", periods=start + number, freq="MS")[start:]})


def forecast(values, steps=HORIZON, **problem):
    trainer = ThetaModelTrainer(problem=PROBLEM.model_copy(update=problem))
    model = trainer.fit(months(len(values)), pd.Series(values, name="y"))
    return model.predict(months(steps, len(values)))


def noise(number, seed=0):
    return np.random.default_rng(seed).normal(size=number)


def test_it_goes_on_with_half_the_slope():
    """A noisy line is forecast with half of its slope."""
    labels = forecast(100 + 2 * np.arange(120) + noise(120), season=1).labels
    assert np.diff(labels) == pytest.approx(1, abs=0.02)
    assert labels[0] == pytest.approx(100 + 2 * 120, abs=5)


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_theta_method_of_statsmodels(seed):
    """Both forecasts differ by less than a tenth of the noise."""
    theta = pytest.importorskip("statsmodels.tsa.forecasting.theta")
    values = 100 + 0.5 * np.arange(120) + np.cumsum(noise(120, seed)) * 0.5 + noise(120, seed + 9)
    expected = theta.ThetaModel(values, period=1, deseasonalize=False).fit().forecast(HORIZON, theta=2)
    assert forecast(values, season=1).labels == pytest.approx(np.asarray(expected), abs=0.1)


@pytest.mark.parametrize("lift", [0, -500])
def test_a_season_comes_again(lift):
    """Multiplicatively if all values are positive, additively otherwise."""
    at = np.arange(132)
    level, wave = 100 + at, np.sin(at * np.pi / 6)
    values = (level * (1 + 0.3 * wave) if lift == 0 else level + 30 * wave + lift) + 0.1 * noise(132)
    labels = forecast(values[:120]).labels
    # Half of the slope is missing: 6 of the 12 steps after a year.
    assert np.abs(labels - values[120:]).max() < 9
    assert np.corrcoef(labels, values[120:])[0, 1] > 0.99


def test_what_repeats_itself_goes_on():
    """A season without noise is forecast exactly, with bounds equal to the forecast."""
    values = np.tile(np.arange(12.0) ** 2, 6)
    predictions = forecast(values)
    assert predictions.labels.tolist() == values[:12].tolist()
    assert predictions.lower.tolist() == predictions.upper.tolist() == values[:12].tolist()


def test_a_season_in_proportion_to_a_level_that_rests_is_forecast():
    """If values consist of a season only, up to rounding, its level is forecast."""
    season = np.array([1.0, 2.0, 4.0, 0.5, 3.0, 1.5, 2.5, 0.7, 1.1, 0.9, 2.2, 1.9])
    values = np.tile(season, 6) * (1 + 1e-11 * noise(72))
    assert forecast(values).labels == pytest.approx(season, rel=1e-6)
