"""Checks of time series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lolpop._names import one_of
from lolpop.checks import Check, CheckReport, Status
from lolpop.components.data_checker import DataChecker, Expectation
from lolpop.data.frames import count, kind_of, listed, require_columns, to_strings, wrap
from lolpop.data.timelines import timelines
from lolpop.errors import DataError
from lolpop.problem import ForecastingProblem

if TYPE_CHECKING:
    import narwhals as nw

    from lolpop.data.frames import Frame
    from lolpop.data.timelines import Timelines

__all__ = ["ForecastDataChecker"]


class ForecastDataChecker(DataChecker):
    """Checks rows for the requirements of time series.

    A check ends with ``error`` only if training is impossible: no times; repeated, irregular or mixed-zone
    times; no series longer than the horizon. Gaps, rows out of order, short series and unused columns are a
    ``warn``. Later rows naturally differ from earlier ones, and are not compared with them.
    """

    def __init__(self, *, problem: ForecastingProblem) -> None:
        self._problem = problem

    def check(
        self, frame: Frame, expectation: Expectation | None = None, *, labelled: bool = True
    ) -> CheckReport:
        """The outcome of every check on ``frame``.

        Raises DataError if it is not a dataframe. Rows that are not ``labelled`` only need their time and
        series.
        """
        del expectation
        rows = wrap(frame)
        return CheckReport(checks=tuple(self._checks(rows) if labelled else self._places(rows)))

    def _places(self, rows: nw.DataFrame[Any]) -> Iterator[Check]:
        place = self._problem.index_columns
        yield _check("rows", "ok", f"there are {count(len(rows), 'row')}")
        if missing := [name for name in place if name not in rows.columns]:
            hint = one_of(missing[0], rows.columns, what="Columns")
            yield _check("series", "error", f"there is no column {missing[0]!r} in the data. {hint}", missing)
            return
        values = rows.select(*(_comparable(rows.get_column(name)) for name in place))
        if missing := [name for name in place if values.get_column(name).null_count()]:
            yield _check("series", "error", f"values of {listed(missing)} are missing", missing)
        elif double := int(values.is_duplicated().sum()):
            shared = f"{count(double, 'row')} share their {' and '.join(map(repr, place))} with another row"
            yield _check("series", "error", shared, place)
        else:
            yield _check("series", "ok", "every row has a unique time", place)

    def _checks(self, rows: nw.DataFrame[Any]) -> Iterator[Check]:
        problem = self._problem
        if rows.is_empty():
            yield _check("rows", "error", "there are no rows: add rows to learn from")
            return
        yield _check("rows", "ok", f"there are {count(len(rows), 'row')}")
        yield self._roles(rows)
        try:
            # Of all columns, for one that is dropped may be the one that was meant.
            require_columns(rows.columns, [problem.time], what="time column")
            if problem.series is not None:
                require_columns(rows.columns, [problem.series], what="series column")
            features = rows.drop(*problem.not_features, strict=False).to_native()
            series = timelines(features, self._target(rows), problem)
        except DataError as error:
            yield _check("series", "error", str(error).rstrip("."), problem.index_columns)
            return
        number = f"{len(series):,} series" if problem.series else "one series"
        yield _check(
            "series",
            "ok",
            f"there is {number}, at the frequency {series.grid.frequency}",
            problem.index_columns,
        )
        notices = {notice.check: notice for notice in series.notices}
        for name, fine in (
            ("order_of_time", "rows come in the order of time"),
            ("gaps_in_time", "there are no gaps"),
            ("ambiguous_dates", "all dates are unambiguous"),
        ):
            yield notices.get(name) or _check(name, "ok", fine, [problem.time])
        yield self._history(series)
        yield self._ends(series)
        yield self._constant(series)
        yield _regressors(series)
        yield _left_out(series)

    def _target(self, rows: nw.DataFrame[Any]) -> Any:
        require_columns(rows.columns, [self._problem.target], what="target column")
        return rows.get_column(self._problem.target).to_native()

    def _roles(self, rows: nw.DataFrame[Any]) -> Check:
        problem = self._problem
        named = [("index", problem.index)] if problem.index is not None else []
        named += [("drop", name) for name in problem.drop]
        problems = [f"problem.{role} names {name!r}" for role, name in named if name not in rows.columns]
        if problems:
            return _check("column_roles", "warn", f"{', '.join(problems)}, which is not in the data")
        return _check("column_roles", "ok", "every column that the problem names exists")

    def _history(self, series: Timelines) -> Check:
        horizon, season = self._problem.horizon, self._problem.season or series.grid.season
        longest = max(len(timeline) for timeline in series)
        if longest < horizon + 2:
            message = (
                f"the longest history has {count(longest, 'step')}, too few to train on and to test the "
                f"horizon of {horizon} on: add rows, or set problem.horizon to {max(1, longest // 3)} or less"
            )
            return _check("history", "error", message)
        short = [timeline.key for timeline in series if len(timeline) < horizon + 2]
        if short:
            message = f"series too short to test the horizon of {horizon}: {listed(short)}"
            return _check("history", "warn", f"{message}. They are used for training only")
        if season > 1 and longest < horizon + 2 * season:
            message = f"the longest history has {count(longest, 'step')}, less than two seasons of {season}"
            return _check("history", "warn", f"{message} before the test: the season cannot be estimated")
        return _check("history", "ok", f"the longest history has {count(longest, 'step')}")

    def _ends(self, series: Timelines) -> Check:
        last = max(timeline.end for timeline in series)
        early = [timeline.key for timeline in series if timeline.end < last]
        if early:
            message = f"series that end before {series.grid.text(last)}: {listed(early)}"
            return _check("ends", "warn", f"{message}. Each is forecast from its own last time")
        return _check("ends", "ok", f"all end at {series.grid.text(last)}")

    def _constant(self, series: Timelines) -> Check:
        import numpy as np

        constant = [
            timeline.key for timeline in series if np.nanmin(timeline.values) == np.nanmax(timeline.values)
        ]
        target = [self._problem.target]
        if len(constant) == len(series):
            message = f"the target {target[0]!r} is always the same: nothing can be learned"
            return _check("constant_series", "error", message, target)
        if constant:
            return _check("constant_series", "warn", f"constant series: {listed(constant)}", target)
        return _check("constant_series", "ok", "the target varies", target)


def _comparable(values: nw.Series[Any]) -> nw.Series[Any]:
    """``values`` that may be missing or alike: objects as text."""
    import narwhals as nw

    if kind_of(values) in {"datetime", "string"} or (
        values.dtype.is_numeric() and not values.dtype.is_decimal()
    ):
        return values
    texts = [text if isinstance(text, str) else None for text in to_strings(values)]
    return nw.new_series(values.name, texts, nw.String, backend=values.implementation)


def _regressors(series: Timelines) -> Check:
    import numpy as np

    missing = {
        name: sum(
            int(np.count_nonzero(~np.isfinite(timeline.regressors[~np.isnan(timeline.values), at])))
            for timeline in series
        )
        for at, name in enumerate(series.regressors)
    }
    holes = [f"{name!r} ({count(number, 'row')})" for name, number in missing.items() if number]
    if holes:
        message = f"regressors with missing values: {', '.join(holes)}. They are interpolated"
        return _check("missing_regressors", "warn", message, [name for name in missing if missing[name]])
    return _check("missing_regressors", "ok", f"{count(len(series.regressors), 'regressor')}")


def _left_out(series: Timelines) -> Check:
    if series.left_out:
        shown = ", ".join(f"{name!r} ({reason})" for name, reason in series.left_out.items())
        return _check(
            "left_out_columns", "warn", f"columns that are not used: {shown}", list(series.left_out)
        )
    return _check("left_out_columns", "ok", "all columns are used")


def _check(name: str, status: Status, message: str, columns: Sequence[str] = ()) -> Check:
    return Check(check=name, status=status, message=message, columns=tuple(columns))
