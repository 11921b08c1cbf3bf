"""Grids of regular times, by position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lolpop.data.dates import parsed_dates, written_date
from lolpop.data.frames import count, date_form, kind_of, to_floats, to_strings, wrap_series
from lolpop.data.frequencies import frequency_of, length_of, offset_of, season_of, shown, step_of
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

_GREATEST = 2**53  # greater whole numbers cannot be distinguished as floats
_LAST_YEAR = 9999  # that dates are written with
_STEPS_OF_A_CYCLE = 10
"""So many steps contain steps of every length, except for a few days more or less in a month or a year."""


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
            return cls(step_of(distinct, frequency, column.name), int(distinct[0]))
        step_text = offset_of(frequency).freqstr if frequency else frequency_of(distinct, column.name)
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
        return 1 if self.counts else season_of(self.frequency)

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
            is_off_grid = (moments.to_numpy() - self.start) % step != 0
        else:
            if (moments.tz is None) != (self.zone is None):
                raise DataError(
                    f"Column {column.name!r} has times {'with' if self.zone is None else 'without'} a zone, "
                    f"but the training data has {'none' if self.zone is None else self.zone}."
                )
            positions, is_off_grid = self._counted(moments)
        if is_off_grid.any():
            value = moments[is_off_grid][0]
            raise DataError(
                f"Column {column.name!r} contains {shown(value)}, which does not match the frequency "
                f"{self.frequency} from {self._shown_start()}. Correct it, or set problem.frequency."
            )
        return np.asarray(positions, dtype=np.int64)

    def times(self, positions: Positions) -> pd.Index[Any]:
        """The times at ``positions``: dates, with their zone if they have one, or whole numbers."""
        import numpy as np
        import pandas as pd

        places = np.asarray(positions, dtype=np.int64)
        if isinstance(self.start, int):
            return pd.Index(self.start + places * int(self.frequency))
        if not len(places):
            return pd.DatetimeIndex([], dtype="datetime64[us]").tz_localize(self.zone)
        first, last = min(0, int(places.min())), max(0, int(places.max()))
        start, offset = self._start(), offset_of(self.frequency)
        if self._is_even(offset):
            return start + pd.to_timedelta(places * length_of(offset).to_numpy())
        return self._range(start, first, last, offset)[places - first]

    def text(self, position: int) -> str:
        """The time at ``position``, for a message."""
        import numpy as np

        return shown(self.times(np.array([position]))[0])

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
                raise DataError(f"Column {like.name!r} would go on to {shown(last)}: that is no date.")
            values = [moment.to_pydatetime() for moment in moments]
            if like.dtype == nw.String:
                values = [
                    shown(moment) if self.form is None else written_date(moment, self.form)
                    for moment in moments
                ]
            elif like.dtype == nw.Object and len(like) and not hasattr(like.to_list()[0], "hour"):
                return nw.new_series(
                    like.name, [value.date() for value in values], backend=like.implementation
                )
        if like.implementation.is_pandas_like() and like.dtype != nw.String:
            native = like.to_native().dtype
            times = pd.Series(moments, name=like.name).astype(native)
            return nw.from_native(times, series_only=True)
        return nw.new_series(like.name, values, backend=like.implementation).cast(like.dtype)

    def _start(self) -> pd.Timestamp:
        import pandas as pd

        start = pd.Timestamp(self.start)
        return start if self.zone is None else start.tz_convert(self.zone)

    def _shown_start(self) -> str:
        return str(self.start) if isinstance(self.start, int) else shown(self._start())

    def _is_even(self, offset: Any) -> bool:
        """Whether all steps have the same length, so that positions can be computed by division."""
        import pandas as pd

        return isinstance(offset, pd.offsets.Tick) or (
            isinstance(offset, pd.offsets.Day) and self.zone is None
        )

    def _counted(self, moments: pd.DatetimeIndex) -> tuple[Any, Any]:
        """The position of each of ``moments``, and whether it is off the grid."""
        import pandas as pd

        start, offset = self._start(), offset_of(self.frequency)
        if self._is_even(offset):
            since, step = (
                moments.tz_convert(self.zone) - start if self.zone else moments - start,
                length_of(offset),
            )
            return since // step, (since % step) != pd.Timedelta(0)
        # Steps differ: a business day after a Friday takes three days. In any month, and around changes of
        # the clock, a step is at least nine tenths of the shortest of a cycle.
        step = pd.date_range(start, periods=_STEPS_OF_A_CYCLE, freq=offset).diff().min() * 0.9
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
    not_whole = ~np.isfinite(values) | (values != np.round(values)) | (np.abs(values) > _GREATEST)
    if not_whole.any():
        raise DataError(
            f"Column {column.name!r} should contain times: dates, or whole numbers such as years. "
            f"It holds {values[not_whole][0]}."
        )
    return pd.Index(values.astype(np.int64))


def _missing(column: nw.Series[Any], rows: int) -> DataError:
    return DataError(
        f"Column {column.name!r}, the time, is missing in {count(rows, 'row')}: fill or drop those."
    )


def _no_times(values: pd.Series[Any], name: str) -> DataError:
    import pandas as pd

    parsed = pd.to_datetime(values, format="ISO8601", errors="coerce", utc=True)
    if unparsed := values[parsed.isna()].tolist():
        return DataError(
            f"Column {name!r} should contain times (ISO 8601), but contains {unparsed[0]!r}. Write times "
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
