"""Moments in time are counted, and come back as what they were."""

import datetime as dt

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lolpop.data.grids import Grid
from lolpop.data.timelines import timelines
from lolpop.errors import DataError
from lolpop.problem import ForecastingProblem

FREQUENCIES = [
    "min",
    "15min",
    "h",
    "6h",
    "D",
    "2D",
    "W-SUN",
    "W-WED",
    "B",
    "MS",
    "ME",
    "QS-FEB",
    "QE-MAR",
    "YS-JAN",
    "BMS",
    "BME",
    "BQE-MAR",
    "BYS-JAN",
]
ZONES = [None, "UTC", "Europe/Berlin", "America/New_York"]


def moments(frequency, zone, length, day=7):
    """So many moments at a frequency, over changes of the clock, from a day of February 2024 on."""
    first = f"2024-02-{day:02}"
    return pd.Series(pd.date_range(first, periods=length, freq=frequency, tz=zone), name="t")


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([*FREQUENCIES, "SMS-15", "2B"]),
    st.sampled_from(ZONES),
    st.integers(1, 14),
    st.integers(-30, 30),
    st.integers(1, 60),
)
@example("B", None, 2, 0, 60)  # from a Friday
def test_positions_come_back_as_they_were(frequency, zone, day, first, length):
    """Times and positions convert to each other, before the start and at changes of the clock, too."""
    grid = Grid.of(moments(frequency, zone, 40, day), frequency)
    positions = np.arange(first, first + length)
    times = pd.Series(grid.times(positions), name="t")
    assert grid.positions(times).tolist() == positions.tolist()
    assert times.is_monotonic_increasing


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(FREQUENCIES), st.sampled_from(ZONES), st.sets(st.integers(1, 98), max_size=30))
def test_the_frequency_is_found_whatever_is_missing(frequency, zone, missing):
    """A hundred moments with gaps have the grid and the positions of all."""
    times = moments(frequency, zone, 100)
    rest = times.drop(index=sorted(missing))
    grid = Grid.of(rest.sample(frac=1, random_state=0))
    assert grid.positions(times).tolist() == list(range(100))


@settings(max_examples=40, deadline=None)
@given(st.integers(-3000, 3000), st.integers(1, 50), st.sets(st.integers(1, 18), max_size=5))
def test_whole_numbers_are_counted_by_their_step(start, step, missing):
    """The step of whole numbers divides all their differences."""
    times = pd.Series([start + step * at for at in range(20) if at not in missing], name="year")
    grid = Grid.of(times)
    assert grid.times(np.arange(20)).tolist() == [start + step * at for at in range(20)]
    assert grid.positions(times).tolist() == [at for at in range(20) if at not in missing]


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(pd.date_range("2024-01-01", periods=3), name="t"),
        pd.Series(pd.date_range("2024-01-01", periods=3, tz="Europe/Berlin"), name="t"),
        pd.Series([dt.date(2024, 1, 1), dt.date(2024, 1, 2)], name="t"),
        pd.Series(["2024-01-01", "2024-01-02"], name="t"),
        pd.Series([2001, 2002], name="t"),
        pd.Series([2001.0, 2002.0], name="t"),
        pl.Series("t", [dt.date(2024, 1, 1), dt.date(2024, 1, 2)]),
        pl.Series("t", [dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 2)]),  # noqa: DTZ001  (of no zone)
        pl.Series("t", [2001, 2002]),
    ],
    ids=lambda column: f"{type(column).__module__.partition('.')[0]} {column.dtype}",
)
def test_moments_are_given_back_in_the_kind_of_the_column(column):
    """Dates, text, numbers and zones keep their type."""
    wrapped = nw.from_native(column, series_only=True)
    given_back = Grid.of(column).column(np.array([1, 5]), wrapped)
    assert given_back.dtype == wrapped.dtype
    assert given_back.to_list()[0] == wrapped.to_list()[1]


@pytest.mark.parametrize(
    ("frequency", "season"),
    [
        ("15min", 96),
        ("h", 24),
        ("D", 7),
        ("B", 5),
        ("W-SUN", 52),
        ("MS", 12),
        ("BME", 12),
        ("SMS-15", 24),
        ("QE-MAR", 4),
        ("YS-JAN", 1),
    ],
)
def test_a_season_is_what_the_calendar_repeats(frequency, season):
    """Hours have a season of a day, days of a week, months of a year."""
    assert Grid.of(moments(frequency, None, 9), frequency).season == season


def test_a_frequency_that_pandas_does_not_know_is_named():
    """The error for a misspelt frequency has examples."""
    with pytest.raises(DataError, match=r"problem\.frequency 'monthly' is not a frequency"):
        Grid.of(moments("MS", None, 9), "monthly")


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(12)), st.booleans())
def test_the_order_of_rows_makes_no_difference(order, polars):
    """Rows in any order, of pandas or polars, are the same series."""
    rows = pd.DataFrame(
        {
            "shop": ["a"] * 7 + ["b"] * 5,
            "day": [*pd.date_range("2025-01-01", periods=7), *pd.date_range("2025-01-03", periods=5)],
            "heat": np.arange(12.0),
            "sold": np.arange(12.0) ** 2,
        }
    )
    problem = ForecastingProblem(name="s", target="sold", time="day", series="shop", horizon=2)
    shuffled = rows.iloc[list(order)]
    frame = pl.from_pandas(shuffled) if polars else shuffled
    columns = ["shop", "day", "heat"]
    expected, actual = (timelines(table[columns], table["sold"], problem) for table in (rows, frame))
    assert actual.grid == expected.grid
    for one, other in zip(expected, actual, strict=True):
        assert (one.key, one.start) == (other.key, other.start)
        assert one.values.tolist() == other.values.tolist()
        assert one.regressors.tolist() == other.regressors.tolist()


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(1, 28), min_size=1, max_size=10))
def test_gaps_are_lines_between_their_neighbours(missing):
    """Missing values of a line are interpolated exactly."""
    rows = pd.DataFrame({"day": pd.date_range("2025-01-01", periods=30), "y": 3.0 * np.arange(30)})
    rest = rows.drop(index=sorted(missing))
    problem = ForecastingProblem(name="s", target="y", time="day", frequency="D", horizon=2)
    [line] = timelines(rest[["day"]], rest["y"], problem)
    assert np.flatnonzero(np.isnan(line.values)).tolist() == sorted(missing)
    assert line.filled().values == pytest.approx(rows["y"].to_numpy())
