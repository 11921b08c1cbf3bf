"""The right value of fields that other readers change, for both kinds of frame, whole and in batches."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lolpop.data.frames import wrap
from lolpop.data.reading import ReadingSchema
from lolpop.errors import DataError

pytest.importorskip("polars")
from csv_reading import KINDS, connector

SCHEMA = ReadingSchema(identity=frozenset({"id"}), labels=frozenset({"y"}))

IDS: list[tuple[str, list[Any]]] = [
    ("A \nA", ["A ", "A"]),
    ('"a""b"\n"a,b"', ['a"b', "a,b"]),
    ('"a\nb"\n"a\r\nb"\n"c\n"', ["a\nb", "a\r\nb", "c\n"]),
    ('"007"\n"7"', ["007", "7"]),
    ('"8"\n"7"', [8, 7]),
    ('q\n""\nr', ["q", None, "r"]),
    (" \n\t\nq", [" ", "\t", "q"]),
    ("A\u030a\n\u00c5", ["A\u030a", "\u00c5"]),
    ("\u200bA\nA", ["\u200bA", "A"]),
    ("a\x0cb\na\u2028b\na\x85b", ["a\x0cb", "a\u2028b", "a\x85b"]),
    ("'a'\n# c\na\\", ["'a'", "# c", "a\\"]),
    (f"{2**53 + 1}\n1.5", [str(2**53 + 1), "1.5"]),
    ("1\n2\nTotal", ["1", "2", "Total"]),
]

LABELS: list[tuple[str, list[Any]]] = [
    ("yes\nyes \nno", ["yes", "yes ", "no"]),
    ("0\n1\n1.0", ["0", "1", "1.0"]),
    ("True\nFALSE", [True, False]),
    ("true\n1", ["true", "1"]),
    ("01\n1", ["01", "1"]),
    (f"{2**70}\n1", [str(2**70), "1"]),
    ("2024-01-31\n2024-02-01", ["2024-01-31", "2024-02-01"]),
]

FEATURES: list[tuple[str, list[Any]]] = [
    ("yes\nno", ["yes", "no"]),
    ("T\nF", ["T", "F"]),
    ("true\n0", ["true", "0"]),
    (f"{2**64 - 1}\n1", [2**64 - 1, 1]),
    (f"{2**64 - 1}\n-1", [str(2**64 - 1), "-1"]),
    (f"{2**64}\n1", [str(2**64), "1"]),
    (f"{2**64}\n1.5", [float(2**64), 1.5]),
    ("1e400\n1", [math.inf, 1.0]),
    ("1d5\n2d5", ["1d5", "2d5"]),
    ("1f\n2f", ["1f", "2f"]),
    ("\uff11\n\uff12", ["\uff11", "\uff12"]),
    (".5\n5.", [0.5, 5.0]),
    ("-\n1\n2", [None, 1, 2]),
    ("1'234\n12'345\n3'456", [1234, 12345, 3456]),
    ("1.234\n2.345", [1.234, 2.345]),
    ("2024-01-31T00:00:00+01:00\n2024-07-31T00:00:00+02:00", ["2024-01-30T23:00:00", "2024-07-30T22:00:00"]),
    ("2024-01-31T00:00Z\n2024-01-31T00:00", ["2024-01-31T00:00Z", "2024-01-31T00:00"]),
    ("2024-01-31\n2024-07-31T12:00", ["2024-01-31T00:00:00", "2024-07-31T12:00:00"]),
    ("2024-01-31 24:00\n2024-01-31 00:00", ["2024-01-31 24:00", "2024-01-31 00:00"]),
    ("2016-12-31T23:59:60\n2016-12-31T23:59:59", ["2016-12-31T23:59:60", "2016-12-31T23:59:59"]),
    ("0000-00-00\n2024-01-01", ["0000-00-00", "2024-01-01"]),
    ("2024-W05-3\n2024-W06-3", ["2024-W05-3", "2024-W06-3"]),
]

CASES = [
    *(("id", *case) for case in IDS),
    *(("y", *case) for case in LABELS),
    *(("x", *case) for case in FEATURES),
]


def _values(folder: Any, source: Any, name: str, kind: str, batch_rows: int | None) -> list[Any]:
    reader = connector(folder, kind, batch_rows=batch_rows)
    if batch_rows is None:
        frames = [reader.read_as(source, SCHEMA).rows]
    else:
        frames = list(reader.scan_as(source, SCHEMA).rows)
    return [_plain(value) for frame in frames for value in wrap(frame).get_column(name).to_list()]


def _plain(value: Any) -> Any:
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, dt.date):
        return pd.Timestamp(value).tz_localize(None).isoformat()
    return value.tolist() if isinstance(value, np.generic) else value


@pytest.mark.parametrize("batch_rows", [None, 1])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "lines", "expected"), CASES)
def test_fields_are_what_they_say(tmp_path, name, lines, expected, kind, batch_rows):
    """No character of an id or label is lost, and no feature is more than its text."""
    rows = "".join(f"{line},9\n" for line in _records(lines))
    (tmp_path / "rows.csv").write_bytes(f"{name},end\n{rows}".encode())
    values = _values(tmp_path, "rows.csv", name, kind, batch_rows)
    assert values == expected
    assert [isinstance(value, str) for value in values] == [isinstance(value, str) for value in expected]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "lines",
    [*(lines for lines, _ in FEATURES), "1\n?\n2", "1,234\n23,456\n3", f"?\n{2**53 + 1}\n1", "?\n1.5\n2"],
)
def test_batches_have_the_types_of_the_whole(tmp_path, lines, kind):
    """Also of numbers in another form, and beside texts that are missing values."""
    (tmp_path / "rows.tsv").write_text("x\tend\n" + "".join(f"{line}\t9\n" for line in lines.split("\n")))
    whole = connector(tmp_path, kind).read_as("rows.tsv", SCHEMA).rows
    for batch in connector(tmp_path, kind, batch_rows=1).scan_as("rows.tsv", SCHEMA).rows:
        assert str(batch["x"].dtype) == str(whole["x"].dtype)


def _records(lines: str) -> list[str]:
    if '"a\n' in lines:  # fields with newlines
        return ['"a\nb"', '"a\r\nb"', '"c\n"']
    return lines.split("\n")


TYPED = [
    (pa.array(["01", None]).dictionary_encode(), ["01", None]),
    (pa.array([Decimal("1.10"), Decimal("2.00")]), ["1.10", "2.00"]),
    (pa.array([b"01", b"1"]), ["01", "1"]),
    (pa.array([b"0123456789abcdef"], pa.binary(16)), ["0123456789abcdef"]),
    (pa.array(["01"], pa.large_string()), ["01"]),
    (pa.array([2**64 - 1, 1], pa.uint64()), [2**64 - 1, 1]),
]


@pytest.mark.parametrize("batch_rows", [None, 1])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("values", "expected"), TYPED)
def test_ids_with_types_are_what_they_say(tmp_path, values, expected, kind, batch_rows):
    """Text of categories, decimals and bytes; whole numbers with all of their digits."""
    pq.write_table(pa.table({"id": values}), tmp_path / "rows.parquet")
    assert _values(tmp_path, "rows.parquet", "id", kind, batch_rows) == expected


FOLDERS = [
    ({"a/b/1.csv": "id,x\n1,1\n", "2.csv": "x,id\n2.5,02\n"}, "id", ["02", "1"]),
    ({"10.csv": "id\n10\n", "9.csv": "id\n09\n"}, "id", ["10", "09"]),
    ({"1.csv": "id,x\n", "2.csv": "id,x\n2,1\n"}, "id", [2]),
    ({"1.csv": "id\n1\n", "2.csv": "\ufeffid\n2\n"}, "id", [1, 2]),
    ({"month=01/1.csv": "id\n1\n", "month=12/2.csv": "id\n2\n"}, "month", ["01", "12"]),
    ({"1.csv": "x\n2024-01-31\n", "2.csv": "x\nz\n"}, "x", ["2024-01-31", "z"]),
    ({"1.csv": "x,z\ntrue,1\n", "2.csv": "x,z\n,1\n"}, "x", [True, None]),
    ({"1.jsonl": '{"id":"01"}\n', "2.jsonl": '{"id":"1"}\n'}, "id", ["01", "1"]),
]


@pytest.mark.parametrize("batch_rows", [None, 1])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("files", "name", "expected"), FOLDERS)
def test_folders_are_what_their_files_say(tmp_path, files, name, expected, kind, batch_rows):
    """Deep ones, with columns in any order, and files without rows."""
    for path, content in files.items():
        (tmp_path / "rows" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "rows" / path).write_text(content)
    assert _values(tmp_path, "rows/", name, kind, batch_rows) == expected


@pytest.mark.parametrize(
    "files",
    [
        {"1.csv": "", "2.csv": "id,x\n2,1\n"},
        {"1.csv": "id,x\n1,1\n", "2.csv": "id;x\n2;1\n"},
        {"1.csv": "id,x\n1,1\n", "2.jsonl": '{"id":1,"x":1}\n'},
        {"1.csv": "id,x\n1,1\n", "README.md": "rows"},
        {"1.jsonl": '{"id":1}\n', "2.jsonl": '{"id":"1a"}\n'},
        {"1.csv": ",Unnamed: 0\n0,1\n"},
        {"1.csv": "# made by x\nid,x\n1,2\n"},
        {"1.csv": "id,x\n'a,b',1\n"},
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_files_that_are_no_rows_are_errors(tmp_path, files, kind):
    """Nothing is left out or guessed."""
    for path, content in files.items():
        (tmp_path / path).write_text(content)
    with pytest.raises(DataError):
        _values(tmp_path, ".", "id", kind, None)
