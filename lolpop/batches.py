"""Rows that come in batches, because together they would not fit in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, TypeVar

from lolpop.errors import DataError
from lolpop.frames import Frame, count, listed, wrap

if TYPE_CHECKING:
    import narwhals as nw
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["ahead", "alike", "joined", "plain_values", "same_columns", "sampled"]

T = TypeVar("T")

_END: Any = object()


def ahead(items: Iterable[T]) -> Iterator[T]:
    """``items``, of which the next one is made in a thread while the last one is worked on."""
    source, context = iter(items), copy_context()
    with ThreadPoolExecutor(1, thread_name_prefix="lolpop-ahead") as thread:
        following = thread.submit(context.run, next, source, _END)
        while (item := following.result()) is not _END:
            following = thread.submit(context.run, next, source, _END)
            yield item


def same_columns(frames: Iterable[Frame]) -> Iterator[Frame]:
    """``frames``, each with the columns of the first in their order.

    Raises DataError, naming the columns, if one has others.
    """
    columns: list[str] | None = None
    rows = 0
    for frame in frames:
        data = wrap(frame)
        columns = columns or data.columns
        if data.columns != columns:
            lacking = [name for name in columns if name not in data.columns]
            strange = [name for name in data.columns if name not in columns]
            if lacking or strange:
                lacks = f"lacks {listed(lacking)}" if lacking else ""
                has = f"has {listed(strange)}" if strange else ""
                difference = " and ".join(filter(None, (lacks, has)))
                raise DataError(
                    f"The columns of batches differ: the one from row {rows + 1:,} on {difference}, unlike "
                    "those before it."
                )
            frame = data.select(columns).to_native()  # noqa: PLW2901  (the same columns in another order)
        rows += len(data)
        yield frame


def alike(frames: Iterable[Frame], as_table: Callable[[Frame], pa.Table]) -> Iterator[pa.Table]:
    """``frames`` as tables with the columns and types of the first.

    Raises DataError, naming column and types, if a value is not one of its column's type.
    """
    import pyarrow as pa

    schema: pa.Schema | None = None
    rows = 0
    for frame in same_columns(frames):
        table = as_table(frame)
        schema = schema or table.schema
        if not table.schema.equals(schema):
            table = pa.table(
                [
                    _cast(column, field, rows)
                    for column, field in zip(table.columns, schema, strict=True)
                ],
                schema=schema,
            )
        elif table.schema.metadata != schema.metadata:
            table = table.replace_schema_metadata(schema.metadata)
        rows += len(table)
        yield table


def joined(frames: Iterable[Frame]) -> Frame:
    """All rows of ``frames`` in one frame."""
    import narwhals as nw

    whole: Frame = nw.concat([wrap(frame) for frame in same_columns(frames)], how="vertical").to_native()
    return whole


def plain_values(table: pa.Table) -> pa.Table:
    """``table`` with its categories as the values that they are: each batch would know only its own."""
    import pyarrow as pa

    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            values = table.column(place).cast(field.type.value_type)
            table = table.set_column(place, field.with_type(field.type.value_type), values)
    return table


def sampled(frames: Iterable[Frame], rows: int) -> Frame:
    """All rows of ``frames``, or where those are many more than ``rows``, at least about so many at random."""
    import numpy as np

    random = np.random.default_rng(0)
    share = 1.0
    parts: list[tuple[nw.DataFrame[Any], NDArray[np.float64]]] = []
    for frame in same_columns(frames):
        data = wrap(frame)
        parts.append(_below(share, data, random.random(len(data))))
        while sum(len(draws) for _, draws in parts) > 2 * rows:
            share /= 2
            parts = [_below(share, data, draws) for data, draws in parts]
    return joined(data.to_native() for data, _ in parts)


def _below(
    share: float, data: nw.DataFrame[Any], draws: NDArray[np.float64]
) -> tuple[nw.DataFrame[Any], NDArray[np.float64]]:
    import numpy as np

    if share == 1:
        return data, draws
    chosen = np.flatnonzero(draws < share)
    return data[chosen], draws[chosen]


def _cast(column: pa.ChunkedArray, field: pa.Field, rows: int) -> pa.ChunkedArray:
    import pyarrow as pa

    if column.type.equals(field.type):
        return column
    try:
        return column.cast(field.type)
    except pa.ArrowException as error:
        raise DataError(
            f"The batches differ in the column {field.name!r}: {field.type} up to row {rows:,}, and "
            f"{column.type} in the {count(len(column), 'row')} that follow. Let all batches have one type."
        ) from error
