"""CSV files that are not what they seem."""

from __future__ import annotations

import csv
import gzip

import pytest
from csv_reading import KINDS, connector

from lolpop.components.data_connector.file import FileDataConnector
from lolpop.data import Data
from lolpop.data.batches import joined
from lolpop.data.frames import wrap
from lolpop.errors import DataError

ROWS = "".join(f"{number},text,{number}\n" for number in range(20_000))

BAD = {
    "a quote that is never closed": (
        'a,b,c\n1,x,1\n2,"y,2\n3,z,3\n',
        "rows.csv:3: the row that starts here has an open quote until line 4, and has 2 fields",
    ),
    "a quote that swallows very many rows": (f'a,b,c\n1,"x,1\n{ROWS}', "rows.csv:2: .*quote"),
    "semicolons": ("a;b;c\n1;2;3\n", 'rows.csv has one column only.*separator: ";"'),
    "semicolons and decimal commas": ("a;b;c\n1,5;2;3\n", 'rows.csv has one column only.*separator: ";"'),
    "tabs": ("a\tb\n1\t2\n", r'rows.csv has one column only.*separator: "\\t"'),
    "an Excel workbook": (
        b"PK\x03\x04\x14\x00\x06\x00,\n1\n",
        "rows.csv is not text; it looks like a ZIP.*Save it as CSV",
    ),
    "a Parquet file": (b"PAR1\x15\x04\xff\x90\n\xe8", "rows.csv is not text.*format: parquet"),
    "a compressed file": (gzip.compress(b"a,b\n1,2\n"), r"rows.csv is not text.*\.gz"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), "rows.csv looks like UTF-16.*encoding: utf-16"),
}


@pytest.mark.parametrize("frame", ["pandas", "polars"])
@pytest.mark.parametrize("case", BAD)
def test_the_error_says_what_to_look_at(case, frame, tmp_path):
    """Every error names the place and a likely cause."""
    pytest.importorskip(frame)
    content, message = BAD[case]
    (tmp_path / "rows.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=message):
        FileDataConnector(data=Data(train="-", frame=frame), folder=tmp_path).read("rows.csv")


@pytest.mark.parametrize("frame", ["pandas", "polars"])
def test_a_value_may_be_longer_than_the_csv_module_takes(frame, tmp_path):
    """A long text in the first row is read as any other value."""
    pytest.importorskip(frame)
    (tmp_path / "rows.csv").write_text(f"a,b\n1,{'x' * 200_000}\n2,y\n")
    assert FileDataConnector(data=Data(train="-", frame=frame), folder=tmp_path).read("rows.csv").shape == (
        2,
        2,
    )


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_separator_that_is_named_is_taken_at_its_word(separator, tmp_path):
    """A separator in the source is used, even if it gives one column only."""
    (tmp_path / "rows.csv").write_text("a;b\n1;2\n")
    frame = FileDataConnector(folder=tmp_path).read({"path": "rows.csv", "separator": separator})
    assert frame.shape == (1, 2 if separator == ";" else 1)


ODD = {
    "a column without a name, as of an index": ",a,b\n0,1,x\n1,2,y\n",
    "separators at the end of lines": "a,b,\n1,x,\n2,y,\n",
    "blank lines": "\na,b\n\n1,x\n\n2,y\n\n",
    "blank lines of Windows": "a,b\r\n\r\n1,x\r\n2,y\r\n\r\n",
    "lines that end in carriage returns": "a,b\r1,x\r2,y\r",
    "a quote within a value": 'a,b\n1,5" pipe\n2,y\n',
    "quotes and lines within quotes": 'a,b\n1,"5"" pipe, \n\nlong"\n2,y\n',
    "whole numbers of more than 64 bits": f"a,b\n{10**30},x\n2,y\n",
    "rows without values": "a,b\n1,x\n,\n2,y\n",
    "a mark at the beginning": "\ufeffa,b\n1,x\n2,y\n",
}


@pytest.mark.parametrize("scans", [False, True], ids=["read", "scan"])
@pytest.mark.parametrize("case", ODD)
def test_polars_gets_the_rows_of_pandas(case, scans, tmp_path):
    """Names and values of an unusual CSV file do not depend on the kind of frame."""
    pytest.importorskip("polars")
    (tmp_path / "rows.csv").write_bytes(ODD[case].encode())
    contents = {}
    for frame in ("pandas", "polars"):
        connector = FileDataConnector(data=Data(train="-", frame=frame, batch_rows=2), folder=tmp_path)
        frames = connector.scan("rows.csv") if scans else [connector.read("rows.csv")]
        tables = [wrap(part) for part in frames]
        values = [row for table in tables for row in table.rows()]
        contents[frame] = tables[0].columns, [[None if v != v else v for v in row] for row in values]
    assert contents["pandas"] == contents["polars"]
    assert len(contents["polars"][1]) == (3 if "rows without" in case else 2)


@pytest.mark.parametrize("frame", ["pandas", "polars"])
@pytest.mark.parametrize("batch_rows", [None, 1])
def test_json_lines_of_another_encoding_are_an_error_or_read_by_its_name(tmp_path, batch_rows, frame):
    """The error has the line, and no frame holds bytes that are no text; with the encoding, they are text."""
    text = '{"id": "a"}\n{"id": "\u00e4"}\n'
    (tmp_path / "rows.jsonl").write_bytes(text.encode("latin-1"))
    connector = FileDataConnector(
        data=Data(train="x.csv", frame=frame, batch_rows=batch_rows), folder=tmp_path
    )
    named = {"path": "rows.jsonl", "encoding": "latin-1"}
    for read in (connector.read, lambda source: joined(connector.scan(source))):
        with pytest.raises(DataError, match=r"rows\.jsonl:2:9: the byte 0xe4 is not UTF-8"):
            read("rows.jsonl")
        assert wrap(read(named)).get_column("id").to_list() == ["a", "\u00e4"]


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("mark", [",", ";", ""])
def test_a_note_of_excel_above_the_header_is_named(tmp_path, separator, mark):
    """``sep=,`` was the name of the first column."""
    (tmp_path / "rows.csv").write_text(f"sep={mark}\nid{separator}x\n1{separator}2\n")
    with pytest.raises(DataError, match=r"rows\.csv:1: this line is a note of Excel.*Remove it"):
        connector(tmp_path, "pandas").read({"path": "rows.csv", "separator": separator})


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_of_many_characters_is_read(tmp_path, kind):
    """Python's csv module takes 131,072 by default, which stays as it is."""
    limit = csv.field_size_limit()
    text = "z" * 300_000
    (tmp_path / "rows.csv").write_text(f'id,page\n1,"{text}"\n2,"{text}\n"\n')
    assert connector(tmp_path, kind).read("rows.csv")["page"].to_list() == [text, f"{text}\n"]
    assert csv.field_size_limit() == limit
