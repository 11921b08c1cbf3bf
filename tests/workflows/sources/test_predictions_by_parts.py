"""Rows are predicted part by part by workers of an executor, as one job, as they are in one process."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from killed_prediction import KilledContainer

from lolpop.components.data_checker.builtin import BuiltinDataChecker
from lolpop.components.data_profiler.builtin import BuiltinDataProfiler
from lolpop.data import tables
from lolpop.data.batches import BatchRange
from lolpop.errors import DataError, VerificationError
from lolpop.pipelines.examined import ExaminedPart, examined, merged
from lolpop.problem import Problem
from lolpop.resources import DatasetVersion, ModelVersion, PredictionJob

MODEL = ModelVersion(name="orders", number=1)

IN_THIS_PROCESS = {"use": "inline_executor:InlineExecutor"}
pytestmark = pytest.mark.filterwarnings(
    "ignore:::distributed", "ignore:::tornado", "ignore:::ray", "ignore::ResourceWarning"
)


@pytest.fixture(params=["local", "dask", "ray"])
def executor(request, two_workers):
    """Settings of an executor of two workers."""
    return two_workers(request.param)


def by_parts(executor):
    return {"data__batch_rows": 7, "predict": {"n_jobs": 2, "part_batches": 2}, "executor": executor}


def predict(container):
    runner = container.runner()
    return runner.predict_data(MODEL, runner.process_data(dataset="predict"))


def test_parts_are_predicted_as_all_rows_in_one_process(load, tracker, project, trained, executor):
    """The file and the dataset version are equal, with one more job."""
    target = project / "out" / "predictions.parquet"
    predict(load(data__batch_rows=7))
    in_one_process = target.read_bytes()
    target.unlink()
    job = predict(load(**by_parts(executor)))
    assert target.read_bytes() == in_one_process
    assert [version.number for version in tracker.find(DatasetVersion, "orders_predictions")] == [1]
    assert tracker.find(PredictionJob) == [PredictionJob(name="orders", number=1), job]
    assert tracker.get(job).fields["rows"] == 50
    assert tracker.parents(job) == [MODEL, DatasetVersion(name="orders_predict", number=1)]


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_polars_frames_travel_as_well(load, project, trained, suffix):
    """Workers return frames of the library in the settings."""
    pytest.importorskip("polars", reason="polars is not installed")
    target = project / f"predictions.{suffix}"
    written = []
    for settings in ({"data__batch_rows": 7}, by_parts(IN_THIS_PROCESS)):
        predict(load(**settings, data__frame="polars", data__predictions=str(target)))
        written.append(target.read_bytes())
    assert written[0] == written[1]


@pytest.mark.parametrize("in_place", [False, True], ids=["copied", "in place"])
def test_a_killed_worker_costs_nothing_but_time(loading, load, project, trained, executor, in_place):
    """What it was predicting is predicted again, and nothing is there twice, wherever the rows are."""
    target = project / "out" / "predictions.parquet"
    predict(load(data__batch_rows=7))
    in_one_process = target.read_bytes()
    container = loading(KilledContainer, project, **by_parts(executor), data__in_place=in_place)
    predict(container)
    assert (project / "killed").exists()
    assert target.read_bytes() == in_one_process


def test_values_of_the_index_that_are_double_in_two_parts_are_an_error(load, tracker, project, new, trained):
    """The message has the value, and nothing is stored or written."""
    new.assign(order_id=new["order_id"].replace(1049, 1000)).to_parquet(project / "new.parquet")
    with pytest.raises(DataError, match="2 rows share a value of 'order_id', the index, such as 1000"):
        predict(load(**by_parts(IN_THIS_PROCESS)))
    assert tracker.find(PredictionJob) == []
    assert not (project / "out" / "predictions.parquet").exists()


def test_problems_of_all_parts_are_reported_once(load, project, new, trained, capsys):
    """Unknown columns and values are reported once for all parts."""
    strange = new.assign(weather="rain", channel=new["channel"].where(new.index != 40, "fax"))
    strange["amount"] = strange["amount"].where(strange.index > 20)  # empty in some parts, not in all
    strange.to_parquet(project / "new.parquet")
    skip = ["check_data", "compare_data", "analyze_prediction_drift"]
    predict(load(**by_parts(IN_THIS_PROCESS), skip=skip))
    output = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning: ")]
    assert output == [
        "warning: columns that the model does not know are ignored: 'weather'",
        "warning: the column 'channel' has values that the model has not seen: 'fax'",
    ]


def test_parts_are_explained_as_in_one_process(load, tracker, trained):
    """Explanations of every row are stored once, as the same dataset version."""
    settings = {"data__batch_rows": 7, "executor": IN_THIS_PROCESS}
    for jobs in (1, 2):
        predict(load(**settings, predict={"n_jobs": jobs, "part_batches": 3, "explain": True}))
    assert tracker.find(DatasetVersion, "orders_explanations") == [
        DatasetVersion(name="orders_explanations", number=1)
    ]
    explained = tracker.get(DatasetVersion(name="orders_explanations", number=1)).fields["rows"]
    assert explained == 50


def test_rows_are_checked_and_compared_in_parts_as_in_one_process(
    load, tracker, project, new, trained, executor, capsys
):
    """Reports, drift and the stored profiles are the same, and an odd row of any part is in them."""
    strange = new.assign(weather="rain", channel=new["channel"].where(new.index != 40, "fax"))
    strange["amount"] = strange["amount"].where(strange.index > 20) * 100
    seen = []
    for number, settings in enumerate(({"data__batch_rows": 7}, by_parts(executor))):
        strange.assign(order_id=strange["order_id"] + 100 * number).to_parquet(project / "new.parquet")
        job = predict(load(**settings))
        rows = tracker.parents(job)[1]
        fields = tracker.get(rows).fields
        drift = [value for key, value in fields.items() if key.startswith("drift.")]
        profile = load().process.pipeline()._drift._profile(rows)
        profiles = [column for column in profile.columns if column.name != "order_id"]
        output = capsys.readouterr().err
        seen.append((json.dumps(drift).replace(str(rows), "rows"), profiles))
        assert "'channel' ('fax')" in output
        assert "1 column drifted from the reference: 'amount'" in output
    assert seen[0] == seen[1]


def test_the_model_is_loaded_by_workers_alone(load, tracker, monkeypatch, trained):
    """The first process, which only puts predictions together, does not read the model."""
    from lolpop.components.model_trainer import folders

    def load_model(folder, trusted_types):
        raise AssertionError("the first process loads the model")

    container = load(**by_parts({"use": "local", "workers": 2}))
    monkeypatch.setattr(folders, "load", load_model)
    assert tracker.get(predict(container)).fields["rows"] == 50


def test_several_jobs_need_batches(load):
    """The setting without batches is an error that says what is missing."""
    with pytest.raises(VerificationError, match=r"predict\.n_jobs.*only where data\.batch_rows is set"):
        load(predict__n_jobs=2).verify()


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_frames_come_out_of_bytes_as_they_went_in(kind, new):
    """Kinds, dtypes and missing values are the same in another process."""
    frame = new.assign(note=[None, "a"] * 25, amount=new["amount"].where(new.index > 3))
    if kind == "polars":
        frame = pytest.importorskip("polars").from_pandas(frame)
    elif kind == "pyarrow":
        frame = pytest.importorskip("pyarrow").Table.from_pandas(frame)
    back = tables.from_bytes(tables.to_bytes(frame))
    assert type(back) is type(frame)
    if kind == "pandas":
        pd.testing.assert_frame_equal(back, frame)
    else:
        assert back.equals(frame)


def test_an_empty_first_batch_leaves_a_sketch_of_the_others():
    """Rows of later batches are described and checked, whether the part or another one begins empty."""
    problem = Problem(name="orders", target="paid")
    profiler, checker = BuiltinDataProfiler(problem=problem), BuiltinDataChecker(problem=problem)
    frame = pd.DataFrame({"a": range(9)})
    part = ExaminedPart(
        DatasetVersion(name="rows", number=1),
        BatchRange(0, 2, 0, 9),
        expectation=None,
        check=True,
        describe=True,
    )
    empty, rest = (examined(frames, part, profiler, checker) for frames in ([frame[:0]], [frame[:0], frame]))
    for rows in (rest, merged(empty, rest)):
        assert rows.sketch.profile().by_name["a"].numbers.max == 8
        assert rows.examination.report().status == "ok"
