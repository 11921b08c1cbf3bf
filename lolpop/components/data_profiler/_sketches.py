"""Sketches: statistics of very many values in little memory, array by array."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


_LEAST_HASHES = 4_096
_MOST_VALUES = 10_000


class Moments:
    """Count, least, greatest, mean and standard deviation, exact up to rounding (Chan, Golub, LeVeque).

    What each array adds is kept apart and added up in order at the end: the last digits, too, are the same
    wherever arrays were added.
    """

    def __init__(self) -> None:
        self.count = 0
        self.least, self.greatest = math.inf, -math.inf
        self._arrays: list[tuple[int, float, float]] = []
        """Of each array, how many numbers it has, their mean, and their squared distances from it."""

    @property
    def mean_and_std(self) -> tuple[float, float]:
        """Of the numbers themselves, not of what they were drawn from."""
        total, mean, squares = 0, np.float64(0), np.float64(0)
        with np.errstate(over="ignore", invalid="ignore"):
            for count, mean_of_array, squares_of_array in self._arrays:
                total += count
                difference = mean_of_array - mean
                squares += squares_of_array + difference**2 * ((total - count) / total * count)
                mean += difference * (count / total)
        return (float(mean), math.sqrt(squares / total)) if total else (math.nan, math.nan)

    def add(self, values: NDArray[np.float64]) -> None:
        """Add finite numbers."""
        if not len(values):
            return
        with np.errstate(over="ignore", invalid="ignore"):
            mean = values.mean()
            self._arrays.append((len(values), float(mean), float(((values - mean) ** 2).sum())))
        self.count += len(values)
        self.least = min(self.least, float(values.min()))
        self.greatest = max(self.greatest, float(values.max()))

    def merge(self, later: Moments) -> None:
        """Add what was added to ``later``."""
        self._arrays += later._arrays
        self.count += later.count
        self.least = min(self.least, later.least)
        self.greatest = max(self.greatest, later.greatest)


class DistinctValues:
    """How many different values there are: exact up to 4,096, then by the least hashes, some 2 % off."""

    def __init__(self) -> None:
        self._hashes = np.empty(0, dtype=np.uint64)

    def __len__(self) -> int:
        if len(self._hashes) < _LEAST_HASHES:
            return len(self._hashes)
        return round((_LEAST_HASHES - 1) / (float(self._hashes[-1]) / 2**64))

    def add(self, values: NDArray[Any]) -> None:
        """Add numbers, or texts as objects."""
        from pandas.util import hash_array

        hashes = hash_array(values + 0 if values.dtype.kind == "f" else values, categorize=False)  # -0 is 0
        if len(self._hashes) == _LEAST_HASHES:
            hashes = hashes[hashes < self._hashes[-1]]
        self._add_hashes(hashes)

    def merge(self, later: DistinctValues) -> None:
        """Add what was added to ``later``."""
        self._add_hashes(later._hashes)

    def _add_hashes(self, hashes: NDArray[np.uint64]) -> None:
        # Of many different values, twice as many as are kept are nearly always enough to look at.
        if len(hashes) > 4 * _LEAST_HASHES:
            least = hashes[hashes < np.uint64(2**64 // len(hashes) * 2 * _LEAST_HASHES)]
            if len(ordered := _ordered(least)) >= _LEAST_HASHES:
                hashes = ordered
        self._hashes = _ordered(np.concatenate([self._hashes, hashes]))[:_LEAST_HASHES]


class FrequentValues:
    """The most frequent values and their counts: exact up to 10,000 values, then too low (Misra, Gries).

    No count is too low by more than a ten-thousandth of the rows, and no value that is more frequent than
    that is lost.
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    @property
    def counts(self) -> Mapping[str, int]:
        """In how many rows each value is."""
        return self._counts

    def add(self, counts: Mapping[str, int]) -> None:
        """Add values with their counts."""
        for value, count in counts.items():
            self._counts[value] = self._counts.get(value, 0) + count
        if len(self._counts) > _MOST_VALUES:
            lost = int(np.partition(list(self._counts.values()), -_MOST_VALUES - 1)[-_MOST_VALUES - 1])
            self._counts = {value: count - lost for value, count in self._counts.items() if count > lost}


def _ordered(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The different ``hashes``, ascending; np.unique makes a table of them, which takes ten times as long."""
    ordered = np.sort(hashes)
    different: NDArray[np.uint64] = ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]]
    return different
