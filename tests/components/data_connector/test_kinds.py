"""What the fields of a file are read as."""

from __future__ import annotations

import gzip
import json

import narwhals as nw
import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from lolpop.components.data_connector import DataConnector
from lolpop.data.reading import ColumnSchema, ReadingSchema
from lolpop.errors import DataError

pytest.importorskip("polars")
from csv_reading import KINDS, both, columns, connector, reading

GREAT = 2**53 + 1

IDENTITY = ReadingSchema(identity=frozenset({"id"}), labels=frozenset({"y"}))


@pytest.mark.parametrize(
    "ids",
    [["00123", "00045"], ["12e345", "77e001"], ["1.10", "1.1"], ["NA", "None"], ["TRUE", "false"], ["+1", "1"],
     [" 1", "1"], ["2024-01-31", "2024-01-31 00:00"], ["9" * 30, "1"], ["-0", "0"], ["1_000", "Infinity"]],
)  # fmt: skip
@pytest.mark.parametrize("role", ["id", "y"])
def test_identity_and_labels_are_text_as_they_are_written(tmp_path, ids, role):
    """Every character is kept, whatever the values look like."""
    read, notices, schemas = both(
        tmp_path, f"{role},x\n" + "".join(f"{value},1\n" for value in ids), IDENTITY
    )
    if role == "y" and ids == ["TRUE", "false"]:
        assert read["y"] == ("boolean", [True, False])
        return
    assert read[role] == ("string", ids)
    assert schemas[role].kind == "text"
    assert notices == ()


@pytest.mark.parametrize(
    "ids", [["1", "2"], ["-5", "0"], [str(2**62), str(2**63 - 1)], [str(2**64 - 1), "7"]]
)
def test_plain_whole_numbers_are_integers_as_identity_too(tmp_path, ids):
    """Whole numbers without leading zeros are integers, and keep every digit."""
    for kind in KINDS:
        frame = reading(tmp_path, "id\n" + "\n".join(ids) + "\n", kind, IDENTITY).rows
        assert [str(value) for value in frame["id"].to_list()] == ids
        assert nw.from_native(frame).schema["id"].is_integer()


def test_identity_that_was_text_before_is_text(tmp_path):
    """The series 10 is text if the training rows had a series 07."""
    schema = ReadingSchema(identity=frozenset({"id"}), columns={"id": ColumnSchema(kind="text")})
    assert both(tmp_path, "id,x\n10,1\n11,2\n", schema)[0]["id"] == ("string", ["10", "11"])


@pytest.mark.parametrize("text", ["1.10", "TRUE", "01", "1E2", "2024-01-31", " 1", "+1", "inf"])
def test_a_column_of_text_stays_text(tmp_path, text):
    """A column that was text in training is text, even if all values of this file look otherwise."""
    schema = ReadingSchema(columns={"plan": ColumnSchema(kind="text")})
    assert both(tmp_path, f"plan,x\n{text},1\n{text},2\n", schema)[0]["plan"] == ("string", [text, text])
    for kind in KINDS:
        (tmp_path / "rows.jsonl").write_text(json.dumps({"plan": text}) + "\n")
        read = connector(tmp_path, kind).read_as("rows.jsonl", schema)
        assert columns(read.rows)["plan"] == ("string", [text])


def test_texts_that_are_missing_values_are_counted(tmp_path):
    """For features. In identity and labels, only the empty field is missing."""
    read, notices, _ = both(tmp_path, "id,y,x\nNA,None,NA\nnull,-,a\nn/a,,None\n1,NA,NA\n", IDENTITY)
    assert read["id"][1] == ["NA", "null", "n/a", "1"]
    assert read["y"][1] == ["None", "-", None, "NA"]
    assert read["x"][1] == [None, "a", None, None]
    assert [notice.level for notice in notices] == ["info"]
    assert "'NA' (2 of 'x'), 'None' (1 of 'x')" in notices[0].message


def test_missing_values_are_a_setting(tmp_path):
    """Only the listed texts, and the empty field, are missing."""
    read, notices, _ = both(tmp_path, "a,b\nNA,1\n-,2\n,3\n", missing_values=("-",))
    assert read["a"] == ("string", ["NA", None, None])
    assert "'-' (1 of 'a')" in notices[0].message


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([" 1.5", "-2 ", "+3"], "number", [1.5, -2.0, 3.0]),
        (["Infinity", "-inf", "1"], "number", [float("inf"), float("-inf"), 1.0]),
        (["\u0661", "\u0662", "\u0663"], "string", ["\u0661", "\u0662", "\u0663"]),
        (["1_000", "2_000", "3_000"], "string", ["1_000", "2_000", "3_000"]),
        (["0x1F", "0x2F", "0x3F"], "string", ["0x1F", "0x2F", "0x3F"]),
        ([" true", "FALSE", ""], "boolean", [True, False, None]),
        (["2024-01-31", "", "2024-02-01"], "datetime", ["2024-01-31T00:00:00", None, "2024-02-01T00:00:00"]),
        (["2024-02-30", "2024-01-01", ""], "string", ["2024-02-30", "2024-01-01", None]),
        (["", "", ""], "empty", [None, None, None]),
    ],
)  # fmt: skip
def test_both_kinds_of_frame_have_one_grammar(tmp_path, values, kind, expected):
    """Numbers, booleans and dates are recognised independently of the library."""
    assert both(tmp_path, "x,end\n" + "".join(f"{value},9\n" for value in values))[0]["x"] == (kind, expected)


def arrow(table):
    great = any(isinstance(number, int) and number >= 2**63 for number in table.get("a", ()))
    return pa.table(
        {name: pa.array(values, pa.uint64() if great else None) for name, values in table.items()}
    )


def written(folder, suffix, table):
    if suffix == "csv":
        pd.DataFrame(table, dtype=object).to_csv(folder / "rows.csv", index=False)
    elif suffix == "parquet":
        pq.write_table(arrow(table), folder / "rows.parquet")
    elif suffix == "feather":
        feather.write_feather(arrow(table), str(folder / "rows.feather"))
    else:
        lines = [json.dumps(dict(zip(table, row, strict=True))) for row in zip(*table.values(), strict=True)]
        (folder / "rows.jsonl").write_text("\n".join(lines))
    return f"rows.{suffix}"


@pytest.mark.parametrize("scans", [False, True], ids=["read", "scan"])
@pytest.mark.parametrize("numbers", [[GREAT, None, -GREAT], [2**64 - 1, None, 1], [None, 1, GREAT]])
@pytest.mark.parametrize("suffix", ["csv", "parquet", "feather", "jsonl"])
@pytest.mark.parametrize("kind", KINDS)
def test_whole_numbers_keep_every_digit_beside_missing_values(tmp_path, kind, suffix, numbers, scans):
    """From every format, whole or in batches, with one type."""
    source = written(tmp_path, suffix, {"a": numbers, "b": [1, 2, 3]})
    reader = connector(tmp_path, kind, batch_rows=1)
    frames = list(reader.scan(source)) if scans else [reader.read(source)]
    values = [value for frame in frames for value in columns(frame)["a"][1]]
    assert values == [None if number is None else _as_read(number) for number in numbers]
    assert len({str(frame["a"].dtype) for frame in frames}) == 1


def _as_read(number):
    return float(number) if abs(number) < 2**53 else number


@pytest.mark.parametrize("suffix", ["csv", "parquet", "feather", "jsonl"])
@pytest.mark.parametrize("kind", KINDS)
def test_joins_on_such_numbers_are_right(tmp_path, kind, suffix):
    """Customers whose long numbers differ in the last digit stay distinct, though values are missing."""
    reader = connector(tmp_path, kind)
    orders = reader.read(written(tmp_path, suffix, {"customer": [GREAT, None, GREAT - 1], "n": [1, 2, 3]}))
    customers = reader.read(written(tmp_path, suffix, {"customer": [GREAT - 1, GREAT], "name": ["a", "b"]}))
    joined = nw.from_native(orders).join(nw.from_native(customers), on="customer", how="left").sort("n")
    names = joined.get_column("name").to_list()
    assert [None if pd.isna(name) else name for name in names] == ["b", None, "a"]


@pytest.mark.parametrize("name", ["id", "x", None])
@pytest.mark.parametrize("scans", [False, True], ids=["read", "scan"])
def test_parquet_of_pandas_has_its_index_once(tmp_path, name, scans):
    """A named index is one column, even if it is a column already; an unnamed index is none."""
    frame = pd.DataFrame({"x": [0.5, 1.5], "n": [1, 2]})
    frame.index = pd.Index(frame["x"] if name == "x" else [7.0, 8.0], name=name)
    frame.to_parquet(tmp_path / "rows.parquet")
    read = []
    for kind in KINDS:
        reader = connector(tmp_path, kind)
        rows = next(iter(reader.scan("rows.parquet"))) if scans else reader.read("rows.parquet")
        read.append(columns(rows))
    assert read[0] == read[1]
    assert list(read[0]) == (["id", "x", "n"] if name == "id" else ["x", "n"])


def test_parquet_of_pandas_keeps_numbered_rows_that_have_a_name(tmp_path):
    """A named RangeIndex, which pandas writes as metadata, is a column."""
    frame = pd.DataFrame({"x": [1.5, 2.5]}, index=pd.RangeIndex(3, 5, name="number"))
    frame.to_parquet(tmp_path / "rows.parquet")
    read = [columns(connector(tmp_path, kind).read("rows.parquet")) for kind in KINDS]
    assert read[0] == read[1] == {"number": ("number", [3.0, 4.0]), "x": ("number", [1.5, 2.5])}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch_rows", [None, 1, 2])
def test_numbered_rows_go_on_in_batches_and_files(tmp_path, kind, batch_rows):
    """A named RangeIndex is a column for the header, in batches, and for each of several files."""
    for start in (3, 20):
        frame = pd.DataFrame({"x": [1.5, 2.5, 3.5]}, index=pd.RangeIndex(start, start + 3, name="number"))
        frame.to_parquet(tmp_path / f"{start:02}.parquet")
    reader = connector(tmp_path, kind, batch_rows=batch_rows)
    assert reader.header_of("03.parquet", tmp_path) == ["number", "x"]
    for source, expected in (("03.parquet", [3, 4, 5]), ("*.parquet", [3, 4, 5, 20, 21, 22])):
        frames = [reader.read(source)] if batch_rows is None else list(reader.scan(source))
        assert [number for frame in frames for number in frame["number"].to_list()] == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,x\x00y\n", "rows.csv:2:4: there is a NUL byte"),
        (b"a,b\x00\n1,2\n", "rows.csv:1:4: there is a NUL byte"),
        ("a,b\n1,2\n".encode("utf-16-le"), "rows.csv:1:2: there is a NUL byte.*encoding: utf-16"),
        (
            b'a,b\n1,"x\n2,y\n',
            "rows.csv:2: the row that starts here has an open quote until the end of the file",
        ),
        (
            b'a,b\n1,2\n3,"x',
            "rows.csv:3: the row that starts here has an open quote until the end of the file",
        ),
        (b"a,b\n1,2\n3,caf\xe9\n", "rows.csv:3:6: the byte 0xe9 is not UTF-8"),
    ],
)
@pytest.mark.parametrize("scans", [False, True], ids=["read", "scan"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_text_is_an_error_with_its_place(tmp_path, content, message, kind, scans):
    """For both kinds of frame, whole or in batches."""
    (tmp_path / "rows.csv").write_bytes(content)
    reader = connector(tmp_path, kind)
    with pytest.raises(DataError, match=message):
        list(reader.scan("rows.csv")) if scans else reader.read("rows.csv")


@pytest.mark.parametrize("suffix", ["csv.gz", "jsonl.gz", "csv.bz2", "csv.xz"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_truncated_archive_is_an_error(tmp_path, kind, suffix):
    """The error names the file, whatever the library raises."""
    whole = connector(tmp_path, kind)
    whole.write(
        pd.DataFrame({"a": range(5000), "b": [f"text {n * 7919}" for n in range(5000)]}), f"rows.{suffix}"
    )
    path = tmp_path / f"rows.{suffix}"
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(DataError, match=rf"^rows\.{suffix} cannot be read: "):
        whole.read(path.name)
    with pytest.raises(DataError, match=rf"^rows\.{suffix} cannot be read: "):
        list(whole.scan(path.name))


def test_an_archive_with_another_byte_is_an_error(tmp_path):
    """An error of zlib, which file methods do not document, becomes a DataError."""
    content = bytearray(gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(2000))))
    content[40:60] = b"\xff" * 20
    (tmp_path / "rows.csv.gz").write_bytes(content)
    for kind in KINDS:
        with pytest.raises(DataError, match=r"^rows\.csv\.gz cannot be read: "):
            connector(tmp_path, kind).read("rows.csv.gz")


def test_a_row_that_is_longer_than_a_block_is_a_row(tmp_path):
    """Files are parsed in blocks, and a value may be longer than a block."""
    long = "x" * (5 << 20)
    (tmp_path / "rows.csv").write_text(f"a,b\n1,y\n2,{long}\n3,z\n")
    reader = connector(tmp_path, "pandas", batch_rows=1)
    assert reader.read("rows.csv")["b"].tolist() == ["y", long, "z"]
    assert [batch["b"].tolist() for batch in reader.scan("rows.csv")] == [["y"], [long], ["z"]]


class Fixed(DataConnector):
    """A connector of a user's that knows nothing of schemas."""

    def read(self, source):
        return pd.DataFrame({"a": [1]})

    def scan(self, source):
        yield self.read(source)

    def write(self, frame, target):
        raise NotImplementedError


def test_a_connector_that_only_reads_gives_what_it_reads():
    """A connector that implements ``read`` and ``scan`` only, without schemas, works."""
    schema = ReadingSchema(columns={"a": ColumnSchema(kind="text")})
    read = Fixed().read_as("-", schema)
    assert (read.rows["a"].tolist(), read.columns, read.notices) == ([1], {}, ())
    assert [rows["a"].tolist() for rows in Fixed().scan_as("-", schema).rows] == [[1]]


def test_an_overridden_read_is_called(tmp_path):
    """Workflows call an overridden ``read`` of a file connector."""

    class Doubled(type(connector(tmp_path, "pandas"))):
        def read(self, source):
            return super().read(source) * 2

    (tmp_path / "rows.csv").write_text("a\n1\n")
    assert Doubled(folder=tmp_path).read_as("rows.csv", ReadingSchema()).rows["a"].tolist() == [2]


def test_a_misspelt_column_of_the_settings_is_named(tmp_path):
    """A declared type that no column has is a warning if a name is near; other sources may have the rest."""
    _, notices, _ = both(tmp_path, "zip,x\n1,2\n", columns={"zpi": "text", "of another table": "text"})
    assert [notice.message for notice in notices] == [
        "rows.csv has no column 'zpi', whose type the settings declare. Did you mean zip?"
    ]


@pytest.mark.parametrize("batch_rows", [None, 1])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("frequency", "expected"), [("M", ["2024-01-01", "2024-02-01"]), ("Q", ["2024-01-01", "2024-04-01"])]
)
def test_periods_of_pandas_are_the_times_that_they_begin(tmp_path, kind, batch_rows, frequency, expected):
    """They were numbers in polars: the months since 1970."""
    periods = pd.period_range("2024-01-01", periods=2, freq=frequency)
    pd.DataFrame({"x": [*periods, pd.NaT], "z": [1, 2, 3]}).astype({"x": f"period[{frequency}]"}).to_parquet(
        tmp_path / "rows.parquet"
    )
    reader = connector(tmp_path, kind, batch_rows=batch_rows)
    frames = [reader.read("rows.parquet")] if batch_rows is None else list(reader.scan("rows.parquet"))
    values = [value for frame in frames for value in columns(frame)["x"][1]]
    assert values == [f"{day}T00:00:00" for day in expected] + [None]
