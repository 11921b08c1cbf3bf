"""What a comparison of data with a reference found."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from lolpop.checks import CheckReport, Status

__all__ = ["ColumnDrift", "DriftReport"]


class ColumnDrift(BaseModel):
    """How far the values of one column are from those of the reference.

    ``p_value`` is corrected for the number of columns; ``psi`` is the population stability index,
    ``jensen_shannon`` a distance between 0 and 1. ``change`` says in words what changed most.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    test: Literal["kolmogorov_smirnov", "chi_squared"]
    statistic: float
    p_value: float
    psi: float
    jensen_shannon: float
    status: Status
    change: str


class DriftReport(CheckReport):
    """How far each column is from the reference, and the check ``drift`` that sums it up."""

    columns: tuple[ColumnDrift, ...] = ()
