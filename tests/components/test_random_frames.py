"""Whatever is in a frame, checkers and profilers answer with a report, or with an error for people."""

import contextlib
import datetime as dt

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lolpop.components.data_checker import DataChecker, Expectation
from lolpop.components.data_profiler import DataProfiler, Profile
from lolpop.components.data_profiler.builtin import BuiltinDataProfiler
from lolpop.errors import LolpopError
from lolpop.problem import ForecastingProblem, Problem
from lolpop.registry import find, group_of, registered

PROBLEMS = [
    Problem(name="shop", target="b", index="a", drop=("e",)),
    Problem(name="shop", target="b", type="regression"),
]
CHECKERS = {name: find(DataChecker, name) for name in registered(group_of(DataChecker))}
PROFILERS = {name: find(DataProfiler, name) for name in registered(group_of(DataProfiler))}
ZONES = ["UTC", "Europe/Berlin", "Pacific/Apia"]

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.dates(), st.timedeltas(),
    # Of a signalling NaN pandas itself cannot say whether it is missing.
    st.decimals().filter(lambda number: not number.is_snan()), st.binary(max_size=2), st.lists(st.integers(), max_size=2), st.times(),
    st.dictionaries(st.text(max_size=1), st.integers(), max_size=1), st.just(float("nan")), st.just(10**400),
    st.sampled_from(["\ud800", "b\udfff", "\0", "\u202e", "\x1b[31m"]),
    st.datetimes(), st.complex_numbers(), st.just(pd.NA), st.just(pd.NaT), st.tuples(st.integers()),
)  # fmt: skip
INSTANTS = st.datetimes(pd.Timestamp("1700-01-01"), pd.Timestamp("2200-01-01"))


def values(kind, rows):
    return st.lists(kind, min_size=rows, max_size=rows)


def pandas_columns(rows):
    def some(kind, dtype):
        return values(kind, rows).map(lambda items: pd.Series(items, dtype=dtype))

    texts = st.one_of(st.none(), st.text(max_size=3))
    return st.one_of(
        some(SCALARS, "object"),
        some(st.lists(st.lists(st.integers(), max_size=2), max_size=2), "object"),
        some(st.floats(), "float64"),
        some(st.floats(width=32), "float32"),
        some(st.integers(-(2**63), 2**63 - 1), "int64"),
        some(st.integers(0, 2**64 - 1), "uint64"),
        some(st.one_of(st.none(), st.integers(-9, 9)), "Int64"),
        some(st.one_of(st.none(), st.booleans()), "boolean"),
        some(st.booleans(), "bool"),
        some(texts, "str"),
        some(texts, "string[pyarrow]"),
        some(st.one_of(st.none(), st.sampled_from("xyz")), pd.CategoricalDtype(["x", "y", "z", "unused"])),
        some(st.one_of(st.none(), st.integers(0, 2)), pd.CategoricalDtype([0, 1, 2, 3], ordered=True)),
        some(st.one_of(st.none(), INSTANTS), "datetime64[ns]"),
        st.tuples(some(st.one_of(st.none(), INSTANTS), "datetime64[us]"), st.sampled_from(ZONES)).map(
            lambda pair: pair[0].dt.tz_localize("UTC").dt.tz_convert(pair[1])
        ),
        some(st.timedeltas(dt.timedelta(-9999), dt.timedelta(9999)), "timedelta64[us]"),
        some(st.none(), "object"),
        some(st.sampled_from(["a", "\ud800", "\0"]), "object"),
        some(st.sampled_from([1, [1]]), "object"),
        some(st.sampled_from(["a", [1], {"a": 1}]), "object"),
        st.just(pd.Series([float("inf")] * rows, dtype="float64")),
        st.just(pd.Series([float("nan")] * rows, dtype="float64")),
        st.just(pd.Series([f"category {row}" for row in range(rows)], dtype="category")),
        some(st.sampled_from([float("inf"), -float("inf"), 0.0, -0.0]), "float64"),
    )


POLARS = {
    pl.Int8: st.integers(-128, 127), pl.Int64: st.integers(-(2**63), 2**63 - 1),
    pl.UInt64: st.integers(0, 2**64 - 1), pl.Int128: st.integers(-(2**127), 2**127 - 1),
    pl.Float32: st.floats(width=32), pl.Float64: st.floats(), pl.Boolean: st.booleans(),
    pl.String: st.text(max_size=3), pl.Categorical: st.text(max_size=2), pl.Enum(["x", "y", "z"]): st.sampled_from("xyz"),
    pl.Binary: st.binary(max_size=2), pl.Date: st.dates(), pl.Time: st.times(),
    pl.Datetime("us"): INSTANTS, pl.Datetime("ms", "Europe/Berlin"): INSTANTS,
    pl.Duration: st.timedeltas(dt.timedelta(-9999), dt.timedelta(9999)),
    pl.Decimal(38, 2): st.decimals(-(10**20), 10**20, places=2),
    pl.List(pl.List(pl.Int64)): st.lists(st.lists(st.integers(0, 9), max_size=2), max_size=2),
    pl.Struct({"x": pl.Int64}): st.fixed_dictionaries({"x": st.integers(0, 9)}),
    pl.Array(pl.Int64, 2): st.lists(st.integers(0, 9), min_size=2, max_size=2),
    pl.Null: st.none(), pl.Object: SCALARS,
}  # fmt: skip


def polars_columns(rows):
    return st.sampled_from(list(POLARS)).flatmap(
        lambda dtype: values(st.one_of(st.none(), POLARS[dtype]), rows).map(
            lambda items: pl.Series(items, dtype=dtype, strict=False)
        )
    )


NAMES = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "", "a\0b", "\u202e", "\x1b[31m"]), max_size=4)


@st.composite
def pandas_frames(draw):
    """Frames of 0 to 40 rows and 0 to 4 columns, of which some may have the same name."""
    rows, names = draw(st.sampled_from([0, 1, 2, 5, 40])), draw(NAMES)
    columns = [draw(pandas_columns(rows)) for _ in names]
    frame = pd.concat(columns, axis=1) if columns else pd.DataFrame(index=range(rows))
    frame.columns = names
    return frame


@st.composite
def polars_frames(draw):
    """Frames of 0 to 40 rows and 0 to 4 columns."""
    rows, names = draw(st.sampled_from([0, 1, 2, 5, 40])), draw(NAMES)
    return pl.DataFrame({name: draw(polars_columns(rows)) for name in names})


def answers(checker_type, frame, other, problem):
    """Call everything; only errors for people may come out."""
    if checker_type is CHECKERS["forecasting"]:
        series = "c" if problem.index else None
        problem = ForecastingProblem(name="shop", target="b", time="a", series=series, horizon=2)
    checker = checker_type(problem=problem)
    expectation = None
    with contextlib.suppress(LolpopError):
        expectation = Expectation.of(BuiltinDataProfiler(problem=problem).profile(other))
    for expected in (None, expectation):
        for labelled in (True, False):
            with contextlib.suppress(LolpopError):
                report = checker.check(frame, expected, labelled=labelled)
                assert report.checks
                assert all(check.message for check in report.checks)


def described(profiler_type, frame, other, problem):
    """Profile, profile batches, and compare; only errors for people may come out."""
    profiler = profiler_type(problem=problem)
    for make in (
        lambda: profiler.profile(other),
        lambda: profiler.profile_batches([other, frame]),
        lambda: profiler.profile_batches([other, other]),
    ):
        with contextlib.suppress(LolpopError):
            profile = make()
            assert Profile.model_validate_json(profile.model_dump_json()) == profile
            Expectation.of(profile)
            assert profiler.compare(frame, profile).checks


@pytest.mark.parametrize("name", CHECKERS)
@settings(max_examples=50, deadline=None)
@given(frame=pandas_frames(), other=pandas_frames(), problem=st.sampled_from(PROBLEMS))
def test_checkers_answer_for_any_pandas_frame(name, frame, other, problem):
    """Objects of any type, tz dates, unused categories, huge integers, infinities, no rows, no columns."""
    answers(CHECKERS[name], frame, other, problem)


@pytest.mark.parametrize("name", CHECKERS)
@settings(max_examples=50, deadline=None)
@given(frame=polars_frames(), other=polars_frames(), problem=st.sampled_from(PROBLEMS))
def test_checkers_answer_for_any_polars_frame(name, frame, other, problem):
    """Nested lists, structs, decimals, enums, binaries, 128 bits, objects."""
    answers(CHECKERS[name], frame, other, problem)


@pytest.mark.parametrize("name", PROFILERS)
@settings(max_examples=50, deadline=None)
@given(frame=pandas_frames(), other=pandas_frames(), problem=st.sampled_from(PROBLEMS))
def test_profilers_answer_for_any_pandas_frame(name, frame, other, problem):
    """A profile survives its JSON, and whatever can be profiled can be compared with."""
    described(PROFILERS[name], frame, other, problem)


@pytest.mark.parametrize("name", PROFILERS)
@settings(max_examples=50, deadline=None)
@given(frame=polars_frames(), other=polars_frames(), problem=st.sampled_from(PROBLEMS))
def test_profilers_answer_for_any_polars_frame(name, frame, other, problem):
    """A profile survives its JSON, and whatever can be profiled can be compared with."""
    described(PROFILERS[name], frame, other, problem)


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_ten_thousand_categories_are_checked_and_profiled(kind):
    """Many values of a column that is a category, in as many rows, are no reason to fail or to wait."""
    names = [f"category {number}" for number in range(10_000)]
    frame = kind({"a": range(10_000), "b": ["x", "y"] * 5_000, "c": names})
    if kind is pd.DataFrame:
        frame = frame.astype({"c": "category"})
    else:
        frame = frame.with_columns(pl.col("c").cast(pl.Categorical))
    for checker in CHECKERS.values():
        answers(checker, frame, frame[:500], PROBLEMS[0])
    for profiler in PROFILERS.values():
        described(profiler, frame, frame[:500], PROBLEMS[0])
