"""Weak segments: rows on which a model is clearly worse than elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lolpop.components.model_checker._scans import Errors, Scan, sums_of_runs
from lolpop.data.frames import kind_of, to_floats, to_strings, wrap

if TYPE_CHECKING:
    import narwhals as nw
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from lolpop.data.frames import Floats, Frame

    Codes = NDArray[np.intp]


# Numbers are cut into this many parts of equal size, and every run of neighbouring parts is a segment.
_PARTS = 10
# A segment has at most this share of the rows.
_GREATEST_SHARE = 0.5
# The shares of the predicted classes differ by this (total variation) where one class gives way to another.
_TRANSITION = 0.35
# Where this share of rows is predicted alike, numbers are a segment only if at least a quarter of the
# difference, by two standard deviations, is none that the model's probabilities say.
_ALIKE = 0.65
_SURPRISING_SHARE, _SURPRISING_DEVIATIONS = 0.25, 2
# Errors with infinite squares: such a model is wrong everywhere.
_ABSURD = 1e100


@dataclass(frozen=True, slots=True)
class WeakSegment:
    """Rows with certain values of one column, with the mean error on them and elsewhere."""

    column: str
    where: str
    rows: int
    error: float
    elsewhere: float
    chance: float
    """An upper bound of the p-value, over all columns."""


def weak_segments(
    frame: Frame,
    errors: NDArray[Any],
    labels: Codes | None = None,
    expected: Floats | None = None,
    *,
    worse_by: float,
    min_rows: int,
    significance: float,
    seed: int = 0,
) -> list[WeakSegment]:
    """Segments of single columns whose mean error is greater by ``worse_by``, the clearest first.

    Two thirds of that are enough where errors are twice those elsewhere.

    ``errors`` has n values: whether each row is wrong, or how wrong. A segment is a category, missing
    values, or a range of numbers, of ``min_rows`` up to half of all rows. A column is named once, by its
    clearest segment.

    ``significance`` bounds the probability of any false alarm. The columns share it equally (Bonferroni),
    whatever the number of their segments; within a column, the clearest segment is compared with the
    clearest ones of permuted errors (``Scan``).

    Rows are compared with rows of the same predicted class: those of a rare class are more often wrong,
    wherever they are. Between ranges of numbers for which different classes are predicted, errors are
    natural and not a segment (``_transitions``, ``_tails``). ``labels`` are the n predicted classes, numbers
    from 0, and ``expected`` the n probabilities that they are wrong, as the model says.
    """
    import numpy as np

    if not np.isfinite(errors).all() or np.max(errors, initial=0) > _ABSURD:
        return []
    observed = Errors.of(errors, labels)
    predictions = None if labels is None else _Predictions(labels, expected)
    scans = [
        (column.name, parts, scan)
        for column in wrap(frame).iter_columns()
        if (parts := _parts_of(column, min_rows)) is not None
        and (scan := _scan(parts, errors, observed, predictions, worse_by, min_rows)) is not None
    ]
    weak = []
    for name, parts, scan in scans:
        chance = scan.chance(significance / len(scans), seed)
        if chance * len(scans) <= significance:
            first, last, clearness = scan.clearest
            inside = (parts.codes >= first - 1) & (parts.codes <= last - 1)
            segment = WeakSegment(
                column=name,
                where=parts.described(first - 1, last - 1),
                rows=int(np.count_nonzero(inside)),
                error=float(errors[inside].mean()),
                elsewhere=float(errors[~inside].mean()),
                chance=chance * len(scans),
            )
            weak.append((clearness, segment))
    return [segment for _, segment in sorted(weak, key=lambda scored: -scored[0])]


@dataclass(frozen=True, slots=True)
class _Parts:
    """The part of each of n rows, -1 where the value is missing, and what the parts are.

    Categories have a name each, and those of few rows are one nameless part, the last; numbers, in order,
    the least and the greatest value.
    """

    codes: Codes
    names: tuple[str, ...] = ()
    bounds: tuple[tuple[float, float], ...] = ()

    def __len__(self) -> int:
        return len(self.bounds) or len(self.names) + 1

    def runs(self) -> tuple[Codes, Codes]:
        """First and last part of every possible segment."""
        import numpy as np

        if not self.bounds:
            codes = np.arange(-1, len(self.names))
            return codes, codes
        first, last = np.triu_indices(len(self.bounds))
        return np.append(-1, first), np.append(-1, last)

    def described(self, first: int, last: int) -> str:
        """What is true of the values from part ``first`` to part ``last``."""
        if first < 0:
            return "is missing"
        if not self.bounds:
            return f"is {self.names[first]!r}"
        least, greatest = self.bounds[first][0], self.bounds[last][1]
        if least == greatest:
            return f"is {least:g}"
        if first == 0:
            return f"is at most {greatest:.4g}"
        if last == len(self.bounds) - 1:
            return f"is at least {least:.4g}"
        return f"is between {least:.4g} and {greatest:.4g}"


@dataclass(frozen=True, slots=True)
class _Predictions:
    """The predicted classes of n rows, and the probability of each error, if the model has probabilities."""

    labels: Codes
    expected: Floats | None


def _scan(
    parts: _Parts,
    errors: NDArray[Any],
    observed: Errors,
    predictions: _Predictions | None,
    worse_by: float,
    min_rows: int,
) -> Scan | None:
    """The segments of a column that can be judged, or None."""
    import numpy as np

    first, last = parts.runs()
    predicted = None if predictions is None or not parts.bounds else _predicted(parts, predictions.labels)
    if predicted is not None:
        is_candidate = ~_transitions(predicted, first, last)
        first, last = first[is_candidate], last[is_candidate]
    # The missing values are a part too, the first one.
    codes, first, last = parts.codes + 1, first + 1, last + 1
    rows = sums_of_runs(np.bincount(codes, minlength=1 + len(parts)), first, last)
    is_candidate = (rows >= min_rows) & (rows <= _GREATEST_SHARE * len(codes))
    first, last = first[is_candidate], last[is_candidate]
    may_be_weak = np.ones(len(first), dtype=np.bool_)
    if predicted is not None and predictions is not None and predictions.expected is not None:
        around = np.vstack([np.zeros_like(predicted[:1]), predicted])
        may_be_weak = ~_tails(codes, around, (first, last), errors, predictions.expected)
    return Scan.of(observed, codes, (first, last), may_be_weak, parts=1 + len(parts), worse_by=worse_by)


def _predicted(parts: _Parts, labels: Codes) -> Floats:
    """How often each class is predicted for each part of a column of numbers; without missing ones."""
    import numpy as np

    classes = int(labels.max()) + 1
    is_present = parts.codes >= 0
    at = parts.codes[is_present] * classes + labels[is_present]
    return np.bincount(at, minlength=len(parts) * classes).reshape(len(parts), classes).astype(np.float64)


def _transitions(predicted: Floats, first: Codes, last: Codes) -> NDArray[np.bool_]:
    """Which runs of parts lie between numbers of which different classes are predicted."""
    import numpy as np

    end = len(predicted) - 1
    # An empty part on either side, so that each run has neighbours.
    around = np.vstack([np.zeros_like(predicted[:1]), predicted, np.zeros_like(predicted[:1])])
    sums = around.cumsum(axis=0)
    below, above = sums[first], sums[-1] - sums[last + 1]
    at_start, at_end = around[first + 1], around[last + 1]
    inside = (first > 0) & (last < end)
    # At either end of the numbers, a class gives way to another within the run.
    low, high = (first == 0) & (last < end), (last == end) & (first > 0)
    changes = _differ(at_start, at_end) >= _TRANSITION / 2
    return np.asarray(
        (inside & (_differ(below, above) >= _TRANSITION))
        | (inside & (_differ(around[first], around[last + 2]) >= _TRANSITION))
        | (low & changes & (_differ(at_start, above) >= _TRANSITION))
        | (high & changes & (_differ(at_end, below) >= _TRANSITION))
    )


def _tails(
    codes: Codes,
    predicted: Floats,
    runs: tuple[Codes, Codes],
    errors: NDArray[Any],
    expected: Floats,
) -> NDArray[np.bool_]:
    """The runs of parts with the same predicted class whose errors match the probabilities.

    There, a rare class becomes more probable, but not the most probable one.
    """
    import numpy as np

    def means(values: NDArray[Any]) -> tuple[Floats, Floats]:
        inside = sums_of_runs(np.bincount(codes, values, minlength=len(predicted)), *runs)
        return inside / rows, (values.sum() - inside) / (len(codes) - rows)

    rows = sums_of_runs(np.bincount(codes, minlength=len(predicted)), *runs)
    of_classes = sums_of_runs(predicted.T, *runs)
    alike = of_classes.max(axis=0) >= _ALIKE * of_classes.sum(axis=0)
    wrong, probable, variances = means(errors), means(expected), means(expected * (1 - expected))
    difference = wrong[0] - wrong[1]
    surprise = difference - (probable[0] - probable[1])
    deviation = np.sqrt(variances[0] / rows + variances[1] / (len(codes) - rows))
    surprising = surprise >= np.maximum(_SURPRISING_SHARE * difference, _SURPRISING_DEVIATIONS * deviation)
    return np.asarray(alike & ~surprising)


def _differ(some: Floats, others: Floats) -> Floats:
    """The total variation distance of the shares that each row of counts shows."""
    import numpy as np

    shares = [counts / np.maximum(counts.sum(axis=1, keepdims=True), 1) for counts in (some, others)]
    return np.asarray(np.abs(shares[0] - shares[1]).sum(axis=1) / 2)


def _parts_of(series: nw.Series[Any], min_rows: int) -> _Parts | None:
    kind = kind_of(series)
    if kind == "number":
        return _parts_of_numbers(to_floats(series))
    return (
        _parts_of_texts(to_strings(series), min_rows) if kind in {"boolean", "string", "category"} else None
    )


def _parts_of_texts(texts: pd.Series[str], min_rows: int) -> _Parts:
    import numpy as np

    names, codes, counts = np.unique(
        texts.fillna("").to_numpy(dtype=object), return_inverse=True, return_counts=True
    )
    is_category = counts >= min_rows
    codes = np.where(is_category, np.cumsum(is_category) - 1, is_category.sum())[codes]
    return _Parts(np.where(texts.isna(), -1, codes), tuple(names[is_category]))


def _parts_of_numbers(values: Floats) -> _Parts:
    import numpy as np

    finite = np.sort(values[np.isfinite(values)])
    if not len(finite):
        return _Parts(np.full(len(values), -1))
    distinct = np.unique(finite)
    starts = (
        distinct
        if len(distinct) <= _PARTS
        else np.unique(np.quantile(finite, np.arange(_PARTS) / _PARTS, method="lower"))
    )
    codes = np.where(np.isfinite(values), np.searchsorted(starts, values, side="right") - 1, -1)
    at = np.searchsorted(finite, starts)
    ends = np.append(at[1:], len(finite)) - 1
    bounds = zip(finite[at].tolist(), finite[ends].tolist(), strict=True)
    return _Parts(codes, bounds=tuple(bounds))
