"""Dates that come as text: what is learned of them, and how rows to predict are read."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from lolpop.components.data_checker.builtin import BuiltinDataChecker
from lolpop.components.data_profiler.builtin import BuiltinDataProfiler
from lolpop.components.data_splitter.sklearn import SklearnDataSplitter
from lolpop.components.feature_transformer.feature_engine import FeatureEngineFeatureTransformer
from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.errors import DataError
from lolpop.problem import Problem

PROBLEM = Problem(name="rides", target="rides", type="regression")
DAYS = pd.date_range("2012-01-01", periods=200, freq="D")


def rides(form="%d/%m/%Y", library="pandas"):
    weekend = np.asarray(DAYS.day_of_week >= 5)
    frame = pd.DataFrame({"day": DAYS.strftime(form), "rides": 100.0 + 50 * weekend})
    return frame if library == "pandas" else pl.from_pandas(frame)


def trained(frame, problem=PROBLEM, transformer=SklearnFeatureTransformer):
    trainer = SklearnModelTrainer(problem=problem, feature_transformer=transformer(problem=problem))
    return trainer, trainer.fit(frame[["day"]], frame["rides"])


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("transformer", [SklearnFeatureTransformer, FeatureEngineFeatureTransformer])
@pytest.mark.parametrize("form", ["%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y %H:%M", "%d %B %Y"])
def test_text_of_dates_is_learned_from(form, transformer, library, tmp_path):
    """Dates as text give the feature weekday, also in a stored model."""
    frame = rides(form, library)
    trainer, model = trained(frame, transformer=transformer)
    assert (model.columns, model.left_out) == (("day",), {})
    assert np.abs(model.predict(frame[["day"]]).labels - np.asarray(frame["rides"])).max() < 5
    trainer.save(model, tmp_path)
    restored = type(trainer).load(tmp_path)
    assert restored.predict(frame[["day"]]).labels.tolist() == model.predict(frame[["day"]]).labels.tolist()


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_rows_to_predict_are_read_in_the_form_that_was_learned(library):
    """Ambiguous dates such as 07/01/2012 are read in the format of the training rows."""
    frame = rides(library=library)
    _, model = trained(frame)
    sundays_and_mondays = ["01/07/2012", "02/07/2012"]
    rows = pd.DataFrame({"day": sundays_and_mondays})
    rows = rows if library == "pandas" else pl.from_pandas(rows)
    assert np.round(model.predict(rows).labels, -1).tolist() == [150.0, 100.0]
    with pytest.raises(DataError, match=r"such as 31/01/2024 \(%d/%m/%Y\), but contains '12/31/2012'"):
        model.predict(pd.DataFrame({"day": ["12/31/2012"]}))


def test_the_stated_form_is_learned():
    """problem.dates decides where the values are ambiguous, and can declare a column as text."""
    frame = rides()[:60].assign(day=[f"{day:02}/01/2012" for day in range(1, 13)] * 5)
    guessed, stated, text = (
        trained(frame, PROBLEM.model_copy(update={"dates": dates}))[1]
        for dates in ({}, {"day": "%d/%m/%Y"}, {"day": "text"})
    )
    encoders = [model.transformer.transformers_[0][1] for model in (guessed, stated)]
    assert [encoder.forms for encoder in encoders] == [{"day": "%m/%d/%Y"}, {"day": "%d/%m/%Y"}]
    assert text.transformer.transformers_[0][0] == "categories"


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_dates_that_can_be_read_in_two_ways_are_named_with_the_setting_that_decides(library):
    """The warning has the chosen format, the other one, and the setting."""
    frame = pd.DataFrame({"day": ["01/02/2012", "03/04/2012", "05/05/2012"] * 20, "rides": np.arange(60.0)})
    frame = frame if library == "pandas" else pl.from_pandas(frame)
    (check,) = (
        c for c in BuiltinDataChecker(problem=PROBLEM).check(frame).checks if c.check == "ambiguous_dates"
    )
    assert (check.status, check.columns) == ("warn", ("day",))
    assert "'01/02/2012', are read as %m/%d/%Y" in check.message
    assert "problem.dates" in check.message
    assert "{day: '%d/%m/%Y'}" in check.message
    problem = PROBLEM.model_copy(update={"dates": {"day": "%d/%m/%Y"}})
    report = BuiltinDataChecker(problem=problem).check(frame)
    assert [c.status for c in report.checks if c.check == "ambiguous_dates"] == ["ok"]


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize(
    ("form", "shown"), [("%Y/%m/%d", "%Y/%m/%d"), ("%d %b %Y", "%d %b %Y"), ("%Y-%m-%d", "ISO 8601")]
)
def test_a_value_that_keeps_a_column_from_being_dates_is_named(library, form, shown):
    """199 of 200 values are dates: the warning has the format, the other value, and what to do."""
    days = [day.strftime(form) for day in pd.date_range("2012-01-01", periods=200)]
    days[16] = "?"
    frame = pd.DataFrame({"day": days, "rides": np.arange(200.0)})
    frame = frame if library == "pandas" else pl.from_pandas(frame)
    checks = {check.check: check for check in BuiltinDataChecker(problem=PROBLEM).check(frame).checks}
    assert checks["nearly_dates"].status == "warn"
    assert checks["nearly_dates"].columns == ("day",)
    assert (
        f"199 of 200 values of 'day' are dates ({shown}), and row 17 is '?'" in checks["nearly_dates"].message
    )
    assert "data_connector.missing_values" in checks["nearly_dates"].message


def test_text_that_is_hardly_dates_is_not_taken_for_them():
    """If a quarter of the values or more are no dates, no message mentions dates."""
    days = pd.date_range("2012-01-01", periods=100).strftime("%Y/%m/%d").tolist()
    for values in ([*days[:75], *(f"note {row}" for row in range(25))], [f"1.{row}.0" for row in range(100)]):
        frame = pd.DataFrame({"day": values, "rides": np.arange(100.0)})
        checks = {
            check.check: check.status for check in BuiltinDataChecker(problem=PROBLEM).check(frame).checks
        }
        assert checks["nearly_dates"] == "ok"


def test_dates_as_text_are_no_categories_to_the_data_checker():
    """Three hundred days are not reported as too many categories."""
    frame = pd.DataFrame(
        {"day": pd.date_range("2012-01-01", periods=300).strftime("%Y/%m/%d"), "rides": range(300)}
    )
    checks = {check.check: check.status for check in BuiltinDataChecker(problem=PROBLEM).check(frame).checks}
    assert checks["high_cardinality"] == "ok"


@pytest.mark.parametrize("form", ["%Y/%m/%d", "%d %B %Y"])
def test_later_dates_as_text_are_no_drift(form):
    """Dates of rows to predict are new, but they are not new categories."""
    earlier, later = (pd.date_range(start, periods=24, freq="MS").repeat(20) for start in ("2010", "2012"))
    profiler = BuiltinDataProfiler(problem=PROBLEM)
    report = profiler.compare(
        pd.DataFrame({"day": later.strftime(form)}), pd.DataFrame({"day": earlier.strftime(form)})
    )
    assert {check.status for check in report.checks} == {"ok"}
    assert report.columns == ()


def test_rows_are_split_by_dates_as_text():
    """The test rows are the latest by date, not by the order of text."""
    problem = PROBLEM.model_copy(update={"drop": ("day",)})
    splitter = SklearnDataSplitter(by="time", column="day", problem=problem, seed=0)
    splits = splitter.split(rides("%d.%m.%Y"))
    assert min(pd.to_datetime(splits.test["day"], format="%d.%m.%Y")) > max(
        pd.to_datetime(splits.train["day"], format="%d.%m.%Y")
    )


def test_encoders_that_were_stored_before_there_were_forms_are_used_as_they_were():
    """A DateEncoder that was stored without formats reads dates and ISO 8601."""
    from lolpop.components.feature_transformer._encoders import DateEncoder

    stored = DateEncoder.__new__(DateEncoder)
    stored.__setstate__({"feature_names_in_": np.array(["day"], dtype=object)})
    assert stored.transform(pd.DataFrame({"day": DAYS[:2]}))[:, 3].tolist() == [1.0, 2.0]
    assert stored.get_params() == {"forms": None}
