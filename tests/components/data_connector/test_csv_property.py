"""Random CSV is the same rows, names, types, notices or error, whichever frame is read."""

from __future__ import annotations

import codecs
import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lolpop.components.data_connector.file import FileDataConnector
from lolpop.data.reading import ReadingSchema
from lolpop.errors import DataError

pytest.importorskip("polars")
from csv_reading import KINDS, both, columns, connector

NUMBERS = ["1", "2", "+1", "-3", " 4", "5 ", "007", "1.5", "-0.25", ".5", "1.", "1e3", "1E-2", "0"]
ODD_NUMBERS = ["Infinity", "-inf", "inf", "NaN", "1_000", "0x1F", "1e400", "9007199254740993", "18446744073709551615",
               "-9223372036854775808", "123456789012345678901234567890", "1,234", "3,14", "1 234", "1.234,5"]  # fmt: skip
TEXTS = ["a", "b", " a", "a ", "NA", "None", "-", "?", "n/a", "null", "é", "\u0661", "\uff11\uff12", "\u00a01", "x\ty",
         "TRUE", "false", "True", "2024-01-31", "2024-02-30", "2024-01-31 10:30", "2024-01-31T10:30:00Z",
         "2024-01-31T10:30:00+02:00", "0000-00-00", "9999-12-31", "12:30", "=1+1", "'", "#"]  # fmt: skip
ODD = ["", "", '"', '""', '5" pipe', 'a"b"', "a,b", "a\nb", "a\r\nb", "\ufeff", "\x00", "\u2028", "\x0b"]

cells = st.one_of(
    st.sampled_from(NUMBERS),
    st.sampled_from(NUMBERS + ODD_NUMBERS),
    st.sampled_from(TEXTS),
    st.sampled_from(ODD),
)
pure = st.one_of(
    st.lists(st.sampled_from([*NUMBERS, ""]), min_size=6, max_size=6),
    st.lists(st.sampled_from([*NUMBERS, *ODD_NUMBERS, ""]), min_size=6, max_size=6),
    st.lists(st.sampled_from(["True", "FALSE", "true", ""]), min_size=6, max_size=6),
    st.lists(st.sampled_from(["2024-01-31", "2024-02-01", "2024-01-31 10:30", ""]), min_size=6, max_size=6),
    st.lists(
        st.sampled_from(["2024-01-31T10:30:00Z", "2024-01-31T10:30:00+02:00", ""]), min_size=6, max_size=6
    ),
    st.lists(cells, min_size=6, max_size=6),
)


def quoted(cell: str, how: str) -> str:
    if how == "never" or (how == "needed" and not any(mark in cell for mark in ',"\r\n')):
        return cell
    return '"' + cell.replace('"', '""') + '"'


@st.composite
def tables(draw: Any) -> str:
    """A file: a header of odd names, columns, quotes where they have to be, everywhere or nowhere."""
    values = draw(st.lists(pure, min_size=1, max_size=4))
    names = draw(
        st.lists(
            st.sampled_from(["a", "b", "c", " d", "", "prediction", "é", '"', "x y", "1"]),
            min_size=len(values),
            max_size=len(values),
        )
    )
    how = draw(st.sampled_from(["needed", "always", "never"]))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    space = draw(st.sampled_from(["", "", " "]))
    rows = [names, *zip(*values, strict=True)]
    lines = [("," + space).join(quoted(cell, how) for cell in row) for row in rows]
    if draw(st.booleans()):
        lines.insert(
            draw(st.integers(0, len(lines))), draw(st.sampled_from(["", "1", "1,2,3,4,5,6", '"', " "]))
        )
    text = end.join(lines) + draw(st.sampled_from(["", end, end + end]))
    return draw(st.sampled_from([text, text, text, text[: draw(st.integers(0, len(text)))]]))


QUIET = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@QUIET
@given(text=tables(), written=st.booleans())
@example(text='a\n" "', written=False)
@example(text="a\n1\n\x00\n", written=False)
def test_any_csv_is_the_same_to_both_kinds_of_frame(tmp_path_factory: Any, text: str, written: bool) -> None:
    """Rows, names, types, notices and errors do not depend on the kind of frame."""
    roles = ReadingSchema(identity=frozenset({"a"}), labels=frozenset({"b"})) if written else None
    both(tmp_path_factory.mktemp("csv"), text, roles)


@QUIET
@given(text=tables(), batch_rows=st.integers(1, 4))
@example(text="a,b\n1,\n2,x\n", batch_rows=1)
@example(text="a\n2024-01-31\n2024-01", batch_rows=1)
@example(text='"a", "b"\n"', batch_rows=1)
@example(text='a\n1\n1\n1\n1\n9007199254740993\n""""', batch_rows=1)
@example(text="a, a\n1, 1\n1, 1\n1, 1\n1, 1\n1, 9007199254740993\n1, NA", batch_rows=1)
def test_any_csv_is_the_same_in_batches(tmp_path_factory: Any, text: str, batch_rows: int) -> None:
    """Batches together have the values and types of all rows at once, or the same error."""
    folder = tmp_path_factory.mktemp("csv")
    (folder / "rows.csv").write_bytes(text.encode())
    for kind in KINDS:
        reader = connector(folder, kind, batch_rows=batch_rows)
        whole, batches = read_or_error(reader, "read"), read_or_error(reader, "scan")
        if isinstance(whole, str):
            assert batches == whole
            continue
        for name, (_, values) in whole.items():
            parts = [batch[name][1] for batch in batches]
            assert list(itertools.chain(*parts)) == values
            assert {len(part) for part in parts[:-1]} <= {batch_rows}


def read_or_error(reader: FileDataConnector, method: str) -> Any:
    """Columns of the frame, or of all batches, or the text of the error."""
    try:
        if method == "read":
            return columns(reader.read("rows.csv"))
        return [columns(frame) for frame in reader.scan("rows.csv")]
    except DataError as error:
        return str(error)


SPELLINGS = ["utf-8", "UTF-8", "utf8", "U8", "utf_8", "utf-8-sig", "UTF-8-SIG", "utf-16", "UTF-16", "utf_16", "utf-16-le",
             "utf-16-be", "utf-32", "latin-1", "ISO-8859-1", "cp1252"]  # fmt: skip
MARKS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


@pytest.mark.parametrize("encoding", SPELLINGS)
def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Any, encoding: str) -> None:
    """With a byte order mark, the first column has its name, for every spelling of every encoding."""
    text = "a,é\n1,ü\n"
    name = codecs.lookup(encoding).name
    content = text.encode(encoding)
    if name == "utf-8":
        content = codecs.BOM_UTF8 + content
    content = MARKS.get(name, b"") + content
    read, _, _ = both(tmp_path, content, source={"path": "rows.csv", "encoding": encoding})
    assert read == {"a": ("number", [1.0]), "é": ("string", ["ü"])}


@pytest.mark.parametrize("encoding", ["utf-88", "rot13", "base64", 7, ""])
def test_an_encoding_that_is_none_is_an_error(tmp_path: Any, encoding: Any) -> None:
    """The error names an encoding that Python does not have."""
    assert "unknown encoding" in both(tmp_path, "a\n1\n", source={"path": "rows.csv", "encoding": encoding})
