"""Sketches of parts of rows, which are merged and compared."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import shop_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from lolpop.components.data_profiler import DataProfiler, Profile, Sketch
from lolpop.components.data_profiler.builtin import BuiltinDataProfiler
from lolpop.errors import DataError
from lolpop.problem import Problem

PROBLEM = Problem(name="shop", target="bought", index="customer")
KINDS = {"pandas": pd.DataFrame, "polars": pl.DataFrame}


def profiler(**settings):
    return BuiltinDataProfiler(**settings, problem=PROBLEM)


def shop(rows, seed=0):
    """Rows of a shop, with dates that are text."""
    months = np.random.default_rng(seed).integers(1, 10, rows)
    return shop_rows.shop(rows, seed).assign(since=[f"2020/0{month}/11" for month in months])


def sketched(frame, ends, made, kind="pandas", rows_known=True):
    """A sketch of ``frame``, of which each part up to one of ``ends`` was read by another process."""
    rows = len(frame) if rows_known else None
    merged = made.sketch([], rows=rows)
    for start, stop in zip([0, *ends], [*ends, len(frame)], strict=True):
        part = frame[start:stop] if kind == "pandas" else pl.from_pandas(frame[start:stop])
        half = len(part) // 2
        part_sketch = made.sketch([part[:half], part[half:]], first_row=start, rows=rows)
        merged.merge(pickle.loads(pickle.dumps(part_sketch)))
    return merged


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows_known", [True, False], ids=["number of rows known", "unknown"])
@pytest.mark.parametrize("sample_rows", [500, 100_000])
def test_parts_have_the_profile_of_one_pass(kind, rows_known, sample_rows):
    """Whatever the parts are, the same rows are sampled; only sums may differ, in their last digits."""
    frame, made = shop(9000), profiler(sample_rows=sample_rows)
    whole = sketched(frame, [], made, kind, rows_known).profile()
    for ends in ([1], [4000, 4000, 8999], range(700, 9000, 700)):
        profile = sketched(frame, ends, made, kind, rows_known).profile()
        assert rounded(profile) == rounded(whole)


def rounded(profile):
    values = profile.model_dump()
    for column in values["columns"]:
        if column["numbers"]:
            column["numbers"]["mean"] = float(f"{column['numbers']['mean']:.9g}")
            column["numbers"]["std"] = float(f"{column['numbers']['std']:.9g}")
    return values


def test_the_same_batches_give_the_same_digits_in_any_parts():
    """Sums of batches are added up in the order of the rows, wherever they were made."""
    frame, made = shop(6000), profiler(sample_rows=500)
    batches = [frame[start : start + 500] for start in range(0, 6000, 500)]
    whole = made.sketch(batches, rows=6000).profile()
    for cuts in ([6], [1, 2, 11]):
        merged = made.sketch([], rows=6000)
        for start, stop in zip([0, *cuts], [*cuts, 12], strict=True):
            merged.merge(made.sketch(batches[start:stop], first_row=start * 500, rows=6000))
        assert merged.profile() == whole


@pytest.mark.parametrize("kind", KINDS)
def test_a_sketch_of_few_rows_is_compared_as_its_rows(kind):
    """The drift of each column is the same, to the last digit."""
    made, frame = profiler(), shop(3000, seed=1)
    frame["age"] += 6
    frame.loc[::3, "income"] = np.nan
    frame.loc[::2, "town"] = "Köln"
    reference = made.profile(shop(3000))
    rows = frame if kind == "pandas" else pl.from_pandas(frame)
    report = made.compare(rows, reference)
    assert {column.column for column in report.columns if column.status != "ok"} >= {"age", "income", "town"}
    assert "since" not in {column.column for column in report.columns}
    assert made.compare(sketched(frame, [1000, 1300], made, kind), reference) == report


def test_drift_of_many_rows_is_found_by_a_sample():
    """With a sample of a twentieth, rows of the same origin have no drift, and others have theirs."""
    made = profiler(sample_rows=1000)
    reference = made.profile(shop(20_000))
    ends = range(2500, 20_000, 2500)
    assert made.compare(sketched(shop(20_000, seed=1), ends, made), reference).status == "ok"
    moved = shop(20_000, seed=2).assign(visits=lambda rows: rows["visits"] + 1)
    (check,) = made.compare(sketched(moved, ends, made), reference).checks
    assert check.columns == ("visits",)


def test_many_missing_values_of_all_rows_count_not_those_of_the_sample():
    """The share of rows without a value is exact."""
    made, frame = profiler(sample_rows=300), shop(9000, seed=1)
    frame.loc[frame.index % 2 == 0, "age"] = np.nan
    drift = {
        c.column: c for c in made.compare(sketched(frame, [3000], made), made.profile(shop(9000))).columns
    }
    assert drift["age"].change == "50% missing, was 0%"


def test_parts_of_many_rows_hold_a_share_of_the_sample():
    """What travels for a part does not grow with the sample, but with the share of its rows."""
    made, frame = profiler(sample_rows=2000), shop(2000)
    few = len(pickle.dumps(made.sketch([frame], first_row=0, rows=2000)))
    many = len(pickle.dumps(made.sketch([frame], first_row=4000, rows=2_000_000)))
    assert many < few / 3


def test_numbers_so_rare_that_none_is_sampled_have_their_extremes():
    """Least, greatest and mean are those of all rows."""
    numbers = np.full(5000, np.nan)
    numbers[[17, 4000]] = 3.0, 9.0
    column = profiler(sample_rows=2).profile_batches([pd.DataFrame({"a": numbers})]).by_name["a"]
    assert (column.missing, column.distinct) == (4998, 2)
    assert (column.numbers.min, column.numbers.max, column.numbers.mean) == (3.0, 9.0, 6.0)


def test_sketches_of_other_columns_are_not_merged():
    """The message names what differs; a sketch of no batches changes nothing."""
    made = profiler()
    sketch = made.sketch([pd.DataFrame({"a": [1.0]})])
    with pytest.raises(DataError, match="lacks 'a' and has the extra columns 'b'"):
        sketch.merge(made.sketch([pd.DataFrame({"b": [1.0]})]))
    sketch.merge(made.sketch([]))
    assert sketch.profile().rows == 1
    assert [column.name for column in sketch.without({"a", "z"}).profile().columns] == []
    assert [column.name for column in sketch.profile().columns] == ["a"]


class OtherSketch(Sketch):
    def __len__(self):
        return 0

    def add(self, frame):
        raise NotImplementedError

    def merge(self, later):
        raise NotImplementedError

    def without(self, columns):
        raise NotImplementedError

    def profile(self):
        return Profile(rows=0)


def test_a_sketch_of_another_profiler_is_refused():
    """The message names its class."""
    assert issubclass(BuiltinDataProfiler, DataProfiler)
    with pytest.raises(TypeError, match="OtherSketch"):
        profiler().compare(OtherSketch(), shop(10))


@settings(max_examples=60, deadline=None)
@given(
    columns=st.lists(st.lists(st.floats() | st.just(2.0), max_size=6), min_size=1, max_size=5),
    sample_rows=st.integers(1, 8),
    cut=st.integers(0, 5),
)
def test_random_numbers_in_two_parts_are_those_of_one(columns, sample_rows, cut):
    """Profiles of two merged parts are that of one pass, whatever the numbers are."""
    frames = [pd.DataFrame({"a": np.array(values, dtype=float)}) for values in columns]
    rows = sum(map(len, frames))
    made = profiler(sample_rows=sample_rows)
    whole = made.sketch(frames, rows=rows)
    merged = made.sketch(frames[:cut], rows=rows)
    merged.merge(made.sketch(frames[cut:], first_row=sum(map(len, frames[:cut])), rows=rows))
    assert merged.profile() == whole.profile()
