"""The contract of data checkers."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias, cast

from lolpop.checks import CheckReport
from lolpop.components.data_checker import DataChecker
from lolpop.errors import DataError
from lolpop.problem import Problem, ProblemType
from lolpop.testing.contracts._expected import raised, require
from lolpop.testing.contracts._samples import frame_kinds, sample
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["DataCheckerContract"]

Make: TypeAlias = Callable[[Problem], DataChecker]


class DataCheckerContract(ComponentContract):
    """The checks that every data checker must pass.

    Fixtures: ``make(problem)`` makes a checker. A checker for time series sets ``problem_types``.
    """

    interface: ClassVar[type[Any]] = DataChecker
    made_with: ClassVar[tuple[str, ...]] = ("problem",)
    problem_types: ClassVar[tuple[ProblemType, ...]] = ("classification", "regression")

    def instance(self, make: Callable[..., Any]) -> Any:
        """A checker for the first problem type."""
        return make(sample(self.problem_types[0]).problem)

    def test_accepts_sound_rows(self, make: Make) -> None:
        """Valid rows get a report without errors, in every kind of frame."""
        for kind in self.problem_types:
            rows = sample(kind)
            for frame_kind, convert in frame_kinds():
                report = make(rows.problem).check(convert(rows.frame))
                require(isinstance(report, CheckReport), "a CheckReport", type(report))
                errors = [check.message for check in report.of("error")]
                require(not errors, f"no error in sound rows ({kind}, {frame_kind})", errors)

    def test_checks_rows_without_labels(self, make: Make) -> None:
        """Rows to predict do not need the target."""
        for kind in self.problem_types:
            rows = sample(kind)
            report = make(rows.problem).check(rows.features, labelled=False)
            errors = [check.message for check in report.of("error")]
            require(not errors, "no error in rows to be predicted", errors)

    def test_examines_batches_as_their_rows(self, make: Make) -> None:
        """Sound rows to predict are sound in batches, too, and what is no dataframe raises a DataError."""
        for kind in self.problem_types:
            rows = sample(kind)
            examination = make(rows.problem).examine([rows.features[:100]])
            later = make(rows.problem).examine([rows.features[100:]])
            examination.merge(pickle.loads(pickle.dumps(later)))  # noqa: S301  (made here)
            errors = [check.message for check in examination.report().of("error")]
            require(not errors, "no error in rows to be predicted", errors)
            checker = make(rows.problem)
            raised(DataError, lambda: checker.examine([cast("Any", [[1, 2]])]))  # noqa: B023  (called at once)

    def test_says_what_it_says_again(self, make: Make) -> None:
        """The same rows always get the same report, and are not changed."""
        for kind in self.problem_types:
            rows = sample(kind)
            frame, checker = rows.frame.copy(), make(rows.problem)
            first = checker.check(frame)
            checker.check(sample(kind, seed=1).frame)
            require(checker.check(frame) == first, "the same report again", "another")
            require(make(rows.problem).check(frame) == first, "the same report of another", "another")
            require(frame.equals(rows.frame), "the rows as they were", "others")

    def test_messages_are_sentences(self, make: Make) -> None:
        """Every outcome has the name of its check, and a message."""
        for kind in self.problem_types:
            rows = sample(kind)
            for check in make(rows.problem).check(rows.frame).checks:
                require(bool(check.check and check.message.strip()), "a name and a message", check)

    def test_rows_that_are_missing_are_reported(self, make: Make) -> None:
        """A frame without rows is reported as an error, or raises a DataError."""
        for kind in self.problem_types:
            rows = sample(kind)
            try:
                report = make(rows.problem).check(rows.frame[:0])
            except DataError:
                continue
            require(report.status == "error", "an error of a frame without rows", report.status)

    def test_refuses_what_is_no_frame(self, make: Make) -> None:
        """Anything but a dataframe raises a DataError."""
        for kind in self.problem_types:
            checker = make(sample(kind).problem)
            raised(DataError, lambda: checker.check(cast("Any", [[1, 2]])))  # noqa: B023  (called at once)
