"""Periods of pandas in files with types: the times that they begin, for every kind of frame."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

_NAME, _METADATA = b"ARROW:extension:name", b"ARROW:extension:metadata"
_PERIOD = "pandas.period"


def without_periods(table: pa.Table) -> pa.Table:
    """``table`` with periods, such as months, as the times that they begin.

    Their numbers mean nothing without the frequency, which only pandas looks up.
    """
    names = []
    for place, field in enumerate(table.schema):
        if (frequency := _frequency(field)) is not None:
            names.append(field.name)
            table = table.set_column(place, field.name, _times(table.column(place), frequency))
    return _without_dtypes(table, names) if names else table


def _frequency(field: pa.Field) -> str | None:
    if getattr(field.type, "extension_name", None) == _PERIOD:
        return str(field.type.freq)
    metadata = field.metadata or {}
    if metadata.get(_NAME) != _PERIOD.encode():
        return None
    return str(json.loads(metadata[_METADATA])["freq"])


def _times(values: pa.ChunkedArray, frequency: str) -> pa.ChunkedArray:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    chunks = [getattr(chunk, "storage", chunk) for chunk in values.chunks]
    numbers = pa.chunked_array(chunks, pa.int64())
    ordinals = numbers.fill_null(0).to_numpy()
    periods = pd.PeriodIndex.from_ordinals(ordinals, freq=frequency)  # type: ignore[attr-defined]  # its stubs lack it
    times = pa.array(periods.to_timestamp(), pa.timestamp("us"))
    missing = numbers.is_null().combine_chunks()
    return pa.chunked_array([pc.if_else(missing, pa.scalar(None, times.type), times)])


def _without_dtypes(table: pa.Table, names: list[str]) -> pa.Table:
    """``table`` without the dtypes that pandas wrote down for some columns."""
    metadata = dict(table.schema.metadata or {})
    pandas: dict[str, Any] = json.loads(metadata.get(b"pandas", b"{}"))
    columns = [column for column in pandas.get("columns", []) if column.get("name") not in names]
    metadata[b"pandas"] = json.dumps({**pandas, "columns": columns}).encode()
    return table.replace_schema_metadata(metadata if pandas else None)
