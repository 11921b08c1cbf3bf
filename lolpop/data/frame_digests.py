"""Digests of dataframes by their content; columns of numbers are hashed at the speed of memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import narwhals.dependencies as libraries
import numpy as np

from lolpop._processors import processors

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from lolpop.data.frames import Frame

__all__ = ["array_digest", "frame_digest", "nested_values"]

_NESTED = frozenset({dict, list, tuple, set, frozenset})

_LARGE_BYTES = 1_000_000
"""From this many bytes on, columns are hashed in threads, since hashlib releases the GIL."""


def frame_digest(frame: Frame) -> str:
    """SHA-256 of the content of a dataframe: columns, their names and dtypes, the order of rows, the index.

    Raises DataError for values without accessible content.
    """
    from lolpop.data.tables import digest_of, pack

    if not libraries.is_pandas_dataframe(frame):
        return digest_of(pack(frame))
    objects = np.dtype(object)
    numbers = [
        place for place, dtype in enumerate(frame.dtypes) if isinstance(dtype, np.dtype) and dtype != objects
    ]
    others = frame.iloc[:, [place for place in range(frame.shape[1]) if place not in set(numbers)]]
    described = [
        repr(list(frame.columns)),
        repr([str(dtype) for dtype in frame.dtypes]),
        repr((frame.columns.names, type(frame.columns).__name__, frame.columns.dtype, frame.attrs)),
        repr([(name, getattr(frame, name, None)) for name in frame._metadata]),  # of a subclass
        *_index(frame.index),
        *_hashed([frame.iloc[:, place] for place in numbers]),
        *_objects(others),
    ]
    if others.shape[1]:
        # Arrow does not take all names; they are hashed above.
        described.append(digest_of(pack(others.set_axis(range(others.shape[1]), axis=1).rename(columns=str))))
    return hashlib.sha256("\0".join(described).encode("utf-8", "surrogatepass")).hexdigest()


def nested_values(frame: Frame) -> list[list[Any]]:
    """The columns with collections, of which Arrow does not tell all: tuples, missing keys."""
    if not libraries.is_pandas_dataframe(frame):
        return []
    columns = [
        list(frame.iloc[:, place]) for place, dtype in enumerate(frame.dtypes) if dtype == np.dtype(object)
    ]
    return [values for values in columns if not _NESTED.isdisjoint(map(type, values))]


def array_digest(array: NDArray[Any]) -> str:
    """SHA-256 of the bytes of an array without objects."""
    flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return hashlib.sha256(flat.data if array.size else b"").hexdigest()


def _hashed(columns: list[pd.Series[Any]]) -> Iterable[str]:
    if sum(column.nbytes for column in columns) < _LARGE_BYTES:
        return [_column_digest(column) for column in columns]
    with ThreadPoolExecutor(processors()) as threads:
        return list(threads.map(_column_digest, columns))


def _column_digest(column: pd.Series[Any]) -> str:
    return array_digest(column.to_numpy())


def _index(index: pd.Index[Any]) -> Iterator[str]:
    import pandas as pd

    yield repr((type(index).__name__, index.names, getattr(index, "freqstr", None)))
    if isinstance(index, pd.RangeIndex):
        yield repr((index.start, index.stop, index.step))
    elif isinstance(index.dtype, np.dtype) and index.dtype != object:
        yield str(index.dtype)
        yield array_digest(index.to_numpy())
    else:
        levels = {str(level): index.get_level_values(level) for level in range(index.nlevels)}
        yield frame_digest(pd.DataFrame(levels))


def _objects(frame: pd.DataFrame) -> Iterator[str]:
    """The types of objects, which Arrow does not distinguish: None is not NaN, and 1 is not 1.0."""
    types: Callable[[Any], str] = lambda value: type(value).__qualname__  # noqa: E731
    for place, dtype in enumerate(frame.dtypes):
        if dtype == np.dtype(object):
            names = list(map(types, frame.iloc[:, place]))
            kinds = sorted(set(names))
            yield repr(kinds)
            if len(kinds) > 1:
                yield hashlib.sha256("\0".join(names).encode()).hexdigest()
