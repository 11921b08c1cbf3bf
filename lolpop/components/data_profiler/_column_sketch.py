"""What batches of rows have in one column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lolpop.components.data_profiler._sketches import DistinctValues, FrequentValues, Moments
from lolpop.components.data_profiler._summaries import (
    bucket_counts,
    finite_or_none,
    summarize_numbers,
    summarize_values,
)
from lolpop.components.data_profiler.profiles import Bins, ColumnProfile, ValueCount
from lolpop.data.frames import by_text, counted, date_form, kind_of, kind_of_all, to_datetimes, to_floats

if TYPE_CHECKING:
    import narwhals as nw
    from numpy.typing import NDArray

    from lolpop.components.data_profiler._comparison import Counts
    from lolpop.data.frames import Floats, Kind


_NUMBERS: frozenset[Kind] = frozenset({"number", "duration"})
_TEXTS: frozenset[Kind] = frozenset({"boolean", "string", "category", "mixed"})


class ColumnSketch:
    """One column, of which batch after batch is added.

    Parameters
    ----------
    name
        Name of the column.
    stated_form
        The format of its dates in the settings.
    """

    def __init__(self, name: str, stated_form: str | None = None) -> None:
        self._name = name
        self._stated_form = stated_form
        self._kinds: set[Kind] = set()
        self._rows = 0
        self._missing = 0
        self._infinite = 0
        self._moments = Moments()
        self._distinct = DistinctValues()
        self._frequent = FrequentValues()
        self._buckets = bucket_counts({})
        self._dates: tuple[np.datetime64, np.datetime64] | None = None
        self._is_text_without_dates = False
        self._sample: list[Floats] = []

    def __len__(self) -> int:
        """The number of rows."""
        return self._rows

    @property
    def kind(self) -> Kind:
        """The kind of all values together."""
        return kind_of_all(self._kinds)

    @property
    def sample(self) -> Floats:
        """Numbers of the sampled rows, in their order, missing ones as NaN."""
        if len(self._sample) != 1:
            self._sample = [np.concatenate([np.empty(0), *self._sample])]
        return self._sample[0]

    def add(self, series: nw.Series[Any], chosen: NDArray[np.intp]) -> None:
        """Add a batch, of which the rows at the places ``chosen`` join the sample."""
        kind = kind_of(series)
        self._rows += len(series)
        numbers = np.full(len(chosen), np.nan)
        if kind == "empty":
            self._missing += len(series)
        else:
            self._kinds.add(kind)
            if kind in _NUMBERS:
                values = to_floats(series)
                numbers = values[chosen]
                self._add_numbers(values)
            elif kind in _TEXTS:
                if kind == "boolean":
                    numbers = to_floats(series[chosen])
                self._add_texts(series, kind)
            elif kind == "datetime":
                self._add_dates(to_datetimes(series))
            else:
                self._missing += series.null_count()
        self._sample.append(numbers)

    def keep(self, sampled: NDArray[np.bool_]) -> None:
        """Leave only the ``sampled`` rows in the sample."""
        self._sample = [self.sample[sampled]]

    def merge(self, later: ColumnSketch) -> None:
        """Add the batches of ``later``."""
        self._kinds |= later._kinds
        self._rows += later._rows
        self._missing += later._missing
        self._infinite += later._infinite
        self._moments.merge(later._moments)
        self._distinct.merge(later._distinct)
        self._frequent.add(later._frequent.counts)
        self._buckets = self._buckets + later._buckets
        if later._dates is not None:
            self._extend_dates(*later._dates)
        self._is_text_without_dates |= later._is_text_without_dates
        self._sample.append(later.sample)

    def profile(self) -> ColumnProfile:
        """What is in all batches."""
        kind = self.kind
        if kind in _NUMBERS and self._kinds == {kind}:
            return self._of_numbers(kind)
        if kind in _TEXTS and self._kinds <= _TEXTS:
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

    def finite_sorted(self) -> tuple[Floats, int, int]:
        """Finite numbers of the sampled rows in ascending order, how many of all rows miss one, and in how
        many it is infinite.
        """
        finite = np.sort(self.sample[np.isfinite(self.sample)])
        if not len(finite) and self._moments.count:  # so rare that no row of the sample has one
            finite = np.unique([self._moments.least, self._moments.greatest])
        return finite, self._missing, self._infinite

    def texts(self) -> tuple[Mapping[str, int], Counts, int]:
        """The rows of each frequent text, of the buckets of all texts, and of none."""
        return self._frequent.counts, self._buckets, self._missing

    def has_texts(self) -> bool:
        """Whether all values can be compared as texts."""
        return self._kinds <= _TEXTS

    def is_dates(self) -> bool:
        """Whether all texts are dates."""
        return self.kind == "string" and not self._is_text_without_dates

    def _add_numbers(self, values: Floats) -> None:
        finite = values[np.isfinite(values)]
        missing = int(np.isnan(values).sum())
        self._missing += missing
        self._infinite += len(values) - len(finite) - missing
        self._moments.add(finite)
        self._distinct.add(finite)

    def _add_texts(self, series: nw.Series[Any], kind: Kind) -> None:
        counts = by_text(counted(series))
        self._missing += len(series) - sum(counts.values())
        self._distinct.add(np.array(list(counts), dtype=object))
        self._frequent.add(counts)
        self._buckets = self._buckets + bucket_counts(counts)
        if not self._is_text_without_dates:
            self._is_text_without_dates = kind != "string" or date_form(series, self._stated_form) is None

    def _add_dates(self, dates: NDArray[np.datetime64]) -> None:
        present = dates[~np.isnat(dates)]
        self._missing += len(dates) - len(present)
        self._distinct.add(present.astype(np.int64))
        self._extend_dates(present.min(), present.max())

    def _extend_dates(self, first: np.datetime64, last: np.datetime64) -> None:
        limits = self._dates or (first, last)
        self._dates = min(limits[0], first), max(limits[1], last)

    def _of_numbers(self, kind: Kind) -> ColumnProfile:
        ordered, missing, infinite = self.finite_sorted()
        summary = summarize_numbers(self._name, kind, ordered, missing, infinite)
        exact = self._moments
        if summary.numbers is None:
            return summary
        mean, std = exact.mean_and_std
        numbers = summary.numbers.model_copy(
            update={
                "min": exact.least,
                "max": exact.greatest,
                "mean": finite_or_none(mean),
                "std": finite_or_none(std),
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


def _scaled(bins: Bins, count: int) -> Bins:
    """Counts of a sample as those of ``count`` numbers, rounded so that their sum is right."""
    below = np.rint(np.cumsum(bins.counts) * (count / sum(bins.counts))).astype(np.int64)
    return bins.model_copy(update={"counts": tuple(np.diff(below, prepend=0).tolist())})
