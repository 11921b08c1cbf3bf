"""Rows that come in batches, summarized in bounded memory."""

from __future__ import annotations

from copy import copy
from math import sqrt
from typing import TYPE_CHECKING, Self

import numpy as np

from lolpop.components.data_profiler._column_sketch import ColumnSketch
from lolpop.components.data_profiler._correlations import ROWS, correlated
from lolpop.components.data_profiler.profiles import Profile
from lolpop.components.data_profiler.sketch import Sketch
from lolpop.data.frames import listed, wrap
from lolpop.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from lolpop.data.frames import Frame


class BatchesSketch(Sketch):
    """The rows of some batches. ``sample_rows`` of all rows are held, the same ones however they come.

    The sample tells quartiles, bins and the most frequent ones of numbers; with no more rows than that, all
    is exact.

    Parameters
    ----------
    sample_rows
        How many rows of all parts are held, at most.
    seed
        The seed that draws them.
    first_row
        The number of the first row among the rows of all parts.
    rows
        How many rows all parts have, if that is known.
    dates
        Formats of dates in the settings, by column.
    """

    def __init__(
        self, sample_rows: int, seed: int, first_row: int, rows: int | None, dates: Mapping[str, str]
    ) -> None:
        self._sample_rows = sample_rows
        self._seed = seed
        self._first_row = first_row
        self._dates = dates
        # Some more than the sample takes: nearly never are these too few.
        share = 1.0 if rows is None else (sample_rows + 6 * sqrt(sample_rows)) / max(rows, 1)
        self._greatest_key = min(1.0, share)
        self._keys = np.empty(0)
        self._columns: dict[str, ColumnSketch] | None = None
        self._rows = 0

    def __len__(self) -> int:
        """The number of rows."""
        return self._rows

    @property
    def columns(self) -> Mapping[str, ColumnSketch]:
        """The columns by their names, in the order of the first batch."""
        return self._columns or {}

    def add(self, frame: Frame) -> None:
        """Add the rows of ``frame``. Raises DataError if its columns differ from those before."""
        batch = wrap(frame)
        if self._columns is None:
            self._columns = {name: ColumnSketch(name, self._dates.get(name)) for name in batch.columns}
        _require_same(self._columns, batch.columns)
        keys = self._drawn(len(batch))
        chosen = np.flatnonzero(keys < self._greatest_key)
        for name, column in self._columns.items():
            column.add(batch.get_column(name), chosen)
        self._sampled(keys[chosen])
        self._rows += len(batch)

    def merge(self, later: Self) -> None:
        """Add the rows of ``later``, which come after these. Raises DataError if it has other columns."""
        if later._columns is None:
            return
        if self._columns is None:
            self._columns = {name: ColumnSketch(name, self._dates.get(name)) for name in later._columns}
        _require_same(self._columns, later._columns)
        for name, column in self._columns.items():
            column.merge(later._columns[name])
        self._sampled(later._keys)
        self._rows += later._rows

    def without(self, columns: Collection[str]) -> Self:
        """The same rows without ``columns``, whether it has them or not."""
        less = copy(self)
        less._columns = {name: column for name, column in self.columns.items() if name not in columns}
        return less

    def profile(self) -> Profile:
        """The profile of all rows."""
        profiles = tuple(column.profile() for column in self.columns.values())
        numbers = [profile.name for profile in profiles if profile.numbers is not None]
        spaced = slice(None, None, max(1, -(-len(self._keys) // ROWS)))
        sample = {name: self.columns[name].sample[spaced] for name in numbers}
        return Profile(rows=self._rows, columns=profiles, correlations=correlated(sample))

    def _drawn(self, rows: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """A number from 0 to 1 for each of the next ``rows``, which its number among all rows decides."""
        bits = np.random.PCG64(self._seed)
        bits.advance(self._first_row + self._rows)
        return np.random.Generator(bits).random(rows)

    def _sampled(self, keys: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
        """Add the ``keys`` of rows that joined the sample, and leave the rows with the least keys in it."""
        self._keys = np.append(self._keys, keys)
        if len(self._keys) <= self._sample_rows:
            return
        greatest = np.partition(self._keys, self._sample_rows - 1)[self._sample_rows - 1]
        is_kept = self._keys <= greatest
        for column in self.columns.values():
            column.keep(is_kept)
        self._keys = self._keys[is_kept]
        self._greatest_key = min(self._greatest_key, float(greatest))


def _require_same(columns: Mapping[str, object], names: Collection[str]) -> None:
    if set(columns) != set(names):
        missing = [name for name in columns if name not in names]
        extra = [name for name in names if name not in columns]
        differences = [f"lacks {listed(missing)}"] if missing else []
        differences += [f"has the extra columns {listed(extra)}"] if extra else []
        raise DataError(
            f"A batch {' and '.join(differences)}: all batches should have the columns of the first."
        )
