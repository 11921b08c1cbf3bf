"""What the Prophet trainer does besides what all forecasters do."""

import logging
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from lolpop.components.model_trainer.prophet import ProphetModelTrainer
from lolpop.errors import StoreError, TrainingError, VerificationError
from lolpop.problem import ForecastingProblem

prophet = pytest.importorskip("prophet")

HORIZON = 28


def trainer(time="day", **settings):
    problem = settings.pop("problem", None) or ForecastingProblem(
        name="sales", target="y", time=time, horizon=HORIZON
    )
    return ProphetModelTrainer(**settings, problem=problem, seed=0)


@pytest.fixture(scope="module")
def days():
    """Half a year of days with a week, a trend, and days on which more is sold."""
    random, n = np.random.default_rng(0), 180 + HORIZON
    day = pd.date_range("2024-01-01", periods=n, freq="D")
    promotion = (random.random(n) < 0.2).astype(float)
    y = 50 + 0.1 * np.arange(n) + 4 * (day.day_of_week < 5) + 6 * promotion + random.normal(size=n)
    return pd.DataFrame({"day": day, "promotion": promotion, "y": y})


def forecast(trainer, frame):
    """What the trainer says of the last rows of ``frame``, after those before."""
    history, ahead = frame[:-HORIZON], frame[-HORIZON:]
    return trainer.fit(history.drop(columns="y"), history["y"]).predict(ahead.drop(columns="y"))


def bounds(trainer, frame):
    """What it says, with the bounds as the library has them, before they are widened by what the history shows."""
    history = frame[:-HORIZON]
    model = trainer.fit(history.drop(columns="y"), history["y"])
    predictions, (times,) = model.predict(frame[-HORIZON:].drop(columns="y")), model.widenings.values()
    assert times >= 1
    lower, upper = (
        predictions.labels + (bound - predictions.labels) / times
        for bound in (predictions.lower, predictions.upper)
    )
    return predictions.labels, lower, upper


def plain(frame, **settings):
    """What Prophet itself says of them."""
    history, ahead = (part.rename(columns={"day": "ds"}) for part in (frame[:-HORIZON], frame[-HORIZON:]))
    model = prophet.Prophet(interval_width=0.9, uncertainty_samples=4_000, **settings)
    for name in history.columns.difference(["ds", "y", "cap", "floor"]):
        model.add_regressor(name)
    return model.fit(history).predict(ahead)


@pytest.mark.parametrize(
    "settings",
    [{}, {"seasonality_mode": "multiplicative"}, {"growth": "flat"}, {"changepoint_prior_scale": 0.5}],
)
def test_forecasts_are_the_plain_script(days, settings):
    """The forecast equals Prophet's to the last digit, and the bounds up to their random draws."""
    (labels, lower, upper), expected = bounds(trainer(**settings), days), plain(days, **settings)
    assert labels.tolist() == expected["yhat"].tolist()
    width = (expected["yhat_upper"] - expected["yhat_lower"]).max()
    assert np.abs(lower - expected["yhat_lower"]).max() < 0.08 * width
    assert np.abs(upper - expected["yhat_upper"]).max() < 0.08 * width


def test_bounds_are_widened_by_what_the_history_shows(days):
    """A model that misses the trend has wider bounds than its own errors give."""
    wrong, right = (
        trainer(growth=growth).fit(days.drop(columns="y"), days["y"]).widenings[""]
        for growth in ("flat", "linear")
    )
    assert wrong > 1.2
    assert 1 <= right < 1.2


def test_logistic_growth_is_the_plain_script():
    """Forecast and bounds of logistic growth equal Prophet's."""
    n = 200 + HORIZON
    random = np.random.default_rng(1)
    day = pd.date_range("2024-01-01", periods=n, freq="D")
    y = 10 + 80 / (1 + np.exp(-(np.arange(n) - 120) / 25)) + random.normal(size=n)
    frame = pd.DataFrame({"day": day, "y": y})
    settings = {"growth": "logistic", "weekly_seasonality": False, "changepoint_prior_scale": 0.2}
    labels, lower, upper = bounds(trainer(**settings, cap=90.0, floor=10.0), frame)
    expected = plain(frame.assign(cap=90.0, floor=10.0), **settings)
    assert labels.tolist() == expected["yhat"].tolist()
    width = (expected["yhat_upper"] - expected["yhat_lower"]).to_numpy()
    assert np.abs((upper - lower) - width).max() < 0.25 * width.max()


def test_loggers_are_silent_only_for_lolpop(days, caplog):
    """Stan and Prophet log for other users, and not in lolpop."""
    caplog.set_level(logging.DEBUG)
    forecast(trainer(), days)
    assert not [record for record in caplog.records if record.name.startswith(("cmdstanpy", "prophet"))]
    logging.getLogger("cmdstanpy").info("of somebody else")
    assert "of somebody else" in caplog.text


def test_nothing_is_said_on_the_console(days, tmp_path):
    """A process that fits and forecasts prints nothing."""
    days.to_feather(tmp_path / "days")
    code = """
import sys
import pandas as pd
from lolpop.components.model_trainer.prophet import ProphetModelTrainer
from lolpop.problem import ForecastingProblem

days = pd.read_feather(sys.argv[1])
problem = ForecastingProblem(name="sales", target="y", time="day", horizon=7)
model = ProphetModelTrainer(problem=problem).fit(days[:-7].drop(columns="y"), days["y"][:-7])
model.predict(days[-7:])
"""
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "days"], capture_output=True, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_holidays_of_a_country_are_days_of_their_own():
    """A holiday that changes the values each year does so in the forecast."""
    day = pd.date_range("2020-01-01", "2024-01-01", freq="D")
    y = 20 + 30.0 * ((day.month == 12) & (day.day == 25)) + np.random.default_rng(0).normal(size=len(day))
    history = pd.DataFrame({"day": day})[:-10]
    ahead = pd.DataFrame({"day": day})[-10:]
    settings = {"yearly_seasonality": False, "n_changepoints": 3}
    model = trainer(country_holidays="US", **settings).fit(history, pd.Series(y[:-10], name="y"))
    predictions = dict(zip(ahead["day"].dt.day.tolist(), model.predict(ahead).labels.tolist(), strict=True))
    assert predictions[25] > 40
    assert predictions[26] < 25


def test_whole_numbers_have_the_season_of_the_problem():
    """Years and counters have no calendar; their season is problem.season."""
    at = np.arange(60)
    noise = np.random.default_rng(0).normal(scale=0.2, size=60)
    y = pd.Series(10 + 5 * np.sin(2 * np.pi * at / 11) + noise, name="y")
    problem = ForecastingProblem(name="spots", target="y", time="year", horizon=11, season=11)
    model = trainer(problem=problem).fit(pd.DataFrame({"year": 1900 + at}), y)
    predictions = model.predict(pd.DataFrame({"year": 1960 + np.arange(11)}))
    assert predictions.labels == pytest.approx(10 + 5 * np.sin(2 * np.pi * np.arange(60, 71) / 11), abs=1)


def test_times_with_a_zone_are_forecast():
    """The daily pattern follows local time."""
    hour = pd.date_range("2024-03-20", periods=24 * 14, freq="h", tz="Europe/Rome")
    y = pd.Series(np.where((hour.hour > 7) & (hour.hour < 20), 30.0, 10.0), name="y")
    model = trainer("hour", daily_seasonality=8).fit(pd.DataFrame({"hour": hour[:-24]}), y[:-24])
    predictions = model.predict(pd.DataFrame({"hour": hour[-24:]}))
    assert np.abs(predictions.labels - y[-24:].to_numpy()).mean() < 4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"growth": "exponential"}, "growth of Prophet cannot be 'exponential'"),
        ({"changepoint_prior_scale": 0}, "changepoint_prior_scale of Prophet cannot be 0"),
        ({"yearly_seasonality": "often"}, "yearly_seasonality of Prophet cannot be 'often'"),
        ({"seasonalities": {"monthly": {"period": 30.5}}}, "seasonalities of Prophet cannot be"),
    ],
)
def test_settings_are_validated_at_once(settings, message):
    """The message says which setting, and its value."""
    with pytest.raises(TrainingError, match=message):
        trainer(**settings)


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"growth": "logistic"}, "cap"),
        ({"growth": "logistic", "cap": 5, "floor": 7}, "cap"),
        ({"cap": 5}, "cap"),
        ({"floor": 5}, "floor"),
        ({"params": {"mcmc_samples": 5}}, "params.mcmc_samples"),
    ],
)
def test_contradicting_settings_are_found(settings, path):
    """A finding of verification names the setting."""
    (finding,) = ProphetModelTrainer.check_settings(settings)
    assert finding.path == path


def test_contradicting_settings_are_refused():
    """The constructor, and parameters of a search, refuse contradictions."""
    with pytest.raises(VerificationError, match="logistic growth needs a cap"):
        trainer(growth="logistic")
    frame = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=30, freq="D")})
    with pytest.raises(TrainingError, match="logistic growth needs a cap"):
        trainer().fit(frame, pd.Series(np.arange(30.0), name="y"), {"growth": "logistic"})


def test_an_unknown_country_is_named(days):
    """The error has the series and the country."""
    with pytest.raises(TrainingError, match=r"The series cannot be fitted by Prophet: .*XX"):
        forecast(trainer(country_holidays="XX"), days)


def test_what_was_damaged_is_an_error(days, tmp_path):
    """A stored model that is not whole is not loaded."""
    fitted = trainer().fit(days.drop(columns="y"), days["y"])
    trainer().save(fitted, tmp_path)
    path = tmp_path / "series.json"
    path.write_text(path.read_text()[:-200])
    with pytest.raises(StoreError, match="damaged"):
        ProphetModelTrainer.load(tmp_path)
