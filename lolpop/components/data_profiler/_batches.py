"""Rows that come in batches as one profile, in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lolpop.components.data_profiler._correlations import ROWS, correlated
from lolpop.components.data_profiler._sketches import DistinctValues, FrequentValues, Moments
from lolpop.components.data_profiler._summaries import (
    bucket_counts,
    finite_or_none,
    summarize_numbers,
    summarize_values,
)
from lolpop.components.data_profiler.profiles import Bins, ColumnProfile, Profile, ValueCount
from lolpop.data.frames import by_text, counted, kind_of, listed, to_datetimes, to_floats, wrap
from lolpop.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import narwhals as nw
    from numpy.typing import NDArray

    from lolpop.data.frames import Floats, Frame, Kind


_NUMBERS: frozenset[Kind] = frozenset({"number", "duration"})
_VALUES: frozenset[Kind] = frozenset({"boolean", "string", "category", "mixed"})


def profile_batches(frames: Iterable[Frame], sample_rows: int, seed: int) -> Profile:
    """The profile of all rows of ``frames``.

    ``sample_rows`` rows are drawn by ``seed``, the same ones however the rows are batched. Of numbers,
    they tell quartiles, bins and the most frequent ones; if there are no more rows than that, all is exact.
    """
    random = np.random.default_rng(seed)
    columns: dict[str, _Column] | None = None
    keys = np.empty(0)
    rows = 0
    for frame in frames:
        batch = wrap(frame)
        if columns is None:
            columns = {name: _Column(name) for name in batch.columns}
        _require_same(list(columns), batch.columns)
        drawn = random.random(len(batch))
        # The rows with the least keys are the sample: others need not be looked at.
        chosen = drawn < keys.max() if len(keys) >= sample_rows else np.ones(len(drawn), dtype=np.bool_)
        keys = np.append(keys, drawn[chosen])
        sampled = None
        if len(keys) > sample_rows:
            sampled = keys <= np.partition(keys, sample_rows - 1)[sample_rows - 1]
        for name, column in columns.items():
            column.add(batch.get_column(name), chosen, sampled)
        keys = keys if sampled is None else keys[sampled]
        rows += len(batch)
    profiles = tuple(column.profile() for column in (columns or {}).values())
    numbers = {profile.name for profile in profiles if profile.numbers is not None}
    spaced = slice(None, None, max(1, -(-len(keys) // ROWS)))
    sample = {name: column.sample[spaced] for name, column in (columns or {}).items() if name in numbers}
    return Profile(rows=rows, columns=profiles, correlations=correlated(sample))


class _Column:
    """One column, of which batch after batch is added."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._kinds: set[Kind] = set()
        self._missing = 0
        self._infinite = 0
        self._moments = Moments()
        self._distinct = DistinctValues()
        self._frequent = FrequentValues()
        self._buckets = bucket_counts({})
        self._dates: tuple[np.datetime64, np.datetime64] | None = None
        self.sample: Floats = np.empty(0)
        """Numbers of the sampled rows, missing ones as NaN."""

    def add(
        self, series: nw.Series[Any], chosen: NDArray[np.bool_], sampled: NDArray[np.bool_] | None
    ) -> None:
        """Add a batch: its ``chosen`` rows join the sample; of those, the ``sampled`` ones stay, or all."""
        kind = kind_of(series)
        numbers = np.full(len(series), np.nan)
        if kind == "empty":
            self._missing += len(series)
        else:
            self._kinds.add(kind)
            if kind in _NUMBERS:
                numbers = to_floats(series)
                self._add_numbers(numbers)
            elif kind in _VALUES:
                self._add_values(series)
            elif kind == "datetime":
                self._add_dates(to_datetimes(series))
            else:
                self._missing += series.null_count()
        self.sample = np.append(self.sample, numbers[chosen])
        if sampled is not None:
            self.sample = self.sample[sampled]

    def profile(self) -> ColumnProfile:
        """What is in all batches."""
        kind = _together(self._kinds)
        if kind in _NUMBERS and self._kinds == {kind}:
            return self._of_numbers(kind)
        if kind in _VALUES and self._kinds <= _VALUES:
            return summarize_values(
                self._name,
                kind,
                self._frequent.counts,
                self._missing,
                distinct=len(self._distinct),
                buckets=self._buckets,
            )
        if kind == "datetime" and self._dates is not None:
            earliest, latest = map(str, self._dates)
            return ColumnProfile(
                name=self._name,
                kind=kind,
                missing=self._missing,
                distinct=len(self._distinct),
                earliest=earliest,
                latest=latest,
            )
        return ColumnProfile(name=self._name, kind=kind, missing=self._missing)

    def _add_numbers(self, values: Floats) -> None:
        finite = values[np.isfinite(values)]
        missing = int(np.isnan(values).sum())
        self._missing += missing
        self._infinite += len(values) - len(finite) - missing
        self._moments.add(finite)
        self._distinct.add(finite)

    def _add_values(self, series: nw.Series[Any]) -> None:
        counts = by_text(counted(series))
        self._missing += len(series) - sum(counts.values())
        self._distinct.add(np.array(list(counts), dtype=object))
        self._frequent.add(counts)
        self._buckets = self._buckets + bucket_counts(counts)

    def _add_dates(self, dates: NDArray[np.datetime64]) -> None:
        present = dates[~np.isnat(dates)]
        self._missing += len(dates) - len(present)
        self._distinct.add(present.astype(np.int64))
        limits = self._dates or (present.min(), present.max())
        self._dates = min(limits[0], present.min()), max(limits[1], present.max())

    def _of_numbers(self, kind: Kind) -> ColumnProfile:
        ordered = np.sort(self.sample[np.isfinite(self.sample)])
        summary = summarize_numbers(self._name, kind, ordered, self._missing, self._infinite)
        exact = self._moments
        if summary.numbers is None or not exact.count:
            return summary
        numbers = summary.numbers.model_copy(
            update={
                "min": exact.least,
                "max": exact.greatest,
                "mean": finite_or_none(exact.mean),
                "std": finite_or_none(exact.std),
                "bins": _scaled(summary.numbers.bins, exact.count),
                "histogram": summary.numbers.histogram and _scaled(summary.numbers.histogram, exact.count),
            }
        )
        scale = exact.count / len(ordered)
        values = tuple(
            ValueCount(value=value.value, count=round(value.count * scale)) for value in summary.values
        )
        return summary.model_copy(
            update={"numbers": numbers, "values": values, "distinct": len(self._distinct)}
        )


def _together(kinds: set[Kind]) -> Kind:
    if len(kinds) < 2:
        return next(iter(kinds), "empty")
    if kinds <= {"string", "category"}:
        return "string"
    return "other" if kinds & {"other", "datetime", "duration"} else "mixed"


def _require_same(columns: list[str], names: list[str]) -> None:
    if set(columns) != set(names):
        missing = [name for name in columns if name not in names]
        extra = [name for name in names if name not in columns]
        differences = [f"lacks {listed(missing)}"] if missing else []
        differences += [f"has the extra columns {listed(extra)}"] if extra else []
        raise DataError(
            f"A batch {' and '.join(differences)}: all batches should have the columns of the first."
        )


def _scaled(bins: Bins, count: int) -> Bins:
    """Counts of a sample as those of ``count`` numbers, rounded so that their sum is right."""
    below = np.rint(np.cumsum(bins.counts) * (count / sum(bins.counts))).astype(np.int64)
    return bins.model_copy(update={"counts": tuple(np.diff(below, prepend=0).tolist())})
