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
    """Count, least, greatest, mean and standard deviation, exact up to rounding (Chan, Golub, LeVeque)."""

    def __init__(self) -> None:
        self.count = 0
        self.least, self.greatest = math.inf, -math.inf
        self.mean = 0.0
        self._squares = 0.0

    @property
    def std(self) -> float:
        """Of the numbers themselves, not of what they were drawn from."""
        return math.sqrt(self._squares / self.count) if self.count else math.nan

    def add(self, values: NDArray[np.float64]) -> None:
        """Add finite numbers."""
        if not len(values):
            return
        count = self.count + len(values)
        with np.errstate(over="ignore", invalid="ignore"):
            mean = values.mean()
            difference = mean - self.mean
            between = difference**2 * (self.count / count * len(values))
            self._squares = float(self._squares + ((values - mean) ** 2).sum() + between)
            self.mean = float(self.mean + difference * (len(values) / count))
        self.count = count
        self.least = min(self.least, float(values.min()))
        self.greatest = max(self.greatest, float(values.max()))


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
        self._hashes = np.union1d(self._hashes, hashes)[:_LEAST_HASHES]


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
