"""The identity of rows to predict: without unique values, predictions would be lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lolpop._temporary import temporary_folder
from lolpop.data.frames import Frame, count, require_columns, wrap
from lolpop.errors import DataError

if TYPE_CHECKING:
    import narwhals as nw
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.problem import Problem

    Hashes = NDArray[np.uint64]


_HELD = 1 << 22  # hashes in memory at a time
_LOOKED_UP = 1000


def check_identity(frame: Frame, problem: Problem) -> None:
    """Raise DataError unless the columns that identify rows, if any, have unique values."""
    if problem.index is not None:
        values = _column(frame, problem.index)
        if (double := values.is_duplicated()).any():
            raise _shared(int(double.sum()), values.filter(double).to_list()[0], problem.index)
    elif problem.row_key:
        rows = wrap(frame)
        require_columns(rows.columns, problem.row_key)
        if (double := rows.select(problem.row_key).is_duplicated()).any():
            names = " and ".join(repr(name) for name in problem.row_key)
            example = ", ".join(str(value) for value in rows.select(problem.row_key).filter(double).row(0))
            raise DataError(
                f"{count(int(double.sum()), 'row')} share a value of {names}, such as {example}: each needs "
                "its own, or predictions cannot be told apart."
            )


class IndexValues:
    """The index of rows that come in batches: its hashes are kept in a file, 8 bytes for each row.

    Memory does not grow with the rows: hashes are sorted batch by batch, and looked through by ranges.
    """

    def __init__(self, index: str, folder: Path) -> None:
        self._index = index
        self._file = folder / "hashes"
        self._runs: list[int] = []
        self._last: int | None = None
        self._is_increasing = True

    def add(self, frame: Frame) -> None:
        """Take the index of the rows of ``frame``. Raises DataError if it, or a value of it, is missing."""
        import numpy as np

        values = _column(frame, self._index)
        self._is_increasing = self._is_increasing and self._continues(values)
        self._append(np.sort(_hashes(values)))

    def add_hashes(self, hashes: Hashes) -> None:
        """Take the sorted ``index_hashes`` of some rows."""
        self._is_increasing = False  # hashes do not tell
        self._append(hashes)

    def _continues(self, values: nw.Series[Any]) -> bool:
        """Whether these are whole numbers, each greater than the one before, also that of earlier rows."""
        if not values.dtype.is_integer():
            return False
        numbers = values.to_numpy()
        if not len(numbers):
            return True
        if (self._last is not None and int(numbers[0]) <= self._last) or (numbers[1:] <= numbers[:-1]).any():
            return False
        self._last = int(numbers[-1])
        return True

    def _append(self, hashes: Hashes) -> None:
        with self._file.open("ab") as file:
            hashes.tofile(file)
        self._runs.append(len(hashes))

    def check(self, frames: Iterable[Frame]) -> None:
        """Raise DataError if rows share a value; ``frames`` are the same rows, to say which."""
        import numpy as np

        if self._is_increasing:
            return
        double, rows = self._repeated()
        if not rows:
            return
        seen: set[object] = set()
        for frame in frames:
            values = _column(frame, self._index)
            for value in values.filter(np.isin(_hashes(values), double)).to_list():
                if value in seen:
                    raise _shared(rows, value, self._index)
                seen.add(value)

    def _repeated(self) -> tuple[Hashes, int]:
        """Some of the hashes that several rows have, and how many rows have one of those, or of others."""
        import numpy as np

        repeated: list[Hashes] = [np.empty(0, np.uint64)]
        rows = 0
        for hashes in self._ranges():
            hashes.sort()
            if (same := hashes[1:] == hashes[:-1]).any():
                rows += int(np.count_nonzero(np.append(same, False) | np.append(False, same)))
                repeated.append(np.unique(hashes[1:][same])[:_LOOKED_UP])
        return np.concatenate(repeated)[:_LOOKED_UP], rows

    def _ranges(self) -> Iterator[Hashes]:
        """All hashes, range by range: those of one are held in memory at a time."""
        import numpy as np

        total = sum(self._runs)
        if not total:
            return
        parts = -(-total // _HELD)
        places = np.cumsum([0, *self._runs])
        starts = places[:-1]
        for part in range(1, parts + 1):
            # Mapped anew each time, so that what was read is let go. Hashes are spread evenly.
            everything: Hashes = np.memmap(self._file, dtype=np.uint64, mode="r")
            above = np.uint64((2**64 - 1) // parts * part)
            ends = places[1:]
            if part < parts:
                runs = np.split(everything, places[1:-1])
                ends = places[:-1] + [np.searchsorted(run, above, side="right") for run in runs]
            yield np.concatenate([everything[a:b] for a, b in zip(starts, ends, strict=True)])
            starts = ends


@contextmanager
def index_values(index: str | None) -> Iterator[IndexValues | None]:
    """What tells whether values of the column ``index`` are double; None if there is no index."""
    if index is None:
        yield None
        return
    with temporary_folder() as folder:
        yield IndexValues(index, Path(folder))


def index_hashes(frame: Frame, index: str) -> Hashes:
    """Hashes of the index of n rows, sorted. Raises DataError if it, or a value of it, is missing."""
    import numpy as np

    return np.sort(_hashes(_column(frame, index)))


def _column(frame: Frame, index: str) -> nw.Series[Any]:
    data = wrap(frame)
    require_columns(data.columns, [index], what="index column")
    values = data.get_column(index)
    is_missing = values.is_null() | values.is_nan() if values.dtype.is_float() else values.is_null()
    if missing := int(is_missing.sum()):
        raise DataError(
            f"{count(missing, 'row')} without a value of {index!r}, the index: each needs its own."
        )
    return values


def _hashes(values: nw.Series[Any]) -> Hashes:
    import pandas as pd

    return cast("Hashes", pd.util.hash_pandas_object(values.to_pandas(), index=False).to_numpy())


def _shared(rows: int, example: object, index: str) -> DataError:
    return DataError(
        f"{count(rows, 'row')} share a value of {index!r}, the index, such as {example!r}: each needs its "
        "own, or predictions cannot be told apart."
    )
