"""The contract of test recorders."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, TypeAlias

from lolpop.components.test_recorder import CheckOutcome, TestRecorder
from lolpop.testing.contracts._expected import require
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["TestRecorderContract"]

Make: TypeAlias = Callable[[], TestRecorder]
Recorded: TypeAlias = Callable[[], str]

_OUTCOMES = (
    CheckOutcome("is_good", "train.train_model", "after", "passed", place="checks.py:1", seconds=0.5),
    CheckOutcome("is_fast", "train.train_model", "before", "failed", "9 < 5 & é", "checks.py:7"),
    CheckOutcome("is_whole", "run", "before", "error", "KeyError: 'x'"),
    CheckOutcome("is_near", "run", "after", "warning", "not quite"),
    CheckOutcome("is_idle", "deploy.deploy_model", "after", "not run", "its task was not called"),
)


class TestRecorderContract(ComponentContract):
    """The checks that every test recorder must pass.

    Fixtures: ``make()`` makes a recorder; ``recorded()`` returns the text recorded and reported since its
    last call.
    """

    # Otherwise pytest would collect the contract itself, not only its subclasses.
    __test__: ClassVar[bool] = False

    interface: ClassVar[type[Any]] = TestRecorder

    def __init_subclass__(cls) -> None:
        """Let pytest collect subclasses."""
        super().__init_subclass__()
        cls.__test__ = True

    def test_reports_every_failure(self, make: Make, recorded: Recorded) -> None:
        """Each failure and error is reported with the check, the task and the reason."""
        recorder = make()
        for outcome in _OUTCOMES:
            recorder.record(outcome)
        recorder.report("run", _OUTCOMES)
        text = recorded()
        for part in ("is_fast", "train.train_model", "9 &lt; 5", "is_whole", "KeyError"):
            require(part in text or part.replace("&lt;", "<") in text, f"{part!r} told", text)

    def test_reports_without_outcomes(self, make: Make, recorded: Recorded) -> None:
        """A workflow without checks does not fail."""
        make().report("run", ())
        recorded()

    def test_takes_any_text(self, make: Make, recorded: Recorded) -> None:
        """Messages with control characters or several lines do not break the report."""
        outcome = CheckOutcome("check", "run", "after", "failed", "two\nlines \x1b[31m \x00 \x07")
        recorder = make()
        recorder.record(outcome)
        recorder.report("run", [outcome])
        text = recorded()
        require("\x1b" not in text and "\x00" not in text, "no control characters", text)
        require("lines" in text, "both lines", text)

    def test_records_from_threads(self, make: Make, recorded: Recorded) -> None:
        """Outcomes of several threads are recorded without an error, and each is reported once."""
        outcomes = [CheckOutcome(f"check_{at:02}", "run", "after", "failed", "why") for at in range(20)]
        recorder = make()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(recorder.record, outcomes))
        recorder.report("run", outcomes)
        text = recorded()
        missing = [outcome.check for outcome in outcomes if outcome.check not in text]
        require(not missing, "all outcomes", f"none of {missing}")
