"""Rows in many files are read as one table, and predictions are written as a folder of parts."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lolpop.components.data_connector.file import FileDataConnector
from lolpop.data import Data
from lolpop.errors import DataError, VerificationError
from lolpop.resources import DatasetVersion, ModelVersion, PredictionJob

MODEL = ModelVersion(name="orders", number=1)
IN_THIS_PROCESS = {"use": "inline_executor:InlineExecutor"}


@pytest.fixture
def split(project, new):
    """The 50 new rows in three files of a folder, beside files that are none of rows."""

    def write(suffix: str) -> str:
        connector = FileDataConnector(folder=project)
        for name, rows in (("a", new[:20]), ("b", new[20:25]), ("c", new[25:])):
            connector.write(rows, f"new/{name}.{suffix}")
        (project / "new" / "_SUCCESS").touch()
        (project / "new" / ".hidden").write_text("no rows")
        return "new"

    return write


def predict(container):
    runner = container.runner()
    return runner.predict_data(MODEL, runner.process_data(dataset="predict"))


@pytest.mark.parametrize("frame", ["pandas", "polars"])
@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl", "feather"])
def test_a_folder_is_read_as_one_file_of_the_same_rows(project, new, split, suffix, frame):
    """Whole and in batches, by name or pattern, in the order of file names."""
    connector = FileDataConnector(data=Data(train="x.csv", frame=frame, batch_rows=7), folder=project)
    connector.write(new, f"whole.{suffix}")
    whole = connector.read(f"whole.{suffix}")
    split(suffix)
    for source in ("new", "new/", f"new/*.{suffix}", f"**/[abc].{suffix}"):
        assert connector.read(source).equals(whole)
    assert [len(rows) for rows in connector.scan("new")] == [7, 7, 6, 5, 7, 7, 7, 4]


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(0, 12), max_size=4), batch_rows=st.integers(1, 15))
def test_rows_are_the_same_however_they_are_split(tmp_path_factory, cuts, batch_rows):
    """Rows of all files, in their order; files may be empty."""
    folder = tmp_path_factory.mktemp("split")
    rows = pd.DataFrame({"a": range(12), "b": [f"x{number}" for number in range(12)]})
    edges = [0, *sorted(cuts), 12]
    for number, (start, stop) in enumerate(itertools.pairwise(edges)):
        rows[start:stop].to_parquet(folder / f"{number}.parquet", index=False)
    connector = FileDataConnector(data=Data(train="x.csv", batch_rows=batch_rows), folder=folder)
    pd.testing.assert_frame_equal(connector.read(str(folder)), rows)
    batches = list(connector.scan(str(folder)))
    pd.testing.assert_frame_equal(pd.concat(batches, ignore_index=True), rows)


@pytest.mark.parametrize("frame", ["pandas", "polars"])
def test_names_of_folders_are_columns(project, frame):
    """Columns of whole numbers in all names are numbers, others are text."""
    for country, year, amount in (("DE", 2025, 1.5), ("FR", 2026, 2.5)):
        target = project / "rows" / f"country={country}" / f"year={year}" / "0.parquet"
        target.parent.mkdir(parents=True)
        pd.DataFrame({"amount": [amount, amount]}).to_parquet(target)
    connector = FileDataConnector(data=Data(train="x.csv", frame=frame), folder=project)
    expected = {
        "amount": [1.5, 1.5, 2.5, 2.5],
        "country": ["DE", "DE", "FR", "FR"],
        "year": [2025] * 2 + [2026] * 2,
    }
    for source in ("rows", "rows/*/*/*.parquet"):
        rows = connector.read(source)
        assert {name: rows[name].to_list() for name in rows.columns} == expected


BAD_FOLDERS = {
    "no files": (lambda folder: None, "rows: the folder has no files of rows"),
    "several formats": (
        lambda folder: [(folder / name).write_text("a\n1\n") for name in ("a.csv", "b.jsonl")],
        r"rows has files of several formats: csv, jsonl. Name those of one, such as \*\.csv",
    ),
    "several partitions": (
        lambda folder: [
            ((folder / name).mkdir(), (folder / name / "a.csv").write_text("x\n1\n"))
            for name in ("a=1", "b=1")
        ],
        "rows is partitioned in different ways: by a and b",
    ),
    "other columns": (
        lambda folder: [(folder / f"{name}.csv").write_text(f"{name}\n1\n") for name in "ab"],
        r"b\.csv lacks the columns 'a' of .*a\.csv",
    ),
    "a damaged file": (
        lambda folder: [
            (folder / "a.csv").write_text("x,y\n1,2\n"),
            (folder / "b.csv").write_text("x,y\n1\n"),
        ],
        r"b\.csv:2: this line has 1 field, the header has 2",
    ),
    "headers only": (lambda folder: (folder / "a.csv").write_text("x,y\n"), "rows has a header but no rows"),
}


@pytest.mark.parametrize("case", BAD_FOLDERS)
def test_what_is_wrong_with_a_folder_is_reported(tmp_path, case):
    """The message has the folder, or the file in it."""
    spoil, message = BAD_FOLDERS[case]
    (tmp_path / "rows").mkdir()
    spoil(tmp_path / "rows")
    connector = FileDataConnector(folder=tmp_path)
    for read in (connector.read, lambda source: list(connector.scan(source))):
        with pytest.raises(DataError, match=message):
            read("rows")


def test_a_pattern_that_matches_nothing_is_reported(tmp_path):
    """The message names the pattern."""
    with pytest.raises(DataError, match=r"no\*\.csv: no file matches it"):
        FileDataConnector(folder=tmp_path).read("no*.csv")


@pytest.mark.parametrize("workers", [1, 2])
def test_predictions_are_a_folder_of_parts(load, tracker, project, split, trained, workers):
    """One part for each batch; together they equal a single file."""
    predict(load(data__batch_rows=7))
    whole = pd.read_parquet(project / "out" / "predictions.parquet")
    settings = {"data__batch_rows": 7, "data__predict": split("parquet"), "data__predictions": "out/parts/"}
    for jobs in (1, workers):
        settings["predict"] = {"n_jobs": jobs, "part_batches": 2}
        predict(load(**settings, executor=IN_THIS_PROCESS))
        parts = sorted((project / "out" / "parts").iterdir())
        assert [part.name for part in parts] == [f"part-{number:05}.parquet" for number in range(8)]
        pd.testing.assert_frame_equal(pd.read_parquet(project / "out" / "parts"), whole)
    assert sorted(path.name for path in (project / "out").iterdir()) == ["parts", "predictions.parquet"]
    assert len(tracker.find(DatasetVersion, "orders_predictions")) == 1


def test_parts_of_workers_are_those_of_one_process(load, project, trained):
    """Byte for byte."""
    contents = []
    for jobs in (1, 2):
        target = f"out/{jobs}/"
        settings = {"n_jobs": jobs, "part_batches": 3}
        predict(load(data__batch_rows=7, data__predictions=target, predict=settings, executor={"workers": 2}))
        contents.append({path.name: path.read_bytes() for path in (project / target).iterdir()})
    assert contents[0] == contents[1]
    assert len(contents[0]) == 8


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_leaves_the_former_parts(load, tracker, project, new, trained, jobs):
    """Nothing half-written is there, nor beside it, and fewer parts leave none of the former ones."""
    settings = {"data__batch_rows": 7, "data__predictions": "out/parts/", "executor": IN_THIS_PROCESS}
    container = load(**settings, predict={"n_jobs": jobs, "part_batches": 2})
    predict(container)
    folder = project / "out" / "parts"
    former = {path.name: path.read_bytes() for path in folder.iterdir()}
    new.assign(order_id=new["order_id"].replace(1049, 1000)).to_parquet(project / "new.parquet")
    with pytest.raises(DataError, match="2 rows share a value of 'order_id'"):
        predict(container)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == former
    assert list(folder.parent.iterdir()) == [folder]
    assert len(tracker.find(PredictionJob)) == 1
    new[:20].to_parquet(project / "new.parquet")
    predict(container)
    assert len(list(folder.iterdir())) == 3


def test_only_a_folder_of_parts_is_replaced(load, project, trained):
    """Other files stay; the error names them."""
    folder = project / "out" / "parts"
    folder.mkdir(parents=True)
    container = load(data__batch_rows=7, data__predictions="out/parts/")
    container.runner()  # verifies the container while the folder is empty
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(
        DataError, match=r"has 1 other file in it, such as notes\.txt: only a folder of parts is"
    ):
        predict(container)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("out", "it is a folder. Name a file in it, or end the name with / for a folder of parts"),
        ("known.parquet/", "it is a file. Leave out the / at its end"),
        ({"path": "out/parts/", "format": "xls"}, "unknown format 'xls'"),
        ("notes/", "notes/ has 1 other file in it, such as todo.txt: only a folder of parts is replaced"),
    ],
)
def test_a_target_that_is_no_folder_of_parts_is_a_finding(load, project, target, message):
    """Before anything is read."""
    (project / "out").mkdir()
    (project / "notes").mkdir()
    (project / "notes" / "todo.txt").touch()
    with pytest.raises(VerificationError, match=message):
        load(data__predictions=target).verify()


@pytest.mark.parametrize(
    ("predict_from", "target"),
    [("new", "new/"), ("new", "new/a.parquet"), ("new/*.parquet", "new/b.parquet")],
)
def test_rows_are_not_overwritten_by_their_predictions(load, project, split, trained, predict_from, target):
    """A file of the folder, or one that matches the pattern, is a source of the rows."""
    split("parquet")
    before = {path: path.read_bytes() for path in (project / "new").iterdir()}
    with pytest.raises((DataError, VerificationError), match=r"overwritten|overwrite"):
        predict(load(data__batch_rows=7, data__predict=predict_from, data__predictions=target))
    assert {path: path.read_bytes() for path in (project / "new").iterdir()} == before


def test_the_version_of_a_folder_changes_with_any_of_its_files(project, split):
    """A changed file repeats the workflow that reads the folder."""
    connector = FileDataConnector(folder=project)
    split("csv")
    first = connector.version("new")
    assert first == connector.version("new/") is not None
    with (project / "new" / "b.csv").open("a") as file:
        file.write(os.linesep)
    assert connector.version("new") != first
    assert connector.version(str(Path("no") / "folder")) is None
