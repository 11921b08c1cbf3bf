"""Checks of what is in the columns, and of how it goes with the target."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine

from lolpop.components.data_checker.builtin import BuiltinDataChecker
from lolpop.problem import Problem

PROBLEM = Problem(name="flowers", target="target")
REGRESSION = PROBLEM.model_copy(update={"type": "regression"})
KINDS = pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
BUNDLES = {"cancer": load_breast_cancer, "wine": load_wine, "iris": load_iris, "diabetes": load_diabetes}


def bundled(name):
    return BUNDLES[name](as_frame=True).frame


def outcome(frame, check, problem=PROBLEM, **settings):
    report = BuiltinDataChecker(**settings, problem=problem).check(frame)
    return next(result for result in report.checks if result.check == check)


def problem_of(name):
    return REGRESSION if name == "diabetes" else PROBLEM


@pytest.mark.parametrize("name", BUNDLES)
def test_good_features_are_no_leak(name):
    """Petals alone nearly separate the iris species, which is no leak."""
    assert outcome(bundled(name), "target_leakage", problem_of(name)).status == "ok"


@KINDS
@pytest.mark.parametrize(
    ("target", "status"),
    [
        (np.arange(60) / 7, "error"),
        (np.arange(60) % 3 / 2, "error"),
        (np.arange(60.0), "ok"),
        (np.arange(60), "ok"),
    ],
    ids=["measured", "few", "whole", "integers"],
)
def test_a_target_that_is_measured_is_no_class(kind, target, status):
    """Numbers with a fraction are for regression; whole numbers may be classes."""
    check = outcome(kind({"x": range(60), "target": target}), "target_values")
    assert check.status == status
    assert ("the runner regression" in check.message) == (status == "error")
    assert outcome(kind({"x": range(60), "target": target}), "target_values", REGRESSION).status == "ok"


@KINDS
def test_a_target_of_regression_too_great_to_square_is_an_error(kind):
    """Its errors would be infinite, so it is refused before training."""
    frame = kind({"size": np.arange(40.0), "target": [*np.arange(39.0), 1e200]})
    check = outcome(frame, "target_values", REGRESSION)
    assert check.status == "error"
    assert "contains 1e+200, but models support numbers up to 1e+37. Use a larger unit" in check.message


LEAKS = {
    "a copy": lambda target, random: target,
    "a copy with noise": lambda target, random: target + random.normal(0, 0.1 * target.std(), len(target)),
    "another scale": lambda target, random: -3.5 * target + 7,
}


@KINDS
@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.parametrize("name", BUNDLES)
def test_a_planted_leak_is_found_and_named(kind, name, leak):
    """A column made from the target is named, and no other."""
    frame = bundled(name)
    frame["leak"] = LEAKS[leak](frame["target"], np.random.default_rng(1))
    check = outcome(kind(frame.to_dict("list")), "target_leakage", problem_of(name))
    assert (check.status, check.columns) == ("warn", ("leak",))
    assert "problem.drop" in check.message


@KINDS
@pytest.mark.parametrize("share", [0.02, 0.1])
@pytest.mark.parametrize("name", ["cancer", "wine"])
def test_a_copy_of_the_classes_with_wrong_ones_is_a_leak(kind, name, share):
    """A column with one value for each class is found although some of its values are wrong."""
    frame, random = bundled(name), np.random.default_rng(1)
    wrong = random.random(len(frame)) < share
    outcomes = np.array(["lost", "paid", "won"])[frame["target"]]
    frame["leak"] = np.where(wrong, random.permutation(outcomes), outcomes)
    check = outcome(kind(frame.to_dict("list")), "target_leakage")
    assert (check.status, check.columns) == ("warn", ("leak",))


def test_leaks_of_text_and_of_rare_classes_are_found():
    """A leak may be text under another name, or reveal a class of 2% of the rows."""
    random = np.random.default_rng(0)
    rare = random.random(5000) < 0.02
    frame = pd.DataFrame(
        {"age": random.normal(size=5000), "refund": np.where(rare, "paid", None), "target": rare}
    )
    check = outcome(frame, "target_leakage")
    assert (check.status, check.columns) == ("warn", ("refund",))


def test_a_leak_that_is_dropped_is_none():
    """A dropped column cannot leak, and the threshold is a setting."""
    frame = bundled("wine").assign(leak=lambda rows: rows["target"])
    dropped = PROBLEM.model_copy(update={"drop": ("leak",)})
    assert outcome(frame, "target_leakage", dropped).status == "ok"
    assert outcome(frame, "target_leakage", max_predictive_power=1.0).status == "warn"


@KINDS
def test_rare_classes_are_named(kind):
    """A class with 2% of the rows is a warning; one with 10% is not."""
    frame = {"size": np.arange(1000.0), "target": ["fraud"] * 20 + ["sound"] * 980}
    check = outcome(kind(frame), "class_imbalance")
    assert check.status == "warn"
    assert "'fraud' (20 rows)" in check.message
    assert outcome(kind(frame), "class_imbalance", min_class_balance=0.04).status == "ok"


@KINDS
def test_labels_that_are_spelt_in_several_ways_are_named(kind):
    """Labels that differ in case or spaces only would be separate classes, so they are a warning."""
    frame = {"size": np.arange(100.0), "target": [*["yes", "no"] * 45, *["Yes", "no "] * 5]}
    similar = outcome(kind(frame), "similar_labels")
    assert similar.status == "warn"
    assert all(label in similar.message for label in ("'yes' (45 rows)", "'Yes' (5 rows)", "'no ' (5 rows)"))
    assert outcome(kind({**frame, "target": ["yes", "no"] * 50}), "similar_labels").status == "ok"


@KINDS
def test_equal_rows_of_different_classes_contradict_each_other(kind):
    """Rows with equal features and different classes are counted."""
    frame = {
        "size": [1.0, 1.0, 2.0, 2.0, *range(3, 99)],
        "town": [None, None, "Ulm", "Ulm", *["Bonn"] * 96],
        "target": ["yes", "no", "yes", "yes", *["yes", "no"] * 48],
    }
    check = outcome(kind(frame), "label_conflicts")
    assert check.status == "warn"
    assert "2 rows" in check.message
    assert outcome(kind(frame), "label_conflicts", max_label_conflicts=0.02).status == "ok"


@KINDS
def test_columns_that_hardly_vary_are_named(kind):
    """One value in more than 99% of the rows is a warning."""
    frame = {"size": np.arange(1000.0), "flag": [0] * 995 + [1] * 5, "target": ["a", "b"] * 500}
    assert outcome(kind(frame), "near_constant_columns").columns == ("flag",)
    assert outcome(kind(frame), "near_constant_columns", max_constant_share=0.995).status == "ok"


@KINDS
def test_columns_of_many_texts_are_named(kind):
    """More categories than a model can use are a warning."""
    frame = {
        "code": [f"c{row}" for row in range(1000)],
        "size": np.arange(1000.0),
        "target": ["a", "b"] * 500,
    }
    assert outcome(kind(frame), "high_cardinality").columns == ("code",)
    assert outcome(kind(frame), "high_cardinality", max_categories=1000).status == "ok"


@KINDS
@pytest.mark.parametrize("stranger", [-999.0, 99999.0, 4000.0])
def test_numbers_far_from_all_others_are_named(kind, stranger):
    """A placeholder and a wrong unit are found, with an example."""
    random = np.random.default_rng(0)
    frame = {"age": random.normal(40, 10, 1000).clip(1), "target": random.choice(["a", "b"], 1000)}
    frame["age"][[5, 50]] = stranger
    check = outcome(kind(frame), "outliers")
    assert (check.status, check.columns) == ("warn", ("age",))
    assert "2 rows" in check.message
    assert outcome(kind(frame), "outliers", outlier_distance=1e6).status == "ok"


@pytest.mark.parametrize(
    "setting",
    [
        {"max_predictive_power": 1.5},
        {"min_class_balance": -1},
        {"max_label_conflicts": 2},
        {"max_constant_share": -0.5},
        {"max_categories": 0},
        {"outlier_distance": 0.5},
    ],
)
def test_thresholds_out_of_range_are_refused_with_their_value(setting):
    """A checker cannot be built with settings that make no sense."""
    with pytest.raises(ValueError, match=str(next(iter(setting.values())))):
        BuiltinDataChecker(**setting, problem=PROBLEM)


def test_an_index_of_polars_objects_is_checked():
    """Polars cannot compare objects, but the check still completes."""
    rows = pl.DataFrame({"a": pl.Series([None], dtype=pl.Object), "b": ["x"]})
    report = BuiltinDataChecker(problem=Problem(name="shop", target="b", index="a")).check(rows)
    assert {check.check: check.status for check in report.checks}["missing_index"] != "ok"
