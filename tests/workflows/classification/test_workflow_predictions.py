"""Predictions as frames, and what becomes of them when the truth is known."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lolpop.components.model_trainer import FittedModel, Predictions
from lolpop.data.tables import to_bytes
from lolpop.errors import DataError
from lolpop.pipelines._truth import known_truth
from lolpop.prediction.assembly import predictions_frame
from lolpop.prediction.recorded import RecordedModel
from lolpop.problem import Problem

FRAMES = {"pandas": pd.DataFrame, "polars": pl.DataFrame}
PROBLEM = Problem(name="p", target="y", index="id")
CLASSES = st.lists(st.sampled_from(["a", "b", "ä ö", "x_1"]), min_size=2, max_size=4, unique=True)


@pytest.mark.parametrize("library", FRAMES)
@settings(deadline=None)
@given(
    classes=CLASSES | st.just([0, 1]) | st.just([False, True]),
    ids=st.lists(st.integers(0, 10**9), min_size=1, max_size=8, unique=True),
    data=st.data(),
)
def test_predictions_are_read_from_their_frame_as_they_were_made(library, classes, ids, data):
    """A frame of predictions gives the same predictions, for labels of each type."""
    chosen = data.draw(st.lists(st.integers(0, len(classes) - 1), min_size=len(ids), max_size=len(ids)))
    labels = np.array([classes[at] for at in chosen], dtype=object if isinstance(classes[0], str) else None)
    shares = np.eye(len(classes))[chosen]
    made = Predictions(labels, shares, tuple(classes))
    frame = predictions_frame(made, FRAMES[library]({"id": ids, "x": ids}), "id")
    assert list(frame.columns) == ["id", "prediction", *(f"probability_{name}" for name in classes)]
    assert list(frame["id"]) == ids
    read = RecordedModel(classes).predict(frame)
    assert read.labels.tolist() == labels.tolist()
    assert np.array_equal(read.probabilities, shares)
    assert read.classes == tuple(classes)


def test_rows_keep_their_order_whatever_their_pandas_index():
    """A filtered or sorted frame is predicted row by row."""
    frame = pd.DataFrame({"id": [1, 2, 3]}).iloc[[2, 0]]
    table = predictions_frame(Predictions(np.array(["late", "early"])), frame, "id")
    assert table["id"].tolist() == [3, 1]
    assert table["prediction"].tolist() == ["late", "early"]


@pytest.mark.parametrize("library", [*FRAMES, "pyarrow"])
@pytest.mark.parametrize(
    "classes",
    [
        ("no", "yes"),
        ("b", "ä ö", "a"),
        (3, 7),
        (False, True),
        (0.0, 1.0),
        ("1", 2),
        ("a", None),
        (b"a", b"b"),
    ],
)
def test_codes_change_nothing_about_a_frame_of_predictions(library, classes):
    """Labels are the same column whether or not a model gives their codes, to the bytes that are stored."""
    if library != "pandas" and len({type(label) for label in classes} - {type(None)}) > 1:
        pytest.skip("other libraries have no columns of mixed types")
    codes = np.array([1, 0, 0, 1])
    labels = np.array(classes, dtype=None if isinstance(classes[0], (int, float)) else object)[codes]
    shares = np.eye(len(classes))[codes]
    rows = pd.DataFrame({"id": [4, 3, 2, 1]}, index=[7, 7, 5, 0])
    if library != "pandas":
        rows = pl.from_pandas(rows) if library == "polars" else pa.Table.from_pandas(rows)
    for passthrough in (["id"], []):
        one, other = (
            predictions_frame(Predictions(labels, shares, classes, codes=label_codes), rows, passthrough)
            for label_codes in (None, codes)
        )
        assert type(one) is type(other)
        if library == "pandas":
            pd.testing.assert_frame_equal(one, other, check_exact=True)
        if len({type(label) for label in classes}) == 1:
            assert to_bytes(one) == to_bytes(other)


def test_a_recorded_model_is_a_model():
    """Recorded predictions can be measured like a model."""
    model = RecordedModel(["a", "b"])
    assert isinstance(model, FittedModel)
    assert model.columns == ("prediction", "probability_a", "probability_b")


def predicted(library="pandas", ids=(1, 2, 3)):
    return FRAMES[library]({"id": list(ids), "prediction": ["a", "b", "a"]})


@pytest.mark.parametrize("library", FRAMES)
@pytest.mark.parametrize("other", FRAMES)
def test_the_truth_is_joined_by_the_index(library, other):
    """In each library and order: a row gets the label of its index."""
    truth = FRAMES[other]({"y": ["b", "a", "c"], "id": [3, 1, 9]})
    labelled_rows = known_truth([predicted(library)[:1], predicted(library)[1:]], truth, PROBLEM, ["a", "b"])
    assert isinstance(labelled_rows.features, FRAMES[library])
    assert dict(zip(labelled_rows.features["id"], labelled_rows.target, strict=True)) == {1: "a", 3: "b"}


@pytest.mark.parametrize("library", FRAMES)
@pytest.mark.parametrize("target", ["prediction", "probability_a", "lower", "prediction_"])
def test_a_target_called_as_a_column_of_predictions_is_still_the_truth(library, target):
    """A target called prediction is not confused with the predictions."""
    problem = Problem(name="p", target=target, index="id")
    made = FRAMES[library]({"id": [1, 2], "prediction": ["a", "b"], "probability_a": [0.9, 0.2]})
    truth = FRAMES[library]({"id": [2, 1], target: ["a", "b"]})
    labelled_rows = known_truth([made], truth, problem, ["a", "b"])
    assert dict(zip(labelled_rows.features["id"], labelled_rows.target, strict=True)) == {1: "b", 2: "a"}
    assert dict(zip(labelled_rows.features["id"], labelled_rows.features["prediction"], strict=True)) == {
        1: "a",
        2: "b",
    }


@pytest.mark.parametrize("library", FRAMES)
def test_numbers_of_another_width_are_the_same_index(library):
    """An index that became float, as pandas does for missing values, still matches."""
    truth = FRAMES[library]({"id": [1.0, None, 3.0, 2.5, float("inf")], "y": ["a", "b", "b", "a", "a"]})
    labelled_rows = known_truth([predicted(library)[:1], predicted(library)[1:]], truth, PROBLEM, ["a", "b"])
    assert list(labelled_rows.features["id"]) == [1, 3]


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        ({"id": [1], "z": ["a"]}, "target column 'y'"),
        ({"key": [1], "y": ["a"]}, "index column 'id'"),
        ({"id": [1, 1], "y": ["a", "b"]}, "several labels for one value of .id."),
        (
            {"id": [8, 9], "y": ["a", "b"]},
            "The 3 predicted rows and the 2 rows of the truth share no value of 'id'.*such as 1 and 8. Write",
        ),
        ({"id": [1, 2], "y": [None, None]}, "None of the 2 rows of the truth has a label in 'y'"),
        ({"id": [True], "y": ["a"]}, "'id' is Int64.*Boolean in the truth"),
        ({"id": [1], "y": ["A"]}, "the labels 'A'.*predicts 'a', 'b'"),
    ],
)
def test_truth_that_does_not_fit_is_refused(truth, message):
    """The error says what does not fit."""
    with pytest.raises(DataError, match=message):
        known_truth([predicted()], pd.DataFrame(truth), PROBLEM, ["a", "b"])


def test_truth_needs_an_index():
    """Without an index, labels cannot be joined."""
    with pytest.raises(DataError, match=r"set problem.index"):
        known_truth([predicted()], predicted(), Problem(name="p", target="y"), ["a", "b"])


def test_predictions_with_holes_are_refused(load):
    """A missing probability is an error before anything is stored."""
    frame = pd.DataFrame({"id": [1, 2], "prediction": ["a", "b"], "probability_a": [0.5, np.nan]})
    with pytest.raises(DataError, match="probability_a"):
        load().predict.pipeline().check_predictions(frame)


def test_the_same_prediction_for_all_rows_is_suspicious(load, capsys):
    """It is a warning, and the predictions are used."""
    frame = pd.DataFrame({"prediction": ["a", "a"], "probability_a": [0.9, 0.8]})
    assert load().predict.pipeline().check_predictions(frame).status == "warn"
    assert capsys.readouterr().err == "warning: all 2 rows are predicted as 'a'\n"
