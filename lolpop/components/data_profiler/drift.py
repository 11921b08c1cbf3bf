"""Reports of drift."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from lolpop.checks import CheckReport, Status

__all__ = ["ColumnDrift", "DriftReport"]


class ColumnDrift(BaseModel):
    """How far the values of one column are from those of the reference.

    Parameters
    ----------
    column
        Name of the column.
    test
        The statistical test: Kolmogorov-Smirnov for numbers, chi-squared for categories.
    statistic
        The statistic of the test.
    p_value
        The p-value of the test, corrected for the number of columns.
    psi
        The population stability index.
    jensen_shannon
        The Jensen-Shannon distance, from 0 to 1.
    status
        Whether the drift is worth a warning or an error.
    change
        What changed most, in words.
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
    """The check ``drift``, and how far each column is from the reference.

    Parameters
    ----------
    checks
        The check ``drift``, which sums the columns up.
    columns
        How far each column is from the reference.
    """

    columns: tuple[ColumnDrift, ...] = ()
