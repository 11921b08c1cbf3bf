"""Checks that need no library but the dataframe's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PositiveFloat, PositiveInt

from lolpop._names import one_of
from lolpop.checks import Check, CheckReport, Status
from lolpop.components._bounds import require_positive
from lolpop.components.data_checker import DataChecker, Expectation
from lolpop.components.data_checker._ambiguity import ambiguous_dates
from lolpop.components.data_checker._columns import ColumnFacts, Limits, facts_of
from lolpop.components.data_checker._labels import class_sizes, conflicting_rows
from lolpop.components.data_checker._outcomes import of_columns, outcome
from lolpop.components.data_checker._repeats import that_may_repeat
from lolpop.components.data_checker._unexpected import unexpected
from lolpop.data.frames import count, kind_of, listed, require_bounded, to_floats, wrap
from lolpop.errors import DataError
from lolpop.problem import OTHER_RUNNERS, Problem

if TYPE_CHECKING:
    import narwhals as nw

    from lolpop.components.data_checker._leakage import Power
    from lolpop.components.data_checker.expectations import ExpectedColumn
    from lolpop.data.frames import Frame, Kind

__all__ = ["BuiltinDataChecker"]

# How columns without a name are called where a CSV file is read.
_NAMELESS = re.compile(r"|Unnamed: \d+")

Share = Annotated[float, Field(ge=0, le=1)]
Probability = Annotated[float, Field(gt=0, lt=1)]

# Kinds of columns whose values need not even be comparable, or that have none.
_NOT_PLAIN: frozenset[Kind] = frozenset({"empty", "mixed", "other"})


class BuiltinDataChecker(DataChecker):
    """Checks rows for what stops learning or makes it worse, and against what was expected of them.

    A check ends with ``error`` only if nothing can be learned from the rows as they are: no rows, no
    target, nothing to tell apart, nothing to tell it by. All else is a ``warn``.

    Against an expectation, columns are checked that are missing, new or of another type, and their numbers
    out of range, new categories and shares of missing values, where chance does not explain them.

    Parameters
    ----------
    min_rows : int
        Fewer rows than this are suspicious.
    max_missing : float
        Greatest share of missing values in a column that is not suspicious, from 0 to 1.
    max_duplicate_rows : float
        Greatest share of rows equal to another row that is not suspicious, from 0 to 1.
    max_predictive_power : float
        Greatest power of one column to tell the target that is not suspicious, from 0 for a guess to 1
        for certainty. Columns above it are suspicious if they are nearly perfect, far better than all others,
        or have one value for each class: they may hold what is only known once the target is.
    min_class_balance : float
        Least share of a class that is not suspicious, in shares that all classes would have were they
        of one size, from 0 to 1.
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
        self._max_predictive_power = max_predictive_power
        self._min_class_balance = min_class_balance
        self._max_label_conflicts = max_label_conflicts
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
        """Every check's outcome on ``frame``, each column looked at once.

        Raises DataError if it is no dataframe.
        """
        if repeated := _repeated_names(frame):
            # Which column a name means cannot be told, so nothing else can be checked.
            message = f"duplicate column names {listed(repeated)}: rename or drop all but one"
            return CheckReport(checks=(outcome("column_names", "error", message, repeated),))
        rows = wrap(frame)
        expected = {column.name: column for column in expectation.columns} if expectation else {}
        facts = self._facts(rows, expected, expectation.rows if expectation else 0)
        checks = [self._names(rows)]
        checks += self._labelled(rows, facts) if labelled else self._to_predict(rows, facts, expected)
        if expectation is not None and expectation.rows and len(rows):
            ignored = {
                self._problem.index,
                *self._problem.drop,
                *(() if labelled else (self._problem.target,)),
            }
            checks += unexpected(facts, len(rows), expectation, ignored, self._limits)
        return CheckReport(checks=tuple(checks))

    @property
    def _has_positive_label(self) -> bool:
        return self._problem.type == "classification" and self._problem.positive_label is not None

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
        yield self._target_column(rows)
        if rows.is_empty():
            return
        features = [fact for fact in facts if fact.name not in self._problem.not_features]
        for fact in facts:
            if fact.name == self._problem.target:
                yield self._missing_target(fact, len(rows))
                yield (judged := self._target_values(fact, rows))
                if judged.status == "ok" and self._has_positive_label:
                    yield self._positive_label(rows.get_column(fact.name))
                if judged.status == "ok":
                    yield from self._target_and_features(features, rows)
        yield self._features(features)
        yield from self._usable(features)
        yield from self._columns(features, len(rows))
        yield ambiguous_dates(rows, features)
        yield self._outliers(features)
        yield from self._index(rows)
        yield self._duplicate_rows(rows, facts)

    def _to_predict(
        self, rows: nw.DataFrame[Any], facts: Sequence[ColumnFacts], expected: Mapping[str, ExpectedColumn]
    ) -> Iterator[Check]:
        if rows.is_empty():
            yield outcome("rows", "error", "there are no rows: add rows to predict")
            return
        yield outcome("rows", "ok", f"there are {count(len(rows), 'row')}")
        # What was so where it was learned from was told then, and what misses values is compared with that.
        # Of infinite values nothing is known of there.
        yield from self._usable(
            [
                fact
                for fact in facts
                if fact.name not in self._problem.not_features
                and (
                    fact.name not in expected
                    or fact.infinite
                    or fact.kind not in {expected[fact.name].kind, "empty"}
                )
            ]
        )
        yield from self._index(rows)

    def _names(self, rows: nw.DataFrame[Any]) -> Check:
        nameless = [
            name for name in rows.columns if _NAMELESS.fullmatch(name) and name not in self._problem.drop
        ]
        if nameless:
            message = (
                f"unnamed columns: {listed(nameless)}. They may be an index that was written with the "
                "rows: leave them out, or list them in problem.drop"
            )
            return outcome("column_names", "warn", message, nameless)
        return outcome("column_names", "ok", "every column has a unique name")

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
        absent = [
            f"problem.{role} names {name!r}, which is not in the data. {one_of(name, rows.columns)}"
            for role, name in named
            if name not in rows.columns
        ]
        if absent:
            return outcome("column_roles", "warn", " ".join(absent))
        return outcome("column_roles", "ok", "every column that the problem names exists")

    def _target_column(self, rows: nw.DataFrame[Any]) -> Check:
        target = self._problem.target
        if target in rows.columns:
            return outcome("target_column", "ok", f"the target {target!r} exists", [target])
        hint = one_of(target, rows.columns, what="Columns")
        return outcome("target_column", "error", f"there is no target column {target!r} in the data. {hint}")

    def _missing_target(self, target: ColumnFacts, rows: int) -> Check:
        if not target.missing:
            return outcome("missing_target", "ok", "every row has a target", [target.name])
        # A fit refuses such rows, and which to drop or fill is not for a checker to say.
        message = f"the target {target.name!r} is missing in {count(target.missing, 'row')} of {rows:,}"
        return outcome(
            "missing_target", "error", f"{message}: drop these rows or fill in the target", [target.name]
        )

    def _target_values(self, target: ColumnFacts, rows: nw.DataFrame[Any]) -> Check:
        name, columns = "target_values", [target.name]
        classification = self._problem.type == "classification"
        usable = {"number", "boolean", "empty", *(("string", "category") if classification else ())}
        if target.kind not in usable:
            wanted = "labels of one type (text or numbers)" if classification else "numbers"
            descriptions = {
                "mixed": "values of several types",
                "other": "values that are neither text nor numbers",
            }
            holds = descriptions.get(target.kind, f"{target.kind} values")
            message = f"the target {target.name!r} should hold {wanted}, but it holds {holds}"
            if self._problem.type == "regression" and target.kind in {"string", "category"}:
                message += f"; {OTHER_RUNNERS['classification']}"
            return outcome(name, "error", message, columns)
        if target.kind == "empty":
            return outcome(name, "error", "the target has no values", columns)
        if target.constant:
            value = rows.get_column(target.name).drop_nulls().head(1).to_list()[0]
            what = "has only one class" if classification else "is always the same"
            message = f"the target {target.name!r} {what}, {value!r}: nothing can be learned"
            return outcome(name, "error", message, columns)
        if target.infinite:
            message = f"the target {target.name!r} is infinite in {count(target.infinite, 'row')}"
            return outcome(name, "error", f"{message}: drop or correct them", columns)
        if classification and (fraction := _fraction_in(rows.get_column(target.name))) is not None:
            message = (
                f"the target {target.name!r} holds fractions such as {fraction:g}, which are not classes"
            )
            return outcome(name, "error", f"{message}; {OTHER_RUNNERS['regression']}", columns)
        if not classification:
            try:
                require_bounded(to_floats(rows.get_column(target.name)), target.name)
            except DataError as error:
                return outcome(name, "error", str(error).rstrip("."), columns)
        return outcome(name, "ok", "the target varies", columns)

    def _positive_label(self, target: nw.Series[Any]) -> Check:
        name, positive, classes = "positive_label", self._problem.positive_label, target.unique().to_list()
        # Metrics take a class "1" for 1 too.
        if any(value == positive or str(value) == str(positive) for value in classes):
            return outcome(name, "ok", "the positive label is one of the classes", [target.name])
        hint = one_of(str(positive), map(str, classes), what="Classes")
        message = f"no row has {positive!r}, which is problem.positive_label. {hint}"
        # Of more than two classes no metric is about one.
        return outcome(name, "error" if len(classes) == 2 else "warn", message, [target.name])

    def _features(self, features: Sequence[ColumnFacts]) -> Check:
        if any(fact.kind not in {"empty", "other"} and not _says_nothing(fact) for fact in features):
            return outcome("features", "ok", f"{count(len(features), 'column')} can be used as features")
        reason = "all of them are constant, empty or of an unusable type" if features else "none is left"
        message = f"no column besides the target can be used as a feature: {reason}"
        return outcome("features", "error", message, [fact.name for fact in features])

    def _target_and_features(
        self, features: Sequence[ColumnFacts], rows: nw.DataFrame[Any]
    ) -> Iterator[Check]:
        from lolpop.components.data_checker._leakage import predictive_powers

        target = self._problem.target
        rows = rows.filter(~rows.get_column(target).is_null())
        classes = self._problem.type == "classification"
        names = [fact.name for fact in features if fact.kind not in _NOT_PLAIN]
        yield self._target_leakage(predictive_powers(rows, names, target, classes=classes))
        if classes:
            yield self._class_imbalance(rows.get_column(target))
            compared = [_comparable(rows.get_column(fact.name), fact.kind) for fact in features]
            yield self._label_conflicts(conflicting_rows(compared, rows.get_column(target)), len(rows))

    def _target_leakage(self, powers: Mapping[str, Power]) -> Check:
        from lolpop.components.data_checker._leakage import leaking

        leaking_columns = leaking(powers, self._max_predictive_power)
        if not leaking_columns:
            best = max(powers, key=lambda name: powers[name].told, default=None)
            harmless = "no column predicts the target alone"
            message = (
                harmless
                if best is None
                else f"{harmless}: the best, {best!r}, has a predictive power of {powers[best].told:.2f}"
            )
            return outcome("target_leakage", "ok", message)
        shown = ", ".join(f"{name!r} ({powers[name].told:.2f} of 1)" for name in leaking_columns[:5])
        message = (
            f"columns that predict the target {self._problem.target!r} almost alone: {shown}. "
            "If they are unknown when rows are predicted, list them in problem.drop"
        )
        return outcome("target_leakage", "warn", message, leaking_columns)

    def _class_imbalance(self, target: nw.Series[Any]) -> Check:
        sizes = class_sizes(target)
        rare = [label for label in sizes if sizes[label] * len(sizes) < self._min_class_balance * len(target)]
        if not rare:
            return outcome("class_imbalance", "ok", f"each of {count(len(sizes), 'class')} has enough rows")
        shown = ", ".join(f"{label!r} ({count(sizes[label], 'row')})" for label in rare[:5])
        message = f"rare classes among {count(len(target), 'row')}: {shown}. Use a metric other than accuracy"
        return outcome("class_imbalance", "warn", message, [target.name])

    def _label_conflicts(self, number: int, rows: int) -> Check:
        message = f"{count(number, 'row')} share their features with a row of another class"
        if number > self._max_label_conflicts * rows:
            message = (
                f"{message}, of {rows:,}: no model can tell them apart. Check the labels, or add columns."
            )
            return outcome("label_conflicts", "warn", message, [self._problem.target])
        return outcome("label_conflicts", "ok", message)

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

    def _usable(self, features: Sequence[ColumnFacts]) -> Iterator[Check]:
        yield of_columns(
            "empty_columns",
            [fact for fact in features if fact.kind == "empty"],
            "empty columns",
            "They are not used.",
        )
        yield of_columns(
            "infinite_values",
            [fact for fact in features if fact.infinite],
            "columns with infinite values",
            "Replace them, or mark them as missing.",
        )
        yield of_columns(
            "mixed_types",
            [fact for fact in features if fact.kind == "mixed"],
            "columns with mixed types",
            "Convert each to one type.",
        )
        yield of_columns(
            "unusable_types",
            [fact for fact in features if fact.kind == "other"],
            "columns with values other than numbers, text, dates and booleans",
            "Split them into plain values, or list them in problem.drop.",
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

    def _index(self, rows: nw.DataFrame[Any]) -> Iterator[Check]:
        index = self._problem.index
        if index is None or index not in rows.columns:
            return
        values = rows.get_column(index)
        missing = values.null_count()
        status: Status = "warn" if missing else "ok"
        problem = f"the index {index!r} has missing values in {count(missing, 'row')}"
        yield outcome("missing_index", status, problem if missing else "every row has an index", [index])
        repeated = _comparable(values, kind_of(values)).is_duplicated() & ~values.is_null()
        number = int(repeated.sum())
        if not number:
            yield outcome("duplicate_index", "ok", "the index is unique", [index])
            return
        example = values.filter(repeated).head(1).to_list()[0]
        message = f"{count(number, 'row')} share an index value of {index!r}, such as {example!r}"
        yield outcome("duplicate_index", "warn", message, [index])

    def _duplicate_rows(self, rows: nw.DataFrame[Any], facts: Sequence[ColumnFacts]) -> Check:
        # Rows that differ in their index only tell nothing that the others do not.
        compared = [fact for fact in facts if fact.name != self._problem.index]
        number = _number_of_duplicates(rows, compared)
        if number > self._max_duplicate_rows * len(rows):
            shown = f"{number:,} of {count(len(rows), 'row')} are duplicates"
            return outcome("duplicate_rows", "warn", f"{shown}; the test split may contain training rows")
        return outcome("duplicate_rows", "ok", f"{count(number, 'row')} are duplicates")


def _fraction_in(values: nw.Series[Any]) -> float | None:
    """One of the numbers of a target that are not whole, if there are such."""
    if not values.dtype.is_float():
        return None
    fractions = values.filter(values.is_finite() & (values.round() != values))
    return float(fractions[0]) if len(fractions) else None


def _says_nothing(column: ColumnFacts) -> bool:
    # Which rows miss the one value of a column may say much.
    return column.constant and not column.missing


def _repeated_names(frame: Frame) -> list[str]:
    names = [str(name) for name in getattr(frame, "columns", ())]
    return sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []


def _number_of_duplicates(rows: nw.DataFrame[Any], columns: Sequence[ColumnFacts]) -> int:
    values = [rows.get_column(fact.name) for fact in columns]
    at = that_may_repeat(values)
    if not len(at):
        return 0
    compared = [
        _comparable(column_values[at], fact.kind) for column_values, fact in zip(values, columns, strict=True)
    ]
    return int(compared[0].to_frame().with_columns(*compared[1:]).is_duplicated().sum())


def _comparable(values: nw.Series[Any], kind: Kind) -> nw.Series[Any]:
    # Lists, objects of polars and the like cannot be compared; how they are written can.
    import narwhals as nw

    if kind not in {"mixed", "other"} and not (values.dtype == nw.Object and kind == "empty"):
        return values
    return nw.new_series(
        values.name, [repr(value) for value in values.to_list()], backend=values.implementation
    )
