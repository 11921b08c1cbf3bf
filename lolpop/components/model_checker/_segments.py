"""Where a model is clearly worse than elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lolpop.components.model_checker.significance import chance_of_hits, chance_of_mean
from lolpop.data.frames import kind_of, to_floats, to_strings, wrap

if TYPE_CHECKING:
    import narwhals as nw
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.data.frames import Frame


# Numbers are cut into so many parts of equal size, and every run of neighbouring parts is looked at.
_PARTS = 10
# A segment is where errors are this many times those elsewhere; more than half of the rows are no segment.
_TIMES = 2
_GREATEST_SHARE = 0.5
# Errors whose squares are no numbers any more: such a model is wrong everywhere.
_ABSURD = 1e100


@dataclass(frozen=True, slots=True)
class WeakSegment:
    """Rows that one column tells from others, with the mean error on them and elsewhere."""

    column: str
    where: str
    rows: int
    error: float
    elsewhere: float
    chance: float
    """How likely this is by chance alone, where only this segment had been looked at."""


def weak_segments(
    frame: Frame,
    errors: NDArray[Any],
    labels: NDArray[Any] | None = None,
    *,
    worse_by: float,
    min_rows: int,
    significance: float,
) -> list[WeakSegment]:
    """Segments of single columns with a mean error greater by ``worse_by``, the surest first.

    ``errors`` has n values: whether each row is wrong, or how wrong. Every segment of ``min_rows`` or more
    is a test, and ``significance`` is shared among all of them (Bonferroni), so that it bounds the
    probability of any false alarm. Each column is named once, by its surest segment.

    Between numbers of which one class is predicted and those of which another is, errors are in the nature
    of things, and no segment: ``labels`` are the n predicted classes, as numbers from 0.
    """
    import numpy as np

    data = wrap(frame)
    if not np.isfinite(errors).all() or np.max(errors, initial=0) > _ABSURD:
        return []
    found: list[WeakSegment] = []
    tests = 0
    for name in data.columns:
        tested, weak = _weak_in(data.get_column(name), errors, labels, worse_by, min_rows)
        tests += tested
        if weak:
            found.append(min(weak, key=lambda each: each.chance))
    return sorted(
        (each for each in found if each.chance * tests <= significance), key=lambda each: each.chance
    )


@dataclass(frozen=True, slots=True)
class _Parts:
    """The part of each of n rows, -1 where the value is missing, and what the parts are.

    Categories have a name each; numbers, in order, the least and the greatest value.
    """

    codes: NDArray[np.intp]
    names: tuple[str, ...] = ()
    bounds: tuple[tuple[float, float], ...] = ()

    def __len__(self) -> int:
        return len(self.names) + len(self.bounds)

    def runs(self) -> Iterator[tuple[int, int, str]]:
        """First and last part of every possible segment, and what is true of its rows."""
        yield -1, -1, "is missing"
        for code, name in enumerate(self.names):
            yield code, code, f"is {name!r}"
        last = len(self.bounds) - 1
        for start, (least, _) in enumerate(self.bounds):
            for end in range(start, last + 1):
                greatest = self.bounds[end][1]
                yield start, end, _between(least, greatest, lowest=start == 0, highest=end == last)


def _between(least: float, greatest: float, *, lowest: bool, highest: bool) -> str:
    if least == greatest:
        return f"is {least:g}"
    if lowest:
        return f"is at most {greatest:.4g}"
    return f"is at least {least:.4g}" if highest else f"is between {least:.4g} and {greatest:.4g}"


def _weak_in(
    series: nw.Series[Any],
    errors: NDArray[Any],
    labels: NDArray[Any] | None,
    worse_by: float,
    min_rows: int,
) -> tuple[int, list[WeakSegment]]:
    """How many segments of a column were looked at, and those of them that are weak, sure or not."""
    import numpy as np

    parts = _parts_of(series)
    if parts is None:
        return 0, []
    values = errors.astype(np.float64)
    # Sums up to each part, that of the missing ones first: a run of parts is a difference of two.
    rows, sums, squares = (
        np.concatenate([[0.0], np.bincount(parts.codes + 1, weights, minlength=1 + len(parts)).cumsum()])
        for weights in (None, values, values**2)
    )
    tested, weak = 0, []
    predicted = None if labels is None or not parts.bounds else _predicted(parts, labels)
    for first, last, where in parts.runs():
        if predicted is not None and _is_transition(predicted, first, last):
            continue
        ours = [float(each[last + 2] - each[first + 1]) for each in (rows, sums, squares)]
        rest = [float(each[-1]) - our for each, our in zip((rows, sums, squares), ours, strict=True)]
        if not min_rows <= ours[0] <= _GREATEST_SHARE * len(errors):
            continue
        tested += 1
        error, elsewhere = ours[1] / ours[0], rest[1] / rest[0]
        if error - elsewhere >= worse_by and error >= _TIMES * elsewhere:
            if errors.dtype == bool:
                chance = chance_of_hits(int(ours[1]), int(ours[0]), int(sums[-1]), len(errors))
            else:
                chance = chance_of_mean(_moments(*ours), _moments(*rest))
            weak.append(WeakSegment(series.name, where, int(ours[0]), error, elsewhere, chance))
    return tested, weak


def _predicted(parts: _Parts, labels: NDArray[Any]) -> NDArray[Any]:
    """How often each class is predicted up to each part of a column of numbers; without missing ones."""
    import numpy as np

    classes = int(labels.max()) + 1
    known = parts.codes >= 0
    at = parts.codes[known] * classes + labels[known]
    counts = np.bincount(at, minlength=len(parts) * classes).reshape(len(parts), classes)
    return np.vstack([np.zeros(classes, dtype=np.intp), counts.cumsum(axis=0)])


def _is_transition(predicted: NDArray[Any], first: int, last: int) -> bool:
    below, above = predicted[first], predicted[-1] - predicted[last + 1]
    inside = first > 0 and last + 2 < len(predicted)
    return bool(inside and below.argmax() != above.argmax())


def _moments(rows: float, total: float, square: float) -> tuple[float, float, int]:
    mean = total / rows
    return mean, max(0.0, (square - rows * mean**2) / (rows - 1)), int(rows)


def _parts_of(series: nw.Series[Any]) -> _Parts | None:
    import numpy as np

    kind = kind_of(series)
    if kind == "number":
        return _parts_of_numbers(to_floats(series))
    if kind in {"boolean", "string", "category"}:
        texts = to_strings(series)
        names, codes = np.unique(texts.fillna("").to_numpy(dtype=object), return_inverse=True)
        return _Parts(np.where(texts.isna(), -1, codes), tuple(names))
    return None


def _parts_of_numbers(values: NDArray[np.float64]) -> _Parts:
    import numpy as np

    known = np.sort(values[np.isfinite(values)])
    distinct = np.unique(known)
    starts = (
        distinct
        if len(distinct) <= _PARTS
        else np.unique(np.quantile(known, np.arange(_PARTS) / _PARTS, method="lower"))
    )
    codes = np.where(np.isfinite(values), np.searchsorted(starts, values, side="right") - 1, -1)
    at = np.searchsorted(known, starts)
    ends = np.append(at[1:], len(known)) - 1
    bounds = zip(known[at].tolist(), known[ends].tolist(), strict=True)
    return _Parts(codes, bounds=tuple(bounds))
