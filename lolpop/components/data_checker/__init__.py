"""Checking data before anything is learned from it."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from lolpop.checks import CheckReport
from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.frames import Frame

__all__ = ["DataChecker"]


class DataChecker(Component):
    """Says what is wrong, or suspicious, with a frame."""

    __slots__ = ()

    @abstractmethod
    def check(self, frame: Frame) -> CheckReport:
        """Every check's outcome on ``frame``; a check of status ``error`` means it cannot be learned from."""
