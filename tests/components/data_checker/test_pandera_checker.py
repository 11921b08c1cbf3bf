"""Checks by schemas of pandera, the user's and those that are made."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from lolpop.components.data_checker import Expectation
from lolpop.components.data_checker.pandera import PanderaDataChecker
from lolpop.components.data_profiler.builtin import BuiltinDataProfiler
from lolpop.errors import DataError, VerificationError, WiringError
from lolpop.problem import ForecastingProblem, Problem
from lolpop_containers.classification import ClassificationContainer

pytest.importorskip("pandera")

PROBLEM = Problem(name="shop", target="bought", index="customer")
KINDS = pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])

SCHEMAS = """
import pandera.pandas as pa
import pandera.polars as pap

shop = pa.DataFrameSchema({
    "age": pa.Column(checks=pa.Check.in_range(0, 120)),
    "bought": pa.Column(checks=pa.Check.isin(["yes", "no"])),
})
polars_shop = pap.DataFrameSchema({"age": pap.Column(checks=pap.Check.in_range(0, 120))})
mild = pa.DataFrameSchema({"age": pa.Column(checks=pa.Check.in_range(0, 120, raise_warning=True))})


class Shop(pa.DataFrameModel):
    age: int = pa.Field(ge=0, le=120)


def wrong(values):
    raise KeyError("no such thing")


broken = pa.DataFrameSchema({"town": pa.Column()}, checks=pa.Check(wrong))
nothing = 3
"""


def shop(rows=400, seed=0, **columns):
    random = np.random.default_rng(seed)
    return {
        "customer": np.arange(rows) + seed * rows,
        "age": random.integers(18, 90, rows),
        "spent": random.lognormal(3, 1, rows),
        "town": random.choice(["Ulm", "Bonn", "Jena"], rows),
        "fax": np.where(random.random(rows) < 0.5, np.nan, random.normal(size=rows)),
        "bought": random.choice(["yes", "no"], rows),
    } | columns


@pytest.fixture
def schemas(tmp_path):
    """A folder with a file of schemas."""
    (tmp_path / "schemas.py").write_text(SCHEMAS)
    return tmp_path


def expectation(**columns):
    return Expectation.of(BuiltinDataProfiler(problem=PROBLEM).profile(pd.DataFrame(shop(**columns))))


def broken(report):
    return {(check.check, check.status, check.columns) for check in report.checks if check.status != "ok"}


@KINDS
def test_rows_as_expected_break_no_schema_that_is_made(kind):
    """By default, the schema follows from the problem and the expectation; good rows conform to it."""
    checker = PanderaDataChecker(problem=PROBLEM)
    assert not broken(checker.check(kind(shop())))
    assert not broken(checker.check(kind(shop(100, seed=1)), expectation()))
    new = shop(100, seed=1)
    del new["bought"]
    assert not broken(checker.check(kind(new), expectation(), labelled=False))


FAULTS = {
    "a missing column": ({"age": None}, ("schema", "warn", ("age",))),
    "a new column": ({"shoes": [43] * 400}, ("schema", "warn", ("shoes",))),
    "text for numbers": ({"age": ["old"] * 400}, ("schema", "warn", ("age",))),
    "a placeholder": ({"age": [999] + [30] * 399}, ("out_of_range", "warn", ("age",))),
    "a new town": ({"town": ["Atlantis"] + ["Ulm"] * 399}, ("unseen_categories", "warn", ("town",))),
    "missing values": ({"town": [None] + ["Ulm"] * 399}, ("missing_values", "warn", ("town",))),
    "an index twice": ({"customer": [7, 7, *range(8, 406)]}, ("duplicate_values", "warn", ("customer",))),
    "a missing target": ({"bought": [None] + ["yes"] * 399}, ("missing_values", "error", ("bought",))),
    "no target": ({"bought": None}, ("schema", "error", ("bought",))),
}


@KINDS
@pytest.mark.parametrize("case", FAULTS)
def test_what_is_not_as_expected_is_named(kind, case):
    """Each fault is found in its column; only a fault of the target is an error."""
    columns, fault = FAULTS[case]
    rows = {name: values for name, values in shop(seed=1, **columns).items() if values is not None}
    assert broken(PanderaDataChecker(problem=PROBLEM).check(kind(rows), expectation())) == {fault}


@KINDS
@pytest.mark.parametrize("name", ["shop", "Shop", "polars_shop"])
def test_the_users_schema_decides(kind, name, schemas):
    """Schemas and models of both libraries check frames of both; violations are errors."""
    checker = PanderaDataChecker(f"schemas.py:{name}", problem=PROBLEM, folder=schemas)
    assert not broken(checker.check(kind(shop())))
    report = checker.check(kind(shop(age=[130] * 3 + [30] * 397)))
    assert {(check.status, check.columns) for check in report.checks} == {("error", ("age",))}
    assert "3 rows, such as " in report.checks[0].message
    mild = PanderaDataChecker(f"schemas.py:{name}", "warn", problem=PROBLEM, folder=schemas)
    assert mild.check(kind(shop(age=[130] * 400))).status == "warn"


def test_what_is_said_of_the_target_does_not_apply_to_rows_to_predict(schemas):
    """Rows to predict have no target, so its rules do not apply to them."""
    checker = PanderaDataChecker("schemas.py:shop", problem=PROBLEM, folder=schemas)
    rows = pd.DataFrame(shop()).drop(columns="bought")
    assert checker.check(rows).status == "error"
    assert checker.check(rows, labelled=False).status == "ok"


def test_checks_that_only_warn_are_warnings(schemas):
    """Checks with pandera's raise_warning give warnings."""
    checker = PanderaDataChecker("schemas.py:mild", problem=PROBLEM, folder=schemas)
    report = checker.check(pd.DataFrame(shop(age=[130] * 400)))
    assert (report.status, "130" in report.checks[0].message) == ("warn", True)


def test_what_is_no_schema_is_refused(schemas):
    """Verification checks the name; the file and the object are checked when they are loaded."""
    with pytest.raises(VerificationError, match="'shop' does not name a schema"):
        PanderaDataChecker("shop", problem=PROBLEM)
    with pytest.raises(ValueError, match="-1"):
        PanderaDataChecker(range_margin=-1, problem=PROBLEM)
    frame = pd.DataFrame(shop())
    for name, message in (
        ("schemas.py:nothing", "is not a pandera schema"),
        ("schemas.py:shopp", "Did you mean shop"),
        ("schema.py:shop", "Did you mean schemas.py"),
        ("nowhere.at.all:shop", "nowhere"),
    ):
        with pytest.raises(WiringError, match=message):
            PanderaDataChecker(name, problem=PROBLEM, folder=schemas).check(frame)
    with pytest.raises(DataError, match="list"):
        PanderaDataChecker(problem=PROBLEM).check([1])


def test_checks_that_fail_themselves_are_reported(schemas):
    """Any exception of a user's check becomes a readable error."""
    checker = PanderaDataChecker("schemas.py:broken", problem=PROBLEM, folder=schemas)
    report = checker.check(pd.DataFrame(shop()))
    assert report.status == "error"
    assert "no such thing" in report.checks[0].message


def test_a_schema_beside_the_settings_stops_a_run(schemas):
    """It is found from the settings file, and its errors stop the run before anything is stored."""
    pd.DataFrame(shop(age=[130] * 400)).to_csv(schemas / "known.csv", index=False)
    (schemas / "lolpop.yaml").write_text("""
problem: {name: shop, target: bought, index: customer}
data: {train: known.csv}
process: {data_checker: {use: pandera, schema: "schemas.py:shop"}}
""")
    with ClassificationContainer.load(schemas / "lolpop.yaml", environ={}) as container:
        container.verify()
        with pytest.raises(DataError, match=r"'age' breaks in_range\(0, 120\) in 400 rows, such as 130"):
            container.runner().process_data()


@KINDS
def test_series_may_have_gaps_and_later_moments(kind):
    """Values of a series may be missing, and rows to forecast are later than the training rows."""
    problem = ForecastingProblem(name="sales", target="sold", time="year", series="shop", horizon=2)
    history = {"year": np.arange(1900, 1930), "shop": ["a"] * 30, "sold": [None, *range(29)]}
    expected = Expectation.of(BuiltinDataProfiler(problem=problem).profile(pd.DataFrame(history)))
    checker = PanderaDataChecker(problem=problem)
    assert broken(checker.check(kind(history))) == set()
    later = {"year": [2090, 2091], "shop": ["a", "a"]}
    assert broken(checker.check(kind(later), expected, labelled=False)) == set()
