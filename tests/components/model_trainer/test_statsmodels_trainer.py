"""What the statsmodels trainer does besides what all forecasters do."""

import warnings

import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st

from lolpop.components.executor.local import LocalExecutor
from lolpop.components.model_trainer.statsmodels import StatsmodelsModelTrainer
from lolpop.errors import DataError, StoreError, TrainingError, VerificationError
from lolpop.problem import ForecastingProblem

pytestmark = pytest.mark.numerical

pytest.importorskip("statsmodels")

HORIZON = 12


def problem(**settings):
    return ForecastingProblem(name="co2", target="y", time="month", horizon=HORIZON, **settings)


def trainer(problem=problem(), **settings):  # noqa: B008  (frozen)
    return StatsmodelsModelTrainer(**settings, problem=problem)


@pytest.fixture(scope="module")
def co2():
    """Ten years of months."""
    from statsmodels.datasets import co2

    months = co2.load_pandas().data["co2"].resample("MS").mean().interpolate()[-120 - HORIZON :]
    return pd.DataFrame({"month": months.index, "y": months.to_numpy()})


def forecast(trainer, frame, **params):
    """What the trainer says of the last rows of ``frame``, after those before."""
    history, ahead = frame[:-HORIZON], frame[-HORIZON:]
    return trainer.fit(history.drop(columns="y"), history["y"], params).predict(ahead.drop(columns="y"))


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
    return predictions.labels, np.column_stack([lower, upper])


def test_exponential_smoothing_is_the_plain_script(co2):
    """Forecast and bounds of a stated model equal those of statsmodels."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    settings = {"model": "ets", "error": "additive", "trend": "damped", "seasonal": "additive"}
    labels, both = bounds(trainer(**settings), co2)
    values = co2["y"][:-HORIZON].reset_index(drop=True)
    plain = ETSModel(values, trend="add", damped_trend=True, seasonal="add", seasonal_periods=12).fit(disp=0)
    expected = plain.get_prediction(len(values), len(values) + HORIZON - 1)
    assert labels == pytest.approx(expected.predicted_mean, abs=0.02)
    assert both == pytest.approx(expected.pred_int(0.1).to_numpy(), abs=0.1)


def test_sarimax_with_regressors_is_the_plain_script(co2):
    """Forecast and bounds with stated orders equal those of statsmodels, on the same values."""
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    frame = co2.assign(shift=(np.arange(len(co2)) % 5 == 0).astype(float))
    frame["y"] += 3 * frame["shift"]
    settings = {"model": "sarimax", "order": (0, 1, 1), "seasonal_order": (0, 1, 1), "deterministic": "n"}
    labels, both = bounds(trainer(**settings), frame)
    history, ahead = frame[:-HORIZON], frame[-HORIZON:]
    plain = SARIMAX(
        history["y"].to_numpy(),
        history[["shift"]].to_numpy(),
        order=(0, 1, 1),
        seasonal_order=(0, 1, 1, 12),
    ).fit(disp=0)
    forecast = plain.get_forecast(HORIZON, exog=ahead[["shift"]].to_numpy())
    assert labels == pytest.approx(forecast.predicted_mean, abs=0.02)
    assert both == pytest.approx(forecast.conf_int(alpha=0.1), abs=0.05)


def test_regressors_choose_arima_and_are_nothing_to_smoothing(co2):
    """Regressors are used by ARIMA; smoothing reports them as left out."""
    frame = co2.assign(shift=(np.arange(len(co2)) % 5 == 0).astype(float))
    rows = frame.drop(columns="y")
    assert trainer(order=None).fit(rows, frame["y"]).left_out == {}
    smoothed = trainer(model="ets").fit(rows, frame["y"])
    assert smoothed.left_out == {"shift": "exponential smoothing uses no regressors"}
    assert smoothed.columns == ("month",)


@pytest.mark.parametrize("model", ["ets", "sarimax"])
def test_what_is_chosen_beats_the_seasonal_naive_forecast(co2, model):
    """For growing seasonal months, the error is less than half of that forecast's."""
    truth = co2["y"][-HORIZON:].to_numpy()
    naive = co2["y"][-2 * HORIZON : -HORIZON].to_numpy()
    predictions = forecast(trainer(model=model), co2)
    assert np.abs(predictions.labels - truth).mean() < np.abs(naive - truth).mean() / 2
    assert np.mean((predictions.lower <= truth) & (truth <= predictions.upper)) >= 0.75


@pytest.mark.parametrize("model", ["ets", "sarimax"])
@pytest.mark.parametrize(("shift", "scale"), [(0, 1e-9), (1e12, 1e9), (1e6, 1)])
def test_units_do_not_matter(co2, model, shift, scale):
    """Values in other units, or shifted, have the same forecast in those units."""
    settings = {"model": model, **({"error": "additive"} if model == "ets" else {"order": (0, 1, 1)})}
    expected = forecast(trainer(**settings), co2)
    other = forecast(trainer(**settings), co2.assign(y=co2["y"] * scale + shift))
    assert (other.labels - shift) / scale == pytest.approx(expected.labels, rel=1e-3)
    widths = (other.upper - other.lower) / scale
    assert widths == pytest.approx(expected.upper - expected.lower, rel=0.05)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "arima"}, "model of statsmodels cannot be 'arima'"),
        ({"model": "sarimax", "order": (1, 2)}, r"order of statsmodels cannot be \(1, 2\)"),
        ({"model": "sarimax", "order": "1,1"}, "order of statsmodels cannot be '1,1'"),
        ({"maxiter": 0}, "maxiter of statsmodels cannot be 0"),
    ],
)
def test_settings_are_validated_at_once(settings, message):
    """The message says which setting, and its value."""
    with pytest.raises(TrainingError, match=message):
        trainer(**settings)


def test_settings_of_another_model_are_found():
    """Verification and the constructor report a setting without effect."""
    (finding,) = StatsmodelsModelTrainer.check_settings({"model": "ets", "order": (1, 1, 1)})
    assert finding.path == "order"
    assert "sarimax" in (finding.hint or "")
    with pytest.raises(VerificationError, match="trend: it is a setting of ets, but model is auto"):
        trainer(trend="damped")
    assert not list(StatsmodelsModelTrainer.check_settings({"model": "sarimax", "order": (1, 1, 1)}))
    (finding,) = StatsmodelsModelTrainer.check_settings({"params": {"enforce_stationarit": False}})
    assert finding.hint == "Did you mean enforce_stationarity?"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "ets", "seasonal": "multiplicative"}, "one of them is -.*Set error and seasonal"),
        ({"model": "ets", "maxiter": 1}, "none of the models converged in 1 iterations"),
        ({"model": "sarimax", "order": (2, 1, 2), "maxiter": 1}, "did not converge in 1 iterations"),
        ({"model": "sarimax", "order": (12, 1, 12)}, "too many parameters for 30 values"),
    ],
)
def test_a_series_that_cannot_be_fitted_is_named(settings, message):
    """The error has the series, the reason and the advice; there are no warnings."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"month": pd.date_range("2020-01-01", periods=30, freq="MS"), "shop": "Rome"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(
            TrainingError, match=f"The series 'Rome' cannot be fitted by statsmodels.*{message}"
        ):
            trainer(problem(series="shop"), **settings).fit(
                frame, pd.Series(random.normal(size=30), name="y")
            )


def test_a_forecast_beyond_all_numbers_is_an_error():
    """A diverging forecast is a readable error, not infinity."""
    frame = pd.DataFrame({"month": pd.date_range("2000-01-01", periods=41, freq="MS")})
    settings = {"model": "sarimax", "order": (1, 0, 0), "seasonal_order": (0, 0, 0), "deterministic": "n"}
    exploding = trainer(**settings, params={"enforce_stationarity": False})
    model = exploding.fit(frame[:40], pd.Series(2.0 ** np.arange(40), name="y"))
    assert model.predict(frame[40:]).labels == pytest.approx([2.0**40], rel=0.01)
    with pytest.raises(DataError, match=r"steps exceeds the largest number"):
        model.predict(pd.DataFrame({"month": [pd.Timestamp(2150, 1, 1)]}))


def test_many_series_are_the_same_in_other_processes(co2):
    """Forecasts are equal to the last digit with the executor and without."""
    random = np.random.default_rng(0)
    frames = [
        pd.DataFrame({"month": co2["month"][:40], "shop": f"{shop}", "y": random.normal(size=40).cumsum()})
        for shop in range(9)
    ]
    frame = pd.concat(frames, ignore_index=True)
    ahead = frame[frame["month"] == frame["month"].max()].assign(month=co2["month"][40])
    settings = {"model": "ets", "trend": "none", "problem": problem(series="shop")}
    alone = trainer(**settings).fit(frame.drop(columns="y"), frame["y"]).predict(ahead)
    spread = StatsmodelsModelTrainer(**settings, executor=LocalExecutor(workers=2))
    predictions = spread.fit(frame.drop(columns="y"), frame["y"]).predict(ahead)
    for name in ("labels", "lower", "upper"):
        assert getattr(alone, name).tolist() == getattr(predictions, name).tolist()


@hypothesis.settings(deadline=None, max_examples=30)
@hypothesis.given(
    values=st.lists(st.floats(-1e9, 1e9).map(lambda value: round(value, 6)), min_size=2, max_size=9),
    interval=st.floats(0.05, 0.99),
)
def test_few_values_are_a_random_walk(values, interval):
    """The forecast is the last value, with bounds that widen, also for constant values."""
    history = pd.DataFrame({"month": pd.date_range("2020-01-01", periods=len(values), freq="MS")})
    ahead = pd.DataFrame({"month": pd.date_range("2020-01-01", periods=len(values) + 3, freq="MS")[-3:]})
    model = trainer(problem(interval=interval)).fit(history, pd.Series(values, name="y"))
    predictions = model.predict(ahead)
    assert predictions.labels.tolist() == [values[-1]] * 3
    assert (predictions.lower <= predictions.labels).all()
    assert (predictions.labels <= predictions.upper).all()
    assert (np.diff(predictions.upper - predictions.lower) >= 0).all()


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"seed": 0, "series": {"": {"kind": "ets"}}}'])
def test_what_was_damaged_is_an_error(co2, damage, tmp_path):
    """An incomplete stored model is not loaded."""
    fitted = trainer(model="ets", trend="none").fit(co2.drop(columns="y"), co2["y"])
    trainer().save(fitted, tmp_path)
    (tmp_path / "series.json").write_bytes(damage)
    with pytest.raises(StoreError, match="damaged"):
        StatsmodelsModelTrainer.load(tmp_path)


@pytest.mark.parametrize("model", ["ets", "sarimax"])
@pytest.mark.parametrize(
    "values",
    [
        np.arange(60.0) * 2,
        -0.1 * np.arange(60) + 1e6,
        np.tile(np.arange(12.0), 5),
        np.round(np.tile([0.1, 0.7, 0.3, 0.2] * 3, 5) + 0.1 * np.arange(60), 1),
        np.tile([5.0, 5.0, 5.0, 5.0, 5.0, 6.0], 10),
    ],
    ids=["a line", "a line of decimals", "a season", "a season on a line", "hardly a season"],
)
def test_what_repeats_itself_goes_on(model, values):
    """A line, or a season without noise, is forecast exactly, although the likelihood has no maximum."""
    frame = pd.DataFrame({"month": pd.date_range("2020-01-01", periods=60, freq="MS"), "y": values})
    predictions = forecast(trainer(model=model), frame)
    assert predictions.labels == pytest.approx(values[-HORIZON:], rel=1e-12, abs=1e-12)
    assert predictions.upper == pytest.approx(values[-HORIZON:], rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("model", ["ets", "sarimax"])
@pytest.mark.parametrize("missing", [[20], [47], [12, 24, 36], [46, 47, 35]])
def test_series_without_noise_may_have_gaps(model, missing):
    """Missing values are filled from another season."""
    values = np.tile(np.arange(12.0) ** 2, 5) + np.arange(60)
    frame = pd.DataFrame({"month": pd.date_range("2020-01-01", periods=60, freq="MS"), "y": values})
    history = frame.drop(index=missing)[:-HORIZON].copy()
    predictions = (
        trainer(model=model).fit(history[["month"]], history["y"]).predict(frame[-HORIZON:][["month"]])
    )
    assert predictions.labels == pytest.approx(values[-HORIZON:], rel=1e-12)


def test_what_is_set_is_fitted_to_what_repeats_itself(co2):
    """Stated models are fitted, and a season that is switched off is not forecast."""
    values = np.tile(np.arange(12.0), 5)
    frame = pd.DataFrame({"month": pd.date_range("2020-01-01", periods=60, freq="MS"), "y": values})
    assert len(set(forecast(trainer(model="ets", seasonal="none", trend="none"), frame).labels)) == 1
    model = trainer(model="sarimax", order=(0, 1, 1), seasonal_order=(0, 0, 0))
    assert model.fit(frame[["month"]], frame["y"]).series[""].kind == "sarimax"


@pytest.mark.parametrize("noise", [1e-7, 1e-5])
def test_what_nearly_repeats_itself_goes_on_too(noise):
    """A season with a little noise is forecast within that noise."""
    values = np.tile(np.arange(12.0), 5) + noise * np.random.default_rng(0).normal(size=60)
    frame = pd.DataFrame({"month": pd.date_range("2020-01-01", periods=60, freq="MS"), "y": values})
    predictions = forecast(trainer(model="ets"), frame)
    assert predictions.labels == pytest.approx(values[-HORIZON:], abs=1e-3)


def test_orders_that_are_chosen_by_least_squares_are_among_the_likeliest(co2):
    """The criterion of the chosen orders is close to the best of all compared ones."""
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    (chosen,) = trainer(model="sarimax").fit(co2[["month"]], co2["y"]).series.values()
    (p, d, q), (_, seasonal_d, _) = chosen.order, chosen.seasonal_order
    values = (co2["y"] - co2["y"].mean()) / co2["y"].std()

    def criterion(order):
        model = SARIMAX(
            values, order=order, seasonal_order=(*chosen.seasonal_order, 12), trend=chosen.deterministic
        )
        return model.fit(disp=0, cov_type="none", maxiter=1000, warn_convergence=False).aicc

    assert seasonal_d == 1
    others = [criterion((p, d, q)) for p, q in ((0, 1), (1, 0), (1, 1), (2, 1), (1, 2))]
    assert criterion((p, d, q)) < min(others) + 2


def test_a_likelihood_that_cannot_be_is_not_believed():
    """An implausible likelihood near the limit of stationarity is not chosen."""
    random = np.random.default_rng(15)
    slope = random.normal(scale=0.2)
    season = np.tile(random.normal(scale=3, size=12), 4)
    values = 50 + slope * np.arange(48) + season + random.normal(size=48)
    frame = pd.DataFrame({"month": pd.date_range("2020-01-01", periods=48, freq="MS"), "y": values})
    predictions = forecast(trainer(model="sarimax"), frame)
    assert np.abs(predictions.labels - values[-HORIZON:]).mean() < 3
    assert (predictions.upper > predictions.labels).all()


def test_what_is_hardly_known_is_a_random_walk():
    """If most months are missing, the forecast is the last value."""
    values = [57, -571, 160, -119, None, -706, None, None, 675, None, None, None, None, None]
    values += [-261, -858, -263, None, 612, 937, None, None, 2225, None, 1742, 2057, 2698]
    rows = pd.DataFrame({"month": pd.date_range("2020-01-01", periods=27, freq="MS")})
    (model,) = trainer(model="sarimax").fit(rows, pd.Series(values, dtype=float, name="y")).series.values()
    assert (model.kind, model.value) == ("last value", 2698)
