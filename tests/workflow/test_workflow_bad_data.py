"""Rows that nothing can be learned from."""

import numpy as np
import pandas as pd
import pytest

from lolpop.errors import DataError
from lolpop.resources import DatasetVersion, Experiment, Model, ModelVersion


def renamed(rows):
    return rows.rename(columns={"diagnosis": "diagnoses"})


def of_one_class(rows):
    return rows.assign(diagnosis="benign")


def without_truth(rows):
    return rows.assign(diagnosis=np.nan)


def partly_without_truth(rows):
    return rows.assign(diagnosis=rows["diagnosis"].where(rows.index > 4))


BAD = {
    "no target": (renamed, "diagnosis.*diagnoses"),
    "one class": (of_one_class, "one class|benign"),
    "no truth": (without_truth, "diagnosis"),
    "truth missing here and there": (partly_without_truth, "diagnosis.*missing in 5"),
    "no rows": (lambda rows: rows[:0], "no rows"),
    "one row": (lambda rows: rows[:1], "1 row|one class|few"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_rows_stop_a_run_before_anything_is_kept(load, kept, project, patients, case):
    """The error says what is wrong, and neither a dataset nor a model version is left behind."""
    spoil, message = BAD[case]
    spoil(patients).to_csv(project / "known.csv", index=False)
    with pytest.raises(DataError, match=message):
        load().runner().run()
    assert [kept.find(kind) for kind in (DatasetVersion, Model, ModelVersion, Experiment)] == [[], [], [], []]


def test_all_that_is_wrong_is_said_at_once(load, project, patients):
    """The error carries every message of the checker."""
    spoilt = patients.assign(diagnosis="benign")
    spoilt["patient_id"] = 1
    spoilt.to_csv(project / "known.csv", index=False)
    container = load()
    frame = container.data_connector().read("known.csv")
    report = container.process.data_checker().check(frame)
    with pytest.raises(DataError) as raised:
        container.runner().process_data()
    assert all(check.message in str(raised.value) for check in report.of("error"))


def test_what_is_suspicious_is_told_and_does_not_stop_a_run(load, project, patients, capsys):
    """A constant column is a notice."""
    patients.assign(hospital="St. Mary").to_csv(project / "known.csv", index=False)
    load().runner().process_data()
    assert "hospital" in (told := capsys.readouterr().err)
    assert told.startswith("warning: ")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda new: new.drop(columns="patient_id"), "patient_id"),
        (lambda new: new.assign(patient_id=[7, *new["patient_id"][1:-1], 7]), "2 rows share.*patient_id.*7"),
        (lambda new: new.assign(patient_id=[None, *new["patient_id"][1:]]), "1 row without"),
    ],
)
def test_rows_that_cannot_be_told_apart_are_not_predicted(load, project, spoil, message):
    """Each row to be predicted needs an index of its own."""
    spoil(pd.read_csv(project / "new.csv")).to_csv(project / "new.csv", index=False)
    with pytest.raises(DataError, match=message):
        load().runner().run()
    assert not (project / "out").exists()
