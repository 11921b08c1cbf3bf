"""Checks of ambiguous dates, and of columns where nearly all values are dates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lolpop.checks import Check
from lolpop.components.data_checker._columns import ColumnFacts
from lolpop.data.dates import ambiguity_of, nearly_dates
from lolpop.data.frames import to_strings
from lolpop.problem import ISO

if TYPE_CHECKING:
    import narwhals as nw


def ambiguous_dates(rows: nw.DataFrame[Any], features: Sequence[ColumnFacts]) -> Check:
    """A notice about columns of dates whose day and month are ambiguous, and how they are read."""
    ambiguous = [fact for fact in features if fact.dates is not None and fact.dates.others]
    if not ambiguous:
        return Check(check="ambiguous_dates", status="ok", message="no date can be read in two ways")
    messages = [
        ambiguity_of(fact.name, fact.dates, rows.get_column(fact.name).drop_nulls()[0])
        for fact in ambiguous
        if fact.dates is not None
    ]
    columns = tuple(fact.name for fact in ambiguous)
    return Check(check="ambiguous_dates", status="warn", message="; ".join(messages), columns=columns)


def columns_of_nearly_dates(rows: nw.DataFrame[Any], features: Sequence[ColumnFacts]) -> Check:
    """A warning about columns of text where nearly all values are dates, with the first that is not."""
    columns: dict[str, str] = {}
    for fact in features:
        if fact.kind == "string" and fact.dates is None:
            nearly = nearly_dates(to_strings(rows.get_column(fact.name)))
            if nearly is not None:
                form = "ISO 8601" if nearly.form == ISO else nearly.form
                columns[fact.name] = (
                    f"{nearly.dates:,} of {nearly.values:,} values of {fact.name!r} are dates ({form}), and "
                    f"row {nearly.row:,} is {nearly.text!r}: correct it, or name it in "
                    "data_connector.missing_values; otherwise the column is text"
                )
    if not columns:
        return Check(check="nearly_dates", status="ok", message="no column of dates has other values")
    return Check(
        check="nearly_dates", status="warn", message="; ".join(columns.values()), columns=tuple(columns)
    )
