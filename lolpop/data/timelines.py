"""Converting a frame to regular series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lolpop.checks import Check
from lolpop.data.dates import ambiguity_of
from lolpop.data.frames import (
    count,
    date_form,
    kind_of,
    listed,
    require_bounded,
    require_columns,
    to_floats,
    to_strings,
    wrap,
    wrap_series,
)
from lolpop.data.grids import Grid
from lolpop.errors import DataError

if TYPE_CHECKING:
    import narwhals as nw

    from lolpop.data.frames import Floats, Frame, Series
    from lolpop.problem import ForecastingProblem

__all__ = ["Grid", "Timeline", "Timelines", "interpolated", "place_of", "series_of", "timelines"]

# Squares of smaller numbers are nearly zero and lose their digits.
_LEAST_TARGET = 1e-140


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """One series: ``values``, shape (n,), at consecutive positions of the grid from ``start``.

    Missing values are NaN, but the first and the last value are present. ``regressors``, shape (n, c), are
    known in advance.
    """

    key: str
    start: int
    values: Floats
    regressors: Floats

    def __len__(self) -> int:
        return len(self.values)

    @property
    def end(self) -> int:
        """Position of the last value."""
        return self.start + len(self.values) - 1

    @property
    def observed(self) -> int:
        """How many values are present."""
        import numpy as np

        return int(np.count_nonzero(~np.isnan(self.values)))

    def filled(self) -> Timeline:
        """The series with missing values interpolated linearly."""
        import numpy as np

        columns = [interpolated(column) for column in self.regressors.T]
        regressors = np.column_stack(columns) if columns else self.regressors
        return Timeline(self.key, self.start, interpolated(self.values), regressors)


@dataclass(frozen=True, slots=True, eq=False)
class Timelines:
    """The series of a frame on one grid, by key; the key of an only series is empty.

    ``notices`` are messages about the rows, such as gaps and rows out of order. ``left_out`` holds the
    columns that are not used, each with the reason.
    """

    grid: Grid
    regressors: tuple[str, ...]
    series: Mapping[str, Timeline]
    notices: tuple[Check, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Timeline]:
        return iter(self.series.values())

    def __len__(self) -> int:
        return len(self.series)


def timelines(frame: Frame, target: Series, problem: ForecastingProblem) -> Timelines:
    """The n rows of ``frame`` and the n values of ``target`` as regular series; rows may be in any order.

    Columns other than time, series and those that the problem excludes are regressors: numbers and booleans,
    which must be known for the times to forecast too.

    Raises DataError, naming the column and a value, for a missing time column, invalid, missing or repeated
    times, mixed zones, irregular times, a target without numbers, infinite numbers, and a series of fewer
    than two values.
    """
    import numpy as np

    rows, numbers = wrap(frame), _numbers(wrap_series(target))
    if len(numbers) != len(rows):
        raise DataError(f"There are {count(len(rows), 'row')} and {count(len(numbers), 'target value')}.")
    require_columns(rows.columns, problem.index_columns)
    grid = Grid.of(
        rows.get_column(problem.time).to_native(), problem.frequency, problem.dates.get(problem.time)
    )
    keys, codes, positions = place_of(rows.to_native(), problem, grid)
    regressors, left_out = _regressors(rows, problem)
    outside = np.column_stack(
        [_finite(rows.get_column(name)) for name in regressors] or [np.empty((len(rows), 0))]
    )
    order = np.lexsort((positions, codes))
    bounds = np.searchsorted(codes[order], np.arange(len(keys) + 1))
    by_series: dict[str, Timeline] = {}
    for code, key in enumerate(keys):
        rows_of_series = order[bounds[code] : bounds[code + 1]]
        by_series[key] = _timeline(
            key, positions[rows_of_series], numbers[rows_of_series], outside[rows_of_series], problem
        )
    notices = (
        _order(codes, positions, problem),
        _gaps(by_series, problem),
        _ambiguity(rows.get_column(problem.time), problem),
    )
    return Timelines(grid, regressors, by_series, tuple(notice for notice in notices if notice), left_out)


def place_of(frame: Frame, problem: ForecastingProblem, grid: Grid) -> tuple[list[str], Any, Any]:
    """The series of each of n rows, and its position on ``grid``: keys, codes (n,) and positions (n,).

    Raises DataError if either is missing, or a series has a time twice.
    """
    import numpy as np

    rows = wrap(frame)
    require_columns(rows.columns, problem.index_columns)
    positions = grid.positions(rows.get_column(problem.time).to_native())
    keys, codes = series_of(frame, problem)
    order = np.lexsort((positions, codes))
    is_repeated = (np.diff(positions[order]) == 0) & (np.diff(codes[order]) == 0)
    if is_repeated.any():
        at = order[:-1][is_repeated][0]
        number = int(np.count_nonzero(is_repeated))
        verb = "repeats" if number == 1 else "repeat"
        repeats = f"{count(number, 'row')} {verb} a time of column {problem.time!r}"
        if problem.series is None:
            raise DataError(
                f"{repeats}, such as {grid.text(positions[at])}. "
                "Drop them; or set problem.series, if rows are of several series."
            )
        raise DataError(
            f"{repeats} within a series, such as "
            f"{grid.text(positions[at])} of {keys[codes[at]]!r}. Drop them, or add them up."
        )
    return keys, codes, positions


def series_of(frame: Frame, problem: ForecastingProblem) -> tuple[list[str], Any]:
    """The keys of all series, sorted, and the index of the key of each of n rows, shape (n,)."""
    import numpy as np

    rows = wrap(frame)
    if problem.series is None:
        return [""], np.zeros(len(rows), dtype=np.intp)
    require_columns(rows.columns, [problem.series], what="series column")
    texts = to_strings(rows.get_column(problem.series))
    if missing := int(texts.isna().sum()):
        raise DataError(f"Column {problem.series!r}, the series, is missing in {count(missing, 'row')}.")
    keys, codes = np.unique(texts.to_numpy(dtype=object), return_inverse=True)
    return keys.tolist(), codes


def _numbers(target: nw.Series[Any]) -> Floats:
    import numpy as np

    if kind_of(target) not in {"number", "boolean", "empty"}:
        raise DataError(
            f"The target {target.name!r} should contain numbers to be forecast, but is {target.dtype}."
        )
    numbers = to_floats(target)
    if infinite := int(np.count_nonzero(np.isinf(numbers))):
        raise DataError(f"The target {target.name!r} is infinite in {count(infinite, 'row')}: correct them.")
    require_bounded(numbers, target.name)
    greatest = float(np.nanmax(np.abs(numbers), initial=0))
    if 0 < greatest < _LEAST_TARGET:
        raise DataError(
            f"The target {target.name!r} has no value above {greatest:g}, but models support "
            f"values from {_LEAST_TARGET:g} up. Use a smaller unit."
        )
    return numbers


def _finite(regressor: nw.Series[Any]) -> Floats:
    """The numbers of a regressor. Raises DataError if some are infinite."""
    import numpy as np

    numbers = to_floats(regressor)
    if infinite := int(np.count_nonzero(np.isinf(numbers))):
        raise DataError(
            f"Column {regressor.name!r} is infinite in {count(infinite, 'row')}: correct them, or list it in "
            "problem.drop."
        )
    return numbers


def _regressors(
    rows: nw.DataFrame[Any], problem: ForecastingProblem
) -> tuple[tuple[str, ...], dict[str, str]]:
    kinds = {
        name: kind_of(rows.get_column(name))
        for name in rows.columns
        if name not in problem.not_features and name not in problem.index_columns
    }
    usable = tuple(name for name, kind in kinds.items() if kind in {"number", "boolean"})
    return usable, {name: f"{kind} values" for name, kind in kinds.items() if name not in usable}


def _timeline(
    key: str, positions: Any, numbers: Floats, regressors: Floats, problem: ForecastingProblem
) -> Timeline:
    import numpy as np

    present = np.flatnonzero(~np.isnan(numbers))
    if len(present) < 2:
        whose = f"The series {key!r}" if problem.series is not None else "The series"
        raise DataError(
            f"{whose} has {count(len(present), 'value')} of {problem.target!r} only: at least 2 are needed. "
            "Add rows, or leave it out."
        )
    # Times before the first value, and after the last, are of no use for fitting.
    inside = slice(present[0], present[-1] + 1)
    positions, numbers, regressors = positions[inside], numbers[inside], regressors[inside]
    start, end = int(positions[0]), int(positions[-1])
    values = np.full(end - start + 1, np.nan)
    outside = np.full((len(values), regressors.shape[1]), np.nan)
    values[positions - start], outside[positions - start] = numbers, regressors
    return Timeline(key, start, values, outside)


def _order(codes: Any, positions: Any, problem: ForecastingProblem) -> Check | None:
    import numpy as np

    by_series = np.argsort(codes, kind="stable")
    back = (np.diff(positions[by_series]) < 0) & (np.diff(codes[by_series]) == 0)
    if not back.any():
        return None
    number = count(int(np.count_nonzero(back)), "row")
    message = f"{number} out of the order of {problem.time!r}: they are sorted"
    return Check(check="order_of_time", status="warn", message=message, columns=(problem.time,))


def _ambiguity(times: nw.Series[Any], problem: ForecastingProblem) -> Check | None:
    date = date_form(times, problem.dates.get(problem.time))
    if date is None or not date.others:
        return None
    message = ambiguity_of(problem.time, date, times[0])
    return Check(check="ambiguous_dates", status="warn", message=message, columns=(problem.time,))


def _gaps(by_series: dict[str, Timeline], problem: ForecastingProblem) -> Check | None:
    missing = {
        key: len(timeline) - timeline.observed
        for key, timeline in by_series.items()
        if timeline.observed < len(timeline)
    }
    if not missing:
        return None
    number = sum(missing.values())
    total = f"{count(number, 'value')} of {problem.target!r} {'is' if number == 1 else 'are'}"
    place = f", in the series {listed(list(missing))}" if problem.series is not None else ""
    message = f"{total} missing between the first time and the last{place}"
    return Check(check="gaps_in_time", status="warn", message=message, columns=(problem.time, problem.target))


def interpolated(values: Floats) -> Floats:
    """``values``, shape (n,), with missing ones interpolated linearly."""
    import numpy as np

    missing = np.isnan(values)
    if not missing.any() or missing.all():
        return np.where(missing, 0.0, values)
    at = np.arange(len(values))
    return np.interp(at, at[~missing], values[~missing])
