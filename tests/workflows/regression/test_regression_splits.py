"""What decides which rows a model is judged by, from settings to the test rows that are kept."""

import pandas as pd
import pytest

from lolpop.errors import DataError, VerificationError


@pytest.fixture
def clinics(project, patients):
    """Known patients with the clinic that treats them, their day, and the part that somebody chose for them."""
    rows = patients[:342].copy()
    rows.insert(1, "clinic", [f"clinic {number % 17}" for number in range(342)])
    rows.insert(2, "day", pd.date_range("2025-01-01", periods=342)[::-1].strftime("%Y-%m-%d"))
    rows.insert(3, "part", ["train", "train", "validation", "test", "train", "train"] * 57)
    rows.to_csv(project / "known.csv", index=False)
    return rows


@pytest.fixture
def judged_by(load):
    """Train with a splitter's settings: the test rows that are kept, and the rows that were learned from."""

    def judged_by(clinics, **splitter):
        container = load(train__data_splitter=splitter, problem__drop=["clinic", "day", "part"])
        runner = container.runner()
        model_version = runner.train_model(runner.process_data())
        tracker, versions = container.metadata_tracker(), container.resource_version_control()
        fields = tracker.get(model_version).fields
        test = versions.load_data(tracker.get(fields["test_data"]).resource)
        metrics = container.metrics_tracker().get(model_version)
        rest = clinics[~clinics["patient_id"].isin(test["patient_id"])]
        assert len(rest) + len(test) == len(clinics)
        return test, rest, metrics

    return judged_by


def test_rows_of_a_group_stay_together(clinics, judged_by):
    """No clinic is in both training and test rows."""
    test, rest, _ = judged_by(clinics, by="group", column="clinic")
    assert set(test["clinic"]).isdisjoint(rest["clinic"])
    assert test["clinic"].nunique() == 3  # a fifth of 17


def test_the_last_rows_are_test_rows(clinics, judged_by):
    """A split by time trains on earlier days than it tests on, whatever the order of rows."""
    test, rest, _ = judged_by(clinics, by="time", column="day")
    assert pd.to_datetime(test["day"]).min() > pd.to_datetime(rest["day"]).max()
    assert len(test) == 68


def test_a_column_names_the_parts(clinics, judged_by):
    """Rows are assigned by the column, validation rows too."""
    test, rest, metrics = judged_by(clinics, by="column", column="part")
    assert set(test["part"]) == {"test"}
    assert set(rest["part"]) == {"train", "validation"}
    assert {name.partition(".")[0] for name in metrics} >= {"train", "validation", "test"}


def test_a_seed_draws_the_same_groups(clinics, judged_by):
    """The same seed gives the same test clinics in each run."""
    first, _, _ = judged_by(clinics, by="group", column="clinic")
    again, _, _ = judged_by(clinics, by="group", column="clinic")
    assert first["patient_id"].tolist() == again["patient_id"].tolist()


def test_a_split_by_a_column_that_is_not_named_is_a_finding(load):
    """Verification reports the missing column."""
    with pytest.raises(VerificationError, match="a split by group needs a column"):
        load(train__data_splitter={"by": "group"}).verify()


def test_a_split_by_an_unknown_column_has_a_near_name(clinics, judged_by):
    """A misspelt column gets a near name."""
    with pytest.raises(DataError, match="Did you mean clinic"):
        judged_by(clinics, by="group", column="clinics")


def test_one_group_cannot_be_split(project, clinics, judged_by):
    """A single group leaves no training rows, which is an error."""
    one = clinics.assign(clinic="the only one")
    one.to_csv(project / "known.csv", index=False)
    with pytest.raises(DataError, match="none is left for the train split"):
        judged_by(one, by="group", column="clinic")


def test_parts_with_strange_names_are_refused(project, clinics, judged_by):
    """Values other than train, validation and test are named."""
    strange = clinics.assign(part=clinics["part"].replace("test", "exam"))
    strange.to_csv(project / "known.csv", index=False)
    with pytest.raises(DataError, match="'exam'"):
        judged_by(strange, by="column", column="part")


def test_days_that_are_missing_have_no_place_in_time(project, clinics, judged_by):
    """Rows without a time are counted in the error."""
    undated = clinics.assign(day=clinics["day"].where(clinics.index > 1))
    undated.to_csv(project / "known.csv", index=False)
    with pytest.raises(DataError, match="missing values in 2 rows"):
        judged_by(undated, by="time", column="day")
