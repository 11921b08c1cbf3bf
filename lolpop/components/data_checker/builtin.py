"""Checks that need no library but the dataframe's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PositiveFloat, PositiveInt

from lolpop._names import one_of
from lolpop.checks import Check, CheckReport
from lolpop.components._bounds import require_positive
from lolpop.components.data_checker import DataChecker, Examination, Expectation
from lolpop.components.data_checker._builtin_examination import BuiltinExamination
from lolpop.components.data_checker._column_names import check_names, repeated_names
from lolpop.components.data_checker._columns import ColumnFacts, Limits, facts_of
from lolpop.components.data_checker._dates import ambiguous_dates, columns_of_nearly_dates
from lolpop.components.data_checker._index import IndexFacts
from lolpop.components.data_checker._outcomes import of_columns, outcome
from lolpop.components.data_checker._repeats import comparable, that_may_repeat
from lolpop.components.data_checker._target import TargetChecks
from lolpop.components.data_checker._unexpected import unexpected
from lolpop.components.data_checker._usable import usable
from lolpop.data.frames import count, wrap
from lolpop.problem import Problem

if TYPE_CHECKING:
    import narwhals as nw

    from lolpop.components.data_checker.expectations import ExpectedColumn
    from lolpop.data.frames import Frame

__all__ = ["BuiltinDataChecker"]

Share = Annotated[float, Field(ge=0, le=1)]
Probability = Annotated[float, Field(gt=0, lt=1)]


class BuiltinDataChecker(DataChecker):
    """Checks rows for problems that prevent training or make models worse, and against an expectation.

    A check ends with ``error`` only if training is impossible: no rows, no target, a constant target, no
    usable feature. Everything else is a ``warn``.

    Against an expectation, it finds columns that are missing, new or of another type, and numbers out of
    range, new categories and more missing values, if chance does not explain them.

    Parameters
    ----------
    min_rows : int
        Fewer rows than this are suspicious.
    max_missing : float
        Greatest share of missing values in a column that is not suspicious, from 0 to 1.
    max_duplicate_rows : float
        Greatest share of rows equal to another row that is not suspicious, from 0 to 1.
    max_predictive_power : float
        Greatest power of one column to predict the target that is not suspicious, from 0 for a guess to 1
        for certainty. Columns above it are suspicious if they are nearly perfect, far better than all
        others, or have one value for each class: they may hold what is only known once the target is.
    min_class_balance : float
        Smallest share of a class that is not suspicious, relative to equal shares of all classes, from 0 to
        1.
    max_label_conflicts : float
        Greatest share of rows with the same features as a row of another class that is not suspicious,
        from 0 to 1.
    max_constant_share : float
        Greatest share of the rows with one and the same value that is not suspicious, from 0 to 1.
    max_categories : int
        Greatest number of different texts or categories in a column that is not suspicious.
    outlier_distance : float
        How many times as far from the median as all others a number is that is suspicious.
    range_margin : float
        How far out of the expected range a number is suspicious by itself, in widths of that range.
    max_unseen : float
        Greatest share of values that were not expected in a column of categories, from 0 to 1.
    max_missing_increase : float
        By how much the share of missing values may be greater than expected, from 0 to 1.
    significance : float
        Probability of rows like those expected below which they are suspicious, between 0 and 1.
    """

    def __init__(
        self,
        min_rows: PositiveInt = 30,
        max_missing: Share = 0.5,
        max_duplicate_rows: Share = 0.0,
        max_predictive_power: Share = 0.85,
        min_class_balance: Share = 0.1,
        max_label_conflicts: Share = 0.01,
        max_constant_share: Share = 0.99,
        max_categories: PositiveInt = 250,
        outlier_distance: Annotated[float, Field(gt=1)] = 5.0,
        range_margin: PositiveFloat = 1.0,
        max_unseen: Share = 0.0,
        max_missing_increase: Share = 0.1,
        significance: Probability = 1e-6,
        *,
        problem: Problem,
    ) -> None:
        require_positive({"min_rows": min_rows, "max_categories": max_categories})
        if outlier_distance <= 1:
            raise ValueError(f"outlier_distance must be above 1, but got {outlier_distance}.")
        if range_margin <= 0:
            raise ValueError(f"range_margin must be above 0, but got {range_margin}.")
        if not 0 < significance < 1:
            raise ValueError(f"significance must be between 0 and 1, but got {significance}.")
        for name, share in (
            ("max_missing", max_missing),
            ("max_duplicate_rows", max_duplicate_rows),
            ("max_predictive_power", max_predictive_power),
            ("min_class_balance", min_class_balance),
            ("max_label_conflicts", max_label_conflicts),
            ("max_constant_share", max_constant_share),
            ("max_unseen", max_unseen),
            ("max_missing_increase", max_missing_increase),
        ):
            if not 0 <= share <= 1:
                raise ValueError(f"{name} must be between 0 and 1, but got {share}.")
        self._min_rows = min_rows
        self._max_missing = max_missing
        self._max_duplicate_rows = max_duplicate_rows
        self._target = TargetChecks(
            problem,
            max_predictive_power=max_predictive_power,
            min_class_balance=min_class_balance,
            max_label_conflicts=max_label_conflicts,
        )
        self._max_categories = max_categories
        self._limits = Limits(
            constant_share=max_constant_share,
            outlier_distance=outlier_distance,
            range_margin=range_margin,
            unseen=max_unseen,
            missing_increase=max_missing_increase,
            significance=significance,
        )
        self._problem = problem

    def check(
        self, frame: Frame, expectation: Expectation | None = None, *, labelled: bool = True
    ) -> CheckReport:
        """The outcome of every check on ``frame``; each column is examined once.

        Raises DataError if it is no dataframe.
        """
        if (repeated := repeated_names(frame)) is not None:
            return CheckReport(checks=(repeated,))
        if not labelled:
            return self.examine([frame], expectation).report()
        rows = wrap(frame)
        expected = {column.name: column for column in expectation.columns} if expectation else {}
        facts = self._facts(rows, expected, expectation.rows if expectation else 0)
        checks = [check_names(rows.columns, self._problem.drop), *self._labelled(rows, facts)]
        if expectation is not None and expectation.rows and len(rows):
            ignored = {self._problem.index, *self._problem.drop}
            checks += unexpected(facts, len(rows), expectation, ignored, self._limits)
        return CheckReport(checks=tuple(checks))

    def examine(self, frames: Iterable[Frame], expectation: Expectation | None = None) -> Examination:
        """What is to be said about rows to predict that come in ``frames``; each is looked at once.

        The counts of all checks are exact. Whether rows of different batches share an index is not checked
        here: the prediction does that. Raises DataError if a frame is no dataframe, or has other columns than
        the first.
        """
        examination = BuiltinExamination(self._problem, self._limits, expectation)
        for frame in frames:
            examination.add(frame)
        return examination

    def _facts(
        self, rows: nw.DataFrame[Any], expected: Mapping[str, ExpectedColumn], reference_rows: int
    ) -> list[ColumnFacts]:
        return [
            facts_of(
                rows.get_column(name),
                self._limits,
                expected.get(name),
                reference_rows,
                self._problem.dates.get(name),
            )
            for name in rows.columns
        ]

    def _labelled(self, rows: nw.DataFrame[Any], facts: Sequence[ColumnFacts]) -> Iterator[Check]:
        yield self._rows(rows)
        yield self._roles(rows)
        yield self._target.column(rows)
        if rows.is_empty():
            return
        features = [fact for fact in facts if fact.name not in self._problem.not_features]
        for fact in facts:
            if fact.name == self._problem.target:
                yield from self._target.values(fact, features, rows)
        yield self._features(features)
        yield from usable(features)
        yield from self._columns(features, len(rows))
        yield ambiguous_dates(rows, features)
        yield columns_of_nearly_dates(rows, features)
        yield self._outliers(features)
        if self._problem.index in rows.columns:
            yield from IndexFacts.of(rows.get_column(self._problem.index)).checks()
        yield self._duplicate_rows(rows, facts)

    def _rows(self, rows: nw.DataFrame[Any]) -> Check:
        number = len(rows)
        if number < 2:
            problem = "there is only one row" if number else "there are no rows"
            return outcome("rows", "error", f"{problem}: add rows to learn from")
        if number < self._min_rows:
            return outcome("rows", "warn", f"there are only {number} rows, fewer than {self._min_rows}")
        return outcome("rows", "ok", f"there are {count(number, 'row')}")

    def _roles(self, rows: nw.DataFrame[Any]) -> Check:
        problem = self._problem
        named = [("index", problem.index)] if problem.index is not None else []
        named += [("drop", name) for name in problem.drop]
        named += [("sensitive_features", name) for name in problem.sensitive_features]
        named += [("dates", name) for name in problem.dates]
        problems = [
            f"problem.{role} names {name!r}, which is not in the data. {one_of(name, rows.columns)}"
            for role, name in named
            if name not in rows.columns
        ]
        if problems:
            return outcome("column_roles", "warn", " ".join(problems))
        return outcome("column_roles", "ok", "every column that the problem names exists")

    def _features(self, features: Sequence[ColumnFacts]) -> Check:
        if any(fact.kind not in {"empty", "other"} and not _says_nothing(fact) for fact in features):
            return outcome("features", "ok", f"{count(len(features), 'column')} can be used as features")
        reason = "all of them are constant, empty or of an unusable type" if features else "none is left"
        message = f"no column besides the target can be used as a feature: {reason}"
        return outcome("features", "error", message, [fact.name for fact in features])

    def _outliers(self, features: Sequence[ColumnFacts]) -> Check:
        return of_columns(
            "outliers",
            {
                fact.name: f"{count(len(fact.far), 'row')}, such as {fact.far[0]:g}"
                for fact in features
                if fact.far is not None and len(fact.far)
            },
            "outliers",
            "Check for errors and for codes of missing values.",
        )

    def _columns(self, features: Sequence[ColumnFacts], rows: int) -> Iterator[Check]:
        yield of_columns(
            "missing_values",
            [fact for fact in features if fact.kind != "empty" and fact.missing > self._max_missing * rows],
            f"columns with more than {self._max_missing:.0%} missing values",
            "Consider dropping them.",
        )
        yield of_columns(
            "constant_columns",
            [fact for fact in features if fact.constant],
            "constant columns",
            "Drop them with problem.drop; otherwise rows to predict must have them too.",
        )
        yield of_columns(
            "near_constant_columns",
            [fact for fact in features if not fact.constant and fact.repeated > self._limits.constant_share],
            f"columns with one value in more than {self._limits.constant_share:.0%} of the rows",
            "They add little.",
        )
        yield of_columns(
            "high_cardinality",
            [
                fact
                for fact in features
                if fact.kind != "boolean"
                and fact.distinct is not None
                and fact.distinct > self._max_categories
            ],
            f"columns with more than {self._max_categories:,} different texts",
            "Most models cannot use them: group their values, or list them in problem.drop.",
        )

    def _duplicate_rows(self, rows: nw.DataFrame[Any], facts: Sequence[ColumnFacts]) -> Check:
        # Rows that differ in their index only tell nothing that the others do not.
        compared = [fact for fact in facts if fact.name != self._problem.index]
        number = _number_of_duplicates(rows, compared)
        if number > self._max_duplicate_rows * len(rows):
            shown = f"{number:,} of {count(len(rows), 'row')} are duplicates"
            return outcome("duplicate_rows", "warn", f"{shown}; the test split may contain training rows")
        return outcome("duplicate_rows", "ok", f"{count(number, 'row')} are duplicates")


def _says_nothing(column: ColumnFacts) -> bool:
    # Missingness itself can be informative.
    return column.constant and not column.missing


def _number_of_duplicates(rows: nw.DataFrame[Any], columns: Sequence[ColumnFacts]) -> int:
    values = [rows.get_column(fact.name) for fact in columns]
    at = that_may_repeat(values)
    if not len(at):
        return 0
    compared = [
        comparable(column_values[at], fact.kind) for column_values, fact in zip(values, columns, strict=True)
    ]
    return int(compared[0].to_frame().with_columns(*compared[1:]).is_duplicated().sum())
