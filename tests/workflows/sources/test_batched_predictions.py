"""Rows that do not fit in memory are predicted, kept and written batch by batch."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from orders_project import orders

from lolpop.components.data_connector.file import FileDataConnector
from lolpop.errors import DataError
from lolpop.resources import DatasetVersion, ModelVersion, PredictionJob

MODEL = ModelVersion(name="orders", number=1)


def predict(container):
    runner = container.runner()
    return runner.predict_data(MODEL, runner.process_data(dataset="predict"))


@pytest.mark.parametrize("frame", ["pandas", "polars"])
@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl", "feather"])
def test_batches_are_predicted_as_all_rows_at_once(load, tracker, project, new, trained, frame, suffix):
    """Files and dataset versions are equal for all sizes of batches."""
    FileDataConnector(folder=project).write(new, f"new.{suffix}")
    where = {"data__frame": frame, "data__predict": f"new.{suffix}"}
    predictions = project / "out" / f"predictions.{suffix}"
    written = []
    for batch_rows in (None, 7, 50, 1000):
        container = load(data__batch_rows=batch_rows, data__predictions=str(predictions), **where)
        job = predict(container)
        assert tracker.get(job).fields["rows"] == 50
        written.append(container.data_connector().read(str(predictions)))
    for other in written[1:]:
        assert other.equals(written[0])
    assert [version.number for version in tracker.find(DatasetVersion, "orders_predict")] == [1]
    assert [version.number for version in tracker.find(DatasetVersion, "orders_predictions")] == [1]


def test_batches_are_tracked_as_one_job(load, tracker, project, trained):
    """One prediction job has the same lineage, and its predictions can be loaded as a whole."""
    container = load(data__batch_rows=7)
    job = predict(container)
    rows = DatasetVersion(name="orders_predict", number=1)
    assert tracker.parents(job) == [trained, rows]
    fields = tracker.get(rows).fields
    assert (fields["rows"], fields["source"]) == (50, "new.parquet")
    whole = (
        load()
        .resource_version_control()
        .load_data(DatasetVersion.parse(tracker.get(job).fields["predictions"]))
    )
    pd.testing.assert_frame_equal(whole, pd.read_parquet(project / "out" / "predictions.parquet"))
    assert len(list(container.resource_version_control().load_batches(rows))) == 8


@pytest.mark.parametrize("frame", ["pandas", "polars"])
def test_batches_are_evaluated_against_the_truth(load, project, trained, frame):
    """Metrics equal those without batches."""
    truth = orders(50, seed=1, start=1000)[["order_id", "paid"]][::3]
    truth.to_csv(project / "truth.csv", index=False)
    measured = []
    for batch_rows in (None, 7):
        container = load(data__batch_rows=batch_rows, data__frame=frame)
        job = predict(container)
        measured.append(load(data__frame=frame).runner().evaluate_ground_truth(job, "truth.csv"))
    assert measured[0] == measured[1]
    assert measured[0]["truth.accuracy"] > 0.5


def test_problems_of_all_batches_are_reported_once(load, project, new, trained, capsys):
    """Unknown columns and values are reported once for all batches."""
    strange = new.assign(weather="rain", channel=new["channel"].where(new.index != 40, "fax"))
    strange["amount"] = strange["amount"].where(strange.index > 20)  # empty in some batches, not in all
    strange.to_parquet(project / "new.parquet")
    predict(load(data__batch_rows=7, skip=["check_data", "compare_data", "analyze_prediction_drift"]))
    output = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning: ")]
    assert output == [
        "warning: columns that the model does not know are ignored: 'weather'",
        "warning: the column 'channel' has values that the model has not seen: 'fax'",
    ]


def test_a_column_of_the_sample_is_reported_once(load, project, new, trained, capsys):
    """A column that the check of the sample reports is reported once."""
    new.assign(weather="rain").to_parquet(project / "new.parquet")
    predict(load(data__batch_rows=7))
    assert capsys.readouterr().err.count("'weather'") == 1


def test_drift_is_found_in_a_sample(load, project, new, trained, capsys):
    """Rows in batches are compared with the training rows."""
    new.assign(amount=new["amount"] * 100).to_parquet(project / "new.parquet")
    predict(load(data__batch_rows=7))
    assert "1 column drifted from the reference: 'amount'" in capsys.readouterr().err


SPOILT = {
    "an index that is double": (
        lambda new: new.assign(order_id=new["order_id"].replace(1049, 1000)),
        "2 rows share a value of 'order_id', the index, such as 1000",
    ),
    "an index that is missing": (
        lambda new: new.assign(order_id=new["order_id"].where(new.index < 40)),
        "10 rows without a value of 'order_id'|2 rows without a value of 'order_id'",
    ),
    "no index": (lambda new: new.drop(columns="order_id"), "no index column 'order_id'"),
    "a missing column": (lambda new: new.drop(columns="amount"), "no column 'amount' in the data"),
    "text for numbers": (
        lambda new: new.assign(amount=new["amount"].astype(str).where(new.index < 40, "much")),
        "Column 'amount' should contain numbers, but contains 'much'",
    ),
}


@pytest.mark.parametrize("frame", ["pandas", "polars"])
@pytest.mark.parametrize("case", SPOILT)
def test_bad_rows_in_any_batch_leave_nothing(load, tracker, project, new, trained, frame, case):
    """The error is the same as without batches, and earlier predictions stay."""
    container = load(data__batch_rows=7, data__frame=frame)
    predict(container)
    predictions = project / "out" / "predictions.parquet"
    former = predictions.read_bytes()
    spoil, message = SPOILT[case]
    spoil(new).to_parquet(project / "new.parquet")
    with pytest.raises(DataError, match=f"cannot predict the rows of new.parquet: .*({message})"):
        predict(container)
    assert predictions.read_bytes() == former
    assert list(predictions.parent.iterdir()) == [predictions]
    assert len(tracker.find(PredictionJob)) == len(tracker.find(DatasetVersion, "orders_predictions")) == 1


def truncated(path, new):
    path.write_bytes(path.read_bytes()[:-100])


def cut_in_the_middle(path, new):
    # The footer is whole, what it points to is not.
    content = bytearray(path.read_bytes())
    content[100:600] = bytes(500)
    path.write_bytes(content)


def with_names_twice(path, new):
    table = pa.Table.from_pandas(new)
    pq.write_table(table.append_column("amount", table.column("amount")), path)


@pytest.mark.parametrize("frame", ["pandas", "polars"])
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (truncated, "new.parquet cannot be read"),
        (cut_in_the_middle, "new.parquet cannot be read"),
        (with_names_twice, "same name: 'amount'|new.parquet cannot be read: .*amount"),
    ],
)
def test_files_that_cannot_be_read_leave_nothing(load, tracker, project, new, frame, spoil, message):
    """A damaged file is an error with its name, and no dataset version is made."""
    spoil(project / "new.parquet", new)
    with pytest.raises(DataError, match=message):
        load(data__batch_rows=7, data__frame=frame).runner().process_data(dataset="predict")
    assert tracker.find(DatasetVersion) == []


@pytest.mark.parametrize("frame", ["pandas", "polars"])
def test_a_column_of_lists_is_no_obstacle(load, project, new, trained, frame):
    """A column that models cannot use is stored, and not used for predictions."""
    new.assign(tags=[["a"], ["b", "c"]] * 25).to_parquet(project / "new.parquet")
    container = load(data__batch_rows=7, data__frame=frame)
    predict(container)
    assert len(pd.read_parquet(project / "out" / "predictions.parquet")) == 50


def test_a_transformer_sees_the_rows_batch_by_batch(load, tracker, project, new):
    """It may drop rows, but columns and types of all batches must be equal."""
    (project / "prepare.py").write_text(
        "def some(frame):\n    return frame[frame['items'] > 0].assign(double=frame['amount'] * 2)\n"
        "def others(frame):\n    return frame.assign(other=1) if 1007 in set(frame['order_id']) else frame\n"
        "def types(frame):\n    return frame.assign(other=1 if 1000 in set(frame['order_id']) else 'x')\n"
    )
    container = load(
        data__batch_rows=7, process__data_transformer={"use": "python", "function": "prepare.py:some"}
    )
    version = container.runner().process_data(dataset="predict")
    expected = new[new["items"] > 0].assign(double=new["amount"] * 2).reset_index(drop=True)
    pd.testing.assert_frame_equal(load().resource_version_control().load_data(version), expected)
    for function, message in (
        ("others", "The rows from 8 on have the columns 'other'"),
        ("types", "The rows from 8 on are large_string in the column 'other', and those before them int64"),
    ):
        transformer = {"use": "python", "function": f"prepare.py:{function}"}
        with pytest.raises(DataError, match=message):
            load(data__batch_rows=7, process__data_transformer=transformer).runner().process_data(
                dataset="predict"
            )
    assert tracker.find(DatasetVersion) == [version]


def test_an_error_of_any_kind_leaves_the_former_predictions(load, tracker, project, trained):
    """The error of a model is raised unchanged, and no partial file is left."""
    container = load(data__batch_rows=7)
    predict(container)
    former = (project / "out" / "predictions.parquet").read_bytes()
    model = container.resource_version_control().load_model(MODEL)

    class Failing:
        columns, classes, left_out, categories = (
            model.columns,
            model.classes,
            model.left_out,
            model.categories,
        )

        def predict(self, frame):
            if 1030 in set(frame["order_id"]):
                raise KeyError("a bug of its own")
            return model.predict(frame)

    rows = DatasetVersion(name="orders_predict", number=1)
    with pytest.raises(KeyError, match="a bug of its own"):
        container.predict.pipeline().predict_batches(Failing(), MODEL, rows, "out/predictions.parquet")
    assert (project / "out" / "predictions.parquet").read_bytes() == former
    assert len(list((project / "out").iterdir())) == 1
    assert len(tracker.find(PredictionJob)) == 1


MEASURE = """
import json, sys
from pathlib import Path
from lolpop.resources import ModelVersion
from lolpop_containers.classification import ClassificationContainer
with ClassificationContainer.load("lolpop.yaml", environ={}, overrides={
    "data.predict": sys.argv[1],
    "data.batch_rows": 20_000,
    "skip": ["check_data", "compare_data", "analyze_prediction_drift"],  # they hold a sample of the rows
}) as container:
    runner = container.runner()
    rows = runner.process_data(dataset="predict")
    runner.predict_data(ModelVersion(name="orders", number=1), rows)
# Its own: what getrusage tells begins with the peak of the process that has started this one.
[peak] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
print(json.dumps(int(peak.split()[1])))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of a process")
def test_memory_does_not_grow_with_the_rows(project, trained):
    """Six times as many rows need about the same memory."""
    peaks = []
    for rows in (100_000, 600_000):
        random = np.random.default_rng(0)
        frame = pd.DataFrame({"order_id": np.arange(rows), "amount": random.lognormal(3, 1, size=rows)})
        frame = frame.assign(customer=1, items=2, channel="web", note=random.normal(size=rows))
        frame.to_parquet(project / f"{rows}.parquet", row_group_size=20_000)
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, f"{rows}.parquet"],
            cwd=project, check=True, capture_output=True, text=True,
        )  # fmt: skip
        peaks.append(json.loads(done.stdout) / 1024)
    assert peaks[1] - peaks[0] < 30  # without batches, it is about 100 MB
