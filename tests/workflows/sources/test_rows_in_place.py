"""Rows to predict stay where they are: the dataset version names their files, and no others are predicted."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lolpop.components.data_connector.file import FileDataConnector
from lolpop.components.resource_version_control.local import LocalResourceVersionControl
from lolpop.errors import DataError, UnusableArtifactError, VerificationError
from lolpop.resources import DatasetVersion, ModelVersion

MODEL = ModelVersion(name="orders", number=1)
ROWS = DatasetVersion(name="orders_predict", number=1)
IN_THIS_PROCESS = {"use": "inline_executor:InlineExecutor"}


@pytest.fixture
def spread(project, new):
    """Write the new rows to a source of a kind, by name."""

    def write(source: str) -> str:
        connector = FileDataConnector(folder=project)
        if Path(source).suffix:
            connector.write(new, source)
            return source
        for number, start in enumerate(range(0, 50, 20)):
            folder = f"{source}/part={number}" if source == "partitioned" else source
            connector.write(new[start : start + 20], f"{folder}/{number}.parquet")
        return source

    return write


def predict(container, target: str) -> bytes:
    """Predict all new rows, and return what was written."""
    runner = container.runner()
    runner.predict_data(MODEL, runner.process_data(dataset="predict"))
    path = Path(target)
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return b"".join(file.read_bytes() for file in files)


@pytest.mark.parametrize("frame", ["pandas", "polars"])
@pytest.mark.parametrize("source", ["in.parquet", "in.feather", "many", "partitioned"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_predictions_are_the_same_byte_by_byte(load, tracker, project, spread, trained, frame, source, jobs):
    """As with rows that were copied, for each kind of source, in one process and by workers."""
    written = []
    for in_place in (False, True):
        target = project / "out" / f"{in_place}.parquet"
        container = load(
            data__predict=spread(source),
            data__predictions=str(target),
            data__frame=frame,
            data__batch_rows=7,
            data__in_place=in_place,
            predict={"n_jobs": jobs, "part_batches": 2, "explain": True},
            executor=IN_THIS_PROCESS,
        )
        written.append(predict(container, target))
        shutil.rmtree(project / source, ignore_errors=True)
    assert written[0] == written[1]
    copied, in_place = (
        tracker.get(version).fields for version in tracker.find(DatasetVersion, "orders_predict")
    )
    assert copied["dtypes"] == in_place["dtypes"]
    assert (in_place["rows"], in_place["source"]) == (50, source)
    assert len(tracker.find(DatasetVersion, "orders_predictions")) == 1
    assert len(tracker.find(DatasetVersion, "orders_explanations")) == 1


@pytest.mark.parametrize("frame", ["pandas", "polars"])
def test_the_version_gives_the_rows_that_a_copy_gives(load, tracker, spread, trained, frame):
    """Whole, in batches, and in parts."""
    loaded = []
    for in_place in (False, True):
        settings = {"data__predict": spread("partitioned"), "data__frame": frame, "data__batch_rows": 7}
        container = load(**settings, data__in_place=in_place)
        version = container.runner().process_data(dataset="predict")
        versions = load(**settings).resource_version_control()
        batches = list(versions.load_batches(version))
        assert versions.batch_sizes(version) == [len(batch) for batch in batches]
        assert len(batches) == 8
        part = list(versions.load_part(version, 2, 5))
        loaded.append([versions.load_data(version), *batches, *part])
    for copied, in_place in zip(*loaded, strict=True):
        assert copied.equals(in_place)
        assert list(copied.dtypes) == list(in_place.dtypes)
        assert type(copied) is type(in_place)


def test_the_first_batch_does_not_decide_types(load, project, new, trained):
    """Of columns whose first values are missing, or decimals with few digits; the file says them."""
    days = [dt.date(2026, 1, 1) if row > 30 else None for row in range(50)]
    prices = [Decimal(row) ** 5 / 100 for row in range(50)]
    rows = pa.Table.from_pandas(new, preserve_index=False)
    rows = rows.append_column("day", pa.array(days)).append_column("price", pa.array(prices))
    pq.write_table(rows, project / "new.parquet")
    container = load(data__batch_rows=7, data__in_place=True)
    loaded = container.resource_version_control().load_data(
        container.runner().process_data(dataset="predict")
    )
    assert loaded["day"].tolist() == days
    assert loaded["price"].tolist() == prices


def test_the_store_has_the_manifest_alone(load, tracker, project, spread, trained):
    """No rows, and no secrets."""
    container = load(data__predict=spread("many"), data__batch_rows=7, data__in_place=True)
    version = container.runner().process_data(dataset="predict")
    assert tracker.artifacts(version) == ["manifest"]
    with tracker.reading_artifact(version, "manifest") as path:
        manifest = json.loads(path.read_text())
    assert [file["path"] for file in manifest["files"]] == [f"many/{number}.parquet" for number in range(3)]
    assert manifest["source"] == "many"


def test_equal_content_is_the_same_version(load, tracker, project, spread, trained):
    """Whenever the files were written; other content, or other batches, are another version."""
    container = load(data__predict=spread("many"), data__batch_rows=7, data__in_place=True)

    def version(container) -> int:
        return container.runner().process_data(dataset="predict").number

    assert version(container) == version(container) == 1
    os.utime(project / "many" / "0.parquet", (1, 1))
    assert version(container) == 1
    container.resource_version_control().require(ROWS)
    assert version(load(data__predict="many", data__batch_rows=8, data__in_place=True)) == 2
    pd.read_parquet(project / "many" / "0.parquet")[:9].to_parquet(project / "many" / "0.parquet")
    assert version(container) == 3


def test_the_project_may_move(load, loading, project, spread, trained, tmp_path_factory, monkeypatch):
    """Relative paths start at the folder of the settings, wherever that is, and whoever reads them."""
    from lolpop_containers.classification import ClassificationContainer

    load(data__predict=spread("many"), data__batch_rows=7, data__in_place=True).runner().process_data(
        dataset="predict"
    )
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "project"
    shutil.move(project, elsewhere)
    monkeypatch.chdir(tmp_path_factory.mktemp("here"))
    moved = loading(ClassificationContainer, elsewhere)
    assert len(moved.resource_version_control().load_data(ROWS)) == 50


CHANGES = {
    "changed": (lambda file: file.write_bytes(file.read_bytes()[:-1] + b"!"), "0.parquet was changed at 20"),
    "gone": (lambda file: file.unlink(), "0.parquet is gone"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_changed_file_is_an_error_that_names_it(load, tracker, project, spread, trained, case):
    """Before anything is predicted, with what to do."""
    change, message = CHANGES[case]
    container = load(data__predict=spread("many"), data__batch_rows=7, data__in_place=True)
    runner = container.runner()
    version = runner.process_data(dataset="predict")
    file = project / "many" / "0.parquet"
    before = file.stat()
    change(file)
    if file.exists():
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # as if nothing had happened
    for act in (
        lambda: runner.predict_data(MODEL, version),
        lambda: container.resource_version_control().require(version),
        lambda: container.resource_version_control().load_data(version),
    ):
        with pytest.raises(
            UnusableArtifactError,
            match=rf"orders_predict@1 cannot be read where they are: .*many/{message}.* again\.",
        ):
            act()
    assert not (project / "out").exists()


def test_files_that_came_later_are_not_predicted(load, tracker, project, new, spread, trained):
    """A version is the files that it names."""
    container = load(data__predict=spread("many"), data__batch_rows=7, data__in_place=True)
    runner = container.runner()
    version = runner.process_data(dataset="predict")
    new.to_parquet(project / "many" / "9.parquet")
    job = runner.predict_data(MODEL, version)
    assert tracker.get(job).fields["rows"] == 50


IMPOSSIBLE = {
    "without batches": ({"data__batch_rows": None}, r"data.in_place.*needs data.batch_rows"),
    "text": ({"data__predict": "new.csv"}, r"data.predict: rows cannot stay in place: new.csv is text"),
    "a folder of text": ({"data__predict": "texts"}, r"texts/a.jsonl is text, so the types of its columns"),
    "a URL": ({"data__predict": "s3://bucket/new.parquet"}, "is not on a disk"),
    "compressed": ({"data__predict": "new.parquet.gz"}, "new.parquet.gz is compressed as a whole"),
    "a transformer": (
        {"process__data_transformer": {"use": "python", "function": "making:make"}},
        "data_transformer: PythonDataTransformer makes new rows, but data.in_place",
    ),
    "joins": (
        {
            "data__train": None,
            "data__predict": None,
            "data__sources": {"a": "known.parquet", "b": "known.parquet"},
            "process__data_transformer": {"use": "python", "function": "making:make"},
        },
        "data.in_place.*mutually exclusive with data.sources",
    ),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_rows_that_cannot_stay_in_place_are_a_finding(load, project, new, monkeypatch, case):
    """Before anything is read."""
    settings, message = IMPOSSIBLE[case]
    new.to_csv(project / "new.csv", index=False)
    (project / "texts").mkdir()
    new.to_json(project / "texts" / "a.jsonl", orient="records", lines=True)
    (project / "new.parquet.gz").touch()
    (project / "making.py").write_text("def make(frame):\n    return frame\n")
    monkeypatch.syspath_prepend(project)
    with pytest.raises(VerificationError, match=message):
        load(**{"data__batch_rows": 7, "data__in_place": True} | settings).verify()


def test_text_is_refused_when_it_is_named_later_too(load, project, new, trained):
    """As the source of a call."""
    new.to_csv(project / "new.csv", index=False)
    runner = load(data__batch_rows=7, data__in_place=True).runner()
    with pytest.raises(
        DataError, match=r"cannot stay in place: new.csv is text.*Convert the rows to Parquet"
    ):
        runner.process_data("new.csv", "predict")


def test_a_path_that_came_by_a_variable_is_not_stored(project, spread, trained):
    """It may be a secret; the message says what to do, and does not show it."""
    from lolpop_containers.classification import ClassificationContainer

    overrides = {"data.predict": "${env:ROWS}", "data.batch_rows": 7, "data.in_place": True}
    environ = {"ROWS": str(project / spread("many"))}
    with (
        ClassificationContainer.load(
            project / "lolpop.yaml", environ=environ, overrides=overrides
        ) as container,
        pytest.raises(DataError, match=r"the path of \$\{env:ROWS\}.* came by a variable or has a secret"),
    ):
        container.runner().process_data(dataset="predict")


@pytest.mark.parametrize("target", ["many/", "many/0.parquet", "many/new.parquet"])
def test_rows_in_place_are_not_overwritten(load, project, spread, trained, target):
    """By predictions, in a later run with other settings too."""
    spread("many")
    before = {path: path.read_bytes() for path in (project / "many").iterdir()}
    version = (
        load(data__predict="many", data__batch_rows=7, data__in_place=True)
        .runner()
        .process_data(dataset="predict")
    )
    with pytest.raises((DataError, VerificationError), match="overwritten"):
        load(data__predict="many", data__batch_rows=7, data__in_place=True, data__predictions=target).runner()
    with pytest.raises((DataError, VerificationError), match=r"overwrite|other file"):
        load(data__batch_rows=7, data__predictions=target).runner().predict_data(MODEL, version)
    assert {path: path.read_bytes() for path in (project / "many").iterdir()} == before


def test_versions_in_place_need_a_connector(load, tracker, spread, trained):
    """The error names what is missing."""
    container = load(data__predict=spread("many"), data__batch_rows=7, data__in_place=True)
    version = container.runner().process_data(dataset="predict")
    alone = LocalResourceVersionControl(
        store=container.store(), metadata_tracker=container.metadata_tracker()
    )
    with pytest.raises(DataError, match="no data connector reads them"):
        alone.load_data(version)


def test_a_resumed_run_reads_changed_files_again(load, tracker, project, new, spread, trained):
    """A version whose files have changed is not reused."""
    settings = {"data__predict": spread("many"), "data__batch_rows": 7, "data__in_place": True}
    settings["lolpop"] = {"cache": True}
    numbers = []
    for rows in (new[:20], new[:20], new[:19]):
        rows.to_parquet(project / "many" / "0.parquet")
        numbers.append(load(**settings).runner().process_data(dataset="predict").number)
    assert numbers == [1, 1, 2]


def test_training_does_not_depend_on_how_rows_are_read(load, project, trained):
    """Another setting of the connector, or of batches, repeats no training on the same rows."""
    from lolpop.kernel.scopes import scope_of
    from lolpop.running.fingerprints.calls import CallFingerprints

    digests = {
        CallFingerprints(scope_of(load(**settings))).method("train_model").digest
        for settings in (
            {},
            {"data_connector": {"missing_values": ["?"]}},
            {"data__batch_rows": 7},
            {"data__batch_rows": 7, "data__in_place": True},
        )
    }
    assert len(digests) == 1
    assert None not in digests


def test_the_command_line_shows_versions_in_place(load, project, spread, trained, capsys, monkeypatch):
    """With the number of their files."""
    from lolpop.cli import main

    load(data__predict=spread("many"), data__batch_rows=7, data__in_place=True).runner().process_data(
        dataset="predict"
    )
    monkeypatch.chdir(project)
    monkeypatch.setattr("sys.argv", ["lolpop", "datasets", "show", "orders_predict@1"])
    main()
    assert "orders_predict@1: 50 rows, 5 columns, which stay in 3 files" in capsys.readouterr().out
