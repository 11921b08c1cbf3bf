"""Checks of the target, and of features that predict it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lolpop._names import one_of
from lolpop.checks import Check
from lolpop.components.data_checker._labels import class_sizes, conflicting_rows
from lolpop.components.data_checker._outcomes import outcome
from lolpop.components.data_checker._repeats import comparable
from lolpop.data.frames import count, require_bounded, to_floats
from lolpop.errors import DataError
from lolpop.problem import OTHER_RUNNERS, Problem

if TYPE_CHECKING:
    import narwhals as nw

    from lolpop.components.data_checker._columns import ColumnFacts
    from lolpop.components.data_checker._leakage import Power
    from lolpop.data.frames import Kind

# Kinds of columns whose values need not even be comparable, or that have none.
_NOT_PLAIN: frozenset[Kind] = frozenset({"empty", "mixed", "other"})


class TargetChecks:
    """Checks of the target of ``problem``, with the limits that ``BuiltinDataChecker`` describes."""

    def __init__(
        self,
        problem: Problem,
        *,
        max_predictive_power: float,
        min_class_balance: float,
        max_label_conflicts: float,
    ) -> None:
        self._problem = problem
        self._max_predictive_power = max_predictive_power
        self._min_class_balance = min_class_balance
        self._max_label_conflicts = max_label_conflicts

    def column(self, rows: nw.DataFrame[Any]) -> Check:
        """Whether the target is present."""
        target = self._problem.target
        if target in rows.columns:
            return outcome("target_column", "ok", f"the target {target!r} exists", [target])
        hint = one_of(target, rows.columns, what="Columns")
        return outcome("target_column", "error", f"there is no target column {target!r} in the data. {hint}")

    def values(
        self, target: ColumnFacts, features: Sequence[ColumnFacts], rows: nw.DataFrame[Any]
    ) -> Iterator[Check]:
        """Outcomes about the values of the target in ``rows``, and about ``features``."""
        yield self._missing_target(target, len(rows))
        yield (check := self._target_values(target, rows))
        if check.status != "ok":
            return
        if self._problem.type == "classification" and self._problem.positive_label is not None:
            yield self._positive_label(rows.get_column(target.name))
        yield from self._target_and_features(features, rows)

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
            expected = "labels of one type (text or numbers)" if classification else "numbers"
            descriptions = {
                "mixed": "values of several types",
                "other": "values that are neither text nor numbers",
            }
            holds = descriptions.get(target.kind, f"{target.kind} values")
            message = f"the target {target.name!r} should contain {expected}, but it contains {holds}"
            if self._problem.type == "regression" and target.kind in {"string", "category"}:
                message += f"; {OTHER_RUNNERS['classification']}"
            return outcome(name, "error", message, columns)
        if target.kind == "empty":
            return outcome(name, "error", "the target has no values", columns)
        if target.constant:
            value = rows.get_column(target.name).drop_nulls().head(1).to_list()[0]
            problem = "has only one class" if classification else "is always the same"
            message = f"the target {target.name!r} {problem}, {value!r}: nothing can be learned"
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
            sizes = class_sizes(rows.get_column(target))
            yield self._class_imbalance(sizes, len(rows))
            yield self._similar_labels(sizes)
            compared = [comparable(rows.get_column(fact.name), fact.kind) for fact in features]
            yield self._label_conflicts(conflicting_rows(compared, rows.get_column(target)), len(rows))

    def _target_leakage(self, powers: Mapping[str, Power]) -> Check:
        from lolpop.components.data_checker._leakage import leaking

        leaking_columns = leaking(powers, self._max_predictive_power)
        if not leaking_columns:
            best = max(powers, key=lambda name: powers[name].score, default=None)
            harmless = "no column predicts the target alone"
            message = (
                harmless
                if best is None
                else f"{harmless}: the best, {best!r}, has a predictive power of {powers[best].score:.2f}"
            )
            return outcome("target_leakage", "ok", message)
        shown = ", ".join(f"{name!r} ({powers[name].score:.2f} of 1)" for name in leaking_columns[:5])
        message = (
            f"columns that predict the target {self._problem.target!r} almost alone: {shown}. "
            "If they are unknown when rows are predicted, list them in problem.drop"
        )
        return outcome("target_leakage", "warn", message, leaking_columns)

    def _class_imbalance(self, sizes: Mapping[Any, int], rows: int) -> Check:
        rare = [label for label in sizes if sizes[label] * len(sizes) < self._min_class_balance * rows]
        if not rare:
            return outcome("class_imbalance", "ok", f"each of {count(len(sizes), 'class')} has enough rows")
        message = f"rare classes among {count(rows, 'row')}: {_listed(rare, sizes)}"
        message = f"{message}. Use a metric other than accuracy"
        return outcome("class_imbalance", "warn", message, [self._problem.target])

    def _similar_labels(self, sizes: Mapping[Any, int]) -> Check:
        spellings: dict[str, list[Any]] = {}
        for label in sizes:
            spellings.setdefault(" ".join(str(label).split()).casefold(), []).append(label)
        similar = [labels for labels in spellings.values() if len(labels) > 1]
        if not similar:
            return outcome("similar_labels", "ok", "no labels differ in case or spaces only")
        shown = "; ".join(_listed(labels, sizes) for labels in similar[:5])
        message = f"labels that differ in case or spaces only: {shown}. Spell each class in one way"
        return outcome("similar_labels", "warn", message, [self._problem.target])

    def _label_conflicts(self, number: int, rows: int) -> Check:
        message = f"{count(number, 'row')} share their features with a row of another class"
        if number > self._max_label_conflicts * rows:
            message = (
                f"{message}, of {rows:,}: no model can tell them apart. Check the labels, or add columns."
            )
            return outcome("label_conflicts", "warn", message, [self._problem.target])
        return outcome("label_conflicts", "ok", message)


def _listed(labels: Sequence[Any], sizes: Mapping[Any, int]) -> str:
    return ", ".join(f"{label!r} ({count(sizes[label], 'row')})" for label in labels[:5])


def _fraction_in(values: nw.Series[Any]) -> float | None:
    """One of the numbers of a target that are not whole, if there are such."""
    if not values.dtype.is_float():
        return None
    fractions = values.filter(values.is_finite() & (values.round() != values))
    return float(fractions[0]) if len(fractions) else None
