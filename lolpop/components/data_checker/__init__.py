"""Checking data."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lolpop.checks import CheckReport
from lolpop.components.data_checker.examination import CheckedBatches, Examination
from lolpop.components.data_checker.expectations import Expectation, ExpectedColumn
from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.data.frames import Frame

__all__ = ["DataChecker", "Examination", "Expectation", "ExpectedColumn"]


class DataChecker(Component):
    """Finds errors and anomalies in a frame."""

    __slots__ = ()

    @abstractmethod
    def check(
        self, frame: Frame, expectation: Expectation | None = None, *, labelled: bool = True
    ) -> CheckReport:
        """The outcome of every check on ``frame``; a check with status ``error`` means that the frame is
        unusable.

        ``expectation`` describes earlier rows, which those of ``frame`` should resemble. Rows that are not
        ``labelled`` are to be predicted: checks of the target, or about training, do not apply to them.
        Raises DataError if ``frame`` is no dataframe.
        """

    def examine(self, frames: Iterable[Frame], expectation: Expectation | None = None) -> Examination:
        """What is to be said about rows to predict that come in ``frames``, in bounded memory.

        Those of other parts of the rows can be added to it. By default, each batch is checked by itself.
        Raises DataError if one of them is no dataframe.
        """
        return CheckedBatches(self.check(frame, expectation, labelled=False) for frame in frames)
