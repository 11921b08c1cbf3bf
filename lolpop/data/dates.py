"""Formats of dates in text."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lolpop.errors import DataError
from lolpop.problem import ISO

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "DateForm",
    "NearlyDates",
    "ambiguity_of",
    "date_form_of",
    "nearly_dates",
    "parsed_dates",
    "written_date",
]

# The shapes of dates, and their possible formats, the more usual one first.
_DATES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\d{4}/\d{1,2}/\d{1,2}", ("%Y/%m/%d",)),
    (r"\d{4}\.\d{1,2}\.\d{1,2}", ("%Y.%m.%d",)),
    (r"\d{4}-\d{1,2}-\d{1,2}", ("%Y-%m-%d",)),
    (r"\d{1,2}/\d{1,2}/\d{4}", ("%m/%d/%Y", "%d/%m/%Y")),
    (r"\d{1,2}-\d{1,2}-\d{4}", ("%m-%d-%Y", "%d-%m-%Y")),
    (r"\d{1,2}/\d{1,2}/\d{2}", ("%m/%d/%y", "%d/%m/%y")),
    (r"\d{2}-\d{2}-\d{2}", ("%m-%d-%y", "%d-%m-%y", "%y-%m-%d")),
    # With points, the month never comes first; three numbers with points may be versions, too.
    (r"\d{1,2}\.\d{1,2}\.\d{4}", ("%d.%m.%Y",)),
    (r"\d{2}\.\d{2}\.\d{2}", ("%d.%m.%y",)),
    (r"\d{4}/\d{2}", ("%Y/%m",)),
    (r"\d{4}-\d{2}", ("%Y-%m",)),
    (r"\d{1,2}/\d{4}", ("%m/%Y",)),
    (r"\d{1,2}\.? [A-Za-z]+,? \d{4}", ("%d %b %Y", "%d %B %Y", "%d. %B %Y", "%d. %b %Y", "%d %B, %Y")),
    (r"\d{1,2}-[A-Za-z]{3,9}-\d{4}", ("%d-%b-%Y", "%d-%B-%Y")),
    (r"\d{1,2}/[A-Za-z]{3,9}/\d{4}", ("%d/%b/%Y", "%d/%B/%Y")),
    (r"\d{1,2}-[A-Za-z]{3}-\d{2}", ("%d-%b-%y",)),
    (r"[A-Za-z]+\.? \d{1,2},? \d{4}", ("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%b. %d, %Y")),
    (r"\d{4}[- ][A-Za-z]{3,9}[- ]\d{1,2}", ("%Y-%b-%d", "%Y %b %d", "%Y %B %d", "%Y-%B-%d")),
    (r"[A-Za-z]{3,9} \d{4}", ("%b %Y", "%B %Y")),
    (r"[A-Za-z]{3,9}-\d{4}", ("%b-%Y", "%B-%Y")),
    (r"[A-Za-z]{3}, \d{1,2} [A-Za-z]{3} \d{4}", ("%a, %d %b %Y",)),
    (r"[A-Za-z]{6,9}, \d{1,2} [A-Za-z]+ \d{4}", ("%A, %d %B %Y",)),
    (r"[A-Za-z]{6,9}, [A-Za-z]+ \d{1,2}, \d{4}", ("%A, %B %d, %Y",)),
)
_TIME = (
    r"(?P<before>,? |T)\d{1,2}:\d{2}(?P<seconds>:\d{2}(?P<fraction>\.\d{1,9})?)?"
    r"(?P<half>(?P<space> ?)[AaPp][Mm])?(?P<zone>(?P<gap> ?)(Z|[+-]\d{2}:?\d{2}))?"
)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?", re.ASCII)

# More different dates than these are not on the same day of the month by chance.
_MORE_THAN_MONTHS = 12
_SOME_VALUES = 100
# Among fewer values, nine in ten dates mean nothing.
_FEWEST_VALUES = 10
_NEARLY_ALL = 0.9


@dataclass(frozen=True, slots=True)
class DateForm:
    """The format of all dates of a column, as strptime takes it, or ISO 8601.

    ``others`` are formats that fit all of them too, but mean other dates.
    """

    form: str
    others: tuple[str, ...] = ()


def date_form_of(texts: pd.Series[Any]) -> DateForm | None:
    """The format in which all of n ``texts`` are dates; None if one of them is not a date, or all are
    missing.

    ISO 8601 is not detected: files with such dates are read as dates, and where they are text, they are
    meant to be text.

    If day or month may come first, a number above 12 decides. Otherwise, a format in which all dates are on
    the same day of the month is preferred, since monthly data is written so, and then the one with the month
    first.
    """
    present = texts.dropna().drop_duplicates()
    if present.empty:
        return None
    present = present.str.strip()
    first = present.iloc[0]
    if _ISO.fullmatch(first) and _fits(present, ISO):
        return None
    forms = [form for form in _forms_of_shape(first) if _fits(present, form)]
    if len(forms) < 2:
        return DateForm(forms[0]) if forms else None
    monthly = [form for form in forms if form[1] != "y" and _parsed(present, form).dt.day.nunique() == 1]
    if len(monthly) == 1 and len(present) > 1:
        forms.remove(monthly[0])
        return DateForm(monthly[0], () if len(present) > _MORE_THAN_MONTHS else tuple(forms))
    return DateForm(forms[0], tuple(forms[1:]))


@dataclass(frozen=True, slots=True)
class NearlyDates:
    """A column with ``dates`` of ``form`` among its ``values``, except a few: ``row`` (from 1) is
    ``text``.
    """

    form: str
    dates: int
    values: int
    row: int
    text: str


def nearly_dates(texts: pd.Series[Any]) -> NearlyDates | None:
    """The first of n ``texts`` that is not a date of a format that fits at least nine in ten; None if there
    is none.
    """
    import numpy as np

    values = int(texts.notna().sum())
    forms = list(_forms_of_some(texts)) if values >= _FEWEST_VALUES else []
    if not forms:  # nearly always, a sample of the values is enough
        return None
    stripped = texts.str.strip()
    for form in forms:
        is_date = _parsed(stripped, form).notna()
        dates = int(is_date.sum())
        if _NEARLY_ALL * values <= dates < values:
            row = int(np.flatnonzero((texts.notna() & ~is_date).to_numpy())[0])
            return NearlyDates(form, dates, values, row + 1, str(stripped.iloc[row]))
    return None


def _forms_of_some(texts: pd.Series[Any]) -> Iterator[str]:
    """The formats that fit most of the first texts."""
    some = texts.dropna()[:_SOME_VALUES].str.strip()
    forms = Counter(form for text in some for form in _forms_of_text(text))
    yield from (form for form, number in forms.most_common() if number >= _NEARLY_ALL * len(some) - 1)


def _forms_of_text(text: str) -> Iterator[str]:
    yield from ([ISO] if _ISO.fullmatch(text) else _forms_of_shape(text))


def parsed_dates(texts: pd.Series[Any], form: str, column: str) -> pd.Series[Any]:
    """The n ``texts`` as dates of ``form``, those with a zone in UTC; ISO 8601 is understood beside it.

    Raises DataError, naming the column and a value, for anything else.
    """
    stripped = texts.str.strip()
    dates = _parsed(stripped, form)
    unparsed = dates.isna() & stripped.notna()
    # Text with the year first that fits no format with the year first is not a date.
    if unparsed.any() and form != ISO and not form.startswith("%Y-"):
        iso = stripped.where(unparsed & stripped.str.fullmatch(_ISO).fillna(value=False))
        other = _parsed(iso, ISO)
        if (other.dt.tz is None) == (dates.dt.tz is None):
            dates = dates.where(~unparsed, other)
            unparsed = dates.isna() & stripped.notna()
    if unparsed.any():
        value = texts[unparsed].iloc[0]
        example = datetime(2024, 1, 31, 18, 30)  # noqa: DTZ001  (an example of how dates are written)
        shown = "(ISO 8601)" if form == ISO else f"such as {example.strftime(form)} ({form})"
        raise DataError(
            f"Column {column!r} should contain dates {shown}, but contains {value!r}. Correct it, or "
            f"set the date format of the column in problem.dates, such as {{{column}: '%d/%m/%Y'}}."
        )
    return dates


def written_date(moment: Any, form: str) -> str:
    """A time as text in ``form``, which is not ISO 8601."""
    text: str = moment.strftime(form)
    return text


def ambiguity_of(column: str, date: DateForm, example: object) -> str:
    """The notice about dates whose day and month can be read in several ways."""
    others = " or ".join(date.others)
    return (
        f"the dates of {column!r}, such as {example!r}, are read as {date.form}, but could also be "
        f"{others}: set the date format in problem.dates, such as {{{column}: '{date.others[0]}'}}"
    )


@functools.cache
def _shapes() -> list[tuple[re.Pattern[str], tuple[str, ...]]]:
    """The shapes with and without a time, and their formats; compiling them takes as long as many imports."""
    return [(re.compile(rf"(?:{shape})(?:{_TIME})?", re.ASCII), forms) for shape, forms in _DATES]


def _forms_of_shape(text: str) -> Iterator[str]:
    for shape, forms in _shapes():
        if match := shape.fullmatch(text):
            time = _form_of_time(match)
            yield from (form + time for form in forms)


def _form_of_time(match: re.Match[str]) -> str:
    if match["before"] is None:
        return ""
    hours = "%I" if match["half"] else "%H"
    seconds = "" if match["seconds"] is None else ":%S" if match["fraction"] is None else ":%S.%f"
    half = "" if match["half"] is None else f"{match['space']}%p"
    zone = "" if match["zone"] is None else f"{match['gap']}%z"
    return f"{match['before']}{hours}:%M{seconds}{half}{zone}"


def _fits(texts: pd.Series[Any], form: str) -> bool:
    # Most columns without dates show it in the first values.
    return not _parsed(texts[:_SOME_VALUES], form).hasnans and not _parsed(texts, form).hasnans


def _parsed(texts: pd.Series[Any], form: str) -> pd.Series[Any]:
    import pandas as pd

    zoned = form.endswith("%z") or (
        form == ISO and bool(texts.str.contains(r"[Zz]$|\d[+-]\d{2}:?\d{2}$", na=False).any())
    )
    dates: pd.Series[Any] = pd.to_datetime(texts, format=form, errors="coerce", utc=zoned)
    return dates
