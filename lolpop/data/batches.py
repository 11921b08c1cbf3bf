"""Rows in batches, for data that does not fit in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, TypeVar

from lolpop.data.frames import Frame, listed, wrap
from lolpop.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "BatchRange",
    "ColumnAligner",
    "SchemaAligner",
    "batch_ranges",
    "joined",
    "plain_values",
    "prefetched",
]

T = TypeVar("T")

_END: Any = object()


def prefetched(items: Iterable[T]) -> Iterator[T]:
    """``items``, where a thread makes the next one while the caller works on the last one."""
    source, context = iter(items), copy_context()

    def advance() -> Any:
        return context.run(next, source, _END)

    with ThreadPoolExecutor(1, thread_name_prefix="lolpop-ahead") as thread:
        following = thread.submit(advance)
        while (item := following.result()) is not _END:
            following = thread.submit(advance)
            yield item


class ColumnAligner:
    """Puts the columns of each frame into the order of the first frame."""

    def __init__(self) -> None:
        self._columns: list[str] | None = None
        self._rows = 0

    def __call__(self, frame: Frame) -> Frame:
        """``frame`` with its columns in the order of the first. Raises DataError, naming columns, if they
        differ.
        """
        data = wrap(frame)
        if self._columns is None:
            self._columns = data.columns
        columns, names = self._columns, data.columns
        rows, self._rows = self._rows, self._rows + len(data)
        if names == columns:
            return frame
        if lacking := [name for name in columns if name not in names]:
            raise DataError(f"{_from_row(rows)} lack the columns {listed(lacking)} of those before them.")
        if unexpected := [name for name in names if name not in columns]:
            raise DataError(
                f"{_from_row(rows)} have the columns {listed(unexpected)}, unlike those before them."
            )
        ordered: Frame = data.select(columns).to_native()
        return ordered


class SchemaAligner:
    """Converts frames to tables with the columns and types of the first, or with the ``schema``.

    ``rows`` is the number of rows before the first, for messages.
    """

    def __init__(
        self, as_table: Callable[[Frame], pa.Table], schema: pa.Schema | None = None, rows: int = 0
    ) -> None:
        self._as_table = as_table
        self._same_columns = ColumnAligner()
        self._schema = schema
        self._rows = rows

    def __call__(self, frame: Frame) -> pa.Table:
        """``frame`` as a table like the first. Raises DataError, naming column and types, if that is
        impossible.
        """
        import pyarrow as pa

        table = self._as_table(self._same_columns(frame))
        if self._schema is None:
            self._schema = table.schema
        if not table.schema.equals(self._schema, check_metadata=True):
            columns = map(self._cast, table.columns, self._schema)
            table = pa.table(list(columns), schema=self._schema)
        self._rows += len(table)
        return table

    def _cast(self, column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
        import pyarrow as pa

        if column.type.equals(field.type):
            return column
        try:
            return column.cast(field.type)
        except pa.ArrowException as error:
            raise DataError(
                f"{_from_row(self._rows)} are {column.type} in the column {field.name!r}, and those before "
                f"them {field.type}. Use one type in all batches."
            ) from error


@dataclass(frozen=True, slots=True)
class BatchRange:
    """Batches of rows: those from number ``start`` on, before number ``stop``.

    ``first_row`` rows of all ``rows`` are before them.
    """

    start: int
    stop: int
    first_row: int
    rows: int


def batch_ranges(sizes: Sequence[int], batches: int, jobs: int) -> list[BatchRange]:
    """All batches, which have as many rows as ``sizes`` says, in ranges of at most ``batches`` of them.

    Ranges differ by at most one batch, and each of ``jobs`` workers has equally many, where there are enough
    batches: none works on a last range while others wait.
    """
    rounds = -(-len(sizes) // (batches * jobs))
    number = min(len(sizes), rounds * jobs)
    rows = list(accumulate(sizes, initial=0))
    bounds = pairwise(len(sizes) * part // number for part in range(number + 1)) if number else ()
    return [BatchRange(start, stop, rows[start], rows[-1]) for start, stop in bounds]


def joined(frames: Iterable[Frame]) -> Frame:
    """All rows of ``frames`` in one frame. Raises DataError if there are none, or they differ in columns."""
    import narwhals as nw

    parts = [wrap(frame) for frame in map(ColumnAligner(), frames)]
    if not parts:
        raise DataError("There are no rows.")
    whole: Frame = nw.maybe_reset_index(nw.concat(parts, how="vertical")).to_native()
    return whole


def plain_values(table: pa.Table) -> pa.Table:
    """``table`` with categories as plain values, since each batch knows only its own categories."""
    import pyarrow as pa

    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            values = table.column(place).cast(field.type.value_type)
            table = table.set_column(place, field.with_type(field.type.value_type), values)
    return table


def _from_row(rows: int) -> str:
    return f"The rows from {rows + 1:,} on"
