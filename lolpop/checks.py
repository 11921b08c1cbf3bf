"""Outcomes of checks of data, models and predictions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["Check", "CheckReport", "Status"]

Status = Literal["ok", "warn", "error"]


class Check(BaseModel):
    """The outcome of one check, in words that a person can act on.

    Parameters
    ----------
    check
        Name of the check, such as ``missing_values``.
    status
        The outcome: ``ok``, ``warn`` or ``error``.
    message
        What the check found, and what to do about it.
    columns
        The columns that it is about.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: str
    status: Status
    message: str
    columns: tuple[str, ...] = ()


class CheckReport(BaseModel):
    """The outcomes of all checks of one call.

    Parameters
    ----------
    checks
        The outcomes, in the order in which the checks ran.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    checks: tuple[Check, ...] = ()

    @property
    def status(self) -> Status:
        """The worst status of all."""
        statuses = {check.status for check in self.checks}
        return "error" if "error" in statuses else "warn" if "warn" in statuses else "ok"

    def of(self, status: Status) -> Iterator[Check]:
        """The checks that ended with ``status``."""
        return (check for check in self.checks if check.status == status)
