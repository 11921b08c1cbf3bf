"""What rows are expected to be, kept with those that were learned from and asked of later ones."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import load_breast_cancer

from lolpop.cli import main
from lolpop.components.data_checker import Expectation
from lolpop.components.data_checker.builtin import BuiltinDataChecker
from lolpop.components.data_profiler.builtin import BuiltinDataProfiler
from lolpop.problem import Problem

PROBLEM = Problem(name="shop", target="bought", index="customer")
KINDS = pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])


def shop(rows=400, seed=0, **columns):
    random = np.random.default_rng(seed)
    return {
        "customer": np.arange(rows) + seed * rows,
        "age": random.integers(18, 90, rows),
        "spent": random.lognormal(3, 1, rows),
        "weight": random.normal(70, 10, rows),
        "town": random.choice(["Ulm", "Bonn", "Jena"], rows, p=[0.5, 0.3, 0.2]),
        "member": random.random(rows) < 0.4,
        "fax": np.where(random.random(rows) < 0.5, np.nan, random.normal(size=rows)),
        "bought": random.choice(["yes", "no"], rows),
    } | columns


def expectation(kind=pd.DataFrame, **columns):
    profile = BuiltinDataProfiler(problem=PROBLEM).profile(kind(shop(**columns)))
    return Expectation.model_validate_json(Expectation.of(profile).model_dump_json())


def check(frame, expected=None, labelled=True, **settings):
    checker = BuiltinDataChecker(**settings, problem=PROBLEM)
    report = checker.check(frame, expected or expectation(), labelled=labelled)
    return {result.check: result for result in report.checks}


def some(column, value, count=3, rows=100):
    """A column of other customers, with ``value`` in some rows."""
    values = list(shop(rows, seed=1)[column])
    return {column: [value] * count + values[count:]}


@KINDS
@pytest.mark.parametrize("labelled", [True, False])
def test_rows_of_the_same_origin_are_as_expected(kind, labelled):
    """Every check passes, for training rows and for rows to predict."""
    rows = shop(100, seed=1)
    if not labelled:
        del rows["bought"]
    report = check(kind(rows), expectation(kind), labelled)
    assert {result.status for result in report.values()} == {"ok"}
    assert {"schema", "out_of_range", "unseen_categories", "missing_increase"} <= set(report)


FAULTS = {
    "a missing column": ({"age": None}, "schema", "missing columns: 'age'", "age"),
    "a new column": ({"shoes": [43] * 100}, "schema", "unexpected columns: 'shoes'", "shoes"),
    "text for numbers": ({"age": ["old"] * 100}, "schema", "'age' has string values, expected number", "age"),
    "numbers for text": ({"town": [7] * 100}, "schema", "'town' has number values, expected string", "town"),
    "a placeholder": (some("age", 999, 1), "out_of_range", "1 row, such as 999, expected 18 to 89", "age"),
    "a negative age": (some("age", -1, 1), "out_of_range", "such as -1", "age"),
    "a negative amount": (some("spent", -0.5, 1), "out_of_range", "such as -0.5", "spent"),
    "another unit": ({"weight": np.random.default_rng(1).normal(154, 22, 100)}, "out_of_range", "'weight'", "weight"),
    "a new town": (some("town", "Atlantis", 1), "unseen_categories", "'town' ('Atlantis')", "town"),
    "no values left": ({"age": [None] * 100}, "missing_increase", "100%, expected 0%", "age"),
    "many missing": ({"town": ["Ulm", None] * 50}, "missing_increase", "50%, expected 0%", "town"),
    "infinite numbers": (some("weight", np.inf), "infinite_values", "'weight'", "weight"),
}  # fmt: skip


@KINDS
@pytest.mark.parametrize("case", FAULTS)
def test_what_is_not_as_expected_is_a_warning_that_names_the_column(kind, case):
    """Each fault is found in its column, by the check for it and by no other."""
    columns, name, message, column = FAULTS[case]
    rows = {key: values for key, values in shop(100, seed=1, **columns).items() if values is not None}
    report = check(kind(rows), expectation(kind), labelled=False)
    assert (report[name].status, report[name].columns) == ("warn", (column,))
    assert message in report[name].message
    assert {key for key in report if report[key].status != "ok"} == {name}


def test_a_new_class_is_not_expected_of_rows_to_learn_from():
    """The target is compared in training rows only."""
    report = check(pd.DataFrame(shop(100, seed=1, **some("bought", "perhaps"))))
    assert report["unseen_categories"].columns == ("bought",)


def test_new_categories_are_normal_where_some_are_rare():
    """If some products were bought once, a few new products are normal; very many are not."""
    random = np.random.default_rng(0)

    def products(first, rows=400):
        return {"product": [f"product {number}" for number in random.zipf(2, rows) % 60 + first]}

    expected = expectation(**products(0))
    assert check(pd.DataFrame(shop(seed=1, **products(0))), expected)["unseen_categories"].status == "ok"
    assert check(pd.DataFrame(shop(seed=1, **products(500))), expected)["unseen_categories"].status == "warn"


def test_one_row_to_predict_is_checked():
    """Checks that need a target or many rows do not apply to a single row to predict."""
    row = {name: values[:1] for name, values in shop(seed=1).items() if name != "bought"}
    assert {result.status for result in check(pd.DataFrame(row), labelled=False).values()} == {"ok"}
    row["age"] = [-5]
    assert check(pd.DataFrame(row), labelled=False)["out_of_range"].columns == ("age",)


def test_ignored_columns_are_reported_once():
    """Columns that training ignored are not reported again for rows to predict."""
    lists = {"visits": [[1], [2, 3]] * 200}
    rows = pd.DataFrame(shop(seed=1, **lists))
    assert check(rows, expectation(**lists), labelled=False)["unusable_types"].status == "ok"
    assert check(rows, labelled=False)["unusable_types"].columns == ("visits",)


def test_thresholds_are_settings():
    """The tolerated distance from the expectation can be set."""
    far = pd.DataFrame(shop(100, seed=1, **some("age", 999, 1)))
    assert check(far, range_margin=20)["out_of_range"].status == "ok"
    new = pd.DataFrame(shop(100, seed=1, **some("town", "Atlantis")))
    assert check(new, max_unseen=0.05)["unseen_categories"].status == "ok"
    sparse = pd.DataFrame(shop(100, seed=1, age=[30, None] * 50))
    assert check(sparse, max_missing_increase=0.6)["missing_increase"].status == "ok"
    for setting in (
        {"range_margin": 0},
        {"max_unseen": 2},
        {"max_missing_increase": -1},
        {"significance": 1},
    ):
        with pytest.raises(ValueError, match=str(next(iter(setting.values())))):
            BuiltinDataChecker(**setting, problem=PROBLEM)


SETTINGS = """
problem: {name: tumors, target: diagnosis, index: patient_id}
data: {train: known.csv, predict: new.csv}
train: {model_trainer: {estimator: logistic_regression}}
skip: [profile_data, compare_data, analyze_model, check_model]
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """469 known patients and 100 new ones, of whom one has a radius of -999 and all have a shoe size."""
    bundle = load_breast_cancer(as_frame=True)
    rows = bundle.data.iloc[:, :5].rename(columns=lambda name: name.replace(" ", "_"))
    rows.insert(0, "patient_id", range(len(rows)))
    rows["diagnosis"] = bundle.target.map({0: "malignant", 1: "benign"})
    rows = rows.sample(frac=1, random_state=0, ignore_index=True)
    rows[:469].to_csv(tmp_path / "known.csv", index=False)
    new = rows[469:].drop(columns="diagnosis").assign(shoe_size=43)
    new.iloc[7, 1] = -999
    new.to_csv(tmp_path / "new.csv", index=False)
    (tmp_path / "lolpop.yaml").write_text(SETTINGS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def suspicious(capsys):
    """Task, check and columns of what a command printed as suspicious."""
    checks = json.loads(capsys.readouterr().out.splitlines()[-1])["checks"]
    return {
        (result["task"], result["check"]): result["columns"] for result in checks if result["status"] != "ok"
    }


def test_rows_to_predict_are_checked_by_what_the_model_learned_from(project, capsys):
    """Rows to predict are checked against the expectation that is stored with the training data."""
    assert main(["run", "classification", "--json"]) == 0
    assert suspicious(capsys) == {
        ("process.check_data", "schema"): ["shoe_size"],
        ("process.check_data", "out_of_range"): ["mean_radius"],
    }


def test_the_next_rows_to_train_on_are_checked_too(project, capsys):
    """New training rows are compared with those of the deployed model."""
    assert main(["run", "classification", "--json"]) == 0
    capsys.readouterr()
    later = pd.read_csv("known.csv").drop(columns="mean_area")
    later.to_csv("known.csv", index=False)
    assert main(["run", "classification", "process_data", "--json"]) == 0
    assert suspicious(capsys) == {("process.check_data", "schema"): ["mean_area"]}
