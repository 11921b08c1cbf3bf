"""Rows to predict that are examined batch by batch, and in parts."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lolpop.checks import Check, CheckReport
from lolpop.components.data_checker import DataChecker, Expectation
from lolpop.components.data_checker.builtin import BuiltinDataChecker
from lolpop.components.data_checker.examination import CheckedBatches
from lolpop.components.data_checker.pandera import PanderaDataChecker
from lolpop.components.data_profiler.builtin import BuiltinDataProfiler
from lolpop.errors import DataError
from lolpop.problem import Problem

PROBLEM = Problem(name="shop", target="bought", index="customer")
KINDS = {"pandas": pd.DataFrame, "polars": pl.DataFrame}


def shop(rows, seed=0):
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "customer": np.arange(rows),
            "age": random.integers(18, 90, rows).astype(float),
            "spent": random.lognormal(3, 1, rows),
            "town": random.choice(["Ulm", "Bonn", "Jena"], rows),
            "member": random.random(rows) < 0.4,
            "day": [f"2024/0{month}/03" for month in random.integers(1, 10, rows)],
        }
    )


EXPECTATION = Expectation.of(BuiltinDataProfiler(problem=PROBLEM).profile(shop(400)))
CHECKER = BuiltinDataChecker(problem=PROBLEM)

ODD = {
    "age": st.sampled_from([30.0, 41.0, -1.0, 95.0, 900.0, 4e38, np.nan, np.inf]),
    "spent": st.sampled_from([20.0, 3.0, 1e6, np.nan]),
    "town": st.sampled_from(["Ulm", "Bonn", "Köln", "Aachen", None]),
    "day": st.sampled_from(["2024/01/03", "2024/02/04", "soon", None]),
}


def in_parts(frame, ends, kind=pd.DataFrame, checker=CHECKER):
    """The report on ``frame``, of which each part up to one of ``ends`` was examined by itself."""
    merged = checker.examine([], EXPECTATION)
    for start, stop in zip([0, *ends], [*ends, len(frame)], strict=True):
        part = frame[start:stop]
        batches = [part if kind is pd.DataFrame else pl.from_pandas(part)]
        merged.merge(pickle.loads(pickle.dumps(checker.examine(batches, EXPECTATION))))
    return merged.report()


@settings(max_examples=80, deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    odd=st.fixed_dictionaries(
        {name: st.lists(values, min_size=24, max_size=24) for name, values in ODD.items()}
    ),
    ends=st.lists(st.integers(0, 24), max_size=4).map(sorted),
)
def test_parts_are_reported_as_all_rows(kind, odd, ends):
    """Every outcome, with its counts and examples, is that of all rows in one frame."""
    frame = shop(24, seed=1).assign(**{name: pd.Series(values) for name, values in odd.items()})
    whole = frame if kind == "pandas" else pl.from_pandas(frame)
    expected = [
        check
        for check in CHECKER.check(whole, EXPECTATION, labelled=False).checks
        if check.check != "duplicate_index" or not ends
    ]
    assert list(in_parts(frame, ends, KINDS[kind]).checks) == expected


def test_one_odd_row_of_many_is_in_the_report():
    """A single number out of range, category or infinite number of any part is reported."""
    frame = shop(3000, seed=1)
    frame.loc[2900, "age"] = 9000.0
    frame.loc[10, "town"] = "Köln"
    frame.loc[1500, "spent"] = np.inf
    checks = {check.check: check for check in in_parts(frame, range(100, 3000, 100)).checks}
    assert "'age' (1 row, such as 9000, expected 18 to 89)" in checks["out_of_range"].message
    assert "'town' ('Köln')" in checks["unseen_categories"].message
    assert checks["infinite_values"].columns == ("spent",)
    assert checks["rows"].message == "there are 3,000 rows"


def test_an_index_is_judged_as_far_as_batches_tell():
    """Missing values are counted in all rows; that none is shared is not claimed of several batches."""
    frame = shop(40).astype({"customer": "Int64"})
    frame.loc[[3, 33], "customer"] = None
    frame.loc[12, "customer"] = 11
    checks = {check.check: check for check in in_parts(frame, [10, 20]).checks}
    assert "missing values in 2 rows" in checks["missing_index"].message
    assert "2 rows share an index value of 'customer', such as 11" in checks["duplicate_index"].message
    sound = {check.check for check in in_parts(shop(40), [10]).checks}
    assert "duplicate_index" not in sound


def test_batches_of_other_columns_are_an_error():
    """The message names the column that a later batch lacks."""
    with pytest.raises(DataError, match="lack the columns 'age'"):
        CHECKER.examine([shop(5), shop(5).drop(columns="age")])


def test_no_rows_at_all_are_an_error():
    """As in a frame without rows."""
    assert CHECKER.examine([]).report().status == "error"
    assert CHECKER.examine([shop(0), shop(0)]).report().status == "error"
    assert CHECKER.examine([shop(0), shop(30)], EXPECTATION).report().status == "ok"


class AgeChecker(DataChecker):
    """One that a user has written: it knows nothing of batches."""

    def check(self, frame, expectation=None, *, labelled=True):
        del expectation, labelled
        old = [int(age) for age in frame["age"] if age > 60]
        status = "error" if max(old, default=0) > 100 else "warn" if old else "ok"
        return CheckReport(
            checks=(Check(check="age", status=status, message=f"old: {old}", columns=("age",)),)
        )


def test_a_checker_without_batches_checks_each():
    """The first of the worst outcomes is reported, with the number of batches that have it."""
    frames = [pd.DataFrame({"age": ages}) for ages in ([1, 2], [70], [3, 120], [101])]
    examined = AgeChecker().examine(frames[:2])
    assert [check.message for check in examined.report().checks] == ["in 1 of 2 batches, first: old: [70]"]
    examined.merge(AgeChecker().examine(frames[2:]))
    (check,) = examined.report().checks
    assert (check.status, check.message) == ("error", "in 2 of 4 batches, first: old: [120]")
    assert AgeChecker().examine(frames[:1]).report() == AgeChecker().check(frames[0])
    assert CheckedBatches([]).report() == CheckReport()


def test_a_schema_is_applied_to_each_batch():
    """Pandera's violations of any batch are reported."""
    pytest.importorskip("pandera", reason="pandera is not installed")
    checker = PanderaDataChecker(problem=PROBLEM)
    frame = shop(60, seed=1)
    frame.loc[59, "age"] = 9000.0
    report = in_parts(frame, [20, 40], checker=checker)
    (check,) = report.of("warn")
    assert check.columns == ("age",)
    assert check.message.startswith("in 1 of 3 batches, first: 'age' breaks")
