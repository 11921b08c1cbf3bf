from __future__ import annotations

import datetime as dt
import gzip
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer

from lolpop.components.data_connector.file import FileDataConnector
from lolpop.data import Data
from lolpop.data.batches import joined
from lolpop.data.frames import wrap
from lolpop.errors import DataError

KINDS = ["pandas", "polars"]
SUFFIXES = ["csv", "csv.gz", "tsv", "jsonl", "jsonl.gz", "parquet", "feather"]


@pytest.fixture(params=KINDS)
def connector(request: pytest.FixtureRequest, tmp_path: Path) -> FileDataConnector:
    return FileDataConnector(data=Data(train="-", frame=request.param, batch_rows=2), folder=tmp_path)


def plain(frame: Any) -> dict[str, list[Any]]:
    """A frame's values, missing ones as None."""
    if isinstance(frame, pl.DataFrame):
        return frame.to_dict(as_series=False)
    return {name: [None if pd.isna(value) else value for value in frame[name]] for name in frame.columns}


def test_csv_is_read_as_a_plain_script_reads_it(tmp_path: Path) -> None:
    """A CSV file of numbers and text is read as pandas.read_csv reads it."""
    frame = load_breast_cancer(as_frame=True).frame.assign(text="a", gap=[None, *["b"] * 568])
    frame.to_csv(tmp_path / "data.csv", index=False)
    read = FileDataConnector(folder=tmp_path).read("data.csv")
    pd.testing.assert_frame_equal(read, pd.read_csv(tmp_path / "data.csv"))
    assert read["text"].dtype == "str"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_written_is_read(connector: FileDataConnector, suffix: str) -> None:
    """A frame has the same values and kinds after writing and reading, in every format."""
    connector.write(
        pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"], "c": [0.1, None, 0.3]}), "in.parquet"
    )
    frame = connector.read("in.parquet")
    connector.write(frame, f"deep/er/out.{suffix}")
    assert plain(connector.read(f"deep/er/out.{suffix}")) == {
        "a": [1, 2, 3],
        "b": ["x", None, "z"],
        "c": [0.1, None, 0.3],
    }


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_scan_gives_the_rows_of_read_in_batches(connector: FileDataConnector, suffix: str) -> None:
    """Batches are not larger than requested, in order, and together have the rows of read."""
    connector.write(pd.DataFrame({"a": range(5), "b": list("vwxyz")}), f"data.{suffix}")
    batches = list(connector.scan(f"data.{suffix}"))
    assert [len(batch) for batch in batches] == [2, 2, 1]
    joined = [value for batch in batches for value in plain(batch)["b"]]
    assert joined == plain(connector.read(f"data.{suffix}"))["b"]


def test_text_stays_text_in_every_batch(tmp_path: Path) -> None:
    """A batch with digits only of a text column is read as text."""
    (tmp_path / "data.csv").write_text("code\nA1\nB2\n17\n18\n")
    batches = list(FileDataConnector(data=Data(train="-", batch_rows=2), folder=tmp_path).scan("data.csv"))
    assert batches[1]["code"].tolist() == ["17", "18"]


def test_columns_of_iso_dates_are_dates(connector: FileDataConnector, tmp_path: Path) -> None:
    """Dates, times and zones are read as dates; one other value makes the column text."""
    (tmp_path / "data.csv").write_text(
        "day,time,zone,text\n2024-01-31,2024-01-31 10:30,2024-01-31T10:30:00+02:00,2024-01-31\n"
        ",2024-02-01 11:00,2024-01-31T10:30:00Z,soon\n"
    )
    frame = connector.read("data.csv")
    assert all("date" in str(frame[name].dtype).lower() for name in ("day", "time", "zone"))
    assert plain(frame)["text"] == ["2024-01-31", "soon"]


def test_both_kinds_of_frame_take_the_same_values_for_missing(tmp_path: Path) -> None:
    """NA, null and an empty field are missing, True is a boolean, in both kinds of frame."""
    (tmp_path / "data.csv").write_text("a,b,c\nNA,True,1\n,False,2\nnull,True,3\n")
    pandas, polars = (
        plain(FileDataConnector(data=Data(train="-", frame=kind), folder=tmp_path).read("data.csv"))
        for kind in KINDS
    )
    assert pandas == polars == {"a": [None] * 3, "b": [True, False, True], "c": [1, 2, 3]}


WRITTEN_BY_BOTH = {
    "flag": [True, None, False],
    "number": [1, 2, 3],
    "text": ["a\u00e9", None, '"/\\n'],
    "naive": [
        dt.datetime.fromisoformat("2024-01-31T05"),
        None,
        dt.datetime.fromisoformat("2024-01-31T05:00:00.001500"),
    ],
    "zoned": [dt.datetime(2024, 1, 31, hour, tzinfo=dt.UTC) for hour in (1, 2, 3)],
    "midnight": [dt.datetime.fromisoformat(f"2024-01-0{day}") for day in (1, 2, 3)],
}


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_both_frames_write_the_same_file(suffix, tmp_path):
    """Booleans, times and text are the same bytes from pandas and polars."""
    connector = FileDataConnector(folder=tmp_path)
    connector.write(pd.DataFrame(WRITTEN_BY_BOTH), f"pandas.{suffix}")
    connector.write(pl.DataFrame(WRITTEN_BY_BOTH), f"polars.{suffix}")
    assert (tmp_path / f"pandas.{suffix}").read_bytes() == (tmp_path / f"polars.{suffix}").read_bytes()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@example([1e-12, 0.1 + 0.2, 1e300, 5e-324])
def test_json_lines_keep_every_digit(tmp_path, numbers):
    """A probability of 1e-12 is not written as 0, whichever library holds it."""
    for kind in (pd.DataFrame, pl.DataFrame):
        FileDataConnector(folder=tmp_path).write(kind({"p": numbers}), "out.jsonl")
        lines = (tmp_path / "out.jsonl").read_text().splitlines()
        assert [json.loads(line)["p"] for line in lines] == numbers


def test_polars_looks_at_all_rows_where_the_first_mislead(tmp_path: Path) -> None:
    """A column with whole numbers in its first 20,000 rows and text after them is text."""
    (tmp_path / "data.csv").write_text("a\n" + "1\n" * 20_000 + "x\n")
    assert (
        FileDataConnector(data=Data(train="-", frame="polars"), folder=tmp_path).read("data.csv")["a"].dtype
        == pl.String
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "data.csv is empty"),
        (b"\n\n", "data.csv is empty"),
        (b"a,b\n", "data.csv has a header but no rows"),
        (b"a,b\n1,2\n3\n", "data.csv:3: this line has 1 field, the header has 2"),
        (b"a,b\n1,2\n3,4,5\n", "data.csv:3: this line has 3 fields, the header has 2"),
        (
            b"# of 2024\na,b\n1,2\n",
            "data.csv:1: the header is '# of 2024', but the next row has 2 fields",
        ),
        (b"a,b\n1,2,3\n4,5,6\n", "data.csv:2: this line has 3 fields, the header has 2"),
        (b'a,b\n"x\ny",1\n"u",2,3\n', "data.csv:4: this line has 3 fields"),
        (b"a,b\n1,x\n2,caf\xe9\n", "data.csv:3:6: the byte 0xe9 is not UTF-8"),
        (b"a,b,a\n1,2,3\n", "data.csv: several columns have the same name: 'a'"),
    ],
)
def test_bad_csv_is_an_error_with_its_line(
    connector: FileDataConnector, tmp_path: Path, content: bytes, message: str
) -> None:
    """A file that is no table of text is a DataError with the file and, if there is one, the line."""
    (tmp_path / "data.csv").write_bytes(content)
    with pytest.raises(DataError, match=message.replace(".", r"\.")):
        connector.read("data.csv")


@pytest.mark.usefixtures("no_credentials")
def test_a_bucket_without_credentials_is_named(connector: FileDataConnector) -> None:
    """Errors of the driver are reported with the source or target."""
    with pytest.raises(DataError, match=r"^s3://bucket/rows\.csv cannot be read: .*credentials"):
        connector.read("s3://bucket/rows.csv")
    with pytest.raises(DataError, match=r"^s3://bucket/rows\.csv cannot be written: .*credentials"):
        connector.write(pd.DataFrame({"a": [1]}), "s3://bucket/rows.csv")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("trian.csv", r"no such file in .* Did you mean train\.csv\?"),
        ("nowhere/train.csv", "no such file, and no folder"),
        ("folder.csv", "the folder has no files of rows"),
        ("noext", "no suffix, so its format is unknown"),
        ("table.xlsx", "unknown format 'xlsx'. Expected one of arrow, csv"),
        ("broken.jsonl", r"broken\.jsonl:2: this line is not JSON"),
        ("list.jsonl", r"list\.jsonl:1: expected one JSON object a line"),
        ("mixed.jsonl", r"mixed\.jsonl:2: 'a' has text here, such as 'x', and numbers above"),
        ("broken.parquet", r"broken\.parquet cannot be read"),
        ("broken.csv.gz", r"broken\.csv\.gz cannot be read"),
        ({"pth": "train.csv"}, "unknown key 'pth'. Did you mean path"),
        ({"format": "csv"}, "names no file"),
        ({"path": "train.csv", "encoding": "utf-88"}, "unknown encoding"),
        ({"path": "train.csv", "separator": ";;"}, "the separator ';;'. Expected one character"),
    ],
)
def test_a_source_that_cannot_be_read_says_why(
    connector: FileDataConnector, tmp_path: Path, source: Any, message: str
) -> None:
    """Every unreadable source is a DataError that names it and says what to do."""
    (tmp_path / "train.csv").write_text("a\n1\n")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "noext").write_text("a\n1\n")
    (tmp_path / "table.xlsx").write_text("x")
    (tmp_path / "broken.jsonl").write_text('{"a": 1}\n{"a":\n')
    (tmp_path / "list.jsonl").write_text("[1]\n")
    (tmp_path / "mixed.jsonl").write_text('{"a": 1, "b": null}\n{"a": "x", "b": 2}\n')
    (tmp_path / "broken.parquet").write_text("PAR")
    (tmp_path / "broken.csv.gz").write_text("abc")
    with pytest.raises(DataError, match=message):
        connector.read(source)


def test_a_mapping_says_what_a_name_does_not(connector: FileDataConnector, tmp_path: Path) -> None:
    """Format, separator and encoding may be given with the path."""
    (tmp_path / "data.txt").write_bytes("name;n\nZoë;1\n".encode("latin-1"))
    source = {"path": "data.txt", "format": "csv", "separator": ";", "encoding": "latin-1"}
    assert plain(connector.read(source)) == {"name": ["Zoë"], "n": [1]}


def test_relative_paths_are_relative_to_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a folder, they are relative to the current directory."""
    (tmp_path / "data.csv").write_text("a\n1\n")
    monkeypatch.chdir(tmp_path.parent)
    assert len(FileDataConnector(folder=tmp_path).read("data.csv")) == 1
    monkeypatch.chdir(tmp_path)
    assert len(FileDataConnector().read("data.csv")) == 1


def test_urls_are_read_and_written_without_showing_their_password() -> None:
    """URLs of fsspec work, and messages do not show their user part."""
    connector = FileDataConnector()
    connector.write(pd.DataFrame({"a": [1]}), "memory://bucket/deep/data.parquet")
    assert plain(connector.read("memory://bucket/deep/data.parquet")) == {"a": [1]}
    with pytest.raises(DataError) as caught:
        connector.read("ftp://me:hunter2@localhost:1/data.csv")
    assert "hunter2" not in str(caught.value)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    """A frame that the format cannot hold is an error, and the folder does not change."""
    connector = FileDataConnector(folder=tmp_path)
    connector.write(pd.DataFrame({"a": [1]}), "data.parquet")
    with pytest.raises(DataError, match=r"data\.parquet cannot be written"):
        connector.write(pd.DataFrame({"a": [1, "x", {}]}), "data.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["data.parquet"]
    assert plain(connector.read("data.parquet")) == {"a": [1]}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """The message says that permission is lacking."""
    tmp_path.chmod(0o500)
    with pytest.raises(DataError, match="Permission denied"):
        FileDataConnector(folder=tmp_path).write(pd.DataFrame({"a": [1]}), "data.csv")


@pytest.mark.parametrize("values", [[b"a"], [[b"a"]], [{"key": b"a"}]])
def test_bytes_are_not_written_as_json(tmp_path: Path, values: list[Any]) -> None:
    """Polars would panic, so bytes are refused before."""
    connector = FileDataConnector(data=Data(train="-", frame="polars"), folder=tmp_path)
    with pytest.raises(DataError, match=r"JSON cannot contain bytes.*'key'"):
        connector.write(pl.DataFrame({"key": values}), "data.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_a_pyarrow_table_can_be_written(connector: FileDataConnector) -> None:
    """Arrow tables come in as they are."""
    connector.write(pa.table({"a": [1, 2]}), "data.csv")
    assert plain(connector.read("data.csv")) == {"a": [1, 2]}


def test_a_named_pandas_index_is_a_column(tmp_path: Path) -> None:
    """A named index in a Parquet file is read as a column."""
    pd.DataFrame({"a": [1, 2]}, index=pd.Index([7, 8], name="id")).to_parquet(tmp_path / "data.parquet")
    assert plain(FileDataConnector(folder=tmp_path).read("data.parquet")) == {"id": [7, 8], "a": [1, 2]}


def test_a_byte_order_mark_is_no_part_of_a_name(connector: FileDataConnector, tmp_path: Path) -> None:
    """Files of Windows programs are read."""
    (tmp_path / "data.csv").write_bytes(b"\xef\xbb\xbfa,b\n1,2\n")
    assert plain(connector.read("data.csv")) == {"a": [1], "b": [2]}


def test_compressed_files_are_compressed(connector: FileDataConnector, tmp_path: Path) -> None:
    """A file with the suffix .gz is compressed."""
    connector.write(pd.DataFrame({"a": [1]}), "data.csv.gz")
    assert gzip.decompress((tmp_path / "data.csv.gz").read_bytes()) == b"a\n1\n"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=80), suffix=st.sampled_from(["csv", "jsonl", "parquet", "feather", "csv.gz"])
)
def test_any_bytes_are_a_frame_or_an_error(tmp_path: Path, content: bytes, suffix: str) -> None:
    """Random files give a frame or a DataError."""
    (tmp_path / f"data.{suffix}").write_bytes(content)
    for kind in KINDS:
        try:
            frame = FileDataConnector(data=Data(train="-", frame=kind), folder=tmp_path).read(
                f"data.{suffix}"
            )
        except DataError:
            continue
        assert len(frame) > 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet='ab,"\n1 .', max_size=40))
@example(text="1\n\n,,")
def test_any_text_is_a_table_of_its_header_or_an_error(tmp_path: Path, text: str) -> None:
    """Random CSV gives a frame with the columns of its header, or a DataError."""
    (tmp_path / "data.csv").write_text("p,q\n" + text)
    for kind in KINDS:
        try:
            frame = FileDataConnector(data=Data(train="-", frame=kind), folder=tmp_path).read("data.csv")
        except DataError:
            continue
        assert list(frame.columns) == ["p", "q"]


def test_a_row_of_one_missing_value_is_a_row(connector: FileDataConnector) -> None:
    """With one column, a missing value is not written as a blank line, which would be no row."""
    frame = pd.DataFrame({"day": ["2000-01-01", None, None]})
    connector.write(frame, "in.parquet")
    connector.write(connector.read("in.parquet"), "data.csv")
    assert plain(connector.read("data.csv"))["day"][1:] == [None, None]


def test_floats_keep_every_digit(tmp_path: Path) -> None:
    """A float is the same after writing and reading."""
    values = np.random.default_rng(0).normal(size=1000)
    connector = FileDataConnector(folder=tmp_path)
    connector.write(pd.DataFrame({"a": values}), "data.csv")
    assert np.array_equal(connector.read("data.csv")["a"], values)


@pytest.mark.parametrize("times", [["2024-01-31", "2024-02-01 10:30"], ["2024-02-01 10:30", "2024-01-31"]])
def test_a_day_among_times_is_its_midnight(connector: FileDataConnector, tmp_path: Path, times: Any) -> None:
    """A column that mixes dates and times has times, in any order, and in batches too."""
    (tmp_path / "data.csv").write_text("\n".join(["when", *times, "2024-03-01"]) + "\n")
    expected = [pd.Timestamp(time) for time in (*times, "2024-03-01")]
    assert plain(connector.read("data.csv"))["when"] == expected
    assert [when for batch in connector.scan("data.csv") for when in plain(batch)["when"]] == expected


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(columns=[["", "2024-02-01 10:30", "2024-01-31", "", "", ""]], batch_rows=1)
@example(columns=[["", "2024-01-31", "2024-02-01 10:30", "", "", ""]], batch_rows=1)
@given(
    columns=st.lists(
        st.sampled_from(
            [
                ["", "1", "007", "2.5", "True"],
                ["", "1", "x", "True"],
                ["", "2024-01-31", "2024-02-01 10:30", "x"],
            ]
        ).flatmap(lambda values: st.lists(st.sampled_from(values), min_size=6, max_size=6)),
        min_size=1,
        max_size=3,
    ),
    batch_rows=st.integers(1, 7),
)
def test_batches_of_csv_have_the_values_of_all_rows_at_once(
    tmp_path: Path, columns: list[list[str]], batch_rows: int
) -> None:
    """A column has one type in all batches, wherever its values occur."""
    lines = [",".join(f"c{number}" for number in range(len(columns))) + ",end"]
    lines += [",".join(row) + ",9" for row in zip(*columns, strict=True)]
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n")
    for kind in KINDS:
        data = Data(train="-", frame=kind, batch_rows=batch_rows)
        connector = FileDataConnector(data=data, folder=tmp_path)
        whole = plain(connector.read("data.csv"))
        scanned = [plain(batch) for batch in connector.scan("data.csv")]
        assert whole == {name: [value for batch in scanned for value in batch[name]] for name in whole}


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_bytes_are_no_json(tmp_path: Path, kind: Any) -> None:
    """A column with bytes is named, and no file is written."""
    frame = {"pandas": pd, "polars": pl}[kind].DataFrame({"id": [1, 2], "raw": [b"x", None]})
    with pytest.raises(DataError, match=r"JSON cannot contain bytes.*'raw'"):
        FileDataConnector(data=Data(train="-", frame=kind), folder=tmp_path).write(frame, "data.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_parquet_has_dictionaries_of_values_that_repeat(connector: FileDataConnector, tmp_path: Path) -> None:
    """Repeated values are written as a dictionary, others plainly."""
    frame = pd.DataFrame(
        {
            "measured": np.random.default_rng(0).normal(size=1000),
            "id": range(1000),
            "town": ["Ulm", "Bonn"] * 500,
            "tags": [["a"], ["a", "b"]] * 500,
        }
    )
    connector.write(frame.drop(columns="tags"), "plain.parquet")
    group = pq.read_metadata(tmp_path / "plain.parquet").row_group(0)
    assert [group.column(place).has_dictionary_page for place in range(3)] == [False, False, True]
    connector.write(frame, "nested.parquet")
    assert [len(tags) for tags in pd.read_parquet(tmp_path / "nested.parquet")["tags"][:2]] == [1, 2]


FINE_TIMES = {
    "csv": "t\n2024-01-01T10:00:00.123456789\n2024-01-01\n",
    "jsonl": '{"t": "2024-01-01T10:00:00.123456789"}\n{"t": "2024-01-01"}\n',
}


@pytest.mark.parametrize("frame", ["pandas", "polars"])
@pytest.mark.parametrize("suffix", FINE_TIMES)
def test_times_keep_nanoseconds(tmp_path, suffix, frame):
    """Times with nine decimal places are times with every digit, whole or in batches."""
    (tmp_path / f"a.{suffix}").write_text(FINE_TIMES[suffix])
    connector = FileDataConnector(data=Data(train="x.csv", frame=frame, batch_rows=1), folder=tmp_path)
    source = f"a.{suffix}"
    for rows in (connector.read(source), joined(connector.scan(source))):
        times = wrap(rows).get_column("t").to_pandas()
        assert times.tolist() == [pd.Timestamp("2024-01-01T10:00:00.123456789"), pd.Timestamp("2024-01-01")]


def test_finer_times_are_text(tmp_path):
    """Picoseconds, which no library holds, are not cut off."""
    (tmp_path / "a.csv").write_text("t\n2024-01-01T10:00:00.123456789123\n")
    rows = FileDataConnector(folder=tmp_path).read("a.csv")
    assert rows["t"].tolist() == ["2024-01-01T10:00:00.123456789123"]


@pytest.mark.parametrize("url", ["file://{}", "file:{}", "file://localhost{}", "FILE://LOCALHOST{}"])
def test_urls_of_this_machine_are_paths(tmp_path, url):
    """In every spelling of the standard, for reading and writing, and for the comparison of places."""
    connector = FileDataConnector(folder=tmp_path)
    target = url.format(tmp_path / "a.csv")
    connector.write(pd.DataFrame({"a": [1]}), target)
    assert connector.read(tmp_path / "a.csv")["a"].tolist() == [1]
    assert connector.is_same(target, "a.csv")


@pytest.mark.parametrize("name", [f"{'x' * 250}.parquet", f"{'ü' * 130}.csv", "d/" * 2100 + "x.csv"])
def test_a_name_that_is_too_long_is_a_data_error(tmp_path, name):
    """A file system takes 255 bytes, whatever is done with the file."""
    connector = FileDataConnector(folder=tmp_path)
    for read in (connector.read, lambda source: list(connector.scan(source))):
        with pytest.raises(DataError, match="cannot be read: File name too long"):
            read(name)
    with pytest.raises(DataError, match="cannot be written: File name too long"):
        connector.write(pd.DataFrame({"a": [1]}), name)
    assert connector.version(name) is None
    assert FileDataConnector.header_of(name, tmp_path) is None
