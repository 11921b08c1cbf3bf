"""Profiles of data: small, and sufficient to compare other data with."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from lolpop.data.frames import Kind

__all__ = ["Bins", "ColumnProfile", "Correlation", "Numbers", "Profile", "ValueCount"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bins(_Value):
    """How many numbers are in each of k + 1 bins between k edges.

    Parameters
    ----------
    edges
        The k edges, ascending.
    counts
        Numbers per bin. A bin holds the numbers greater than the edge before it and not greater than its own;
        the first bin has no lower edge, the last one no upper.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]


class ValueCount(_Value):
    """A value and how many rows have it.

    Parameters
    ----------
    value
        The value, as text.
    count
        How many rows have it.
    """

    value: str
    count: int


class Numbers(_Value):
    """Statistics of the finite numbers of a column; None where they exceed what a float holds.

    Parameters
    ----------
    min
        The smallest number.
    max
        The greatest number.
    mean
        The mean.
    std
        The standard deviation.
    quartiles
        The lower quartile, the median and the upper quartile.
    bins
        Bins with about as many numbers each, or with one value each where there are few values.
    histogram
        Bins of equal width.
    """

    min: float
    max: float
    mean: float | None
    std: float | None
    quartiles: tuple[float, float, float]
    bins: Bins
    histogram: Bins | None


class ColumnProfile(_Value):
    """What is in one column.

    Parameters
    ----------
    name
        Name of the column.
    kind
        Kind of its values, such as ``number`` or ``string``.
    missing
        How many rows have no value.
    infinite
        How many rows have an infinite number.
    distinct
        How many values differ; None if they were not counted.
    numbers
        Statistics, of a column of numbers.
    values
        The most frequent values, most frequent first.
    all_values
        Whether the column has no other values.
    buckets
        Where most values are rare, rows per bucket; a hash of the text of a value picks its bucket. Empty
        where values hardly repeat, as in free text.
    earliest
        The earliest date, in ISO format.
    latest
        The latest date, in ISO format.
    """

    name: str
    kind: Kind
    missing: int = 0
    infinite: int = 0
    distinct: int | None = None
    numbers: Numbers | None = None
    values: tuple[ValueCount, ...] = ()
    all_values: bool = False
    buckets: tuple[int, ...] = ()
    earliest: str | None = None
    latest: str | None = None


class Correlation(_Value):
    """Pearson's correlation of two columns of numbers.

    Parameters
    ----------
    columns
        Names of the two columns.
    coefficient
        The coefficient, from -1 to 1.
    """

    columns: tuple[str, str]
    coefficient: float


class Profile(_Value):
    """What is in each column of a frame.

    Parameters
    ----------
    rows
        How many rows the frame has.
    columns
        The columns, in the order of the frame.
    correlations
        Pairs of columns that correlate, strongest first.
    """

    rows: int
    columns: tuple[ColumnProfile, ...] = ()
    correlations: tuple[Correlation, ...] = ()

    @property
    def by_name(self) -> Mapping[str, ColumnProfile]:
        """The columns by their names."""
        return {column.name: column for column in self.columns}
