"""Digests of tables: equal for equal rows, however they lie in memory and come in batches."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import numpy as np
import pyarrow as pa

from lolpop.data._arrow_files import PART_ROWS, gathered_pieces, parts_of


class TableDigest:
    """The digest of successive tables of one schema, equal to that of all their rows together."""

    def __init__(self, schema: pa.Schema) -> None:
        self.rows = 0
        self._schema = schema
        self._content = hashlib.sha256()
        # Names are not hashed with every part; the rest of the schema is hashed at the end.
        canonical = pa.schema([pa.field(str(place), field.type) for place, field in enumerate(schema)])
        self._sink = gathered_pieces(_Sink(self._content))
        self._stream = pa.ipc.new_stream(self._sink, canonical)
        self._rest = canonical.empty_table()

    def update(self, table: pa.Table) -> None:
        """Add the rows of ``table``."""
        renamed = table.rename_columns(self._rest.column_names).replace_schema_metadata(None)
        waiting = _unified(pa.concat_tables([self._rest, renamed.cast(self._rest.schema)]))
        # Hashed in chunks of fixed size, so that the sizes of batches do not matter.
        whole = len(waiting) - len(waiting) % PART_ROWS
        for start in range(0, whole, PART_ROWS):
            self._hash(waiting.slice(start, PART_ROWS))
        self._rest = waiting.slice(whole)
        self.rows += len(table)

    def hexdigest(self) -> str:
        """The digest of all rows; no rows can be added after it."""
        self._hash(self._rest)
        self._stream.close()
        self._sink.flush()
        fields = [[field.name, str(field.type)] for field in self._schema]
        self._content.update(json.dumps([_description(self._schema), fields], sort_keys=True).encode())
        return self._content.hexdigest()

    def _hash(self, part: pa.Table) -> None:
        columns = [_canonical(column.combine_chunks()) for column in part.columns]
        for batch in parts_of(pa.table(columns, schema=part.schema)):
            self._stream.write_batch(batch)


def _description(schema: pa.Schema) -> dict[str, Any]:
    meta: dict[str, Any] = {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}
    if "pandas" in meta:
        pandas = {
            key: value
            for key, value in json.loads(meta["pandas"]).items()
            if key not in ("creator", "pandas_version")
        }
        # An index that counts from 0 depends on the number of rows.
        pandas["index_columns"] = [
            "default" if isinstance(index, dict) and _is_default(index) else index
            for index in pandas.get("index_columns", [])
        ]
        meta["pandas"] = pandas
    return meta


def _is_default(index: dict[str, Any]) -> bool:
    return (index["kind"], index["name"], index["start"], index["step"]) == ("range", None, 0, 1)


class _Sink(io.RawIOBase):
    """A file object that hashes its content and stores nothing."""

    def __init__(self, content: Any) -> None:
        self._content = content

    def writable(self) -> bool:
        return True

    def write(self, chunk: Any) -> int:
        self._content.update(chunk)
        return len(chunk)


def _unified(table: pa.Table) -> pa.Table:
    """The table with one dictionary for all chunks of a column, categories without values included."""
    columns = [
        column
        if pa.types.is_dictionary(column.type) and pa.types.is_null(column.type.value_type)
        else column.unify_dictionaries()
        for column in table.columns
    ]
    return pa.table(columns, schema=table.schema)


def _canonical(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    # The memory below a null is undefined; ``take`` fills it with zeros.
    return column.take(pa.array(np.arange(len(column)))) if column.null_count else column
