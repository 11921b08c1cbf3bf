"""Columns have one type in all files of a folder, and every value is what its file says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lolpop.components.data_connector.file import FileDataConnector
from lolpop.data import Data
from lolpop.data.frames import wrap
from lolpop.data.reading import ReadingSchema
from lolpop.errors import DataError

FRAMES = ["pandas", "polars"]
IDENTITY = ReadingSchema(identity=frozenset({"id"}))
BIG = 2**53 + 1


def connector(folder: Path, frame: Any, batch_rows: int | None = None) -> FileDataConnector:
    return FileDataConnector(data=Data(train="x.csv", frame=frame, batch_rows=batch_rows), folder=folder)


def values(frame: Any) -> dict[str, list[Any]]:
    """The columns as lists, with None for missing values."""
    data = wrap(frame)
    return {
        name: [None if pd.isna(value) else value for value in data.get_column(name).to_list()]
        for name in data.columns
    }


def write_files(folder: Path, suffix: str, *contents: str) -> None:
    (folder / "rows").mkdir()
    for name, content in zip("abc", contents, strict=False):
        (folder / "rows" / f"{name}.{suffix}").write_text(content)


CSV = {
    "an id with zeros in a later file": (["1", "2"], ["007", "7"], ["1", "2", "007", "7"], "id"),
    "fractions in a later file": (["1", "2"], ["1.5"], [1.0, 2.0, 1.5], "x"),
    "text in a later file": (["1", "02"], ["a"], ["1", "02", "a"], "x"),
    "nothing in the first file": (["", ""], ["01", "b"], [None, None, "01", "b"], "x"),
    "booleans and numbers": (["True", "False"], ["1"], ["True", "False", "1"], "x"),
    "more than 63 bits in a later file": (["1"], [str(2**63), str(BIG)], [1, 2**63, BIG], "x"),
    "days and text": (["2024-01-01"], ["01/02/2024"], ["2024-01-01", "01/02/2024"], "x"),
}


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("case", CSV)
def test_types_of_csv_columns_are_decided_by_all_files(tmp_path, case, frame):
    """Neither digits nor characters are lost, whole or in batches."""
    first, second, expected, name = CSV[case]
    other = "n" if name == "id" else "id"
    files = [
        "\n".join([f"{name},{other}", *(f"{value},{row}" for row, value in enumerate(rows))]) + "\n"
        for rows in (first, second)
    ]
    write_files(tmp_path, "csv", *files)
    reader = connector(tmp_path, frame, 1)
    assert values(reader.read_as("rows", IDENTITY).rows)[name] == expected
    batches = list(reader.scan_as("rows", IDENTITY).rows)
    assert [value for batch in batches for value in values(batch)[name]] == expected
    assert len({str(wrap(batch).schema) for batch in batches}) == 1


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["1", "01", "7", "x", "NA", "1.5", str(BIG)]),
            st.sampled_from(["", "1", "2.5", "True", "2024-01-01", "?", "1,5", "a", str(BIG)]),
        ),
        min_size=2,
        max_size=8,
    ),
    cut=st.integers(0, 8),
    frame=st.sampled_from(FRAMES),
)
def test_a_table_is_read_alike_from_one_file_and_from_two(tmp_path_factory, rows, cut, frame):
    """Values and types do not depend on the file in which a row is."""
    folder = tmp_path_factory.mktemp("files")
    lines = [f'{identity},"{value}"\n' for identity, value in rows]
    (folder / "whole.csv").write_text("".join(["id,x\n", *lines]))
    write_files(folder, "csv", "".join(["id,x\n", *lines[:cut]]), "".join(["id,x\n", *lines[cut:]]))
    reader = connector(folder, frame, 3)
    whole, parts = (reader.read_as(source, IDENTITY) for source in ("whole.csv", "rows"))
    assert values(parts.rows) == values(whole.rows)
    assert wrap(parts.rows).schema == wrap(whole.rows).schema
    assert parts.columns == whole.columns
    assert len(parts.notices) == len(whole.notices)


def test_a_notice_about_rows_names_the_file(tmp_path):
    """Of 40 numbers in two files, the one that is none has its row and file; nothing is dropped unsaid."""
    numbers = [f"{row},{row * 1.5}\n" for row in range(20)]
    write_files(tmp_path, "csv", "".join(["id,x\n", *numbers]), "".join(["id,x\n", *numbers[1:], "99,?\n"]))
    (notice,) = connector(tmp_path, "pandas").read_as("rows", ReadingSchema()).notices
    assert notice.level == "warning"
    assert notice.message.startswith("rows: 39 of 40 values of 'x' are numbers, row 20 of ")
    assert "b.csv is '?'" in notice.message


@pytest.mark.parametrize("frame", FRAMES)
def test_types_of_json_fields_are_decided_by_all_files(tmp_path, frame):
    """Dates beside text are text, fractions beside whole numbers are floats, a missing field is missing."""
    write_files(
        tmp_path,
        "jsonl",
        '{"a": "2024-01-01", "b": 1, "c": 1}\n',
        '{"a": "foo", "b": 1.5}\n',
    )
    expected = {"a": ["2024-01-01", "foo"], "b": [1.0, 1.5], "c": [1, None]}
    assert values(connector(tmp_path, frame).read("rows")) == expected


def zoned(text: str, zone: str) -> pa.Array:
    return pa.array(pd.to_datetime([text]).tz_localize(zone))


TYPED: dict[str, tuple[pa.Array, pa.Array, list[Any]]] = {
    "whole and fractions": (pa.array([1]), pa.array([1.5]), [1.0, 1.5]),
    "32 and 64 bits": (pa.array([1], pa.int32()), pa.array([BIG]), [1, BIG]),
    "nothing and text": (pa.array([None]), pa.array(["a"]), [None, "a"]),
    "missing and great": (pa.array([None, 1]), pa.array([BIG]), [None, 1, BIG]),
    "two zones": (
        zoned("2024-01-01", "America/New_York"),
        zoned("2024-01-01", "Europe/Berlin"),
        [datetime(2024, 1, 1, 5, tzinfo=UTC), datetime(2023, 12, 31, 23, tzinfo=UTC)],
    ),
}
WRITERS: dict[str, Callable[[pa.Table, str], Any]] = {
    "parquet": pq.write_table,
    "feather": feather.write_feather,
}


def write_typed(folder: Path, suffix: str, *columns: pa.Array) -> None:
    (folder / "rows").mkdir()
    for name, column in zip("ab", columns, strict=True):
        WRITERS[suffix](pa.table({"x": column}), str(folder / "rows" / f"{name}.{suffix}"))


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("case", TYPED)
def test_columns_of_typed_files_get_a_type_that_holds_all_values(tmp_path, case, suffix, frame):
    """Values are equal to those of the files, in a column of one type."""
    one, other, expected = TYPED[case]
    write_typed(tmp_path, suffix, one, other)
    reader = connector(tmp_path, frame, 1)
    assert values(reader.read("rows"))["x"] == expected
    batches = list(reader.scan("rows"))
    assert [value for batch in batches for value in values(batch)["x"]] == expected
    assert len({str(wrap(batch).schema) for batch in batches}) == 1


UNLIKE: dict[str, tuple[pa.Array, pa.Array, str]] = {
    "numbers and text": (pa.array([1]), pa.array(["007"]), "is large_string, and int64|is string, and int64"),
    "booleans and numbers": (pa.array([True]), pa.array([2]), "is int64, and bool"),
    "fractions and great numbers": (pa.array([1.5]), pa.array([BIG]), "has values that double"),
    "signed and too great": (pa.array([-1]), pa.array([2**64 - 1], pa.uint64()), "has values that int64"),
    "no zone and a zone": (
        pa.array(pd.to_datetime(["2024-01-01"])),
        zoned("2024-01-01", "UTC"),
        "is timestamp.*tz=UTC",
    ),
}


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("case", UNLIKE)
def test_files_of_types_without_a_common_one_are_an_error(tmp_path, case, frame):
    """The error names the file, the column and both types; no value is changed."""
    one, other, message = UNLIKE[case]
    write_typed(tmp_path, "parquet", one, other)
    reader = connector(tmp_path, frame)
    for read in (reader.read, lambda source: list(reader.scan(source))):
        with pytest.raises(DataError, match=rf"b\.parquet: the column 'x' .*{message}"):
            read("rows")


@pytest.mark.parametrize("frame", FRAMES)
def test_names_of_folders_are_decoded(tmp_path, frame):
    """As Spark and Hive write them: escaped characters, and a name that means missing."""
    for name in ("kind=a%2Fb/n=1", "kind=__HIVE_DEFAULT_PARTITION__/n=__HIVE_DEFAULT_PARTITION__"):
        (tmp_path / "rows" / name).mkdir(parents=True)
        (tmp_path / "rows" / name / "0.csv").write_text("x\n1\n")
    rows = values(connector(tmp_path, frame).read("rows"))
    assert rows == {"x": [1, 1], "kind": [None, "a/b"], "n": [None, 1.0]}


def test_a_folder_name_does_not_replace_a_column(tmp_path):
    """A file with a column of that name and other values is an error; equal values are fine."""
    for name, value in (("k=7", 7), ("k=8", 8)):
        (tmp_path / "rows" / name).mkdir(parents=True)
        (tmp_path / "rows" / name / "a.csv").write_text(f"x,k\n1,{value}\n")
    reader = connector(tmp_path, "pandas")
    assert values(reader.read("rows"))["k"] == [7, 8]
    (tmp_path / "rows" / "k=8" / "a.csv").write_text("x,k\n1,3\n")
    with pytest.raises(DataError, match=r"a\.csv: the column 'k' differs from the name of the folder, k=8"):
        reader.read("rows")
