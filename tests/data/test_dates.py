"""Dates as people write them."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from lolpop.data.frames import date_form, to_datetimes, wrap_series
from lolpop.data.grids import Grid
from lolpop.errors import DataError
from lolpop.problem import Problem

DAYS = pd.date_range("2012-01-20", periods=30, freq="D")
MOMENTS = pd.date_range("2012-01-20 09:05", periods=30, freq="25h")


def series(values, library="pandas"):
    made = pd.Series(values, name="when") if library == "pandas" else pl.Series("when", list(values))
    return wrap_series(made)


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize(
    "form",
    [
        "%Y/%m/%d", "%Y.%m.%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y",
        "%d.%m.%y", "%d %b %Y", "%d %B %Y", "%d. %B %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%B %d, %Y",
        "%a, %d %b %Y", "%A, %d %B %Y", "%A, %B %d, %Y", "%Y-%b-%d",
    ],
)  # fmt: skip
@pytest.mark.parametrize("time", ["", " %H:%M", " %H:%M:%S", "T%H:%M:%S.%f", " %I:%M %p", ", %H:%M"])
def test_the_usual_forms_are_dates(form, time, library):
    """Years, months and days in any usual order, with a time or without, are read correctly."""
    moments = MOMENTS if time else DAYS
    column = series(moments.strftime(form + time), library)
    date = date_form(column)
    assert (date.form, date.others) == (form + time, ())
    assert to_datetimes(column, date.form).tolist() == moments.to_pydatetime().tolist()


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_missing_dates_zones_and_spaces_are_understood(library):
    """Zones are converted to UTC, spaces are ignored, and missing values stay missing."""
    column = series([" 31/01/2012 10:00 +01:00", None, "01/02/2012 10:00 Z "], library)
    times = to_datetimes(column, date_form(column).form)
    assert times.astype(str).tolist() == ["2012-01-31T09:00:00.000000", "NaT", "2012-02-01T10:00:00.000000"]


def test_days_and_months_without_zeros_are_understood():
    """1/31/2012 and 12/1/2012 have one format."""
    column = series(["1/31/2012", "12/1/2012"])
    assert date_form(column).form == "%m/%d/%Y"
    assert to_datetimes(column, "%m/%d/%Y").astype("M8[D]").astype(str).tolist() == [
        "2012-01-31",
        "2012-12-01",
    ]


@pytest.mark.parametrize(
    ("values", "form", "others"),
    [
        (["01/02/2012", "03/04/2012", "03/05/2012"], "%m/%d/%Y", ("%d/%m/%Y",)),
        (["01-02-2012", "03-04-2012", "03-05-2012"], "%m-%d-%Y", ("%d-%m-%Y",)),
        (["01/02/2012", "01/03/2012"], "%d/%m/%Y", ("%m/%d/%Y",)),
        (["02/01/2012", "03/01/2012"], "%m/%d/%Y", ("%d/%m/%Y",)),
        (["01/02/12", "03/04/11"], "%m/%d/%y", ("%d/%m/%y",)),
        (["01-02-12", "03-04-11"], "%m-%d-%y", ("%d-%m-%y", "%y-%m-%d")),
        (["01.02.2012", "03.04.2012"], "%d.%m.%Y", ()),
    ],
)
def test_ambiguous_dates_are_marked(values, form, others):
    """If values are ambiguous, one day of every month is more likely, and the month is first."""
    date = date_form(series(values))
    assert (date.form, date.others) == (form, others)


def test_first_days_of_months_are_not_ambiguous():
    """The first of every month, day first, would be twelve days of January in the other format."""
    months = pd.date_range("2011-01-01", periods=24, freq="MS")
    date = date_form(series(months.strftime("%d/%m/%Y")))
    assert (date.form, date.others) == ("%d/%m/%Y", ())


@pytest.mark.parametrize(
    "values",
    [
        ["2012/01/01", "2012/13/01"], ["31/02/2012"], ["1.10.0", "1.2.3"], ["120/80", "130/85"], ["1/2", "3/4"],
        ["May", "June"], ["red", "blue"], ["2012/01/01", "unknown"], ["10.1.2.3"], ["12:30", "13:45"],
        ["555-12-3456"], ["", " "], ["Room 1, 2012"], ["Apollo 11"], ["20120101"], ["2012/01/01", "01/02/2012"],
    ],
)  # fmt: skip
def test_similar_text_is_not_read_as_dates(values):
    """Versions, pressures, telephone numbers, and dates among other texts are text."""
    assert date_form(series(values)) is None


def test_dates_of_iso_8601_that_are_text_are_meant_to_be():
    """Connectors read ISO dates as dates, so text stays text unless problem.dates says otherwise."""
    column = series(["2024-01-01", "2024-02-01 10:00"])
    assert date_form(column) is None
    assert date_form(column, "ISO8601").form == "ISO8601"
    assert to_datetimes(column, "ISO8601").astype(str).tolist() == to_datetimes(column).astype(str).tolist()


def test_the_stated_format_is_used():
    """A stated format is used, for whole numbers too; 'text' means no dates."""
    column = series(["01/02/2012", "03/04/2012"])
    assert date_form(column, "%d/%m/%Y").form == "%d/%m/%Y"
    assert date_form(column, "text") is None
    numbers = series([20120131, 20120201])
    assert to_datetimes(numbers, date_form(numbers, "%Y%m%d").form).astype("M8[D]").astype(str).tolist() == [
        "2012-01-31", "2012-02-01",
    ]  # fmt: skip


def test_another_form_than_the_learned_one_is_an_error_and_iso_8601_is_not():
    """Days and months are never swapped between files: a date in another format is an error."""
    iso = to_datetimes(series(["2012-02-01", "31/01/2012"]), "%d/%m/%Y")
    assert iso.astype("M8[D]").astype(str).tolist() == ["2012-02-01", "2012-01-31"]
    with pytest.raises(
        DataError, match=r"'when' should contain dates such as 31/01/2024 .* contains '01/31/2012'"
    ):
        to_datetimes(series(["01/02/2012", "01/31/2012"]), "%d/%m/%Y")


@pytest.mark.parametrize("form", ["dd/mm/yyyy", "%d/%m", "%Q", ""])
def test_a_form_that_is_none_is_refused(form):
    """An invalid format in problem.dates is a finding that says what to write."""
    with pytest.raises(ValueError, match="invalid date format"):
        Problem(name="p", target="y", dates={"when": form})


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_grid_reads_and_writes_the_form_of_its_times(library):
    """Months written day first are monthly; later times are read and written in that format."""
    months = pd.date_range("2011-01-01", periods=24, freq="MS").strftime("%d/%m/%Y")
    grid = Grid.of(series(months, library).to_native())
    assert (grid.frequency, grid.season, grid.form) == ("MS", 12, "%d/%m/%Y")
    # These alone could be days of January.
    assert grid.positions(series(["01/02/2013", "01/03/2013"], library).to_native()).tolist() == [25, 26]
    written = grid.column(np.array([24, 25]), series(months, library))
    assert written.to_list() == ["01/01/2013", "01/02/2013"]


def test_a_grid_takes_the_stated_form():
    """problem.dates applies to the time of series, and to numbers such as 201201."""
    twelve = pd.date_range("2012-01-01", periods=12, freq="MS")
    stated = Grid.of(pd.Series(twelve.strftime("%d/%m/%Y")), None, "%m/%d/%Y")
    assert (stated.frequency, stated.start) == ("D", "2012-01-01T00:00:00")
    numbers = Grid.of(pd.Series(twelve.strftime("%Y%m").astype(int)), None, "%Y%m")
    assert (numbers.frequency, numbers.counts) == ("MS", False)
