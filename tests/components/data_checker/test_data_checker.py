import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes

from lolpop.components.data_checker.builtin import BuiltinDataChecker
from lolpop.errors import DataError
from lolpop.problem import Problem

PROBLEM = Problem(name="shop", target="bought", index="customer")
KINDS = pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])


def shop(rows=60, **columns):
    return {
        "customer": list(range(rows)),
        "age": [20 + row % 50 for row in range(rows)],
        "spent": [float(row) for row in range(rows)],
        "town": [("Ulm", "Bonn", "Jena")[row % 3] for row in range(rows)],
        "bought": [("yes", "no")[row % 2] for row in range(rows)],
    } | columns


def outcome(frame, check, problem=PROBLEM, **settings):
    report = BuiltinDataChecker(**settings, problem=problem).check(frame)
    return next(result for result in report.checks if result.check == check)


@KINDS
def test_sound_rows_pass_every_check(kind):
    """Every check passes, and its message says what was checked."""
    report = BuiltinDataChecker(problem=PROBLEM).check(kind(shop()))
    assert {check.status for check in report.checks} == {"ok"}
    assert len(report.checks) > 10


def test_real_data_raises_no_alarm():
    """The breast cancer data passes every check."""
    frame = load_breast_cancer(as_frame=True).frame
    problem = Problem(name="cancer", target="target")
    assert BuiltinDataChecker(problem=problem).check(frame).status == "ok"


ERRORS = {
    "no rows": (shop(0), "rows", "no rows"),
    "one row": (shop(1), "rows", "one row"),
    "no target": ({"customer": [1, 2], "Bougth": ["a", "b"]}, "target_column", "Did you mean Bougth"),
    "missing truth": (shop(bought=["yes", "no", None] * 20), "missing_target", "missing in 20 rows of 60"),
    "no truth": (shop(bought=[None] * 60), "target_values", "no values"),
    "one class": (shop(bought=["yes"] * 60), "target_values", "only one class, 'yes'"),
    "nothing to learn from": (
        {"customer": range(40), "same": [1] * 40, "none": [None] * 40, "bought": ["a", "b"] * 20},
        "features",
        "constant, empty",
    ),
    "target alone": ({"customer": range(40), "bought": ["a", "b"] * 20}, "features", "none is left"),
}


@KINDS
@pytest.mark.parametrize("case", ERRORS)
def test_data_that_cannot_be_learned_from_is_an_error(kind, case):
    """Each message says what is wrong."""
    columns, check, message = ERRORS[case]
    result = outcome(kind(columns), check)
    assert result.status == "error"
    assert message in result.message


WARNINGS = {
    "few rows": (shop(20), "rows", "only 20 rows", ()),
    "empty column": (shop(fax=[None] * 60), "empty_columns", "fax", ("fax",)),
    "sparse column": (shop(fax=[1.0, None, None] * 20), "missing_values", "50%", ("fax",)),
    "constant column": (shop(fax=["-"] * 60), "constant_columns", "fax", ("fax",)),
    "constant but for missing": (shop(fax=[3.0, None] * 30), "constant_columns", "fax", ("fax",)),
    "infinities": (shop(spent=[1.0, float("inf"), 2.0] * 20), "infinite_values", "spent", ("spent",)),
    "index twice": (shop(customer=[7, 7, *range(100, 158)]), "duplicate_index", "such as 7", ("customer",)),
    "index missing": (shop(customer=[None, *range(59)]), "missing_index", "1 row", ("customer",)),
    "equal rows": (
        shop(age=[1, 1, *range(58)], spent=[2.5, 2.5, *[float(row) for row in range(58)]],
             town=["Ulm"] * 60, bought=["yes", "yes", *["yes", "no"] * 29]),
        "duplicate_rows",
        "2 of 60 rows",
        (),
    ),
    "lists": (shop(visits=[[1, 2], [3]] * 30), "unusable_types", "visits", ("visits",)),
}  # fmt: skip


@KINDS
@pytest.mark.parametrize("case", WARNINGS)
def test_what_makes_learning_worse_is_a_warning(kind, case):
    """Each warning names its columns, and none stops a run."""
    columns, check, message, named = WARNINGS[case]
    frame = kind(columns)
    result = outcome(frame, check)
    assert result.status == "warn"
    assert message in result.message
    assert result.columns == named
    assert BuiltinDataChecker(problem=PROBLEM).check(frame).status == "warn"


def test_mixed_types_are_named():
    """Numbers and text in one column are a warning."""
    check = outcome(pd.DataFrame(shop(code=[1, "a"] * 30)), "mixed_types")
    assert (check.status, check.columns) == ("warn", ("code",))


def test_duplicate_column_names_are_one_clear_error():
    """Nothing else is checked, because a name would be ambiguous."""
    frame = pd.DataFrame([[1, 2, "yes"]], columns=["age", "age", "bought"])
    report = BuiltinDataChecker(problem=PROBLEM).check(frame)
    assert [(check.check, check.status, check.columns) for check in report.checks] == [
        ("column_names", "error", ("age",))
    ]


def test_missing_columns_of_the_problem_are_reported():
    """A misspelt index is reported with a near name, before its column becomes a feature."""
    problem = Problem(name="shop", target="bought", index="costumer", drop=("townn",))
    check = outcome(pd.DataFrame(shop()), "column_roles", problem)
    assert check.status == "warn"
    assert "problem.index" in check.message
    assert "Did you mean customer?" in check.message
    assert "Did you mean town?" in check.message


def test_columns_that_are_no_features_are_not_judged_as_features():
    """An index, and columns to be dropped, may be constant or of any type."""
    problem = PROBLEM.model_copy(update={"drop": ("note",)})
    frame = pd.DataFrame(shop(note=[[1]] * 60))
    assert BuiltinDataChecker(problem=problem).check(frame).status == "ok"


def test_thresholds_are_settings():
    """Each threshold can be set."""
    frame = pd.DataFrame(shop(20, age=[1.0, None, None, None] * 5))
    assert outcome(frame, "rows", min_rows=10).status == "ok"
    assert outcome(frame, "missing_values", max_missing=0.8).status == "ok"
    doubled = pd.concat([frame, frame])
    assert outcome(doubled, "duplicate_rows", max_duplicate_rows=1.0).status == "ok"


@pytest.mark.parametrize("setting", [{"min_rows": 0}, {"max_missing": 1.5}, {"max_duplicate_rows": -0.1}])
def test_thresholds_out_of_range_are_refused_with_their_value(setting):
    """A checker cannot be built with settings that make no sense."""
    with pytest.raises(ValueError, match=str(next(iter(setting.values())))):
        BuiltinDataChecker(**setting, problem=PROBLEM)


def test_regression_needs_numbers_that_differ():
    """Text, infinite values and a constant cannot be the target of a regression."""
    problem = Problem(name="disease", target="target", type="regression")
    frame = load_diabetes(as_frame=True).frame
    assert BuiltinDataChecker(problem=problem).check(frame).status == "ok"
    for target in ("high", 1.0, float("inf")):
        spoilt = (
            frame.assign(target=target) if target != float("inf") else frame.replace({"target": 75.0}, target)
        )
        assert outcome(spoilt, "target_values", problem).status == "error"


def test_other_things_than_dataframes_are_refused():
    """A list is not a dataframe."""
    with pytest.raises(DataError, match="list"):
        BuiltinDataChecker(problem=PROBLEM).check([1, 2])
