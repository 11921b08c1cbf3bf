"""Frequencies: the regular distance between times, and how many steps make a season."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lolpop.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["frequency_of", "length_of", "offset_of", "season_of", "shown", "step_of"]

# With a smaller share of the times of a grid, the grid would be a guess.
_LEAST_SHARE = 0.5
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_SEASONS = {"B": 5, "D": 7, "W": 52, "SMS": 24, "SME": 24} | {
    f"{business}{period}{end}": season
    for period, season in (("M", 12), ("Q", 4), ("Y", 1))
    for end in "SE"
    for business in ("", "B")
}
_DAY, _HOUR = 86_400, 3_600
_YEARS_OF_DATES = ("1900-01-01", "2099-12-31")
_MOST_STEPS_A_DAY = _MINUTES = 1_440
# With more times of day than these, data is hourly, not shifted by an hour.
_MOST_SHIFTED = 12


def season_of(frequency: str) -> int:
    """Steps of a frequency of pandas until the pattern of the calendar repeats; 1 if there is none."""
    import pandas as pd

    offset = offset_of(frequency)
    if not isinstance(offset, pd.offsets.Tick):
        name, steps = offset.rule_code.partition("-")[0], offset.n
        whole = _SEASONS.get(name, 1)
        return whole // steps if not whole % steps else max(1, round(365.25 / steps)) if name == "D" else 1
    step = pd.Timedelta(offset).total_seconds()
    cycle = _DAY if _DAY / step <= _MOST_STEPS_A_DAY else _HOUR
    return max(1, round(cycle / step))


def step_of(distinct: Any, frequency: str | None, name: str) -> str:
    """The step between the distinct, sorted whole numbers of column ``name``, as text.

    Raises DataError if they are dates in digits, are irregular, or ``frequency`` is no step.
    """
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

    for form, iso in (("%Y%m", "%Y-%m"), ("%Y%m%d", "%Y-%m-%d")):
        low, high = (int(pd.Timestamp(bound).strftime(form)) for bound in _YEARS_OF_DATES)
        if distinct[0] < low or distinct[-1] > high:
            continue
        dates = pd.to_datetime(distinct.astype(str), format=form, errors="coerce")
        if not dates.hasnans:
            return str(dates[0].strftime(iso))
    return None


def offset_of(frequency: str) -> Any:
    """The offset of pandas with this alias. Raises DataError if there is none."""
    from pandas.tseries.frequencies import to_offset

    try:
        return to_offset(frequency)
    except ValueError as error:
        raise DataError(
            f"problem.frequency {frequency!r} is not a frequency of pandas, such as D, W-SUN, MS, h or 15min."
        ) from error


def length_of(offset: Any) -> pd.Timedelta:
    """The length of one step, where all have the same."""
    import pandas as pd

    return pd.Timedelta(days=offset.n) if isinstance(offset, pd.offsets.Day) else pd.Timedelta(offset)


def frequency_of(distinct: pd.DatetimeIndex, name: str) -> str:
    """The coarsest frequency whose grid contains all of the distinct, sorted times."""
    import numpy as np
    import pandas as pd

    if len(distinct) < 2:
        raise DataError(
            f"Column {name!r} has one time only, {shown(distinct[0])}: the frequency cannot be inferred. "
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
    return str(_text_of(pd.Timedelta(step, unit="us")))


def _calendar_frequencies(distinct: pd.DatetimeIndex) -> list[str]:
    """Frequencies of the calendar that start at the first of ``distinct``, from years to days."""
    import numpy as np
    import pandas as pd

    first, weekdays = distinct[0], distinct.day_of_week.to_numpy()
    month = _MONTHS[first.month - 1]
    frequencies = [f"YS-{month}", f"QS-{month}", "MS"] if first.is_month_start else []
    frequencies += [f"YE-{month}", f"QE-{month}", "ME"] if first.is_month_end else []
    if weekdays.max() < 5:
        begins, ends = (
            offset().is_on_offset(first) for offset in (pd.offsets.BMonthBegin, pd.offsets.BMonthEnd)
        )
        frequencies += [f"BYS-{month}", f"BQS-{month}", "BMS"] if begins else []
        frequencies += [f"BYE-{month}", f"BQE-{month}", "BME"] if ends else []
    days = np.diff(distinct.tz_localize(None).normalize().asi8) // (_DAY * 1_000_000)
    step = int(np.gcd.reduce(days))
    even = ["D" if step == 1 else f"{step}D"] if step else []
    frequencies += even if step > 7 else []
    frequencies.append(f"W-{_WEEKDAYS[first.weekday()]}")
    if (distinct[-1] - first).days >= 7 and weekdays.max() < 5:
        frequencies.append("B")
    return frequencies + even


def _text_of(step: pd.Timedelta) -> str:
    from pandas.tseries.frequencies import to_offset

    return str(to_offset(step).freqstr)


def _require_one_offset(distinct: pd.DatetimeIndex, name: str) -> None:
    """Raise DataError if there are few times of day in a zone, and each has another one an hour apart."""
    if distinct.tz is None:
        return
    hours = {60 * moment.hour + moment.minute for moment in distinct}
    pairs = all((minute + 60) % _MINUTES in hours or (minute - 60) % _MINUTES in hours for minute in hours)
    if pairs and len(hours) <= _MOST_SHIFTED:
        hours_shown = " and ".join(f"{minute // 60:02}:{minute % 60:02}" for minute in sorted(hours)[:2])
        raise DataError(
            f"Column {name!r} mixes time zones, or UTC offsets of summer and winter: in {distinct.tz}, "
            f"its times of day are {hours_shown}, so the frequency cannot be inferred. Write times without "
            "an offset, such as 2024-01-31, or all with the same."
        )


def _require_regular(distinct: Any, steps: int, name: str) -> None:
    if len(distinct) < _LEAST_SHARE * steps:
        examples = ", ".join(shown(moment) for moment in distinct[:3])
        raise DataError(
            f"The frequency of column {name!r} cannot be inferred: its times, such as {examples}, are "
            "irregular. Set problem.frequency, or aggregate the rows to regular times."
        )


def shown(moment: Any) -> str:
    """A time for a message: without a time of day at midnight."""
    text = str(moment)
    return text.removesuffix(" 00:00:00")
