"""Ids and labels of JSON lines are those of CSV, as they are written."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from lolpop.data.frames import wrap
from lolpop.data.reading import ColumnSchema, ReadingSchema

pytest.importorskip("polars")
from csv_reading import KINDS, connector

IDENTITY = ReadingSchema(identity=frozenset({"id"}), labels=frozenset({"y"}))
TEXT = ReadingSchema(columns={"id": ColumnSchema(kind="text"), "y": ColumnSchema(kind="text")})


def _read(folder, source, kind, batch_rows, name, schema):
    reader = connector(folder, kind, batch_rows=batch_rows)
    if batch_rows is None:
        frames = [reader.read_as(source, schema).rows]
    else:
        frames = list(reader.scan_as(source, schema).rows)
    values = [value for frame in frames for value in frame[name].to_list()]
    return values, {str(wrap(frame).schema[name]) for frame in frames}


@pytest.mark.parametrize("batch_rows", [None, 1])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "texts", "schema"),
    [
        ("id", ["1e-6", "1.50", "2"], IDENTITY),
        ("id", ["1E5", "-0.0", "1e+05"], IDENTITY),
        ("id", ["true", "false"], IDENTITY),
        ("id", ["1", "20"], IDENTITY),
        ("y", ["1.10", "1.1"], IDENTITY),
        ("y", ["1.5", "2.5"], IDENTITY),
        ("y", ["1e-6", "2.5"], IDENTITY),
        ("id", ["1.10", "7"], TEXT),
        ("id", ["1", "2"], TEXT),
        ("y", ["true", "false"], TEXT),
    ],
)
def test_values_of_json_lines_are_those_of_csv(tmp_path, name, texts, schema, kind, batch_rows):
    """Numbers and booleans that are ids, labels or text have the characters and type that CSV gives them."""
    (tmp_path / "rows.csv").write_text(f"{name},x\n" + "".join(f"{text},1\n" for text in texts))
    lines = "\n\n".join(f'{{"x": 1, "{name}": {text}}}' for text in texts)
    (tmp_path / "rows.jsonl").write_text(f"{lines}\n")
    expected = _read(tmp_path, "rows.csv", kind, batch_rows, name, schema)
    assert _read(tmp_path, "rows.jsonl", kind, batch_rows, name, schema) == expected


@pytest.mark.parametrize("batch_rows", [None, 1])
@pytest.mark.parametrize("kind", KINDS)
def test_ids_that_are_missing_in_json_lines_stay_so(tmp_path, kind, batch_rows):
    """Null, and a field that is not there."""
    (tmp_path / "rows.jsonl").write_text('{"id": 1e3}\n{"id": null, "x": 1}\n{"x": 1}\n')
    values, _ = _read(tmp_path, "rows.jsonl", kind, batch_rows, "id", IDENTITY)
    assert values[0] == "1e3"
    assert [value is None or value != value for value in values] == [False, True, True]


def test_ids_that_python_writes_alike_stay_numbers(tmp_path):
    """Whole numbers that became fractions, as pandas writes them, still meet whole numbers."""
    (tmp_path / "rows.jsonl").write_text('{"id": 1.0}\n{"id": 2.0}\n')
    assert _read(tmp_path, "rows.jsonl", "pandas", None, "id", IDENTITY) == ([1.0, 2.0], {"Float64"})


@pytest.mark.parametrize("scans", [False, True])
@pytest.mark.parametrize("suffix", ["parquet", "feather"])
def test_ids_that_are_floats_are_named(tmp_path, suffix, scans):
    """A file with types does not say how a number was written: a notice does."""
    table = pa.table({"id": [1e-6, 2.5], "x": [1.5, 2.5]})
    if suffix == "parquet":
        pq.write_table(table, tmp_path / "rows.parquet")
    else:
        feather.write_feather(table, str(tmp_path / "rows.feather"))
    reader = connector(tmp_path, "pandas")
    read = reader.scan_as if scans else reader.read_as
    (notice,) = read(f"rows.{suffix}", IDENTITY).notices
    assert "the values of 'id', which identify rows, are floating-point numbers" in notice.message
    assert not read(f"rows.{suffix}", ReadingSchema(identity=frozenset({"other"}))).notices
