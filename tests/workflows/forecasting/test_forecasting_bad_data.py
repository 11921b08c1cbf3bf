"""Rows that are no series, or not quite: people hear what is wrong, or what was done about it."""

import numpy as np
import pandas as pd
import pytest

from lolpop.components.data_checker.forecasting import ForecastDataChecker
from lolpop.components.data_splitter.horizon import HorizonDataSplitter
from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.data.grids import Grid
from lolpop.errors import DataError, TrainingError
from lolpop.pipelines.future import future_rows
from lolpop.problem import ForecastingProblem

MONTHS = ForecastingProblem(name="visitors", target="visits", time="month", horizon=6)
SHOPS = ForecastingProblem(name="sales", target="sold", time="day", series="shop", horizon=7)


def checked(frame, problem=MONTHS):
    """What the checker finds of ``frame``, by check."""
    report = ForecastDataChecker(problem=problem).check(frame)
    return {check.check: (check.status, check.message) for check in report.checks}


def fitted(frame, problem=MONTHS):
    """A model of ``frame``."""
    trainer = SklearnModelTrainer("ridge", problem=problem, feature_transformer=SklearnFeatureTransformer())
    return trainer.fit(frame.drop(columns=problem.target), frame[problem.target])


def test_series_that_are_as_they_should_be_raise_no_alarm(months, shops):
    """Every check of good rows passes."""
    for frame, problem in ((months, MONTHS), (shops, SHOPS)):
        assert {status for status, _ in checked(frame, problem).values()} == {"ok"}


def test_gaps_are_reported_and_filled(months):
    """Missing months are counted, and forecasts stay the same."""
    holes = months.drop(index=[20, 21, 60])
    assert checked(holes)["gaps_in_time"] == (
        "warn",
        "3 values of 'visits' are missing between the first time and the last",
    )
    future = pd.DataFrame({"month": pd.date_range("2025-07-01", periods=6, freq="MS")})
    whole, other = (fitted(frame).predict(future).labels for frame in (months, holes))
    assert other == pytest.approx(whole, abs=5)


def test_a_target_with_missing_values_is_a_gap(months):
    """A missing value counts as a missing row: reported and filled."""
    holes = months.assign(visits=months["visits"].where(~months.index.isin([20, 21, 60])))
    assert checked(holes)["gaps_in_time"][0] == "warn"
    future = pd.DataFrame({"month": pd.date_range("2025-07-01", periods=6, freq="MS")})
    without = months.drop(index=[20, 21, 60])
    assert fitted(holes).predict(future).labels.tolist() == fitted(without).predict(future).labels.tolist()


def test_rows_at_the_end_without_a_target_are_those_to_forecast(months):
    """The history ends with the last known value."""
    planned = months.assign(visits=months["visits"].where(months.index < 120))
    future = future_rows(planned, MONTHS).rows
    assert future["month"].tolist() == months["month"][120:].tolist()


def test_rows_out_of_order_are_reported_and_sorted(months):
    """The order of rows only raises a notice."""
    shuffled = months.sample(frac=1, random_state=0)
    assert checked(shuffled)["order_of_time"][0] == "warn"
    future = pd.DataFrame({"month": pd.date_range("2025-07-01", periods=6, freq="MS")})
    assert fitted(shuffled).predict(future).labels.tolist() == fitted(months).predict(future).labels.tolist()


def test_a_time_that_a_series_has_twice_is_an_error(months, shops):
    """Two values at one time are ambiguous; perhaps problem.series is missing."""
    status, message = checked(pd.concat([months, months[:1]]))["series"]
    assert status == "error"
    assert "1 row repeats a time of column 'month', such as 2015-01-01" in message
    assert "set problem.series" in message
    _, message = checked(pd.concat([shops, shops[:2]]), SHOPS)["series"]
    assert "2 rows repeat a time of column 'day' within a series, such as 2025-01-01 of '1'" in message


def test_mixed_zones_are_an_error(months):
    """The message has times of both zones."""
    zones = ["2025-01-01T00:00+01:00", "2025-01-02T00:00+02:00", "2025-01-03T00:00+01:00"]
    mixed = pd.DataFrame({"month": zones, "visits": 1.0})
    status, message = checked(mixed)["series"]
    assert status == "error"
    assert "'2025-01-01T00:00+01:00' and '2025-01-02T00:00+02:00'" in message


def test_a_target_beyond_what_models_compute_with_is_an_error(months):
    """Its squares would be infinite, and so would errors and intervals."""
    status, message = checked(months.assign(visits=months["visits"] * 1e301))["series"]
    assert status == "error"
    assert "models support numbers up to 1e+37. Use a larger unit" in message


def test_irregular_times_are_an_error(months):
    """The message has times without a frequency, and what to do."""
    random = np.random.default_rng(0)
    times = pd.Timestamp("2025-01-01") + pd.to_timedelta(random.integers(0, 10**6, 50), unit="s")
    status, message = checked(pd.DataFrame({"month": times, "visits": 1.0}))["series"]
    assert status == "error"
    assert "are irregular. Set problem.frequency, or aggregate the rows" in message


@pytest.mark.parametrize(
    ("times", "text"),
    [
        (["2025-01-01", "2025-01-02", "soon"], "contains 'soon'"),
        ([1.0, 2.0, 2.5], "It holds 2.5"),
        ([pd.Timestamp("2025-01-01"), pd.NaT, pd.Timestamp("2025-01-02")], "is missing in 1 row"),
        ([True, False, True], "should contain times"),
    ],
)
def test_what_is_no_time_is_named(times, text):
    """The error has the column and the value."""
    status, message = checked(pd.DataFrame({"month": times, "visits": 1.0}))["series"]
    assert (status, "'month'" in message, text in message) == ("error", True, True)


@pytest.mark.parametrize(
    ("times", "example"),
    [
        ([201511, 201512, 201601], "2015-11"),
        ([202401, 202402, 202403], "2024-01"),
        ([20240130, 20240131, 20240201], "2024-01-30"),
    ],
)
@pytest.mark.parametrize("frequency", [None, "MS"])
def test_dates_written_as_numbers_are_not_counted(times, example, frequency):
    """202412 is not followed by 202413: such dates are refused, with the right form."""
    problem = MONTHS.model_copy(update={"frequency": frequency})
    status, message = checked(pd.DataFrame({"month": times, "visits": 1.0}), problem)["series"]
    assert (status, "numbers that look like dates" in message) == ("error", True)
    assert f"Write them as dates, such as {example}; or set problem.frequency" in message


def test_a_step_makes_numbers_of_what_looks_like_dates():
    """With a step as problem.frequency they are numbers."""
    assert Grid.of(pd.Series([202401, 202403], name="count"), "1").times(np.array([1]))[0] == 202402


@pytest.mark.parametrize("time", ["2000Q1", "201501", "2015-W01", "Dez 2015"])
def test_times_in_another_notation_get_the_right_form(time):
    """Quarters, weeks and others get the right form."""
    _, message = checked(pd.DataFrame({"month": [time, time], "visits": 1.0}))["series"]
    assert f"contains {time!r}. Write times such as 2024-01-31" in message
    assert "a month, a quarter or a week as its first day" in message


def test_a_column_of_time_that_is_not_there_has_a_near_name(months):
    """A misspelt time column gets a near name."""
    status, message = checked(months.rename(columns={"month": "months"}))["series"]
    assert (status, "Did you mean months?" in message) == ("error", True)


def test_a_column_of_series_that_is_not_there_has_a_near_name(shops):
    """The near name may be any column, dropped ones included."""
    problem = SHOPS.model_copy(update={"series": "shp", "drop": ("shop",)})
    status, message = checked(shops, problem)["series"]
    assert (status, message) == (
        "error",
        "There is no series column 'shp' in the data. Did you mean shop?",
    )


def test_days_with_the_offsets_of_summer_and_winter_are_reported(project, command):
    """In one zone such days are an hour apart; the message has the offsets and the advice."""
    days = pd.date_range("2025-02-01", periods=80, tz="Europe/Berlin")
    rows = pd.DataFrame({"month": [day.isoformat() for day in days], "visits": np.arange(80.0)})
    rows.to_csv(project / "known.csv", index=False)
    code, _, output = command("process_data")
    assert code == 1
    assert "'month' mixes time zones, or UTC offsets of summer and winter" in output
    assert "its times of day are 22:00 and 23:00" in output


def test_hours_with_the_offsets_of_summer_and_winter_are_regular(project, command):
    """An hour is an hour, whatever its offset."""
    hours = pd.date_range("2025-03-29", periods=60, freq="h", tz="Europe/Berlin")
    rows = pd.DataFrame({"month": [hour.isoformat() for hour in hours], "visits": np.arange(60.0) % 7})
    rows.to_csv(project / "known.csv", index=False)
    assert command("process_data")[0] == 0


@pytest.mark.parametrize(
    ("times", "text"),
    [
        (pd.period_range("2020-01", periods=9, freq="M"), "periods. Give the moment at which each begins"),
        (pd.to_timedelta(range(9), unit="D"), "durations. Add them to the moment that they count from"),
    ],
)
def test_periods_and_durations_are_refused_with_advice(times, text):
    """Periods and durations are refused, with the conversion to times."""
    status, message = checked(pd.DataFrame({"month": times, "visits": np.arange(9.0)}))["series"]
    assert (status, text in message) == ("error", True)


def test_a_target_too_small_to_compute_with_is_an_error(months):
    """Its squares would be zero."""
    status, message = checked(months.assign(visits=months["visits"] * 1e-310))["series"]
    assert (status, "Use a smaller unit" in message) == ("error", True)
    assert checked(months.assign(visits=months["visits"] * 1e-130))["series"][0] == "ok"


def test_lags_beyond_the_history_are_refused(months):
    """The message has the lags and the length of the history."""
    trainer = SklearnModelTrainer(
        "ridge", lags=(1, 500), problem=MONTHS, feature_transformer=SklearnFeatureTransformer()
    )
    with pytest.raises(TrainingError, match=r"lags \[1, 500\] reach back 500 steps, .* has 126 steps"):
        trainer.fit(months[["month"]], months["visits"])


def test_a_horizon_longer_than_the_history_is_an_error(months):
    """The message has a possible horizon."""
    status, message = checked(months[:6])["history"]
    assert status == "error"
    assert "the longest history has 6 steps" in message
    with pytest.raises(DataError, match=r"set problem\.horizon to 2 or less"):
        HorizonDataSplitter(problem=MONTHS).split(months[:6])


def test_gaps_longer_than_the_horizon_are_no_origin(months):
    """A backtest skips origins after which no row follows."""
    problem = MONTHS.model_copy(update={"frequency": "D"})
    splits = HorizonDataSplitter(problem=problem).backtest(months)
    assert all(len(split.test) for split in splits)


def test_there_is_no_time_after_the_last_year():
    """A forecast after the year 9999 is a readable error."""
    years = pd.DataFrame({"month": [f"{year}-01-01" for year in range(9980, 10000)], "visits": range(20)})
    with pytest.raises(DataError, match="'month' would go on to 10005-01-01: that is no date"):
        future_rows(years, MONTHS)


def test_a_series_of_one_point_is_named(shops):
    """A series with one value is an error with its name."""
    one = shops[(shops["shop"] != 2) | (shops["day"] == "2025-01-05")]
    status, message = checked(one, SHOPS)["series"]
    assert (status, message) == (
        "error",
        "The series '2' has 1 value of 'sold' only: at least 2 are needed. Add rows, or leave it out",
    )


def test_a_series_much_shorter_than_others_is_learned_from_and_not_tested(shops):
    """It is reported, forecast, and left out of the test rows."""
    late = shops[(shops["shop"] != 3) | (shops["day"] >= "2025-03-26")]
    status, message = checked(late, SHOPS)["history"]
    assert (status, "'3'" in message) == ("warn", True)
    splits = HorizonDataSplitter(problem=SHOPS).split(late)
    assert set(splits.test["shop"]) == {1, 2, 4}
    assert (splits.train["shop"] == 3).sum() == (late["shop"] == 3).sum()
    future = future_rows(late, SHOPS).rows.assign(offer=False)
    assert np.isfinite(fitted(late, SHOPS).predict(future).labels).all()


def test_series_that_end_early_are_named(shops):
    """They are forecast from their own last time, with a notice."""
    ended = shops[(shops["shop"] != 4) | (shops["day"] < "2025-03-20")]
    assert checked(ended, SHOPS)["ends"] == (
        "warn",
        "series that end before 2025-03-31: '4'. Each is forecast from its own last time",
    )


def test_text_is_left_out_with_a_notice(months):
    """A text column is no regressor."""
    status, message = checked(months.assign(note="as usual"))["left_out_columns"]
    assert (status, "'note' (string values)" in message) == ("warn", True)


def test_a_regressor_missing_at_prediction_is_named(shops):
    """The error has the missing column, or the time of a missing value."""
    model = fitted(shops, SHOPS)
    future = future_rows(shops, SHOPS).rows
    with pytest.raises(DataError, match="no column 'offer'"):
        model.predict(future)
    holes = future.assign(offer=np.where(future["day"] == "2025-04-02", np.nan, 1.0))
    with pytest.raises(DataError, match="'offer' is missing at 2025-04-02"):
        model.predict(holes)


def test_rows_inside_the_history_are_refused(months):
    """The error has the row and the end of the history."""
    with pytest.raises(DataError, match=r"2025-06-01 lies in the training history, .* ends at 2025-06-01"):
        fitted(months).predict(months[["month"]][-1:])


def test_an_unknown_series_is_named(shops):
    """The error has the series of the training."""
    future = future_rows(shops, SHOPS).rows.assign(offer=False)
    with pytest.raises(DataError, match=r"There is no series '9' .* Series: 1, 2, 3, 4"):
        fitted(shops, SHOPS).predict(future.replace({"shop": {4: 9}}))


def test_times_between_those_of_the_grid_are_refused(months):
    """The error has the time and the frequency."""
    with pytest.raises(DataError, match="2025-07-15, which does not match the frequency MS"):
        fitted(months).predict(pd.DataFrame({"month": [pd.Timestamp("2025-07-15")]}))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            lambda rows: rows.rename(columns={"day": "days"}),
            "there is no column 'day' in the data. Did you mean days?",
        ),
        (lambda rows: rows.assign(day=rows["day"].where(rows.index > 3)), "values of 'day' are missing"),
        (lambda rows: pd.concat([rows, rows[:1]]), "2 rows share their 'shop' and 'day' with another row"),
    ],
)
def test_rows_to_forecast_have_a_place_of_their_own(shops, change, text):
    """Rows to forecast are checked for unique times and series."""
    checker, rows = ForecastDataChecker(problem=SHOPS), shops.drop(columns="sold")
    assert checker.check(rows, labelled=False).status == "ok"
    [error] = checker.check(change(rows), labelled=False).of("error")
    assert error.message == text


def test_a_run_tells_why_nothing_can_be_learned(project, command, months):
    """The command fails with a readable error, and JSON has the check."""
    pd.concat([months, months[:3]]).to_csv(project / "known.csv", index=False)
    code, document, output = command()
    assert code == 1
    assert "known.csv: Nothing can be learned from these rows" in output
    assert [check["check"] for check in document["checks"] if check["status"] == "error"] == ["series"]


def test_times_with_and_without_a_zone_are_told_from_a_file(project, command, months):
    """A file that mixes times with and without a zone is an error."""
    times = months["month"].dt.strftime("%Y-%m-%dT00:00")
    mixed = months.assign(month=times.where(months.index % 2 == 0, times + "+01:00"))
    mixed.to_csv(project / "known.csv", index=False)
    code, _, output = command("process_data")
    assert code == 1
    assert (
        "Column 'month' mixes time zones, such as in '2015-01-01T00:00' and '2015-02-01T00:00+01:00'"
        in output
    )


def test_without_rows_that_have_them_regressors_forecast_nothing(project, command, months):
    """A run with regressors but without rows to predict says what it needs."""
    months.assign(holiday=months["month"].dt.month == 8).to_csv(project / "known.csv", index=False)
    code, document, output = command(
        "--set", 'skip=["compare_data","analyze_prediction_drift","analyze_model"]'
    )
    assert (code, document["prediction_job"]) == (0, None)
    assert "Forecasts need 'holiday' of every future time" in output


def test_without_rows_that_have_it_an_index_forecasts_nothing(project, command, months):
    """With an index but without rows to predict, a run trains and says what it needs."""
    months.assign(number=months.index).to_csv(project / "known.csv", index=False)
    skipped = 'skip=["compare_data","analyze_prediction_drift","analyze_model"]'
    code, document, output = command("--set", skipped, "--set", "problem.index=number")
    assert (code, document["prediction_job"]) == (0, None)
    assert "Forecasts need the index 'number' of every future time" in output
