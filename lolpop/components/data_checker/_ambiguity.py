"""Dates that can be read in several ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lolpop.checks import Check
from lolpop.components.data_checker._columns import ColumnFacts
from lolpop.data.dates import ambiguity_of

if TYPE_CHECKING:
    import narwhals as nw


def ambiguous_dates(rows: nw.DataFrame[Any], features: Sequence[ColumnFacts]) -> Check:
    """Name columns of dates whose day may be the month, with how they are read, and what decides it."""
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
