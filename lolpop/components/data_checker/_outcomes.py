"""The outcomes of checks, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lolpop.checks import Check, Status
from lolpop.data.frames import listed

if TYPE_CHECKING:
    from lolpop.components.data_checker._columns import ColumnFacts


_SHOWN = 5


def outcome(name: str, status: Status, message: str, columns: Sequence[str] = ()) -> Check:
    """The outcome of one check."""
    return Check(check=name, status=status, message=message, columns=tuple(columns))


def of_columns(
    name: str, details: Sequence[ColumnFacts] | Mapping[str, str], what: str, advice: str
) -> Check:
    """A warning about columns, with the details of each; ``ok`` if there are none."""
    if isinstance(details, Mapping):
        columns = list(details)
        more = f" and {len(details) - _SHOWN} more" if len(details) > _SHOWN else ""
        shown = ", ".join(f"{column!r} ({details[column]})" for column in columns[:_SHOWN]) + more
    else:
        columns = [fact.name for fact in details]
        shown = listed(columns, _SHOWN)
    if not details:
        return outcome(name, "ok", f"no {what}")
    return outcome(name, "warn", f"{what}: {shown}. {advice}", columns)
