"""What works on rows that come in batches."""

import threading
from contextvars import ContextVar
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lolpop.components.data_connector import DataConnector
from lolpop.data.batches import ColumnAligner, SchemaAligner, batch_ranges, joined, prefetched
from lolpop.data.tables import (
    batch_sizes,
    digest_of,
    pack,
    read,
    unpack,
    write_batches,
)
from lolpop.errors import DataError
from lolpop.prediction import identity
from lolpop.prediction.identity import IndexValues, check_identity
from lolpop.problem import Problem

PROBLEM = Problem(name="rows", target="label", index="key")
FRAMES = {"pandas": pd.DataFrame, "polars": pl.DataFrame}
KEYS = st.integers(0, 12) | st.integers(-(2**63), 2**63 - 1)


def cut(frame, rows):
    return [frame[start : start + rows] for start in range(0, len(frame), rows)]


def test_types_that_cannot_be_stored_are_found_in_any_batch(tmp_path):
    """A batch whose type is lost in Arrow is refused behind others that have the same type in Arrow."""
    plain = pd.DataFrame({"x": [Decimal("123.45"), Decimal("1.50")]})
    lost = plain.astype(pd.ArrowDtype(pa.decimal128(5, 2)))
    assert pack(plain).schema.types == [pa.decimal128(5, 2)]
    with pytest.raises(DataError, match=r"The dtypes of these columns cannot be stored: 'x'"):
        write_batches([plain, plain, lost], tmp_path / "rows")


def test_the_digest_of_rows_is_what_it_was_in_earlier_versions(tmp_path):
    """Data that was stored by an earlier version is found again by its digest."""
    frame = pd.DataFrame({"n": range(70_000), "text": ["a", None] * 35_000, "x": np.arange(70_000) / 4})
    digest = "ff8dceb70c7b0437b533f4b043c01cd14c924a557e0bbfc2d105829678a5a0f0"
    assert digest_of(pack(frame)) == digest
    assert write_batches(cut(frame, 30_000), tmp_path / "rows").digest == digest


def test_items_are_made_ahead_in_their_order():
    """The next item is made in another thread, with the same context, before it is requested."""
    variable = ContextVar("variable", default="outside")
    variable.set("inside")
    made, second = [], threading.Event()

    def items():
        for number in range(3):
            made.append((number, variable.get(), threading.current_thread() is threading.main_thread()))
            if number == 1:
                second.set()
            yield number

    ahead_of = prefetched(items())
    assert next(ahead_of) == 0
    assert second.wait(10)
    assert list(ahead_of) == [1, 2]
    assert made == [(number, "inside", False) for number in range(3)]


def test_an_error_of_an_item_comes_where_the_item_would():
    """Items before it are yielded first."""

    def items():
        yield 1
        raise DataError("no second one")

    ahead_of = prefetched(items())
    assert next(ahead_of) == 1
    with pytest.raises(DataError, match="no second one"):
        next(ahead_of)


@pytest.mark.parametrize("library", FRAMES)
@settings(max_examples=120, deadline=None)
@given(
    keys=st.lists(KEYS, min_size=1, max_size=30)
    | st.lists(KEYS, min_size=1, max_size=30).map(sorted)
    | st.lists(KEYS, min_size=1, max_size=30, unique=True).map(sorted)
    | st.lists(st.text(max_size=3), min_size=1, max_size=30),
    rows=st.integers(1, 9),
)
def test_an_index_in_batches_is_judged_as_a_whole_one(tmp_path_factory, library, keys, rows):
    """Duplicates and their rows are found for all sizes of batches."""
    frame = FRAMES[library]({"key": keys})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identity, "_HELD", 4)  # several ranges of hashes
        outcomes = []
        for batches in ([frame], cut(frame, rows)):
            values = IndexValues("key", tmp_path_factory.mktemp("index"))
            for batch in batches:
                values.add(batch)
            outcomes.append(refusal(lambda: values.check(batches)))  # noqa: B023
        outcomes.append(refusal(lambda: check_identity(frame, PROBLEM)))
    assert len({outcome and outcome.partition(", such as")[0] for outcome in outcomes}) == 1
    assert (outcomes[0] is None) == (len(set(keys)) == len(keys))


def refusal(check):
    try:
        check()
    except DataError as error:
        return str(error)
    return None


@pytest.mark.parametrize("library", FRAMES)
@given(rows=st.integers(1, 9))
@settings(max_examples=9, deadline=None)
def test_the_digest_does_not_depend_on_batches(tmp_path_factory, library, rows):
    """Rows in batches have the digest of the same rows in one frame."""
    frame = FRAMES[library](
        {"a": range(8), "b": [None, *"bcdefgh"], "c": [0.5, None] * 4, "d": [True, False, None, True] * 2}
    )
    path = tmp_path_factory.mktemp("kept") / "data.arrow"
    written = write_batches(cut(frame, rows), path)
    assert (written.rows, written.digest) == (8, digest_of(pack(frame)))
    assert unpack(read(path)).equals(frame)


def test_the_digest_is_of_all_rows_of_many_parts(tmp_path):
    """The digest does not depend on the sizes of batches and of hashed parts."""
    frame = pd.DataFrame({"a": np.arange(200_000), "b": np.random.default_rng(0).normal(size=200_000)})
    expected = digest_of(pack(frame))
    for rows in (30_001, 65_536, 100_000):
        assert write_batches(cut(frame, rows), tmp_path / str(rows)).digest == expected
    frame.loc[199_999, "b"] = 0
    assert digest_of(pack(frame)) != expected


@pytest.mark.parametrize("library", FRAMES)
def test_a_batch_is_one_part_however_its_text_came(tmp_path, library):
    """Text of several blocks of a file comes in chunks, which would be as many batches when they are read."""
    blocks = cut(FRAMES[library]({"a": range(6), "b": list("abcdef")}), 2)
    batch = pd.concat(blocks, ignore_index=True) if library == "pandas" else pl.concat(blocks, rechunk=False)
    write_batches([batch, batch], tmp_path / "data.arrow")
    assert batch_sizes(tmp_path / "data.arrow") == [6, 6]


def test_categories_are_kept_as_their_values(tmp_path):
    """Batches with different categories are stored as text."""
    batches = [pd.DataFrame({"a": pd.Categorical(values)}) for values in (["x"], ["y", "x"])]
    write_batches(batches, tmp_path / "data.arrow")
    assert unpack(read(tmp_path / "data.arrow"))["a"].tolist() == ["x", "y", "x"]


def test_batches_may_differ_in_what_changes_no_value():
    """The order of columns and types with equal values follow the first batch."""
    alike = SchemaAligner(lambda frame: pa.Table.from_pandas(frame, preserve_index=False))
    tables = map(alike, [pd.DataFrame({"a": [1, 2], "b": "x"}), pd.DataFrame({"b": "y", "a": [None, 3.0]})])
    assert pa.concat_tables(tables).to_pydict() == {"a": [1, 2, None, 3], "b": list("xxyy")}


@pytest.mark.parametrize("library", FRAMES)
@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"a": [1]}, "The rows from 3 on lack the columns 'b' of those before them"),
        ({"a": [1], "b": [2], "c": [3]}, "The rows from 3 on have the columns 'c', unlike those before them"),
    ],
)
def test_batches_of_other_columns_are_refused(library, other, message):
    """The error has the columns and the first row."""
    same = ColumnAligner()
    same(FRAMES[library]({"a": [1, 2], "b": [3, 4]}))
    with pytest.raises(DataError, match=message):
        same(FRAMES[library](other))


@given(sizes=st.lists(st.integers(0, 9), max_size=300), batches=st.integers(1, 50), jobs=st.integers(1, 40))
def test_all_batches_are_in_ranges_of_equal_size(sizes, batches, jobs):
    """Each batch is in one range, which knows its rows; none is too large, and workers have equally many."""
    ranges = batch_ranges(sizes, batches, jobs)
    numbers = [number for part in ranges for number in range(part.start, part.stop)]
    assert numbers == list(range(len(sizes)))
    lengths = [part.stop - part.start for part in ranges]
    assert all(1 <= length <= batches for length in lengths)
    assert not lengths or max(lengths) - min(lengths) <= 1
    assert len(ranges) % jobs == 0 or len(ranges) == len(sizes)
    assert all(part.first_row == sum(sizes[: part.start]) and part.rows == sum(sizes) for part in ranges)


def test_a_connector_that_cannot_write_batches_writes_them_at_once():
    """An extension without batches works; after an error nothing is written."""

    class Remembering(DataConnector):
        def __init__(self):
            self.written = []

        def read(self, source):
            raise NotImplementedError

        def scan(self, source):
            raise NotImplementedError

        def write(self, frame, target):
            self.written.append((frame, target))

    connector = Remembering()
    with connector.writing("there") as write:
        write(pd.DataFrame({"a": [1]}))
        write(pd.DataFrame({"a": [2]}))
    with pytest.raises(KeyError), connector.writing("elsewhere") as write:
        write(pd.DataFrame({"a": [3]})["b"])
    [(frame, target)] = connector.written
    assert (frame["a"].tolist(), target) == ([1, 2], "there")


def test_joining_no_frames_is_an_error():
    """Without frames, the columns are unknown."""
    with pytest.raises(DataError, match="no rows"):
        joined([])
