"""The contract of model checkers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

from lolpop.checks import CheckReport
from lolpop.components.model_checker import ModelChecker
from lolpop.errors import DataError
from lolpop.problem import Problem, ProblemType
from lolpop.testing.contracts._expected import raised, require
from lolpop.testing.contracts._samples import Sample, frame_kinds, sample
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["ModelCheckerContract"]

Make: TypeAlias = Callable[[Problem, int], ModelChecker]


class ModelCheckerContract(ComponentContract):
    """The checks that every model checker must pass.

    Fixtures: ``make(problem, seed)`` makes a checker. A checker of forecasts sets ``problem_types``.
    """

    interface: ClassVar[type[Any]] = ModelChecker
    made_with: ClassVar[tuple[str, ...]] = ("problem", "seed")
    problem_types: ClassVar[tuple[ProblemType, ...]] = ("classification", "regression")

    def instance(self, make: Callable[..., Any]) -> Any:
        """A checker for the first problem type."""
        return make(sample(self.problem_types[0]).problem, 0)

    def test_measures_its_metric(self, make: Make) -> None:
        """The primary metric is measured, with the same value in every kind of frame."""
        for rows in self._samples():
            checker = make(rows.problem, 0)
            scores = set()
            for _, convert in frame_kinds():
                metrics = checker.measure(rows.model, *rows.of_kind(convert))
                require(checker.metric in metrics, f"{checker.metric} among the metrics", sorted(metrics))
                require(all(isinstance(value, float) for value in metrics.values()), "floats", metrics)
                scores.add(round(metrics[checker.metric], 12))
            require(len(scores) == 1, "one score in all kinds of frames", scores)

    def test_prefers_the_better_model(self, make: Make) -> None:
        """A good model is better than a bad one by the metric, and not vice versa."""
        for rows in self._samples():
            checker, bad = make(rows.problem, 0), rows.bad
            features, target = rows.features, rows.target
            good = checker.measure(rows.model, features, target)[checker.metric]
            worse = checker.measure(bad, features, target)[checker.metric]
            greater = checker.greater_is_better
            require(good > worse if greater else good < worse, f"a better score than {worse}", good)
            comparison = checker.compare(rows.model, bad, features, target)
            require(comparison.better, "the good model to be better", comparison)
            require(comparison.difference > 0, "a positive difference", comparison.difference)
            require((comparison.score, comparison.other_score) == (good, worse), f"{good, worse}", comparison)
            comparison = checker.compare(bad, rows.model, features, target)
            require(not comparison.better, "the bad model not to be better", comparison)
            require(comparison.difference < 0, "a negative difference", comparison.difference)

    def test_no_model_is_better_than_itself(self, make: Make) -> None:
        """A comparison of a model with itself finds no difference."""
        for rows in self._samples():
            comparison = make(rows.problem, 0).compare(rows.model, rows.model, rows.features, rows.target)
            require(not comparison.better, "a model not to be better than itself", comparison)
            require(comparison.difference == 0, "a difference of 0", comparison.difference)

    def test_good_model_is_better_than_the_baseline(self, make: Make) -> None:
        """A good model is better than the baseline. A bad one is not."""
        for rows in self._samples():
            checker, learned = make(rows.problem, 0), sample(rows.problem.type).target
            comparison = checker.compare_to_baseline(rows.model, rows.features, rows.target, learned)
            require(comparison.better, "a good model to be better than the baseline", comparison)
            bad = rows.bad
            comparison = checker.compare_to_baseline(bad, rows.features, rows.target, learned)
            require(not comparison.better, "a bad model not to be better than the baseline", comparison)

    def test_reports_outcomes(self, make: Make) -> None:
        """The outcomes of a report have a name and a message. A good model has no error."""
        for rows in self._samples():
            report = make(rows.problem, 0).check(rows.model, rows.features, rows.target)
            require(isinstance(report, CheckReport), "a CheckReport", type(report))
            require(report.status != "error", "no error of a good model", list(report.of("error")))
            require(all(check.message for check in report.checks), "a message of every check", report)

    def test_drift_is_of_predictions(self, make: Make) -> None:
        """Rows like the reference have no prediction drift. Rows with other predictions do."""
        for rows in self._samples():
            if rows.problem.type == "forecasting":
                continue  # series continue: values far from the reference may be expected
            checker, reference = make(rows.problem, 0), sample(rows.problem.type, seed=1).features
            report = checker.drift(rows.model, rows.features, reference)
            require(report.status == "ok", "no drift between rows of one source", report)
            moved = rows.features.assign(number=rows.features["number"] + 5)
            report = checker.drift(rows.model, moved, reference)
            require(report.status != "ok", "drift where predictions moved", report)

    def test_says_what_it_says_again(self, make: Make) -> None:
        """The same model, rows and seed always give the same metrics, report and comparison."""
        for rows in self._samples():
            bad = rows.bad
            verdicts = []
            checker = make(rows.problem, 0)
            for again in (checker, checker, make(rows.problem, 0)):
                comparison = again.compare(rows.model, bad, rows.features, rows.target)
                verdicts.append((again.measure(rows.model, rows.features, rows.target), comparison))
            require(
                verdicts[0] == verdicts[1] == verdicts[2], "the same metrics and comparison again", verdicts
            )

    def test_no_rows_are_a_data_error(self, make: Make) -> None:
        """A frame without rows raises a DataError."""
        for rows in self._samples():
            none = rows.features[:0], rows.target[:0]
            raised(DataError, lambda: make(rows.problem, 0).measure(rows.model, *none))  # noqa: B023  (called at once)

    def _samples(self) -> list[Sample]:
        return [sample(kind).judged for kind in self.problem_types]
