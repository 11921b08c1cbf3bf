"""Forecasts are measured as plain code measures them, and compared with what anybody could have said."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, mean_absolute_percentage_error, root_mean_squared_error

from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_checker.backtests import ForecastColumns, RecordedForecasts, backtest_rows
from lolpop.components.model_checker.forecasting import ForecastModelChecker
from lolpop.components.model_trainer.forecasting.models import Forecast, ForecastModel, SeriesMetadata
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.data.timelines import timelines
from lolpop.errors import DataError, TrainingError
from lolpop.problem import ForecastingProblem, Problem

MONTHS = ForecastingProblem(name="visitors", target="visits", time="month", horizon=6)
DAYS = ForecastingProblem(name="s", target="y", time="day", series="key", horizon=5)


class Same(ForecastModel):
    """Forecasts the last value, always, give or take ``width``."""

    __slots__ = ("plus", "width")

    def __init__(self, learned, width=1.0, plus=0.0):
        super().__init__(learned)
        self.width, self.plus = width, plus

    def _forecast(self, key, steps, regressors):
        mean = np.full(steps, self.learned.histories[key].tail[-1] + self.plus)
        return Forecast(mean, mean - self.width, mean + self.width)


def same(frame, problem, **settings):
    """A model that has learned from ``frame``, and says the same of all steps."""
    return Same(
        SeriesMetadata.of(
            timelines(frame.drop(columns=problem.target), frame[problem.target], problem), problem
        ),
        **settings,
    )


def recorded(truth, mean, lower=None, upper=None, scale=1.0):
    """What was forecast of one series, beside the truth."""
    rows = pd.DataFrame(
        {"month": pd.date_range("2020-01-01", periods=len(truth), freq="MS"), "visits": truth}
    )
    bounds = {} if lower is None else {"lower": lower, "upper": upper}
    return rows.assign(prediction=mean, scale=scale, baseline_naive=0.0, **bounds)


def as_recorded(rows):
    """The model that answers with what stands in rows that ``recorded`` made."""
    lower, upper = ("lower", "upper") if "lower" in rows else (None, None)
    baselines = {name.removeprefix("baseline_"): name for name in rows if name.startswith("baseline_")}
    columns = ForecastColumns(lower=lower, upper=upper, scale="scale", baselines=baselines)
    return RecordedForecasts(MONTHS, columns=columns)


def many(random, keys=20, days=60):
    """Random walks."""
    walks = np.cumsum(random.normal(size=(keys, days)), axis=1)
    return pd.DataFrame(
        {
            "key": np.repeat([f"k{at:02}" for at in range(keys)], days),
            "day": np.tile(pd.date_range("2025-01-01", periods=days), keys),
            "y": walks.ravel(),
        }
    )


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.1, 1e3), st.floats(-1e3, 1e3), st.floats(0, 1e2)), min_size=1, max_size=20)
)
def test_metrics_are_those_of_plain_code(values):
    """Errors equal those of scikit-learn to the last digit, others their definitions."""
    truth, mean, width = (np.array(column) for column in zip(*values, strict=True))
    rows = recorded(truth, mean, mean - width, mean + width, scale=2.0)
    metrics = ForecastModelChecker(problem=MONTHS).measure(as_recorded(rows), rows, rows["visits"])
    assert metrics["mean_absolute_error"] == mean_absolute_error(truth, mean)
    assert metrics["root_mean_squared_error"] == root_mean_squared_error(truth, mean)
    assert metrics["mean_absolute_percentage_error"] == mean_absolute_percentage_error(truth, mean)
    symmetric = sum(2 * abs(a - b) / (abs(a) + abs(b)) for a, b in zip(truth, mean, strict=True)) / len(truth)
    assert metrics["symmetric_mean_absolute_percentage_error"] == pytest.approx(symmetric)
    assert metrics["mean_absolute_scaled_error"] == pytest.approx(mean_absolute_error(truth, mean) / 2)
    assert metrics["coverage"] == np.mean(
        [abs(a - b) <= w for a, b, w in zip(truth, mean, width, strict=True)]
    ) or (metrics["coverage"] == pytest.approx(np.mean((truth >= mean - width) & (truth <= mean + width))))
    assert metrics["interval_width"] == pytest.approx(np.mean(2 * width))


def test_the_scale_is_the_seasonal_naive_error_of_the_history(months):
    """The scaled error divides by the mean difference from a year before, in training rows."""
    train, test = months[:120], months[120:]
    model = same(train, MONTHS)
    metrics = ForecastModelChecker(problem=MONTHS).measure(model, test[["month"]], test["visits"])
    scale = np.abs(train["visits"].to_numpy()[12:] - train["visits"].to_numpy()[:-12]).mean()
    error = np.abs(test["visits"] - train["visits"].iloc[-1]).mean()
    assert metrics["mean_absolute_scaled_error"] == pytest.approx(error / scale, rel=1e-14)


def test_baselines_are_the_last_value_last_season_and_the_drift(months):
    """Each baseline follows its definition, at every step."""
    train, test = months[:120], months[120:]
    baselines = same(train, MONTHS).baselines(test[["month"]])
    y = train["visits"].to_numpy()
    assert baselines["naive"].tolist() == [y[-1]] * 6
    assert baselines["seasonal_naive"].tolist() == y[-12:-6].tolist()
    assert baselines["drift"] == pytest.approx(y[-1] + np.arange(1, 7) * (y[-1] - y[0]) / 119)


def test_percentages_of_nothing_are_left_out():
    """A true value of 0 has no percentage error; a series that never varies has no scale."""
    rows = recorded([0.0, 2.0], [1.0, 1.0], scale=0.0)
    metrics = ForecastModelChecker(problem=MONTHS).measure(as_recorded(rows), rows, rows["visits"])
    assert metrics["mean_absolute_percentage_error"] == 0.5
    assert np.isnan(metrics["mean_absolute_scaled_error"])
    assert metrics["mean_absolute_error"] == 1.0


def test_the_best_baseline_is_the_one_to_beat(months):
    """For a seasonal series, the best baseline is the seasonal naive forecast."""
    train, test = months[:120], months[120:]
    compared = ForecastModelChecker(problem=MONTHS).compare_to_baseline(
        same(train, MONTHS), test[["month"]], test["visits"], train["visits"]
    )
    assert compared.against == "the seasonal naive forecast"
    assert compared.other_score < compared.score
    assert compared.better is False


def test_equal_models_differ_by_nothing(months):
    """A model is not better than itself."""
    train, test = months[:120], months[120:]
    model = same(train, MONTHS)
    compared = ForecastModelChecker(problem=MONTHS).compare(model, model, test[["month"]], test["visits"])
    assert (compared.difference, compared.interval, compared.better) == (0, (0, 0), False)


def test_a_difference_that_all_series_share_is_sure_and_one_of_chance_is_not():
    """With 20 series, a slightly worse model is significantly worse, and an equally good one is not."""
    frame = many(np.random.default_rng(0))
    train, test = frame[frame["day"] < "2025-02-25"], frame[frame["day"] >= "2025-02-25"]
    checker = ForecastModelChecker(problem=DAYS)
    model, worse = same(train, DAYS), same(train, DAYS, plus=10.0)
    rows = test.drop(columns="y")
    compared = checker.compare(model, worse, rows, test["y"])
    assert compared.better
    assert compared.interval[0] > 0
    assert not checker.compare(worse, model, rows, test["y"]).better


def test_errors_of_one_forecast_are_no_evidence_by_number():
    """Two models that differ by luck, over twelve steps of one series, are rarely told apart.

    Each error carries on what came before: counted step by step, such a difference seems sure.
    """
    checker, sure, by_row = ForecastModelChecker(problem=MONTHS, metric="mean_absolute_error"), 0, 0
    for seed in range(40):
        truth = np.zeros(12)
        one, other = np.cumsum(np.random.default_rng(seed).normal(size=(2, 12)), axis=1)
        rows = recorded(truth, one).assign(baseline_other=other)
        model = as_recorded(rows)
        compared = checker.compare(model, model.baseline("other"), rows, rows["visits"])
        gains = np.abs(other) - np.abs(one)
        sure += compared.better
        by_row += gains.mean() > 1.96 * gains.std() / 12**0.5
    assert sure < by_row
    assert sure <= 10


def test_intervals_that_hold_too_little_are_reported():
    """Intervals that are too narrow are a warning, good ones are not."""
    frame = many(np.random.default_rng(1))
    train, test = frame[frame["day"] < "2025-02-25"], frame[frame["day"] >= "2025-02-25"]
    statuses = {}
    for width in (0.1, 4.0):
        report = ForecastModelChecker(problem=DAYS).check(
            same(train, DAYS, width=width), test.drop(columns="y"), test["y"]
        )
        statuses[width] = {check.check: check.status for check in report.checks}
    assert statuses[0.1]["coverage"] == "warn"
    assert statuses[4.0]["coverage"] == "ok"


def test_forecasts_that_are_always_too_high_are_reported():
    """Errors of one sign over all series are a warning."""
    frame = many(np.random.default_rng(2))
    train, test = frame[frame["day"] < "2025-02-25"], frame[frame["day"] >= "2025-02-25"]
    report = ForecastModelChecker(problem=DAYS).check(
        same(train, DAYS, plus=20.0), test.drop(columns="y"), test["y"]
    )
    checks = {check.check: check for check in report.checks}
    assert checks["bias"].status == "warn"
    assert "too high" in checks["bias"].message
    assert checks["weak_series"].status == "warn"


def test_forecasts_that_are_missing_are_an_error():
    """Nobody can use them."""
    rows = recorded([1.0, 2.0], [1.0, np.nan])
    report = ForecastModelChecker(problem=MONTHS).check(as_recorded(rows), rows, rows["visits"])
    assert [check.check for check in report.of("error")] == ["predictions"]


def test_rows_of_a_backtest_say_what_the_model_said(months):
    """Recorded forecasts have the metrics of the forecasts themselves."""
    train, test = months[:120], months[120:]
    model = same(train, MONTHS)
    rows = backtest_rows([(model, test[["month"]], test["visits"])], MONTHS)
    checker = ForecastModelChecker(problem=MONTHS)
    metrics = checker.measure(RecordedForecasts.of_backtest(MONTHS), rows, rows["visits"])
    assert metrics == checker.measure(model, test[["month"]], test["visits"])


def test_what_cannot_be_judged_is_refused(months):
    """No rows, no truth, and a model that does not forecast are errors."""
    train, test = months[:120], months[120:]
    checker, model = ForecastModelChecker(problem=MONTHS), same(train, MONTHS)
    with pytest.raises(DataError, match="no rows"):
        checker.measure(model, test[["month"]][:0], test["visits"][:0])
    with pytest.raises(DataError, match="missing or infinite in 1 of 6 rows"):
        checker.measure(model, test[["month"]], test["visits"].where(test.index != 121))
    regression = SklearnModelTrainer(
        "ridge",
        problem=Problem(name="v", target="visits", type="regression"),
        feature_transformer=SklearnFeatureTransformer(),
    ).fit(train[["month"]], train["visits"])
    with pytest.raises(TrainingError, match="use a trainer for forecasting"):
        checker.measure(regression, test[["month"]], test["visits"])
