"""Files in the format of Arrow, written part by part."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeAlias

import pyarrow as pa

Sink: TypeAlias = "Path | IO[bytes] | io.RawIOBase"

PART_ROWS = 65_536
_GATHERED = 1 << 18


@contextmanager
def arrow_writer(sink: Sink, schema: pa.Schema) -> Iterator[Any]:
    """A writer of batches of ``schema`` for the ``with`` block. A sink that is open stays so."""
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    if isinstance(sink, Path):
        with pa.ipc.new_file(str(sink), schema, options=options) as file:
            yield file
        return
    pieces = _Pieces(sink)
    gathered = gathered_pieces(pieces)
    try:
        with pa.ipc.new_file(gathered, schema, options=options) as file:
            yield file
        gathered.flush()
    finally:
        pieces.detach()


def gathered_pieces(sink: io.RawIOBase) -> Any:
    """An Arrow file that writes to ``sink`` in large pieces, since each call of Python waits for threads."""
    return pa.BufferedOutputStream(pa.PythonFile(sink, "w"), _GATHERED)


def parts_of(table: pa.Table) -> list[pa.RecordBatch]:
    """The rows of ``table`` in batches, at least one."""
    # A table without rows has no batches, and categories come with the first one.
    empty = [column.chunk(0) if column.num_chunks else column.combine_chunks() for column in table.columns]
    return table.to_batches(PART_ROWS) or [pa.record_batch(empty, schema=table.schema)]


class _Pieces(io.RawIOBase):
    """Writes to ``sink`` until it is detached: Arrow empties its buffer again after an error."""

    def __init__(self, sink: IO[bytes] | io.RawIOBase) -> None:
        self._sink: IO[bytes] | io.RawIOBase | None = sink

    def writable(self) -> bool:
        return True

    def write(self, chunk: Any) -> int:
        if self._sink is not None:
            self._sink.write(chunk)
        return len(chunk)

    def detach(self) -> None:
        """Write nothing from now on."""
        self._sink = None
