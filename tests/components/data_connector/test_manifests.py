"""A manifest gives the batches that scanning gives, or an error that names the file that has changed."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lolpop.components.data_connector.file import FileDataConnector
from lolpop.data import Data
from lolpop.data.frames import Frame
from lolpop.data.manifests import Manifest
from lolpop.data.reading import ReadingSchema
from lolpop.errors import DataError

SCHEMA = ReadingSchema(identity=frozenset({"id"}))
ROWS = 23

# One column of each kind, of which some values may be missing.
COLUMNS: dict[str, list[Any]] = {
    "id": [Decimal(number) for number in range(ROWS)],
    "number": [number / 7 for number in range(ROWS)],
    "whole": list(range(ROWS)),
    "great": [2**60 + number for number in range(ROWS)],
    "flag": [number % 3 == 0 for number in range(ROWS)],
    "text": [f"text {number % 5}" for number in range(ROWS)],
    "day": [dt.date(2026, 1, 1) + dt.timedelta(number) for number in range(ROWS)],
    "time": [dt.datetime(2026, 1, 1, number, tzinfo=dt.UTC) for number in range(ROWS)],
    "kind": [f"kind {number % 4}" for number in range(ROWS)],
    "list": [[number, number + 1] for number in range(ROWS)],
}


def connector(folder: Path, frame: Any = "pandas", batch_rows: int = 7) -> FileDataConnector:
    return FileDataConnector(data=Data(train="x.csv", frame=frame, batch_rows=batch_rows), folder=folder)


def require_equal(one: Frame, other: Frame) -> None:
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    else:
        assert_frame_equal(one, other)


def table_of(gaps: dict[str, set[int]], start: int, stop: int) -> pa.Table:
    values = {
        name: [None if row in gaps.get(name, ()) else column[row] for row in range(start, stop)]
        for name, column in COLUMNS.items()
    }
    table = pa.table(
        {name: pa.array(column, pa.array(COLUMNS[name]).type) for name, column in values.items()}
    )
    place = table.column_names.index("kind")
    return table.set_column(place, "kind", table.column("kind").dictionary_encode())


def write(table: pa.Table, path: Path, group: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=group)
    else:
        feather.write_feather(table.unify_dictionaries(), str(path), chunksize=group)


@settings(max_examples=60, deadline=None)
@given(
    cuts=st.lists(st.integers(0, ROWS), max_size=3),
    gaps=st.dictionaries(st.sampled_from(list(COLUMNS)[1:]), st.sets(st.integers(0, ROWS - 1)), max_size=6),
    group=st.integers(1, 12),
    batch_rows=st.integers(1, 15),
    suffix=st.sampled_from(["parquet", "feather"]),
    partition=st.sampled_from([[], [1, 2, 3, 4], ["a", "b", "c", "d"], [1, None, 2, None]]),
    frame=st.sampled_from(["pandas", "polars"]),
    ends=st.tuples(st.integers(0, 9), st.integers(0, 9)),
)
def test_batches_equal_those_of_a_scan(
    tmp_path_factory, cuts, gaps, group, batch_rows, suffix, partition, frame, ends
):
    """For any files, row groups, missing values and sizes of batches; and so do some of the batches."""
    folder = tmp_path_factory.mktemp("rows")
    edges = [0, *sorted(cuts), ROWS]
    for number, (start, stop) in enumerate(itertools.pairwise(edges)):
        value = partition[number] if partition else None
        name = f"p={'__HIVE_DEFAULT_PARTITION__' if value is None else value}/" if partition else ""
        write(table_of(gaps, start, stop), folder / "new" / f"{name}{number}.{suffix}", group)
    files = connector(folder, frame, batch_rows)
    scanned = list(files.scan_as("new", SCHEMA).rows)
    manifest = Manifest.model_validate_json(files.manifest("new", SCHEMA).rows.model_dump_json())
    assert manifest.rows == ROWS
    start, stop = min(ends), max(ends)
    for expected, batches in (
        (scanned, files.scan_manifest(manifest)),
        (scanned[start:stop], connector(folder).scan_manifest(manifest, start, stop)),
    ):
        for one, other in itertools.zip_longest(expected, batches):
            require_equal(one, other)


def test_one_file_is_read_as_a_scan_reads_it(tmp_path):
    """A pandas index that has a name is a column."""
    frame = pd.DataFrame({"x": range(20)}, index=pd.Index([f"r{number}" for number in range(20)], name="id"))
    frame.to_parquet(tmp_path / "new.parquet")
    files = connector(tmp_path)
    manifest = files.manifest("new.parquet", SCHEMA).rows
    for one, other in itertools.zip_longest(
        files.scan_as("new.parquet", SCHEMA).rows, files.scan_manifest(manifest)
    ):
        require_equal(one, other)


@pytest.mark.parametrize("suffix", ["parquet", "feather"])
def test_an_index_that_numbers_the_rows_goes_on_from_any_batch(tmp_path, suffix):
    """Its numbers are not in the file, so those of a batch follow from its place."""
    frame = pd.DataFrame({"x": range(20)}, index=pd.RangeIndex(100, 120, name="id"))
    write(pa.Table.from_pandas(frame), tmp_path / f"new.{suffix}", 6)
    files = connector(tmp_path, batch_rows=4)
    manifest = files.manifest(f"new.{suffix}", SCHEMA).rows
    for start in range(len(manifest.batches)):
        frames = list(files.scan_manifest(manifest, start))
        numbers = [number for part in frames for number in part["id"]]
        assert numbers == list(range(120 - len(numbers), 120))


def test_batches_are_full_where_a_column_has_categories(tmp_path):
    """Row groups of other sizes do not make smaller batches."""
    write(table_of({}, 0, ROWS), tmp_path / "new.parquet", 3)
    assert [len(rows) for rows in connector(tmp_path).scan("new.parquet")] == [7, 7, 7, 2]


def test_a_format_that_the_name_does_not_say_is_recorded(tmp_path):
    """The source says it."""
    write(table_of({}, 0, ROWS), tmp_path / "x.parquet", 3)
    (tmp_path / "x.parquet").rename(tmp_path / "rows")
    files = connector(tmp_path)
    manifest = files.manifest({"path": "rows", "format": "parquet"}, SCHEMA).rows
    assert sum(len(rows) for rows in files.scan_manifest(manifest)) == ROWS


@pytest.fixture
def rows(tmp_path):
    """Two files of a folder, with their connector and manifest."""
    for number in range(2):
        write(table_of({}, 0, ROWS), tmp_path / "new" / f"{number}.parquet", 5)
    files = connector(tmp_path)
    return tmp_path / "new", files, files.manifest("new", SCHEMA).rows


def test_a_file_that_was_only_touched_has_the_same_rows(rows):
    """Its content is compared again."""
    folder, files, manifest = rows
    os.utime(folder / "0.parquet", (1, 1))
    content = (folder / "1.parquet").read_bytes()
    (folder / "1.parquet").unlink()
    (folder / "1.parquet").write_bytes(content)
    files.require_manifest(manifest)
    assert sum(len(batch) for batch in files.scan_manifest(manifest)) == 2 * ROWS


def test_a_change_right_after_the_manifest_is_noticed(tmp_path):
    """Although the file system notes times in steps, and size and time of modification are as before."""
    path = tmp_path / "new.parquet"
    for number in range(20):
        write(table_of({}, 0, ROWS), path, 5)
        files = connector(tmp_path)
        manifest = files.manifest("new.parquet", SCHEMA).rows
        modified = path.stat().st_mtime_ns
        content = bytearray(path.read_bytes())
        content[100] ^= 1 + number
        path.write_bytes(content)
        os.utime(path, ns=(modified, modified))
        with pytest.raises(DataError, match=r"new.parquet was changed at 20"):
            files.require_manifest(manifest)


def test_a_file_that_is_replaced_while_it_is_read_is_an_error(rows):
    """No batch has rows of both contents."""
    folder, files, manifest = rows
    batches = files.scan_manifest(manifest)
    next(batches)
    write(table_of({"number": {0}}, 0, ROWS), folder / "0.parquet", 5)
    with pytest.raises(DataError, match=r"new/0.parquet was changed at 20"):
        list(batches)


def test_a_file_that_is_copied_over_itself_while_it_is_read_is_an_error(rows):
    """Between the two contents, there may have been another one."""
    folder, files, manifest = rows
    batches = files.scan_manifest(manifest)
    next(batches)
    time.sleep(0.05)  # a step of the times of the file system
    (folder / "0.parquet").write_bytes((folder / "0.parquet").read_bytes())
    with pytest.raises(DataError, match=r"new/0.parquet was replaced while it was read"):
        list(batches)


def test_a_file_that_is_cut_while_it_is_read_is_reported_as_changed(rows):
    """Instead of what Parquet says of a damaged file."""
    folder, files, manifest = rows
    batches = files.scan_manifest(manifest)
    next(batches)
    os.truncate(folder / "0.parquet", 10)
    with pytest.raises(DataError, match=r"new/0.parquet was changed at 20"):
        list(batches)


def test_a_connector_without_manifests_says_so(tmp_path):
    """A subclass that scans in its own way gives no manifest of the files."""

    class Own(FileDataConnector):
        def scan(self, source):
            yield pd.DataFrame({"a": [1]})

    with pytest.raises(DataError, match=r"Own reads rows in its own way. Unset data.in_place"):
        Own(folder=tmp_path).manifest("new.parquet", SCHEMA)


def test_digests_are_computed_once_for_a_state(rows, monkeypatch):
    """Reading a file again is for changed states only."""
    _, files, manifest = rows
    first = files.version("new")
    monkeypatch.setattr(Path, "open", None)
    assert files.version("new") == first
    files.require_manifest(manifest)


def test_files_without_rows_are_an_error(tmp_path):
    """As they are when they are read."""
    write(table_of({}, 0, 0), tmp_path / "new.parquet", 5)
    with pytest.raises(DataError, match="has a header but no rows"):
        connector(tmp_path).manifest("new.parquet", SCHEMA)


def test_ids_that_are_floats_are_noticed(tmp_path):
    """As they are where rows are copied."""
    pd.DataFrame({"id": [1.5, 2.5]}).to_parquet(tmp_path / "new.parquet")
    files = connector(tmp_path)
    [notice] = files.manifest("new.parquet", SCHEMA).notices
    assert notice == files.scan_as("new.parquet", SCHEMA).notices[0]
    assert "which identify rows, are floating-point numbers" in notice.message
