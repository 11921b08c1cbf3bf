"""Rows that nothing can be learned from."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from lolpop.components.data_connector.file import FileDataConnector
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.errors import DataError, TrainingError
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
def test_bad_rows_stop_a_run_before_anything_is_kept(load, tracker, project, patients, case):
    """The error says what is wrong, and no dataset or model version is stored."""
    spoil, message = BAD[case]
    spoil(patients).to_csv(project / "known.csv", index=False)
    with pytest.raises(DataError, match=message):
        load().runner().run()
    assert [tracker.find(kind) for kind in (DatasetVersion, Model, ModelVersion, Experiment)] == [
        [],
        [],
        [],
        [],
    ]


def test_all_that_is_wrong_is_said_at_once(load, project, patients):
    """The error has every message of the checker."""
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
    assert "hospital" in (output := capsys.readouterr().err)
    assert output.startswith("warning: ")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda new: new.drop(columns="patient_id"), "patient_id"),
        (lambda new: new.assign(patient_id=[7, *new["patient_id"][1:-1], 7]), "2 rows share.*patient_id.*7"),
        (lambda new: new.assign(patient_id=[None, *new["patient_id"][1:]]), "1 row without"),
    ],
)
def test_rows_that_cannot_be_told_apart_are_not_predicted(load, project, spoil, message):
    """Each row to predict needs its own index value."""
    spoil(pd.read_csv(project / "new.csv")).to_csv(project / "new.csv", index=False)
    with pytest.raises(DataError, match=message):
        load().runner().run()
    assert not (project / "out").exists()


def test_a_value_that_the_estimator_refuses_is_told_with_its_place(load, project):
    """The error has the setting with its line and column."""
    settings = (project / "lolpop.yaml").read_text()
    settings = settings.replace("logistic_regression}", "logistic_regression, params: {C: -1.5}}")
    (project / "lolpop.yaml").write_text(settings)
    with pytest.raises(
        TrainingError, match=r"params\.C of logistic_regression must be .*, but is -1\.5"
    ) as raised:
        load().runner().run()
    place = f"{project / 'lolpop.yaml'}:4:"
    [note] = raised.value.__notes__
    assert note.startswith(f"It is set at {place}")
    assert note.endswith(", as train.model_trainer.params.C.")


def test_a_value_that_no_setting_gave_has_no_place(load):
    """A trainer that was overridden in code has no place in settings."""
    container = load()
    with (
        container.train.model_trainer.override(
            SklearnModelTrainer(
                "logistic_regression",
                params={"C": -1.5},
                problem=container.problem(),
                feature_transformer=container.train.feature_transformer(),
                seed=0,
            )
        ),
        pytest.raises(TrainingError) as raised,
    ):
        container.runner().run()
    assert not hasattr(raised.value, "__notes__")


def test_a_source_may_be_a_path_and_is_no_dataframe(load, project):
    """The error for another source has its type or name."""
    runner = load().runner()
    assert str(runner.process_data(Path("known.csv"))) == "dataset_version:tumors_train@1"
    with pytest.raises(DataError, match="A source must be a path, a URL or a mapping, not a DataFrame"):
        runner.process_data(pd.DataFrame({"a": [1]}))
    with pytest.raises(DataError, match="Expected the purpose train or predict, not 'training'"):
        runner.process_data(dataset="training")


class Arrow(FileDataConnector):
    def read(self, source):
        return pa.Table.from_pandas(super().read(source))


def test_rows_may_come_as_arrow_tables(load, project):
    """A custom connector may read pyarrow tables; the workflow gets dataframes."""
    container = load(skip=["analyze_model", "compare_data"])
    with container.data_connector.override(Arrow(folder=project)):
        assert container.runner().run() is not None
