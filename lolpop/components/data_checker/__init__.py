"""Checking data before anything is learned from it."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from lolpop.checks import CheckReport
from lolpop.components.data_checker.expectations import Expectation, ExpectedColumn
from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.data.frames import Frame

__all__ = ["DataChecker", "Expectation", "ExpectedColumn"]


class DataChecker(Component):
    """Says what is wrong, or suspicious, with a frame."""

    __slots__ = ()

    @abstractmethod
    def check(
        self, frame: Frame, expectation: Expectation | None = None, *, labelled: bool = True
    ) -> CheckReport:
        """Every check's outcome on ``frame``; a check of status ``error`` means that it is of no use.

        ``expectation`` is what earlier rows were, which those of ``frame`` should be like. Rows that are not
        ``labelled`` are to be predicted: what needs the target, or is about learning, does not apply to them.
        Raises DataError if ``frame`` is no dataframe.
        """
