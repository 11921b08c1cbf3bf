"""What follows from a report of checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lolpop.components.notifier import tell
from lolpop.errors import DataError

if TYPE_CHECKING:
    from lolpop.checks import CheckReport
    from lolpop.components.notifier import Notifier

__all__ = ["insist"]


def insist(report: CheckReport, notifiers: Sequence[Notifier], refusal: str) -> None:
    """Tell people of what is suspicious. Raises DataError, ``refusal`` and all that is wrong, on errors."""
    for check in report.of("warn"):
        tell(notifiers, check.message, "warning")
    if errors := [check.message for check in report.of("error")]:
        raise DataError("\n".join([f"{refusal}:", *(f"- {message}" for message in errors)]))
