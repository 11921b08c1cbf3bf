"""What the built-in checker says of customers, where learning from them would go wrong later."""

from __future__ import annotations

import numpy as np
import pytest
from customer_rows import customers

from lolpop.components.data_checker.builtin import BuiltinDataChecker
from lolpop.problem import Problem


@pytest.fixture(scope="module")
def rows():
    return customers(80)


def outcome(check, rows, **problem):
    checker = BuiltinDataChecker(problem=Problem(name="churn", target="outcome", index="customer", **problem))
    return next((result for result in checker.check(rows).checks if result.check == check), None)


@pytest.mark.parametrize(
    ("label", "classes", "status"),
    [
        ("leaves", ["leaves", "stays"], "ok"),
        ("leave", ["leaves", "stays"], "error"),
        ("leave", ["leaves", "stays", "moves"], "warn"),
        ("1", [0, 1], "ok"),
        (1, [0.0, 1.0], "ok"),
        (True, [False, True], "ok"),
        (2, [0, 1], "error"),
    ],
)
def test_a_positive_label_that_no_row_has_is_found_before_training(rows, label, classes, status):
    """Binary metrics need it; labels that are written alike are the same label."""
    spoilt = rows.assign(outcome=(classes * 80)[:80])
    check = outcome("positive_label", spoilt, positive_label=label)
    assert check.status == status
    assert status == "ok" or "problem.positive_label" in check.message


def test_a_column_of_one_value_that_some_rows_miss_can_be_learned_from(rows):
    """Whether the value is missing can be a feature."""
    cancelled = np.where(np.arange(len(rows)) % 2, "yes", None)
    only = rows[["customer", "outcome"]].assign(cancelled=cancelled)
    assert outcome("features", only).status == "ok"
    assert outcome("features", only.assign(cancelled="yes")).status == "error"


def test_rows_without_an_index_do_not_share_one(rows):
    """Missing index values are reported once, and do not count as duplicates."""
    spoilt = rows.assign(customer=rows["customer"].mask(rows.index < 5))
    assert outcome("missing_index", spoilt).status == "warn"
    assert outcome("duplicate_index", spoilt).status == "ok"


@pytest.mark.parametrize("name", ["", "Unnamed: 0"])
def test_a_column_without_a_name_is_reported(rows, name):
    """An index that was written into a file would be a feature; problem.drop silences the warning."""
    spoilt = rows.assign(**{name: range(len(rows))})
    check = outcome("column_names", spoilt)
    assert check.status == "warn"
    assert check.columns == (name,)
    assert outcome("column_names", spoilt, drop=[name]).status == "ok"


def test_spaces_around_a_name_can_be_seen(rows):
    """A near name is quoted, so that spaces are visible."""
    check = outcome("target_column", rows.rename(columns={"outcome": " outcome"}))
    assert check.message.endswith("Did you mean ' outcome'?")


def test_a_target_of_fractions_is_no_classes(rows):
    """The error names the runner for numbers; whole numbers stored as floats are classes."""
    whole = rows.assign(outcome=[0.0, 1.0] * 40)
    assert outcome("target_values", whole).status == "ok"
    check = outcome("target_values", whole.assign(outcome=rows["monthly_charge"].fillna(0.5)))
    assert check.status == "error"
    assert "'outcome' holds fractions such as" in check.message
    assert "the runner regression" in check.message
