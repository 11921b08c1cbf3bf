"""What checks need to know of a column, found in one pass over the columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lolpop.frames import Kind, kind_of

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["ColumnFacts", "facts_of", "number_of_values", "share_of_most_frequent"]

# Most columns that vary do so in their first rows, and need not be read to the end to know it.
_FIRST_ROWS = 1_000
_SOME_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """One column of n rows: ``missing`` and ``infinite`` count its rows without a usable value."""

    name: str
    kind: Kind
    missing: int
    infinite: int
    constant: bool
    """Whether all values that are there are the same one; not of columns without values."""


def facts_of(series: nw.Series[Any]) -> ColumnFacts:
    """What there is to know of ``series``."""
    kind = kind_of(series)
    missing = infinite = 0
    if kind == "empty":
        missing = len(series)
    else:
        missing = series.null_count()
        if series.dtype.is_float():
            missing = len(series) - int((~series.is_nan()).fill_null(value=False).sum())
            infinite = len(series) - missing - int(series.is_finite().fill_null(value=False).sum())
    # Values of other kinds, such as lists, need not even be comparable.
    constant = kind not in {"empty", "mixed", "other"} and _is_constant(series)
    return ColumnFacts(series.name, kind, missing, infinite, constant)


def number_of_values(series: nw.Series[Any]) -> int:
    """How many different values there are."""
    return int(_present(series).n_unique())


def share_of_most_frequent(series: nw.Series[Any], interesting: float) -> float:
    """The share of the most frequent value among those present.

    By evenly spaced rows, and by all of them where those come near an ``interesting`` share.
    """
    present = _present(series)
    if present.is_empty():
        return 0.0
    some = present.gather_every(max(1, -(-len(present) // _SOME_ROWS)))
    share = _share_of_most_frequent(some)
    return (
        share if len(some) == len(present) or share < interesting - 0.01 else _share_of_most_frequent(present)
    )


def _share_of_most_frequent(present: nw.Series[Any]) -> float:
    counts = present.alias("value").value_counts(name="count").get_column("count")
    return float(counts.max()) / len(present)


def _is_constant(series: nw.Series[Any]) -> bool:
    return _present(series.head(_FIRST_ROWS)).n_unique() <= 1 and _present(series).n_unique() == 1


def _present(series: nw.Series[Any]) -> nw.Series[Any]:
    present = series.drop_nulls()
    return present.filter(~present.is_nan()) if series.dtype.is_float() else present
