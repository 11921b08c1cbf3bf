"""What the built-in checks see in rows to predict, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Self

from lolpop.checks import Check, CheckReport
from lolpop.components.data_checker._column_names import check_names
from lolpop.components.data_checker._columns import ColumnFacts, Limits, facts_of
from lolpop.components.data_checker._index import IndexFacts
from lolpop.components.data_checker._outcomes import outcome
from lolpop.components.data_checker._unexpected import unexpected
from lolpop.components.data_checker._usable import usable
from lolpop.components.data_checker.examination import Examination
from lolpop.data.batches import ColumnAligner
from lolpop.data.frames import count, wrap

if TYPE_CHECKING:
    from lolpop.components.data_checker.expectations import Expectation
    from lolpop.data.frames import Frame
    from lolpop.problem import Problem


class BuiltinExamination(Examination):
    """Facts about the columns of rows to predict; the rows themselves are not held.

    Parameters
    ----------
    problem
        The problem, which names columns that are no features.
    limits
        What is normal.
    expectation
        What the rows are expected to be, if that is known.
    """

    def __init__(self, problem: Problem, limits: Limits, expectation: Expectation | None) -> None:
        self._problem = problem
        self._limits = limits
        self._expectation = expectation
        self._expected = {column.name: column for column in expectation.columns} if expectation else {}
        self._aligned = ColumnAligner()
        self._facts: dict[str, ColumnFacts] | None = None
        self._index: IndexFacts | None = None
        self._rows = 0

    def add(self, frame: Frame) -> None:
        """Look at the rows of ``frame``. Raises DataError if its columns differ from those before."""
        rows = wrap(self._aligned(frame))
        reference_rows = self._expectation.rows if self._expectation else 0
        facts = {
            name: facts_of(
                rows.get_column(name),
                self._limits,
                self._expected.get(name),
                reference_rows,
                self._problem.dates.get(name),
                labelled=False,
            )
            for name in rows.columns
        }
        index = None
        if self._problem.index in facts:
            index = IndexFacts.of(rows.get_column(self._problem.index))
        self._follow(facts, index, len(rows))

    def merge(self, later: Self) -> None:
        """Add what was seen in the rows of ``later``, which come after these."""
        if later._facts is not None:
            self._follow(later._facts, later._index, later._rows)

    def report(self) -> CheckReport:
        """The outcome of every check on all rows."""
        facts = list((self._facts or {}).values())
        checks = [check_names([fact.name for fact in facts], self._problem.drop), *self._checks(facts)]
        if self._expectation is not None and self._expectation.rows and self._rows:
            ignored = {self._problem.index, *self._problem.drop, self._problem.target}
            checks += unexpected(facts, self._rows, self._expectation, ignored, self._limits)
        return CheckReport(checks=tuple(checks))

    def _follow(self, facts: dict[str, ColumnFacts], index: IndexFacts | None, rows: int) -> None:
        before = self._facts
        if before is not None:
            facts = {name: fact.followed_by(facts[name]) for name, fact in before.items()}
        if index is not None and self._index is not None:
            index = self._index.followed_by(index)
        self._facts, self._index = facts, index
        self._rows += rows

    def _checks(self, facts: Sequence[ColumnFacts]) -> Iterator[Check]:
        if not self._rows:
            yield outcome("rows", "error", "there are no rows: add rows to predict")
            return
        yield outcome("rows", "ok", f"there are {count(self._rows, 'row')}")
        features = [fact for fact in facts if fact.name not in self._problem.not_features]
        yield from usable([fact for fact in features if self._is_news(fact)])
        if self._index is not None:
            yield from self._index.checks()

    def _is_news(self, fact: ColumnFacts) -> bool:
        # Missing values of the training rows were reported then; here they are compared with those.
        # The profile does not record infinite values.
        if fact.name not in self._expected or fact.infinite or fact.beyond:
            return True
        return fact.kind not in {self._expected[fact.name].kind, "empty"}
