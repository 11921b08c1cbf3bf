"""Profiles of frames, and drift between frames."""

import threading

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import chi2_contingency, ks_2samp
from sklearn.datasets import load_breast_cancer, load_wine

from lolpop.components.data_profiler import Profile
from lolpop.components.data_profiler.builtin import BuiltinDataProfiler
from lolpop.errors import DataError
from lolpop.problem import Problem

PROBLEM = Problem(name="shop", target="bought", index="customer")
KINDS = pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])


def profiler(**settings):
    return BuiltinDataProfiler(**settings, problem=PROBLEM)


def shop(seed=0, rows=1000, **columns):
    random = np.random.default_rng(seed)
    age = random.normal(40, 10, rows)
    return {
        "customer": np.arange(rows) + seed * rows,
        "age": age,
        "income": age * 1000 + random.normal(0, 3000, rows),
        "visits": random.poisson(2, rows),
        "member": random.random(rows) < 0.4,
        "town": random.choice(["Ulm", "Bonn", "Jena"], rows, p=[0.5, 0.3, 0.2]),
        "street": [f"street {number}" for number in random.integers(0, 300, rows)],
        "bought": random.choice(["yes", "no"], rows),
    } | columns


@KINDS
def test_a_profile_says_what_pandas_says(kind):
    """Counts, moments and quartiles of each column equal those of pandas."""
    frame = load_breast_cancer(as_frame=True).frame
    frame.iloc[:7, 0] = np.nan
    profile = profiler().profile(kind(frame.to_dict("list")))
    assert profile.rows == 569
    for name, column in profile.by_name.items():
        values = frame[name]
        assert (column.missing, column.distinct) == (values.isna().sum(), values.nunique())
        numbers = column.numbers
        assert (numbers.min, numbers.max) == (values.min(), values.max())
        assert numbers.mean == pytest.approx(values.mean())
        assert numbers.std == pytest.approx(values.std(ddof=0))
        assert numbers.quartiles == tuple(values.quantile([0.25, 0.5, 0.75], interpolation="lower"))
        assert sum(numbers.bins.counts) == sum(numbers.histogram.counts) == values.notna().sum()


@KINDS
def test_top_values_are_counted(kind):
    """The most frequent values come first; categories without rows are left out."""
    profile = profiler().profile(
        kind(
            {
                "town": ["Ulm", "Bonn", "Ulm", None],
                "floor": [1.0, 2.0, 2.0, None],
                "new": [True, True, False, True],
            }
        )
    )
    columns = profile.by_name
    assert [(value.value, value.count) for value in columns["town"].values] == [("Ulm", 2), ("Bonn", 1)]
    assert [(value.value, value.count) for value in columns["floor"].values] == [("2", 2)]
    assert columns["new"].values[0].count == 3
    assert columns["town"].missing == columns["floor"].missing == 1
    unused = pd.DataFrame({"town": pd.Categorical(["a"], categories=["a", "b"])})
    assert profiler().profile(unused).columns[0].distinct == 1


def test_columns_that_vary_together_are_named():
    """Correlated pairs equal those of pandas, with missing values left out pairwise."""
    frame = load_wine(as_frame=True).frame
    frame.iloc[::5, 3] = np.nan
    expected = frame.corr()
    profile = profiler().profile(frame).correlations
    assert len(profile) == ((expected.abs() >= 0.5).to_numpy().sum() - len(expected)) // 2
    for correlation in profile:
        assert correlation.coefficient == pytest.approx(expected.loc[correlation.columns])


@KINDS
def test_rows_of_one_origin_do_not_drift(kind):
    """Other rows from the same source raise no alarm, whatever their number."""
    reference = profiler().profile(kind(shop()))
    for rows in (1, 30, 300, 5000):
        report = profiler().compare(kind(shop(seed=1, rows=rows)), reference)
        assert report.status == "ok"
        assert {column.column for column in report.columns} == {
            "age", "income", "visits", "member", "town", "street", "bought",
        }  # fmt: skip


RANDOM = np.random.default_rng(5)
DRIFTED = {
    "shifted": ("age", RANDOM.normal(46, 10, 1000)),
    "wider": ("age", RANDOM.normal(40, 20, 1000)),
    "counts": ("visits", RANDOM.poisson(3, 1000)),
    "flags": ("member", RANDOM.random(1000) < 0.7),
    "categories": ("town", RANDOM.choice(["Ulm", "Bonn", "Jena"], 1000, p=[0.2, 0.3, 0.5])),
    "a new category": ("town", RANDOM.choice(["Ulm", "Bonn", "Jena", "Hof"], 1000)),
    "of many categories": ("street", [f"street {number}" for number in RANDOM.integers(0, 80, 1000)]),
    "missing numbers": ("age", np.where(RANDOM.random(1000) < 0.3, np.nan, RANDOM.normal(40, 10, 1000))),
    "missing categories": (
        "town",
        [None if row % 4 == 0 else ("Ulm", "Bonn")[row % 2] for row in range(1000)],
    ),
    "nothing left": ("age", [None] * 1000),
}


@KINDS
@pytest.mark.parametrize("case", DRIFTED)
def test_planted_drift_is_found_and_named(kind, case):
    """Drift in one column is found in that column and in no other."""
    column, values = DRIFTED[case]
    report = profiler().compare(kind(shop(seed=1, **{column: values})), kind(shop()))
    assert report.status == "warn"
    (check,) = report.checks
    assert (check.check, check.columns) == ("drift", (column,))
    assert column in check.message


def test_what_has_changed_is_said_in_numbers():
    """The message has the numbers before and now."""
    assert "40, was" not in str(profiler().compare(pd.DataFrame(shop()), pd.DataFrame(shop())).checks)
    changed = pd.DataFrame(shop(seed=1, town=["Ulm"] * 1000))
    (check,) = profiler().compare(changed, pd.DataFrame(shop())).checks
    assert "'Ulm' 100%, was" in check.message


def test_a_stored_profile_compares_as_the_rows_do():
    """A profile loaded from JSON gives the same comparison as the rows."""
    reference, frame = pd.DataFrame(shop()), pd.DataFrame(shop(seed=1, age=DRIFTED["shifted"][1]))
    stored = profiler().profile(reference).model_dump_json()
    by_profile = profiler().compare(frame, Profile.model_validate_json(stored))
    assert by_profile == profiler().compare(frame, reference)


def test_statistics_are_those_of_scipy():
    """Chi-squared is exact where no value is rare, Kolmogorov-Smirnov up to the width of a bin."""
    reference, frame = pd.DataFrame(shop()), pd.DataFrame(shop(seed=1))
    comparison = {column.column: column for column in profiler().compare(frame, reference).columns}
    table = pd.crosstab(np.repeat([0, 1], 1000), pd.concat([reference["town"], frame["town"]]).to_numpy())
    assert comparison["town"].statistic == pytest.approx(chi2_contingency(table).statistic)
    exact = ks_2samp(reference["age"], frame["age"]).statistic
    assert exact - 0.02 <= comparison["age"].statistic <= exact


def test_polars_and_pandas_give_one_profile():
    """The profile does not depend on the dataframe library."""
    assert profiler().profile(pd.DataFrame(shop())) == profiler().profile(pl.DataFrame(shop()))


def test_thresholds_are_settings():
    """The thresholds for warnings and errors can be set."""
    frame, reference = pd.DataFrame(shop(seed=1, age=DRIFTED["shifted"][1])), pd.DataFrame(shop())
    assert profiler(warn_psi=5.0).compare(frame, reference).status == "ok"
    assert profiler(error_psi=0.2).compare(frame, reference).status == "error"
    assert profiler(significance=1e-300).compare(frame, reference).status == "ok"


@pytest.mark.parametrize(
    "setting", [{"significance": 0}, {"significance": 1.5}, {"warn_psi": -1}, {"error_psi": 0}]
)
def test_thresholds_out_of_range_are_refused_with_their_value(setting):
    """A profiler cannot be built with settings that make no sense."""
    with pytest.raises(ValueError, match=str(next(iter(setting.values())))):
        profiler(**setting)


def test_index_and_dropped_columns_and_dates_are_not_compared():
    """New rows have other ids and later dates, which is no drift."""
    problem = PROBLEM.model_copy(update={"drop": ("visits",)})
    made = BuiltinDataProfiler(problem=problem)
    days = pd.date_range("2020-01-01", periods=1000)
    before = pd.DataFrame(shop(day=days))
    later = pd.DataFrame(shop(seed=1, day=days + pd.Timedelta(days=5000), visits=[99] * 1000))
    assert made.compare(later, before).status == "ok"
    assert made.profile(before).by_name["day"].latest.startswith("2022-09-26")


def test_other_things_than_dataframes_are_refused():
    """A list is not a frame."""
    with pytest.raises(DataError, match="list"):
        profiler().profile([1, 2])


def test_one_profiler_serves_two_threads():
    """Both threads get the result of a new profiler."""
    shared, profiles = profiler(), {}
    frames = {seed: pd.DataFrame(shop(seed=seed)) for seed in (1, 2)}

    def work(seed):
        profiles[seed] = [shared.profile(frames[seed]) for _ in range(3)]

    threads = [threading.Thread(target=work, args=(seed,)) for seed in frames]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert profiles == {seed: [profiler().profile(frame)] * 3 for seed, frame in frames.items()}
