"""What is known of data once it was looked at: small, and enough to compare other data with."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from lolpop.data.frames import Kind

__all__ = ["Bins", "ColumnProfile", "Correlation", "Numbers", "Profile", "ValueCount"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bins(_Value):
    """How many numbers are in each of k + 1 bins between k ascending ``edges``.

    A bin holds the numbers greater than the edge before it and not greater than its own; the first one
    has no lower edge, the last one no upper.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]


class ValueCount(_Value):
    """A value, as text, and in how many rows it is."""

    value: str
    count: int


class Numbers(_Value):
    """Statistics of the finite numbers of a column; None where they exceed what a float holds."""

    min: float
    max: float
    mean: float | None
    std: float | None
    quartiles: tuple[float, float, float]
    bins: Bins
    """Bins of about as many numbers each; of one value each where there are few of them."""
    histogram: Bins | None
    """Bins of equal width."""


class ColumnProfile(_Value):
    """One column: ``missing`` and ``infinite`` count its rows without a usable value.

    ``values`` are its most frequent values, most frequent first, and ``all_values`` says that there are
    no others. Where most are rare, ``buckets`` counts the rows of all of them, each value in the bucket
    that a hash of its text points to; except where values hardly repeat, as in free text.
    ``earliest`` and ``latest`` are ISO dates.
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
    """Pearson's correlation of two columns of numbers."""

    columns: tuple[str, str]
    coefficient: float


class Profile(_Value):
    """All columns of a frame, and the pairs that vary together, strongest first."""

    rows: int
    columns: tuple[ColumnProfile, ...] = ()
    correlations: tuple[Correlation, ...] = ()

    @property
    def by_name(self) -> Mapping[str, ColumnProfile]:
        """The columns by their names."""
        return {column.name: column for column in self.columns}
