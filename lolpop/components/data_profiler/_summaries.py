"""The profile of one column of a frame."""

from __future__ import annotations

import heapq
import math
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lolpop.components.data_profiler.profiles import Bins, ColumnProfile, Numbers, ValueCount
from lolpop.data.frames import by_text, counted, kind_of, to_datetimes, to_floats

if TYPE_CHECKING:
    import narwhals as nw
    from numpy.typing import NDArray

    from lolpop.data.frames import Floats, Kind

    Counts = NDArray[np.int64]


# Fine enough to compare by: what bins hide of a distance between distributions is at most one bin.
_BINS = 100
_HISTOGRAM_BINS = 20
_TOP_VALUES = 10
_BUCKETS = 50
# With more values than this, or fewer rows of each, most are too rare to be compared one by one.
_MANY_VALUES = 100
FEW_ROWS = 5


def summarize(series: nw.Series[Any]) -> ColumnProfile:
    """The profile of ``series``."""
    kind = kind_of(series)
    if kind in {"number", "duration"}:
        return summarize_numbers(series.name, kind, *finite_sorted(series))
    if kind in {"boolean", "string", "category", "mixed"}:
        counts = by_text(counted(series))
        missing = len(series) - sum(counts.values())
        return summarize_values(series.name, kind, counts, missing, distinct=len(counts), buckets=None)
    if kind == "datetime":
        return _dates(series, kind)
    missing = len(series) if kind == "empty" else series.null_count()
    return ColumnProfile(name=series.name, kind=kind, missing=missing)


def finite_sorted(series: nw.Series[Any]) -> tuple[Floats, int, int]:
    """The finite numbers of a column in ascending order, how many are missing, and how many infinite."""
    values = np.sort(to_floats(series))  # missing ones are NaN, and come last
    present = int(np.searchsorted(values, np.nan))
    first = int(np.searchsorted(values[:present], -np.inf, side="right"))
    last = int(np.searchsorted(values[:present], np.inf, side="left"))
    return values[first:last], len(values) - present, present - (last - first)


def bin_counts(ordered: Floats, edges: Floats) -> NDArray[np.int64]:
    """How many of ``ordered`` are in each bin of ``edges``: one more than there are edges."""
    below = np.searchsorted(ordered, edges, side="right")
    return np.diff(below, prepend=0, append=len(ordered))


def bucket_counts(counts: Mapping[str, int]) -> NDArray[np.int64]:
    """The rows of all values, in buckets.

    A hash chooses the bucket, and so no value is in it for being frequent: the most frequent values of
    some rows are less frequent in others of the same origin, which would look like drift.
    """
    hashes = np.fromiter((zlib.crc32(text.encode("utf-8", "replace")) for text in counts), np.int64)
    weights = np.fromiter(counts.values(), np.float64)
    return np.bincount(hashes % _BUCKETS, weights=weights, minlength=_BUCKETS).astype(np.int64)


def summarize_numbers(name: str, kind: Kind, ordered: Floats, missing: int, infinite: int) -> ColumnProfile:
    """What is in a column whose finite numbers are ``ordered``."""
    if not len(ordered):
        return ColumnProfile(name=name, kind=kind, missing=missing, infinite=infinite)
    # Compared, for the difference of two numbers may be more than a float holds.
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    repeats = np.diff(starts, append=len(ordered))
    at = np.linspace(0, len(ordered) - 1, _BINS + 1).astype(np.int64)
    edges = ordered[starts] if len(starts) <= _BINS else np.unique(ordered[at])
    with np.errstate(over="ignore", invalid="ignore"):
        mean, std = float(ordered.mean()), float(ordered.std())
    q1, median, q3 = (float(ordered[int(share * (len(ordered) - 1))]) for share in (0.25, 0.5, 0.75))
    return ColumnProfile(
        name=name,
        kind=kind,
        missing=missing,
        infinite=infinite,
        distinct=len(starts),
        numbers=Numbers(
            min=float(ordered[0]),
            max=float(ordered[-1]),
            mean=finite_or_none(mean),
            std=finite_or_none(std),
            quartiles=(q1, median, q3),
            bins=_bins(ordered, edges),
            histogram=_histogram(ordered),
        ),
        values=_repeated(ordered[starts], repeats),
    )


def summarize_values(
    name: str, kind: Kind, counts: Mapping[str, int], missing: int, *, distinct: int, buckets: Counts | None
) -> ColumnProfile:
    """What is in a column with ``distinct`` values, of which ``counts`` are the most frequent ones at least.

    ``buckets`` are its ``bucket_counts`` where they are known already.
    """
    present = sum(counts.values()) if buckets is None else int(buckets.sum())
    every = distinct <= _MANY_VALUES
    frequent = every and distinct * FEW_ROWS <= present
    hardly_repeat = distinct > present / 2
    ordered = heapq.nsmallest(
        _MANY_VALUES if every else _TOP_VALUES, counts.items(), key=lambda item: (-item[1], item[0])
    )
    if frequent or hardly_repeat:
        counts_by_bucket: tuple[int, ...] = ()
    else:
        counts_by_bucket = tuple((bucket_counts(counts) if buckets is None else buckets).tolist())
    return ColumnProfile(
        name=name,
        kind=kind,
        missing=missing,
        distinct=distinct,
        values=tuple(ValueCount(value=value, count=count) for value, count in ordered),
        all_values=every,
        buckets=counts_by_bucket,
    )


def finite_or_none(value: float) -> float | None:
    """``value``, if a float holds it."""
    return value if math.isfinite(value) else None


def _bins(ordered: Floats, edges: Floats) -> Bins:
    return Bins(edges=tuple(edges.tolist()), counts=tuple(bin_counts(ordered, edges).tolist()))


def _histogram(ordered: Floats) -> Bins | None:
    with np.errstate(over="ignore"):
        width = ordered[-1] - ordered[0]
    if not width or not np.isfinite(width):
        return None
    return _bins(ordered, np.linspace(ordered[0], ordered[-1], _HISTOGRAM_BINS + 1)[1:-1])


def _repeated(values: Floats, repeats: NDArray[np.int64]) -> tuple[ValueCount, ...]:
    several = np.flatnonzero(repeats > 1)
    positions = several[np.argsort(-repeats[several], kind="stable")[:_TOP_VALUES]]
    return tuple(ValueCount(value=f"{values[at]:.12g}", count=int(repeats[at])) for at in positions)


def _dates(series: nw.Series[Any], kind: Kind) -> ColumnProfile:
    dates = to_datetimes(series)
    present = dates[~np.isnat(dates)]
    return ColumnProfile(
        name=series.name,
        kind=kind,
        missing=len(dates) - len(present),
        distinct=len(np.unique(present)),
        earliest=str(present.min()) if len(present) else None,
        latest=str(present.max()) if len(present) else None,
    )
