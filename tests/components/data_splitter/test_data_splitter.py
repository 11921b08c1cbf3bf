from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

from lolpop.components.data_splitter import Splits
from lolpop.components.data_splitter.sklearn import SklearnDataSplitter
from lolpop.errors import DataError, VerificationError
from lolpop.problem import Problem

Make = Callable[[Any], Any]


def ids(frame: Any) -> list[int]:
    return list(frame["id"])


def parts(splits: Splits) -> list[list[int]]:
    return [ids(part) for part in (splits.train, splits.validation, splits.test) if part is not None]


def test_a_split_is_that_of_a_plain_script(problem: Problem) -> None:
    """Rows and their order equal those of train_test_split with the same seed and stratification."""
    frame = load_wine(as_frame=True).frame.rename(columns={"target": "y"})
    train, test = train_test_split(frame, test_size=0.25, stratify=frame["y"], random_state=7)
    splits = SklearnDataSplitter(test_size=0.25, problem=problem, seed=7).split(frame)
    pd.testing.assert_frame_equal(splits.train, train)
    pd.testing.assert_frame_equal(splits.test, test)
    assert splits.validation is None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    labels=st.lists(st.sampled_from("abc"), min_size=1, max_size=60),
    test_size=st.floats(0.05, 0.6),
    validation_size=st.sampled_from([0.0, 0.2]),
    stratify=st.booleans(),
    seed=st.integers(0, 5),
)
def test_every_row_is_in_one_part(
    make_frame: Make,
    labels: list[str],
    test_size: float,
    validation_size: float,
    stratify: bool,
    seed: int,
) -> None:
    """Parts are disjoint, not empty, and complete; with too few rows there is a DataError."""
    frame = make_frame({"id": list(range(len(labels))), "y": labels})
    splitter = SklearnDataSplitter(
        test_size, validation_size, stratify, problem=Problem(name="a", target="y"), seed=seed
    )
    try:
        split_rows = parts(splitter.split(frame))
    except DataError:
        return
    assert all(split_rows)
    assert sorted(row for part in split_rows for row in part) == list(range(len(labels)))
    assert parts(splitter.split(frame)) == split_rows


def test_classes_keep_their_shares(make_frame: Make, problem: Problem) -> None:
    """Every part of a stratified split has the class shares of all rows."""
    frame = make_frame({"id": list(range(100)), "y": ["rare"] * 20 + ["common"] * 80})
    splits = SklearnDataSplitter(0.2, 0.25, problem=problem, seed=1).split(frame)
    assert Counter(splits.test["y"]) == {"rare": 4, "common": 16}
    assert Counter(splits.validation["y"]) == {"rare": 5, "common": 20}


def test_a_class_with_one_row_is_learned_from(make_frame: Make, problem: Problem) -> None:
    """Rows of a class that is too rare for every part are training rows."""
    frame = make_frame({"id": list(range(41)), "y": ["a"] * 20 + ["b"] * 20 + ["single"]})
    splits = SklearnDataSplitter(problem=problem).split(frame)
    assert "single" in list(splits.train["y"])
    assert len(splits.test) == 8


def test_numbers_are_split_without_strata(make_frame: Make) -> None:
    """A regression splits at random, with stratify or without."""
    problem = Problem(name="a", target="y", type="regression")
    frame = make_frame({"id": list(range(50)), "y": [value / 7 for value in range(50)]})
    assert len(SklearnDataSplitter(problem=problem).split(frame).test) == 10


def test_a_group_is_never_in_two_parts(make_frame: Make, problem: Problem) -> None:
    """Rows that share a value of the column stay together."""
    frame = make_frame({"id": list(range(60)), "who": [i // 3 for i in range(60)], "y": ["a", "b"] * 30})
    splits = SklearnDataSplitter(0.2, 0.2, by="group", column="who", problem=problem).split(frame)
    groups = [{row // 3 for row in part} for part in parts(splits)]
    assert [len(group) for group in groups] == [12, 4, 4]
    assert len(set.union(*groups)) == 20


def test_the_last_in_time_are_for_testing(make_frame: Make, problem: Problem) -> None:
    """A split by time trains on earlier rows than it tests on."""
    days = [f"2024-01-{day:02d}" for day in (5, 1, 4, 2, 3, 10, 6, 8, 7, 9)]
    frame = make_frame({"id": list(range(10)), "day": days, "y": ["a", "b"] * 5})
    splits = SklearnDataSplitter(0.2, 0.1, by="time", column="day", problem=problem).split(frame)
    assert list(splits.test["day"]) == ["2024-01-09", "2024-01-10"]
    assert list(splits.validation["day"]) == ["2024-01-08"]


def test_a_column_may_name_the_parts(make_frame: Make, problem: Problem) -> None:
    """The column assigns the rows; without validation rows there is no validation part."""
    frame = make_frame({"id": [0, 1, 2], "part": ["test", "train", "train"], "y": ["a", "b", "a"]})
    splits = SklearnDataSplitter(by="column", column="part", problem=problem).split(frame)
    assert parts(splits) == [[1, 2], [0]]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"Y": ["a", "b"]}, "no target column 'y' in the data. Did you mean Y"),
        ({"y": ["a"]}, "1 row: too few"),
        ({"y": ["a"] * 9}, "only one class, 'a'"),
        ({"y": ["a", None, "b", "a", "b"]}, "missing in 1 row of 5"),
        ({"y": ["a", "b", "c"]}, r"Every class of 'y' has fewer rows than the 2 parts.*stratify: false\.$"),
        ({"y": [1, 2, 3]}, "Every class of 'y'.*For numbers: the runner regression"),
        ({"y": ["a", "a", "b", "b"]}, "4 rows cannot be split"),
    ],
)
def test_rows_that_cannot_be_split_say_why(
    make_frame: Make, problem: Problem, data: dict[str, Any], message: str
) -> None:
    """Too few rows, no target, one class: each is a DataError with the reason."""
    with pytest.raises(DataError, match=message):
        SklearnDataSplitter(problem=problem).split(make_frame(data))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"by": "column", "column": "part"}, "should contain train, validation or test, but contains 'tset'"),
        ({"by": "time", "column": "part"}, "should contain dates"),
        ({"by": "time", "column": "gap"}, "missing values in 1 row"),
        ({"by": "group", "column": "prat"}, "There is no column 'prat' in the data. Did you mean part"),
    ],
)
def test_a_column_that_cannot_split_is_named(
    make_frame: Make, problem: Problem, arguments: dict[str, Any], message: str
) -> None:
    """A split by a column that is missing, or of the wrong kind, is a DataError about that column."""
    frame = make_frame({"y": ["a", "b"], "part": ["train", "tset"], "gap": [1, None]})
    with pytest.raises(DataError, match=message):
        SklearnDataSplitter(**arguments, problem=problem).split(frame)


def test_settings_that_contradict_each_other_are_found(problem: Problem) -> None:
    """The constructor and verification refuse sizes that leave no rows, and a missing column."""
    bad = {"test_size": 0.7, "validation_size": 0.4, "by": "time"}
    assert [finding.path for finding in SklearnDataSplitter.check_settings(bad)] == ["test_size", "by"]
    with pytest.raises(VerificationError, match="no rows for training"):
        SklearnDataSplitter(0.7, 0.4, problem=problem)
