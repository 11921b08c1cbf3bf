"""Dates in files of text have one type, whole or in batches."""

from __future__ import annotations

import json

import pytest

from lolpop.data.frames import kind_of, wrap

pytest.importorskip("polars")
from csv_reading import KINDS, connector

FINE = "2024-01-31T00:00:00.123456789"


def _written(folder, suffix, texts):
    lines = ["t", *texts] if suffix == "csv" else [json.dumps({"t": text}) for text in texts]
    (folder / f"rows.{suffix}").write_text("\n".join(lines) + "\n")
    return f"rows.{suffix}"


@pytest.mark.parametrize("batch_rows", [None, 1])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
@pytest.mark.parametrize("zone", ["", "Z"])
@pytest.mark.parametrize("distant", ["9999-12-31T00:00:00", "0001-01-01T00:00:00", "2262-04-11T23:47:17"])
def test_nanoseconds_beside_a_distant_year_are_text(tmp_path, distant, zone, suffix, kind, batch_rows):
    """No type holds both, so the column stays as it is written, in batches too (they were an error)."""
    texts = [FINE + zone, distant + zone]
    source = _written(tmp_path, suffix, texts)
    reader = connector(tmp_path, kind, batch_rows=batch_rows)
    frames = [reader.read(source)] if batch_rows is None else list(reader.scan(source))
    assert [value for frame in frames for value in frame["t"].to_list()] == texts


@pytest.mark.parametrize("batch_rows", [None, 1])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
@pytest.mark.parametrize(
    "texts",
    [[FINE, "2262-04-11T23:47:16.854775807"], ["9999-12-31", "2024-01-31"], ["9999-12-31T00:00Z"] * 2],
)
def test_dates_that_one_type_holds_are_dates(tmp_path, texts, suffix, kind, batch_rows):
    """The last nanosecond that there is, and years far away without nanoseconds."""
    source = _written(tmp_path, suffix, texts)
    reader = connector(tmp_path, kind, batch_rows=batch_rows)
    frames = [reader.read(source)] if batch_rows is None else list(reader.scan(source))
    assert {kind_of(wrap(frame).get_column("t")) for frame in frames} == {"datetime"}
    assert [str(value)[:10] for frame in frames for value in frame["t"].to_list()] == [
        text[:10] for text in texts
    ]


@pytest.mark.parametrize("batch_rows", [None, 1])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_comma_before_the_fraction_of_a_second_is_read(tmp_path, suffix, kind, batch_rows):
    """ISO 8601 allows it, and logs of Python have it."""
    if suffix == "csv":
        (tmp_path / "rows.csv").write_text("t\n" + '"2024-01-31 10:00:00,123"\n"2024-01-31 10:00:01,500"\n')
    else:
        _written(tmp_path, suffix, ["2024-01-31 10:00:00,123", "2024-01-31 10:00:01,500"])
    reader = connector(tmp_path, kind, batch_rows=batch_rows)
    frames = [reader.read(f"rows.{suffix}")] if batch_rows is None else list(reader.scan(f"rows.{suffix}"))
    values = [value.isoformat() for frame in frames for value in frame["t"].to_list()]
    assert values == ["2024-01-31T10:00:00.123000", "2024-01-31T10:00:01.500000"]
