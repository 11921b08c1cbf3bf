"""What is seen in batches of rows to predict, before it is known what is wrong with all of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Self

from lolpop.checks import Check, CheckReport

__all__ = ["CheckedBatches", "Examination"]


class Examination(ABC):
    """What was seen in some batches of rows, small enough to travel: that of all parts makes one report."""

    __slots__ = ()

    @abstractmethod
    def merge(self, later: Self) -> None:
        """Add what was seen in the rows of ``later``, which come after these."""

    @abstractmethod
    def report(self) -> CheckReport:
        """The outcome of every check on all rows."""


class CheckedBatches(Examination):
    """Batches that were checked one by one: of outcomes about the same columns, the first of the worst.

    Parameters
    ----------
    reports : iterable of CheckReport
        The report of each batch.
    """

    def __init__(self, reports: Iterable[CheckReport]) -> None:
        self._batches = 0
        self._outcomes: dict[tuple[str, tuple[str, ...]], tuple[Check, int]] = {}
        for report in reports:
            self._batches += 1
            for check in report.checks:
                self._add(check, 1)

    def merge(self, later: Self) -> None:
        """Add the batches of ``later``, which come after these."""
        self._batches += later._batches
        for check, batches in later._outcomes.values():
            self._add(check, batches)

    def report(self) -> CheckReport:
        """The outcomes, with the number of batches that have them if there are several."""
        bad = {name for name, _ in self._outcomes if self._is_bad(name)}
        return CheckReport(
            checks=tuple(
                self._of_batches(check, batches)
                for (name, _), (check, batches) in self._outcomes.items()
                if check.status != "ok" or name not in bad
            )
        )

    def _add(self, check: Check, batches: int) -> None:
        key = check.check, check.columns
        before, number = self._outcomes.get(key, (check, 0))
        order = ("ok", "warn", "error").index
        if order(check.status) > order(before.status):
            before, number = check, 0
        self._outcomes[key] = before, number + (batches if check.status == before.status else 0)

    def _is_bad(self, name: str) -> bool:
        return any(check.check == name and check.status != "ok" for check, _ in self._outcomes.values())

    def _of_batches(self, check: Check, batches: int) -> Check:
        if self._batches == 1:
            return check
        message = f"in {batches:,} of {self._batches:,} batches, first: {check.message}"
        return check.model_copy(update={"message": message})
