"""Dataframes come back as they were kept: values, dtypes, index, order."""

from __future__ import annotations

import datetime as dt
import decimal
import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import pandas as pdst

from lolpop.data.tables import digest_of, pack, read, unpack, write
from lolpop.errors import DataError

DATES = pd.date_range("2026-01-31", periods=4)
COLUMNS = {
    "int": [1, 2, 3, 4], "int8": np.array([1, 2, 3, 4], dtype="int8"), "uint64": np.array([2**64 - 1] * 4),
    "float": [1.5, np.nan, np.inf, -0.0], "float32": np.array([1, np.nan, 3, 4], dtype="float32"),
    "float16": np.array([1, 2, 3, 4], dtype="float16"), "bool": [True, False, True, True],
    "str": ["a", None, "", "ü💥"], "string": pd.array(["a", None, "", "d"], dtype="string"),
    "Int64": pd.array([1, None, 3, 4], dtype="Int64"), "boolean": pd.array([True, None, False, True], dtype="boolean"),
    "Float64": pd.array([1.5, None, 3, 4], dtype="Float64"),
    "category": pd.Categorical(["b", "a", None, "b"], categories=["c", "b", "a"], ordered=True),
    "category of numbers": pd.Categorical([3, 1, 2, 3]), "day": DATES, "zone": DATES.tz_localize("Europe/Berlin"),
    "seconds": DATES.astype("datetime64[s]"), "duration": pd.to_timedelta([1, None, 3, 4], unit="s"),
    "period": DATES.to_period("M"), "interval": pd.interval_range(0, 4),
    "dates": [dt.date(2026, 1, 1), None, dt.date(2027, 1, 1), dt.date(1, 1, 1)], "times": [dt.time(1, 2)] * 4,
    "decimals": [decimal.Decimal("1.10")] * 4, "bytes": [b"a", None, b"", b"\0"],
    "object strings": pd.Series(["a", None, "b", "c"], dtype=object),
    "object integers": pd.Series([1, 2, 3, 4], dtype=object),
    "object booleans": pd.Series([True, None, False, True], dtype=object),
    "arrow": pd.array([1, None, 3, 4], dtype="int64[pyarrow]"),
}  # fmt: skip
INDICES = {
    "range": pd.RangeIndex(2, 10, 2), "numbers": pd.Index([3, 1, 2, 3], name="id"), "days": DATES,
    "irregular days": DATES[[0, 1, 3, 2]], "strings": pd.Index(list("abcd")),
    "objects": pd.Index(["a", "b", None, "d"], dtype=object), "categories": pd.CategoricalIndex(list("abca")),
    "levels": pd.MultiIndex.from_tuples([(1, "a"), (1, "b"), (2, "a"), (2, "b")], names=["x", None]),
    "object levels": pd.MultiIndex.from_arrays([[1, 2, 3, 4], pd.Index(list("abab"), dtype=object)]),
}  # fmt: skip


def restored(frame, folder):
    path = folder / "data.arrow"
    write(pack(frame), path)
    table = read(path)
    path.unlink()
    return unpack(table)


@pytest.mark.parametrize("name", COLUMNS)
def test_column_comes_back(tmp_path, name):
    """A column of each dtype of pandas is loaded equal, with its dtype; an empty one, too."""
    frame = pd.DataFrame({name: COLUMNS[name]})
    for part in (frame, frame.iloc[:0], frame.iloc[1:3]):
        pd.testing.assert_frame_equal(restored(part, tmp_path), part, check_exact=True)


@pytest.mark.parametrize("name", INDICES)
def test_index_comes_back(tmp_path, name):
    """Each kind of index is loaded with its name, dtype and frequency."""
    frame = pd.DataFrame({"a": [4, 3, 2, 1]}, index=INDICES[name])
    pd.testing.assert_frame_equal(restored(frame, tmp_path), frame, check_freq=True)


@pytest.mark.parametrize("columns", [["b", "a"], [2, 1], pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])])
def test_column_labels_come_back(tmp_path, columns):
    """Labels that are strings, numbers or of several levels are loaded in their order."""
    frame = pd.DataFrame([[1, 2]], columns=columns)
    pd.testing.assert_frame_equal(restored(frame, tmp_path), frame)


def test_strings_come_back_however_they_were_stored(tmp_path):
    """A string column is loaded as a string column, in Python's or Arrow's storage."""
    frame = pd.DataFrame({"a": pd.array(["a", None], dtype="string[python]")})
    pd.testing.assert_frame_equal(restored(frame, tmp_path), frame.astype("string"))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "'?a'?"),
        (pd.DataFrame([[1, 2]], columns=["a", 1]), "'a', 1"),
        (pd.DataFrame([[1, 2]], columns=[True, False]), "True, False"),
        (pd.DataFrame({"mixed": pd.Series([1, "a"], dtype=object)}), "column mixed"),
        (pd.DataFrame({"complex": [1j]}), "column complex"),
        (pd.DataFrame({"a": [1], "id": [10**30]}), "more than 64 bits: 'id'. Convert them to text"),
        (pd.DataFrame({"sparse": pd.arrays.SparseArray([0, 1])}), "column sparse"),
        (pd.DataFrame(index=range(3)), "without columns"),
        ({"a": [1]}, "builtins.dict cannot be stored"),
        (pd.Series([1]), "Series cannot be stored"),
    ],
)
def test_what_would_not_come_back_is_refused(frame, message):
    """A frame that would change is refused, with the column."""
    with pytest.raises(DataError, match=message):
        pack(frame)


@settings(max_examples=40, deadline=None)
@given(
    pdst.data_frames(
        columns=[
            pdst.column("i", dtype=int), pdst.column("f", dtype=float), pdst.column("b", dtype=bool),
            pdst.column("s", elements=st.none() | st.text(st.characters(exclude_categories=["Cs"])), dtype=object),
            pdst.column("d", dtype="datetime64[ns]"),
        ],
        index=pdst.range_indexes(min_size=1, max_size=6),
    )
)  # fmt: skip
def test_any_frame_comes_back_with_the_same_digest(frame):
    """A loaded frame is equal and has the same digest."""
    table = pack(frame)
    back = unpack(table)
    pd.testing.assert_frame_equal(back, frame, check_exact=True)
    assert digest_of(pack(back)) == digest_of(table)


def test_digest_is_of_the_content_not_of_the_memory():
    """Equal frames have equal digests: sliced, computed, chunked, or read from CSV."""
    frame = pd.DataFrame(
        {"a": [1.0, np.nan, 3.0], "s": ["x", None, "z"], "c": pd.Categorical(["u", "v", None])}
    )
    expected = digest_of(pack(frame))
    longer = pd.concat([frame.iloc[:1], frame]).reset_index(drop=True)
    sliced = longer.iloc[1:].reset_index(drop=True)
    computed = frame.copy()
    with np.errstate(invalid="ignore"):
        computed["a"] = np.array([1.0, 0.0, 3.0]) / np.array([1.0, 0.0, 1.0])  # a NaN with its sign set
    reread = pd.read_csv(io.StringIO(frame.to_csv(index=False)), dtype={"c": "category"})
    chunked = unpack(pa.concat_tables([pack(frame.iloc[:1]), pack(frame.iloc[1:])]).combine_chunks())
    for same in (sliced, computed, reread, chunked.reset_index(drop=True)):
        assert digest_of(pack(same)) == expected


def test_digest_ignores_what_lies_below_missing_values():
    """Memory of a nullable column behind missing values does not count."""
    one = pd.DataFrame({"a": pd.arrays.IntegerArray(np.array([1, 7]), np.array([False, True]))})
    other = pd.DataFrame({"a": pd.arrays.IntegerArray(np.array([1, 9]), np.array([False, True]))})
    assert digest_of(pack(one)) == digest_of(pack(other))


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.assign(a=[1, 2, 4]), lambda frame: frame[["b", "a"]], lambda frame: frame.iloc[::-1],
        lambda frame: frame.rename(columns={"a": "A"}), lambda frame: frame.astype({"a": "int32"}),
        lambda frame: frame.astype({"b": "category"}), lambda frame: frame.set_index("a"),
        lambda frame: frame.astype({"b": object}), lambda frame: frame.rename_axis(index="id"),
        lambda frame: frame.assign(b=["x", "", None]), lambda frame: frame.iloc[:2],
        lambda frame: pa.Table.from_pandas(frame),
    ],
)  # fmt: skip
def test_digest_tells_frames_apart(change):
    """Other values, order, names, dtypes or index give another digest."""
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, None]})
    assert digest_of(pack(change(frame))) != digest_of(pack(frame))


def test_categories_are_content():
    """Categories, their order and unused ones count."""
    values = ["a", "b"]
    digests = {
        digest_of(pack(pd.DataFrame({"a": pd.Categorical(values, categories=categories, ordered=ordered)})))
        for categories in (["a", "b"], ["b", "a"], ["a", "b", "c"])
        for ordered in (True, False)
    }
    assert len(digests) == 6


def test_arrow_table_comes_back(tmp_path):
    """An Arrow table is loaded with its schema and metadata."""
    table = pa.table({"a": [1, None], "b": ["x", "y"]}).replace_schema_metadata({"source": "somewhere"})
    back = restored(table, tmp_path)
    assert back.equals(table, check_metadata=True)


def test_polars_frame_comes_back(tmp_path):
    """A polars dataframe is loaded with its dtypes; a column that polars cannot export is named."""
    pl = pytest.importorskip("polars", reason="polars is not installed: pip install 'lolpop[polars]'")
    from polars.testing import assert_frame_equal

    frame = pl.DataFrame({
        "i": [1, None, 3], "s": ["a", None, "c"], "b": [True, None, False], "f": [1.0, float("nan"), None],
        "c": pl.Series(["b", "a", None], dtype=pl.Categorical), "l": [[1], [], None],
        "e": pl.Series(["b", "a", None], dtype=pl.Enum(["a", "b", "z"])), "d": [dt.date(2026, 1, 1)] * 3,
        "t": pl.Series([DATES[0].to_pydatetime()] * 3, dtype=pl.Datetime("ms", "Europe/Berlin")),
        "st": [{"a": 1}, {"a": 2}, None],
    })  # fmt: skip
    assert_frame_equal(restored(frame, tmp_path), frame)
    assert_frame_equal(restored(frame[1:2], tmp_path), frame[1:2])
    assert digest_of(pack(frame)) == digest_of(pack(pl.concat([frame[:1], frame[1:]], rechunk=False)))
    with pytest.raises(DataError, match="'o'"):
        pack(pl.DataFrame({"o": pl.Series([object()], dtype=pl.Object)}))


def test_polars_column_without_a_name_comes_back(tmp_path):
    """Arrow has no unnamed columns: polars would name them by position."""
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"": [1, 2], "a": ["x", "y"]})
    assert restored(frame, tmp_path).equals(frame)


def test_polars_categories_do_not_depend_on_what_was_seen_before():
    """The digest of polars categories depends on their strings, not on their codes."""
    pl = pytest.importorskip("polars", reason="polars is not installed: pip install 'lolpop[polars]'")
    long = pl.DataFrame({"c": pl.Series(["z", "y", "x"], dtype=pl.Categorical)})
    short = pl.DataFrame({"c": pl.Series(["x"], dtype=pl.Categorical)})
    assert digest_of(pack(long[2:])) == digest_of(pack(short))
