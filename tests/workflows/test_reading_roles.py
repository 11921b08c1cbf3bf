"""Rows are read by the roles of their columns and as the rows of the training were, from file to predictions."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from threadpoolctl import threadpool_limits

from lolpop.components.notifier import Notifier
from lolpop.data.frames import wrap
from lolpop.errors import DataError
from lolpop.resources import DatasetVersion, PredictionJob
from lolpop_containers.classification import ClassificationContainer

SETTINGS = """
problem: {name: p, target: y, index: id}
data: {train: known.csv, predict: new.csv, predictions: out.csv}
train: {model_trainer: {estimator: logistic_regression}}
skip: [check_data, profile_data, compare_data, analyze_model, check_model, analyze_prediction_drift]
interceptors: []
notifiers: []
"""

FRAMES = ["pandas", "polars"]


class RecordingNotifier(Notifier):
    """Keeps the messages for people."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []

    def notify(self, message: str, level: Any = "info") -> None:
        """Keep ``message``."""
        self.messages.append((level, message))

    def warnings(self) -> list[str]:
        """The warnings among them."""
        return [message for level, message in self.messages if level == "warning"]


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    with threadpool_limits(1):
        yield


@pytest.fixture
def notifier() -> RecordingNotifier:
    return RecordingNotifier()


@pytest.fixture
def run(tmp_path: Path, notifier: RecordingNotifier) -> Callable[..., list[dict[str, str]]]:
    """Run a project of files by name, and give back the predictions that were written."""
    (tmp_path / "lolpop.yaml").write_text(SETTINGS)

    def run_project(files: dict[str, str | bytes], **settings: Any) -> list[dict[str, str]]:
        for name, content in files.items():
            (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        overrides = {name.replace("__", "."): value for name, value in settings.items()}
        with (
            ClassificationContainer.load(
                tmp_path / "lolpop.yaml", environ={}, overrides=overrides
            ) as container,
            container.notifiers.override([notifier]),
        ):
            container.runner().run()
        with (tmp_path / "out.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    return run_project


def lines(header: str, rows: list[tuple[Any, ...]], separator: str = ",") -> str:
    return "\n".join([header, *(separator.join(str(value) for value in row) for row in rows)]) + "\n"


def labelled(rows: int = 120) -> list[tuple[float, str]]:
    numbers = np.random.default_rng(0).uniform(0, 2, rows).round(3)
    return [(number, "yes" if number > 1 else "no") for number in numbers]


KNOWN = lines("id,x,y", [(place, x, y) for place, (x, y) in enumerate(labelled())])


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("batch_rows", [None, 1])
def test_ids_come_back_as_they_are_written(run, batch_rows, frame):
    """Every character is kept, at once or in batches."""
    ids = ["00123", "00045", "12e345", "77e001", "1.10", "1.1", "NA", "TRUE", " 1", "1", "2024-01-31"]
    new = lines("id,x", [(text, 0.2 + 1.6 * (place % 2)) for place, text in enumerate(ids)])
    rows = run({"known.csv": KNOWN, "new.csv": new}, data__frame=frame, data__batch_rows=batch_rows)
    expected = [(text, ["no", "yes"][place % 2]) for place, text in enumerate(ids)]
    assert [(row["id"], row["prediction"]) for row in rows] == expected


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("ids", [["1", "2"], ["00123", "00045"], ["1.10", "1.1"], ["TRUE", "false"], ["NA", "1"],
                                 ["2024-01-31", "2024-02-01"]])  # fmt: skip
def test_ids_that_all_look_otherwise_come_back_as_they_are_written(run, frame, ids):
    """Also if all ids look like numbers, booleans or dates."""
    rows = run(
        {"known.csv": KNOWN, "new.csv": lines("id,x", [(ids[0], 0.2), (ids[1], 1.8)])}, data__frame=frame
    )
    assert [(row["id"], row["prediction"]) for row in rows] == [(ids[0], "no"), (ids[1], "yes")]


@pytest.mark.parametrize("frame", FRAMES)
def test_the_truth_is_joined_by_ids_as_they_are_written(run, notifier, frame):
    """1 is not 01, whichever file has whole numbers only."""
    new = lines("id,x", [("1", 0.2), ("01", 1.8), ("2", 0.1)])
    truth = lines("id,y", [("2", "no"), ("1", "no")])
    settings = {"data__truth": "truth.csv", "data__frame": frame}
    run({"known.csv": KNOWN, "new.csv": new, "truth.csv": truth}, **settings)
    assert any("on the 2 rows of 3 whose truth is known" in message for _, message in notifier.messages)


CODES = {
    "number": ("1.10", "1.20", "1.10a"),
    "boolean": ("TRUE", "FALSE", "neither"),
    "padded": ("01", "02", "x"),
    "power": ("1E2", "1E3", "E"),
    "day": ("2024-01-31", "2024-02-01", "never"),
}


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("batch_rows", [None, 1])
def test_a_category_stays_a_category(run, tmp_path, batch_rows, frame):
    """Codes that all look like numbers, booleans or dates are read as in training."""
    rows = []
    for place in range(120):
        codes = [code[place % 2] if place % 4 < 2 else code[2] + str(place % 2) for code in CODES.values()]
        rows.append((place, *codes, ["no", "yes"][place % 2]))
    training_rows = lines(f"id,{','.join(CODES)},y", rows)
    new = lines(
        f"id,{','.join(CODES)}", [(place, *(code[place] for code in CODES.values())) for place in (0, 1)]
    )
    written = run(
        {"known.csv": training_rows, "new.csv": new}, data__frame=frame, data__batch_rows=batch_rows
    )
    assert [row["prediction"] for row in written] == ["no", "yes"]
    with ClassificationContainer.load(tmp_path / "lolpop.yaml", environ={}) as container:
        batches = container.resource_version_control().load_batches(
            DatasetVersion(name="p_predict", number=1)
        )
        read = [row for batch in batches for row in wrap(batch).rows(named=True)]
    for name, code in CODES.items():
        assert [row[name] for row in read] == [*code[:2]]


@pytest.mark.parametrize("frame", FRAMES)
def test_later_training_rows_are_read_as_the_earlier_ones(run, tmp_path, frame):
    """Without the odd code, the others are still text."""
    values = [("1.10", "no"), ("1.20", "yes"), ("1.10a", "no"), ("1.20a", "yes")]
    training_rows = lines("id,plan,y", [(place, *values[place % 4]) for place in range(120)])
    later = lines("id,plan,y", [(place, *values[place % 2]) for place in range(120, 260)])
    new = lines("id,plan", [(1, "1.10"), (2, "1.20")])
    run({"known.csv": training_rows, "new.csv": new}, data__frame=frame)
    run({"known.csv": later, "new.csv": new}, data__frame=frame)
    with ClassificationContainer.load(tmp_path / "lolpop.yaml", environ={}) as container:
        frames = container.resource_version_control()
        plans = frames.load_data(DatasetVersion(name="p_train", number=2))["plan"].to_list()
    assert set(plans) == {"1.10", "1.20"}


def test_a_store_without_schemas_still_works(run, notifier, tmp_path):
    """Rows for a model of an earlier release are read by their values."""
    new = lines("id,x", [("1", 0.2), ("2", 1.8)])
    run({"known.csv": KNOWN, "new.csv": new})
    with ClassificationContainer.load(tmp_path / "lolpop.yaml", environ={}) as container:
        tracker = container.metadata_tracker()
        for name in ("p_train", "p_predict"):
            assert tracker.get(DatasetVersion(name=name, number=1)).fields["schemas"]
            tracker.update(DatasetVersion(name=name, number=1), {"schemas": {}})
    assert [row["prediction"] for row in run({"new.csv": new})] == ["no", "yes"]


@pytest.mark.parametrize("frame", FRAMES)
def test_labels_come_back_as_they_are_written(run, frame):
    """01, 1.10 and NA are labels, in the truth too."""
    labels = {"no": "01", "yes": "NA"}
    training_rows = lines("id,x,y", [(place, x, labels[y]) for place, (x, y) in enumerate(labelled())])
    new, truth = lines("id,x", [(1, 0.2), (2, 1.8)]), lines("id,y", [(1, "01"), (2, "")])
    settings = {"data__frame": frame, "data__truth": "truth.csv"}
    rows = run({"known.csv": training_rows, "new.csv": new, "truth.csv": truth}, **settings)
    assert [row["prediction"] for row in rows] == ["01", "NA"]


@pytest.mark.parametrize("frame", FRAMES)
def test_labels_that_the_model_does_not_know_are_named_and_not_measured(run, notifier, tmp_path, frame):
    """YES instead of yes is a warning with the number of rows; there are still two classes."""
    new = lines("id,x", [(place, place % 2 + 0.4) for place in range(40)])
    truth = lines(
        "id,y", [(place, "YES" if place % 4 == 1 else ["no", "yes"][place % 2]) for place in range(40)]
    )
    settings = {"data__frame": frame, "data__truth": "truth.csv"}
    run({"known.csv": KNOWN, "new.csv": new, "truth.csv": truth}, **settings)
    assert any("'YES' in 10 rows, for 'yes'?" in message for message in notifier.warnings())
    with ClassificationContainer.load(tmp_path / "lolpop.yaml", environ={}) as container:
        job = container.metadata_tracker().find(PredictionJob, "p")[-1]
        metrics = container.metrics_tracker().get(job)
    assert metrics["truth.accuracy"] == metrics["truth.recall"] == 1


@pytest.mark.parametrize("frame", FRAMES)
def test_a_row_of_the_truth_that_is_there_twice_is_no_conflict(run, notifier, frame):
    """Two equal labels are valid; two different ones are an error."""
    new = lines("id,x", [(1, 0.2), (2, 1.8)])
    truth = lines("id,y", [(1, "no"), (1, "no"), (2, "yes")])
    settings = {"data__frame": frame, "data__truth": "truth.csv"}
    run({"known.csv": KNOWN, "new.csv": new, "truth.csv": truth}, **settings)
    assert any("on the 2 rows of 2 whose truth is known" in message for _, message in notifier.messages)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("change", [lambda x: f" {x}", lambda x: f"+{x}", lambda x: str(x).replace(".", ",")])
def test_numbers_are_learned_from_however_they_are_written(run, frame, change):
    """With spaces, signs or commas, in training rows and rows to predict."""
    training_rows = [(place, change(x), y) for place, (x, y) in enumerate(labelled())]
    files = {
        "known.csv": lines("id;x;y", training_rows, ";"),
        "new.csv": lines("id;x", [(1, change(0.2)), (2, change(1.8))], ";"),
    }
    sources = {
        f"data__{name}": {"path": f"{file}.csv", "separator": ";"}
        for name, file in (("train", "known"), ("predict", "new"))
    }
    rows = run(files, data__frame=frame, **sources)
    assert [row["prediction"] for row in rows] == ["no", "yes"]


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("text", ["?", "1 234"])
def test_one_text_among_numbers_does_not_cost_the_column(run, notifier, frame, text):
    """It is reported with its row, and the other 119 values are used."""
    training_rows = [(place, round(1000 * x, 1), y) for place, (x, y) in enumerate(labelled())]
    training_rows[16] = (16, text, "yes")
    new = lines("id,x", [(1, 200), (2, 1800)])
    rows = run({"known.csv": lines("id,x,y", training_rows), "new.csv": new}, data__frame=frame)
    assert [row["prediction"] for row in rows] == ["no", "yes"]
    assert any("119 of 120 values of 'x' are" in message and f"row 17 is '{text}'" in message
               for message in notifier.warnings())  # fmt: skip


@pytest.mark.parametrize("frame", FRAMES)
def test_digits_of_other_scripts_are_categories(run, frame):
    """Such a column is text in both kinds of frame."""
    digits = {"no": "\u0661", "yes": "\u0662"}
    training_rows = lines("id,z,y", [(place, digits[y], y) for place, (_, y) in enumerate(labelled())])
    new = lines("id,z", [(1, "\u0661"), (2, "\u0662")])
    rows = run({"known.csv": training_rows, "new.csv": new}, data__frame=frame)
    assert [row["prediction"] for row in rows] == ["no", "yes"]


@pytest.mark.parametrize("frame", FRAMES)
def test_files_that_are_damaged_stop_the_run_with_their_name(run, frame):
    """A truncated archive, and a NUL byte, are errors with the file."""
    new = lines("id,x", [(1, 0.2)])
    archive = gzip.compress(KNOWN.encode())[:-20]
    with pytest.raises(DataError, match=r"known\.csv\.gz cannot be read"):
        run({"known.csv.gz": archive, "new.csv": new}, data__train="known.csv.gz", data__frame=frame)
    with pytest.raises(DataError, match=r"known\.csv:2:\d+: there is a NUL byte"):
        run({"known.csv": KNOWN.replace("yes", "y\0es", 1), "new.csv": new}, data__frame=frame)


@pytest.mark.parametrize("frame", FRAMES)
def test_each_of_several_sources_is_read_as_before(run, tmp_path, frame):
    """Each table has its own schema, and a grouping column is text as written."""
    (tmp_path / "join.py").write_text(
        "import narwhals as nw\n"
        "def join(tables):\n"
        "    a, b = (nw.from_native(tables[name], eager_only=True) for name in ('a', 'b'))\n"
        "    return a.join(b, on='key', how='left').to_native()\n"
    )
    keys = ["01", "1", "1.0", "x"]
    tables = {
        "a.csv": lines(
            "id,key,y", [(place, keys[place % 4], ["no", "yes"][place % 2]) for place in range(120)]
        ),
        "b.csv": lines("key,plan", [("01", "1.10"), ("1", "1.20"), ("1.0", "1.10a"), ("x", "1.20a")]),
        "new_a.csv": lines("id,key", [(1, "01"), (2, "1")]),
    }
    settings = {
        "data__train": None,
        "data__sources": {"a": "a.csv", "b": "b.csv"},
        "data__predict": {"a": "new_a.csv"},
        "data__frame": frame,
        "problem__drop": ["key"],
        "process__data_transformer": {"use": "python", "function": "join.py:join"},
    }
    rows = run(tables, **settings)
    assert [row["prediction"] for row in rows] == ["no", "yes"]


def parquet(**columns: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def measured(notifier: RecordingNotifier) -> str:
    """What is said about the truth of the predictions."""
    (message,) = [
        message for _, message in notifier.messages if "is known" in message or "evaluated" in message
    ]
    return message


@pytest.mark.parametrize("frame", FRAMES)
def test_an_id_that_a_float_cannot_hold_is_not_joined(run, notifier, frame):
    """Of floats beyond 2^53, nobody knows which row they are of; the message says so."""
    new = lines("id,x", [(2**53 + place, 0.2 + 1.6 * (place % 2)) for place in range(4)])
    truth = parquet(id=[float(2**53), float(2**53 + 2)], y=["yes", "no"])
    files = {"known.csv": KNOWN, "new.csv": new, "truth.parquet": truth}
    run(files, data__truth="truth.parquet", data__frame=frame)
    assert "The index 'id' of the truth has floats such as 9007199254740992, which do not" in measured(
        notifier
    )


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize(
    ("kind", "ids", "other"),
    [("int32", [1, 2], 2**32 + 1), ("int8", [1, 2], 257), ("uint64", [2**64 - 1, 2], -1)],
)
def test_an_id_that_the_predictions_cannot_have_is_of_no_row(run, notifier, kind, ids, other, frame):
    """A greater number, or one with another sign, does not become one of theirs."""
    new = parquet(id=pa.array(ids, kind), x=[0.2, 1.8])
    files = {"known.csv": KNOWN, "new.parquet": new, "truth.csv": f"id,y\n{other},yes\n2,yes\n"}
    run(files, data__predict="new.parquet", data__truth="truth.csv", data__frame=frame)
    assert "on the 1 row of 2 whose truth is known" in measured(notifier)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("great", [0, 2**70])
def test_ids_of_databases_are_joined_digit_by_digit(run, notifier, great, frame):
    """Databases export NUMBER(38, 0) as decimals, which are the same ids as those of a CSV file."""
    ids = pa.array([Decimal(great + place) for place in range(2)], pa.decimal128(38, 0))
    truth = lines("id,y", [(great, "no"), (great + 1, "yes")])
    files = {"known.csv": KNOWN, "new.parquet": parquet(id=ids, x=[0.2, 1.8]), "truth.csv": truth}
    rows = run(files, data__predict="new.parquet", data__truth="truth.csv", data__frame=frame)
    assert [row["id"] for row in rows] == [str(great), str(great + 1)]
    assert "on the 2 rows of 2 whose truth is known" in measured(notifier)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize(
    ("classes", "labels"), [("01", "01?1"), (["False", "True"], ["false", "TRUE", "NA", "True"])]
)
def test_one_strange_label_does_not_hide_the_others(run, notifier, classes, labels, frame):
    """Among the labels 0 and 1, or booleans, a text is named, and the other rows are measured."""
    training_rows = lines(
        "id,x,y", [(place, x, classes[y == "yes"]) for place, (x, y) in enumerate(labelled())]
    )
    new = lines("id,x", [(place, 0.2 + 1.6 * (place % 2)) for place in range(4)])
    files = {"known.csv": training_rows, "new.csv": new, "truth.csv": lines("id,y", list(enumerate(labels)))}
    run(files, data__truth="truth.csv", data__frame=frame)
    assert f"({labels[2]!r} in 1 row)" in next(
        text for text in notifier.warnings() if "does not know" in text
    )
    assert "on the 3 rows of 4 whose truth is known" in measured(notifier)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("batch_rows", [None, 1])
@pytest.mark.parametrize(
    "ids",
    [
        pa.array(["007", "7"]).dictionary_encode(),
        pa.array([b"007", b"7"]),
        pa.array([b"007", b"7"], pa.large_binary()),
        pa.array(["007", "7"], pa.large_string()),
    ],
    ids=["categories", "bytes", "large bytes", "large text"],
)
def test_ids_of_typed_files_are_text(run, notifier, ids, batch_rows, frame):
    """Categories, and the bytes that older writers of Parquet store, are the text of other files."""
    files = {
        "known.csv": KNOWN,
        "new.parquet": parquet(id=ids, x=[0.2, 1.8]),
        "truth.csv": "id,y\n007,no\n7,yes\n",
    }
    settings = {"data__predict": "new.parquet", "data__truth": "truth.csv", "data__batch_rows": batch_rows}
    rows = run(files, data__frame=frame, **settings)
    assert [(row["id"], row["prediction"]) for row in rows] == [("007", "no"), ("7", "yes")]
    assert "on the 2 rows of 2 whose truth is known" in measured(notifier)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (pa.array([b"\xe4", b"\xff"]), "identifies rows, but has bytes that are no text"),
        (pa.array([1.0, float("nan")]), "1 row without a value of 'id', the index"),
    ],
    ids=["bytes", "nan"],
)
def test_ids_that_are_no_text_or_number_are_an_error(run, ids, message, frame):
    """They are not written in the notation of Python, nor predicted without an id."""
    files = {"known.csv": KNOWN, "new.parquet": parquet(id=ids, x=[0.2, 1.8])}
    with pytest.raises(DataError, match=message):
        run(files, data__predict="new.parquet", data__frame=frame)
