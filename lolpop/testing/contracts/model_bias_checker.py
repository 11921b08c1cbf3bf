"""The contract of bias checkers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

from lolpop.components.model_bias_checker import ModelBiasChecker
from lolpop.components.model_trainer import FittedModel, Predictions
from lolpop.data.frames import Frame, to_strings, wrap
from lolpop.errors import DataError
from lolpop.problem import Problem, ProblemType
from lolpop.testing.contracts._expected import raised, require
from lolpop.testing.contracts._samples import Sample, frame_kinds, sample
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["ModelBiasCheckerContract"]

Make: TypeAlias = Callable[[Problem], ModelBiasChecker]


class ModelBiasCheckerContract(ComponentContract):
    """The checks that every bias checker must pass.

    Fixtures: ``make(problem)`` makes a checker.
    """

    interface: ClassVar[type[Any]] = ModelBiasChecker
    made_with: ClassVar[tuple[str, ...]] = ("problem",)
    problem_types: ClassVar[tuple[ProblemType, ...]] = ("classification", "regression")

    def instance(self, make: Callable[..., Any]) -> Any:
        """A checker for the first problem type."""
        return make(sample(self.problem_types[0]).problem)

    def test_fair_model_has_no_error(self, make: Make) -> None:
        """A model that does not depend on the group has no error, in every kind of frame."""
        for rows in self._samples():
            for kind, convert in frame_kinds():
                report = make(rows.problem).check(rows.model, *rows.of_kind(convert))
                require(report.status != "error", f"no error of a fair model ({kind})", report.checks)

    def test_unfair_model_is_found(self, make: Make) -> None:
        """A model that treats one group worse is reported with the name of the feature."""
        for rows in self._samples():
            model = _Unfair(rows.model)
            report = make(rows.problem).check(model, rows.features, rows.target)
            require(report.status != "ok", "a finding about an unfair model", report.status)
            named = {column for check in report.checks if check.status != "ok" for column in check.columns}
            require("group" in named, "the column 'group' named", sorted(named))

    def test_groups_are_all_there(self, make: Make) -> None:
        """Each group has metrics and a number of rows. The numbers add up to the total."""
        for rows in self._samples():
            report = make(rows.problem).check(rows.model, rows.features, rows.target)
            sizes = {group.group: group.rows for group in report.groups if group.feature == "group"}
            expected = rows.frame["group"].value_counts().to_dict()
            require(sizes == expected, f"the groups {expected}", sizes)
            require(all(group.metrics for group in report.groups), "metrics of each group", report.groups)

    def test_says_what_it_says_again(self, make: Make) -> None:
        """The same model and rows get the same report. The rows are not changed."""
        for rows in self._samples():
            features, checker = rows.features.copy(), make(rows.problem)
            first = checker.check(rows.model, features, rows.target)
            checker.check(_Unfair(rows.model), features, rows.target)
            for again in (checker, make(rows.problem)):
                report = again.check(rows.model, features, rows.target)
                require(report == first, "the same report again", report)
            require(features.equals(rows.features), "the rows as they were", "others")

    def test_missing_feature_is_a_data_error(self, make: Make) -> None:
        """Rows without the sensitive feature raise a DataError that names it."""
        for rows in self._samples():
            without = rows.features.drop(columns="group")
            error = raised(DataError, lambda: make(rows.problem).check(rows.model, without, rows.target))  # noqa: B023  (called at once)
            require("group" in str(error), "'group' named", error)

    def _samples(self) -> list[Sample]:
        return [sample(kind, rows=400) for kind in self.problem_types]


class _Unfair(FittedModel):
    """Predicts the lowest value for every row of one group."""

    def __init__(self, model: FittedModel) -> None:
        self._model = model

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self._model.columns, "group")

    @property
    def classes(self) -> tuple[Any, ...]:
        return self._model.classes

    def predict(self, frame: Frame) -> Predictions:
        import numpy as np

        left = (to_strings(wrap(frame)["group"]) == "left").to_numpy()
        fair = self._model.predict(frame)
        if fair.probabilities is None:
            return Predictions(np.where(left, 0.0, fair.labels))
        yes = np.where(left, 0.01, fair.probabilities[:, 1])
        return Predictions(np.where(yes > 0.5, "yes", "no"), np.column_stack([1 - yes, yes]), self.classes)
