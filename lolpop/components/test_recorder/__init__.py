"""Recording what checks of a workflow found."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from lolpop.integrations import Component

__all__ = ["CheckOutcome", "CheckStatus", "TestRecorder"]

CheckStatus: TypeAlias = Literal["passed", "failed", "error", "warning", "not run"]
"""``warning`` is a failure that does not count, ``not run`` a check whose task was not called."""


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What one call of a check found.

    Parameters
    ----------
    check
        Name of the check.
    path
        The task or workflow that the check is attached to, such as ``train.train_model``.
    when
        Whether the check ran before or after the call.
    status
        The outcome.
    message
        Why the check failed; empty if it passed.
    place
        Where the check is written, such as ``tests/checks.py:12``.
    seconds
        How long the check itself took.
    """

    check: str
    path: str
    when: Literal["before", "after"]
    status: CheckStatus
    message: str = ""
    place: str = ""
    seconds: float = 0.0

    @property
    def counts(self) -> bool:
        """Whether it makes the whole test fail."""
        return self.status in ("failed", "error")


class TestRecorder(Component):
    """Records the outcomes of the checks of one workflow."""

    __slots__ = ()
    # pytest would take it for a class of tests, by its name.
    __test__: ClassVar[bool] = False

    affects_results: ClassVar[bool] = False

    @abstractmethod
    def record(self, outcome: CheckOutcome) -> None:
        """Record one outcome, at once. Safe to call from several threads."""

    @abstractmethod
    def report(self, workflow: str, outcomes: Sequence[CheckOutcome]) -> None:
        """Report all outcomes of ``workflow``, in their order, after its end."""
