"""Grids of regular times, by position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lolpop.data.dates import parsed_dates, written_date
from lolpop.data.frames import count, date_form, kind_of, to_floats, to_strings, wrap_series
from lolpop.errors import DataError
from lolpop.problem import ISO

if TYPE_CHECKING:
    import narwhals as nw
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from lolpop.data.frames import Kind, Series

    Positions = NDArray[np.int64]

__all__ = ["Grid"]

# With a smaller share of the times of a grid, the grid would be a guess.
_LEAST_SHARE = 0.5
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_SEASONS = {"B": 5, "D": 7, "W": 52, "MS": 12, "ME": 12, "QS": 4, "QE": 4, "YS": 1, "YE": 1}
_GREATEST = 2**53  # greater whole numbers cannot be distinguished as floats
_DAY, _HOUR = 86_400, 3_600
_LAST_YEAR = 9999  # that dates are written with
_YEARS_OF_DATES = ("1900-01-01", "2099-12-31")
_MOST_STEPS_A_DAY = _MINUTES = 1_440
# With more times of day than these, data is hourly, not shifted by an hour.
_MOST_SHIFTED = 12


@dataclass(frozen=True, slots=True)
class Grid:
    """Times at one frequency, each with its position: 0 for ``start``, 1 for the next.

    ``frequency`` is a pandas offset alias, or the step between whole numbers; ``start`` is ISO 8601 in UTC
    where there is a ``zone``. Days and longer steps follow the calendar of the zone. Text is read and
    written in ``form``, as strptime takes it; None is ISO 8601.
    """

    frequency: str
    start: str | int
    zone: str | None = None
    form: str | None = None

    @classmethod
    def of(cls, times: Series, frequency: str | None = None, form: str | None = None) -> Grid:
        """The grid of the n ``times``, at ``frequency`` or at the inferred one.

        Text is in the stated ``form``, or in the inferred one.

        Raises DataError, naming the column and a value, for invalid or missing times and mixed zones, and if
        no frequency can be inferred.
        """
        column = wrap_series(times)
        date = date_form(column, form) if len(column) else None
        form = None if date is None or date.form == ISO else date.form
        moments = _moments(column, form)
        if not len(moments):
            raise DataError(f"Column {column.name!r} has no times: there are no rows.")
        distinct = moments.drop_duplicates().sort_values()
        if _are_numbers(moments):
            return cls(_step(distinct, frequency, column.name), int(distinct[0]))
        step_text = _offset(frequency).freqstr if frequency else _frequency(distinct, column.name)
        zone = None if distinct.tz is None else str(distinct.tz)
        first = distinct[0] if zone is None else distinct[0].tz_convert("UTC")
        return cls(step_text, first.isoformat(), zone, form)

    @property
    def counts(self) -> bool:
        """Whether its times are whole numbers, not dates."""
        return isinstance(self.start, int)

    @property
    def season(self) -> int:
        """Steps until the pattern of the calendar repeats: 12 for months, 7 for days, 24 for hours; 1 if
        there is none.
        """
        import pandas as pd

        if self.counts:
            return 1
        offset = _offset(self.frequency)
        if not isinstance(offset, pd.offsets.Tick):
            name, steps = offset.rule_code.partition("-")[0], offset.n
            whole = _SEASONS.get(name, 1)
            return (
                whole // steps if not whole % steps else max(1, round(365.25 / steps)) if name == "D" else 1
            )
        step = pd.Timedelta(offset).total_seconds()
        cycle = _DAY if _DAY / step <= _MOST_STEPS_A_DAY else _HOUR
        return max(1, round(cycle / step))

    def positions(self, times: Series) -> Positions:
        """Positions of the n ``times``, shape (n,); those before ``start`` are negative.

        Raises DataError, naming the column and a value, for times that are not on this grid.
        """
        import numpy as np

        column = wrap_series(times)
        moments = _moments(column, self.form)
        if not len(moments):
            return np.empty(0, dtype=np.int64)
        if self.counts != _are_numbers(moments):
            kinds = "dates", "whole numbers"
            raise DataError(
                f"Column {column.name!r} contains {kinds[not self.counts]}, but the training data has "
                f"{kinds[self.counts]}."
            )
        if isinstance(self.start, int):
            step = int(self.frequency)
            positions = (moments.to_numpy() - self.start) // step
            off = (moments.to_numpy() - self.start) % step != 0
        else:
            if (moments.tz is None) != (self.zone is None):
                raise DataError(
                    f"Column {column.name!r} has times {'with' if self.zone is None else 'without'} a zone, "
                    f"but the training data has {'none' if self.zone is None else self.zone}."
                )
            positions, off = self._counted(moments)
        if off.any():
            strange = moments[off][0]
            raise DataError(
                f"Column {column.name!r} contains {_shown(strange)}, which does not match the frequency "
                f"{self.frequency} from {self._shown_start()}. Correct it, or set problem.frequency."
            )
        return np.asarray(positions, dtype=np.int64)

    def times(self, positions: Positions) -> pd.Index[Any]:
        """The times at ``positions``: dates, with their zone if they have one, or whole numbers."""
        import numpy as np
        import pandas as pd

        wanted = np.asarray(positions, dtype=np.int64)
        if isinstance(self.start, int):
            return pd.Index(self.start + wanted * int(self.frequency))
        if not len(wanted):
            return pd.DatetimeIndex([], dtype="datetime64[us]").tz_localize(self.zone)
        first, last = min(0, int(wanted.min())), max(0, int(wanted.max()))
        start, offset = self._start(), _offset(self.frequency)
        if self._is_even(offset):
            return start + pd.to_timedelta(wanted * _delta(offset).to_numpy())
        return self._range(start, first, last, offset)[wanted - first]

    def text(self, position: int) -> str:
        """The time at ``position``, for a message."""
        import numpy as np

        return _shown(self.times(np.array([position]))[0])

    def column(self, positions: Positions, like: nw.Series[Any]) -> nw.Series[Any]:
        """The times at ``positions`` as a column with the name, dtype and library of ``like``."""
        import narwhals as nw
        import pandas as pd

        moments = self.times(positions)
        if self.counts:
            values: list[Any] = moments.tolist()
        else:
            last: Any = moments.max()
            if last.year > _LAST_YEAR:
                raise DataError(f"Column {like.name!r} would go on to {_shown(last)}: that is no date.")
            values = [moment.to_pydatetime() for moment in moments]
            if like.dtype == nw.String:
                values = [
                    _shown(moment) if self.form is None else written_date(moment, self.form)
                    for moment in moments
                ]
            elif like.dtype == nw.Object and len(like) and not hasattr(like.to_list()[0], "hour"):
                return nw.new_series(
                    like.name, [value.date() for value in values], backend=like.implementation
                )
        if like.implementation.is_pandas_like() and like.dtype != nw.String:
            native = like.to_native().dtype
            made = pd.Series(moments, name=like.name).astype(native)
            return nw.from_native(made, series_only=True)
        return nw.new_series(like.name, values, backend=like.implementation).cast(like.dtype)

    def _start(self) -> pd.Timestamp:
        import pandas as pd

        start = pd.Timestamp(self.start)
        return start if self.zone is None else start.tz_convert(self.zone)

    def _shown_start(self) -> str:
        return str(self.start) if isinstance(self.start, int) else _shown(self._start())

    def _is_even(self, offset: Any) -> bool:
        """Whether all steps have the same length, so that positions can be computed by division."""
        import pandas as pd

        return isinstance(offset, pd.offsets.Tick) or (
            isinstance(offset, pd.offsets.Day) and self.zone is None
        )

    def _counted(self, moments: pd.DatetimeIndex) -> tuple[Any, Any]:
        """The position of each of ``moments``, and whether it is off the grid."""
        import pandas as pd

        start, offset = self._start(), _offset(self.frequency)
        if self._is_even(offset):
            since, step = (
                moments.tz_convert(self.zone) - start if self.zone else moments - start,
                _delta(offset),
            )
            return since // step, (since % step) != pd.Timedelta(0)
        # A step is at least nine tenths of the one at the start, in any month and around clock changes.
        step = ((start + offset) - start) * 0.9
        first, last = int((moments.min() - start) // step) - 1, int((moments.max() - start) // step) + 1
        first, last = min(first, 0), max(last, 0)
        positions = self._range(start, first, last, offset).get_indexer(moments)
        return positions + first, positions < 0

    @staticmethod
    def _range(start: pd.Timestamp, first: int, last: int, offset: Any) -> pd.DatetimeIndex:
        import pandas as pd

        after = pd.date_range(start, periods=last + 1, freq=offset)
        before = pd.date_range(end=start, periods=1 - first, freq=offset)[:-1]
        return pd.DatetimeIndex(before.append(after)) if len(before) else after


def _moments(column: nw.Series[Any], form: str | None) -> Any:
    """The values of a column as a pandas index of whole numbers or of dates, of text of ``form``."""
    import pandas as pd

    kind = kind_of(column) if len(column) else "datetime"
    if kind not in {"number", "datetime", "string", "empty"}:
        raise _other_values(column, kind)
    if kind == "number" and form is None:
        return _whole_numbers(column)
    if missing := len(column) if kind == "empty" else column.null_count():
        raise _missing(column, missing)
    values = column.to_pandas()
    try:
        if form is not None and kind != "datetime":
            parsed = parsed_dates(to_strings(column), form, column.name)
        else:
            parsed = pd.to_datetime(values, format="ISO8601")
    except (ValueError, TypeError, OverflowError) as error:
        raise _no_times(values, column.name) from error
    index = pd.DatetimeIndex(parsed)
    if missing := int(parsed.isna().sum()):  # empty text, or text such as NaT
        raise _missing(column, missing)
    return index if index.unit == "us" else index.as_unit("us")


def _other_values(column: nw.Series[Any], kind: Kind) -> DataError:
    holds = {"mixed": "values of several types", "other": "values that are neither text nor numbers"}.get(
        kind, f"{kind} values"
    )
    advice = "Give dates, or whole numbers such as years."
    if str(column.to_native().dtype).startswith("period"):
        holds, advice = "periods", "Give the moment at which each begins: periods.dt.to_timestamp()."
    elif kind == "duration":
        holds, advice = "durations", "Add them to the moment that they count from, such as 2024-01-31."
    return DataError(f"Column {column.name!r} should contain times, but contains {holds}. {advice}")


def _whole_numbers(column: nw.Series[Any]) -> Any:
    import numpy as np
    import pandas as pd

    values = to_floats(column)
    if missing := int(np.count_nonzero(np.isnan(values))):
        raise _missing(column, missing)
    strange = ~np.isfinite(values) | (values != np.round(values)) | (np.abs(values) > _GREATEST)
    if strange.any():
        raise DataError(
            f"Column {column.name!r} should contain times: dates, or whole numbers such as years. "
            f"It holds {values[strange][0]}."
        )
    return pd.Index(values.astype(np.int64))


def _missing(column: nw.Series[Any], rows: int) -> DataError:
    return DataError(
        f"Column {column.name!r}, the time, is missing in {count(rows, 'row')}: fill or drop those."
    )


def _no_times(values: pd.Series[Any], name: str) -> DataError:
    import pandas as pd

    parsed = pd.to_datetime(values, format="ISO8601", errors="coerce", utc=True)
    if strange := values[parsed.isna()].tolist():
        return DataError(
            f"Column {name!r} should contain times (ISO 8601), but contains {strange[0]!r}. Write times "
            "such as 2024-01-31 or 2024-01-31T18:30; a month, a quarter or a week as its first day. Or set "
            f"the date format in problem.dates, such as {{{name}: '%d/%m/%Y'}}."
        )
    first = values.iloc[0]
    zone = _zone(first)
    other = next((value for value in values if _zone(value) != zone), values.iloc[-1])
    return DataError(
        f"Column {name!r} mixes time zones, such as in {str(first)!r} and {str(other)!r}. "
        "Convert all its times to one, such as UTC."
    )


def _zone(value: Any) -> str:
    import pandas as pd

    return str(pd.Timestamp(value).tz)


def _are_numbers(moments: Any) -> bool:
    return not hasattr(moments, "tz")


def _step(distinct: Any, frequency: str | None, name: str) -> str:
    import numpy as np

    if frequency is not None and frequency.isdigit() and int(frequency):
        return frequency
    if len(distinct) > 1 and (example := _date_in_digits(distinct)):
        raise DataError(
            f"Column {name!r} holds numbers that look like dates, such as {distinct[0]}, and would be "
            f"counted as such. Write them as dates, such as {example}; or set problem.frequency to the step "
            "between them, such as 1, if they are numbers."
        )
    if frequency is not None:
        raise DataError(
            f"Column {name!r} contains whole numbers: set problem.frequency to the step between them, "
            f"such as 1, not to {frequency!r}."
        )
    if len(distinct) < 2:
        return "1"
    steps = np.diff(distinct.to_numpy())
    step = int(np.gcd.reduce(steps))
    _require_regular(distinct, int(steps.sum()) // step + 1, name)
    return str(step)


def _date_in_digits(distinct: pd.Index[Any]) -> str | None:
    """The first of ``distinct`` as a date, if all are months or days such as 202401 or 20240131."""
    import pandas as pd

    for form, shown in (("%Y%m", "%Y-%m"), ("%Y%m%d", "%Y-%m-%d")):
        low, high = (int(pd.Timestamp(bound).strftime(form)) for bound in _YEARS_OF_DATES)
        if distinct[0] < low or distinct[-1] > high:
            continue
        dates = pd.to_datetime(distinct.astype(str), format=form, errors="coerce")
        if not dates.hasnans:
            return str(dates[0].strftime(shown))
    return None


def _offset(frequency: str) -> Any:
    from pandas.tseries.frequencies import to_offset

    try:
        return to_offset(frequency)
    except ValueError as error:
        raise DataError(
            f"problem.frequency {frequency!r} is not a frequency of pandas, such as D, W-SUN, MS, h or 15min."
        ) from error


def _delta(offset: Any) -> pd.Timedelta:
    import pandas as pd

    return pd.Timedelta(days=offset.n) if isinstance(offset, pd.offsets.Day) else pd.Timedelta(offset)


def _frequency(distinct: pd.DatetimeIndex, name: str) -> str:
    """The coarsest frequency whose grid contains all of the distinct, sorted times."""
    import numpy as np
    import pandas as pd

    if len(distinct) < 2:
        raise DataError(
            f"Column {name!r} has one time only, {_shown(distinct[0])}: the frequency cannot be inferred. "
            "Add rows, or set problem.frequency."
        )
    first, last = distinct[0], distinct[-1]
    for candidate in _calendar_frequencies(distinct):
        grid = pd.date_range(first, last, freq=candidate)
        if len(grid) <= len(distinct) / _LEAST_SHARE and (grid.get_indexer(distinct) >= 0).all():
            return candidate
    steps = np.diff(distinct.asi8)
    step = int(np.gcd.reduce(steps))
    _require_one_offset(distinct, name)
    _require_regular(distinct, int(steps.sum()) // step + 1, name)
    return str(_offset_of(pd.Timedelta(step, unit="us")))


def _calendar_frequencies(distinct: pd.DatetimeIndex) -> list[str]:
    """Frequencies of the calendar that start at the first of ``distinct``, from years to days."""
    import numpy as np

    first = distinct[0]
    month = _MONTHS[first.month - 1]
    frequencies = [f"YS-{month}", f"QS-{month}", "MS"] if first.is_month_start else []
    frequencies += [f"YE-{month}", f"QE-{month}", "ME"] if first.is_month_end else []
    days = np.diff(distinct.tz_localize(None).normalize().asi8) // (_DAY * 1_000_000)
    step = int(np.gcd.reduce(days))
    even = ["D" if step == 1 else f"{step}D"] if step else []
    frequencies += even if step > 7 else []
    frequencies.append(f"W-{_WEEKDAYS[first.weekday()]}")
    weekdays = distinct.day_of_week.to_numpy()
    if (distinct[-1] - first).days >= 7 and weekdays.max() < 5:
        frequencies.append("B")
    return frequencies + even


def _offset_of(step: pd.Timedelta) -> str:
    from pandas.tseries.frequencies import to_offset

    return str(to_offset(step).freqstr)


def _require_one_offset(distinct: pd.DatetimeIndex, name: str) -> None:
    """Raise DataError if there are few times of day in a zone, and each has another one an hour apart."""
    if distinct.tz is None:
        return
    hours = {60 * moment.hour + moment.minute for moment in distinct}
    pairs = all((minute + 60) % _MINUTES in hours or (minute - 60) % _MINUTES in hours for minute in hours)
    if pairs and len(hours) <= _MOST_SHIFTED:
        shown = " and ".join(f"{minute // 60:02}:{minute % 60:02}" for minute in sorted(hours)[:2])
        raise DataError(
            f"Column {name!r} mixes time zones, or UTC offsets of summer and winter: in {distinct.tz}, "
            f"its times of day are {shown}, so the frequency cannot be inferred. Write times without "
            "an offset, such as 2024-01-31, or all with the same."
        )


def _require_regular(distinct: Any, steps: int, name: str) -> None:
    if len(distinct) < _LEAST_SHARE * steps:
        shown = ", ".join(_shown(moment) for moment in distinct[:3])
        raise DataError(
            f"The frequency of column {name!r} cannot be inferred: its times, such as {shown}, are "
            "irregular. Set problem.frequency, or aggregate the rows to regular times."
        )


def _shown(moment: Any) -> str:
    text = str(moment)
    return text.removesuffix(" 00:00:00")
