"""Which rows a new model and the deployed one are compared by."""

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lolpop.errors import DataError
from lolpop.pipelines._rows import learned_from, part_of, row_hashes
from lolpop.problem import Problem
from lolpop.resources import DatasetVersion, Deployment, ModelVersion

SKIPPED = ["profile_data", "compare_data", "analyze_model", "check_model"]


@pytest.fixture
def train(load):
    """Train, and deploy what is better."""

    def train(**changes):
        container = load(skip=SKIPPED, train__measured=["test"], **changes)
        runner = container.runner()
        model_version = runner.train_model(runner.process_data())
        return model_version, runner.deploy_model(model_version)

    return train


def rows_of(container, model_version):
    """The rows of a model version, and those of them that it was tested on, as pandas."""
    tracker, versions = container.metadata_tracker(), container.resource_version_control()
    (data,) = [parent for parent in tracker.parents(model_version) if isinstance(parent, DatasetVersion)]
    test_data = DatasetVersion.parse(tracker.get(model_version).fields["test_data"])
    return versions.load_data(data), versions.load_data(test_data)


@pytest.mark.parametrize("index", ["patient_id", None])
def test_rows_that_the_deployed_model_has_learned_from_are_left_out(index, train, load, tracker, capsys):
    """Test rows that the deployed model was trained on are left out, counted and recorded."""
    changes = {"problem__index": index} | ({} if index else {"problem__drop": ["patient_id"]})
    retrained = {"train__retrain_on_all_data": True}
    one, _ = train(seed=1, **retrained, **changes)
    capsys.readouterr()
    other, _ = train(seed=2, **retrained, **changes)
    training_rows, tested = rows_of(load(), one)
    _, asked = rows_of(load(), other)
    learned = set(training_rows["patient_id"]) - set(tested["patient_id"])
    expected = len(set(asked["patient_id"]) & learned)
    assert 0 < expected < len(asked)
    assert tracker.get(other).fields["comparison"]["left_out"] == expected
    assert f"without {expected} rows that {one} was trained on" in capsys.readouterr().err


def test_the_same_split_leaves_nothing_out(train, tracker, capsys):
    """With the same split, both models are compared on all test rows."""
    train()
    other, _ = train(train__model_trainer__params={"C": 0.5})
    assert tracker.get(other).fields["comparison"]["left_out"] == 0
    assert "was trained on" not in capsys.readouterr().err


def test_a_model_that_can_be_compared_by_no_row_is_not_deployed(train, load, project, tracker, capsys):
    """If the deployed model was trained on all test rows, it stays, and a message says what to do."""
    one, _ = train()
    training_rows, tested = rows_of(load(), one)
    training_rows[~training_rows["patient_id"].isin(tested["patient_id"])].to_csv(
        project / "known.csv", index=False
    )
    other, deployment = train()
    assert deployment is None
    assert len(tracker.find(Deployment)) == 1
    output = capsys.readouterr().err
    assert (
        f"{other} is not deployed: {other} and {one} cannot be compared: {one} was trained on all" in output
    )
    assert f"undeploy {one} first" in output
    load().model_deployer().undeploy(tracker.find(Deployment)[0])
    assert load().runner().deploy_model(ModelVersion.parse(str(other))) is not None


NUMBERS = st.lists(st.integers(0, 6), max_size=30)


@given(rows=NUMBERS, data=st.data(), asked=NUMBERS, polars=st.booleans())
@settings(deadline=None, max_examples=60)
def test_learned_from_is_what_was_there_and_not_kept_apart(rows, data, asked, polars):
    """Rows with duplicates, in either library: training rows that are not in the test rows."""
    apart = data.draw(st.lists(st.sampled_from(rows), max_size=10)) if rows else []
    make = pl.DataFrame if polars else pd.DataFrame

    def frame(values, make=make):
        return make({"a": [float(value) for value in values], "b": [f"<{value % 3}>" for value in values]})

    mask = learned_from(frame(asked), frame(rows, pd.DataFrame), frame(apart), None)
    assert mask.tolist() == [value in rows and value not in apart for value in asked]


def test_rows_are_alike_in_any_dtype_and_library():
    """Equal rows of other dtypes or libraries have equal hashes."""
    values = {
        "number": [1, 2, None], "flag": [True, False, True], "text": ["a", None, "c"],
        "day": pd.to_datetime(["2026-01-01", "2026-01-02", None]).to_pydatetime().tolist(),
    }  # fmt: skip
    values["day"][2] = None
    one = pd.DataFrame(values)
    other = pl.DataFrame(values)
    assert row_hashes(one).tolist() == row_hashes(other).tolist()
    assert len(set(row_hashes(one).tolist())) == 3
    assert row_hashes(one.astype({"number": "Int64"})).tolist() == row_hashes(one).tolist()


def test_no_part_of_a_series_is_taken():
    """A share of the rows of a series is refused, with the setting to remove."""
    frame = pd.DataFrame({"y": [1.0, 2.0, 3.0]})
    series = Problem(name="x", target="y", type="forecasting")
    assert part_of(frame, 1, series) is frame
    with pytest.raises(DataError, match=r"remove hyperparameter_tuner\.prune_at"):
        part_of(frame, 0.5, series)


@given(
    labels=st.lists(st.sampled_from("abc"), min_size=1, max_size=60),
    shares=st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)).map(sorted),
    polars=st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_a_part_has_all_classes_and_is_in_every_greater_part(labels, shares, polars):
    """Rows keep their order, and each class its share."""
    make = pl.DataFrame if polars else pd.DataFrame
    frame = make({"at": np.arange(len(labels)), "y": labels})
    problem = Problem(name="x", target="y")
    small, great = (
        nw.from_native(part_of(frame, share, problem), eager_only=True)["at"].to_list() for share in shares
    )
    assert set(small) <= set(great)
    assert small == sorted(small)
    assert {labels[at] for at in small} == set(labels)
    for label in set(labels):
        of_label = sum(labels[at] == label for at in small)
        assert of_label == int(np.ceil(shares[0] * labels.count(label)))
