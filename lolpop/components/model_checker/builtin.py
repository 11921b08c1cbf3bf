"""Evaluating models by scikit-learn's metrics, and comparing two of them."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PositiveFloat, PositiveInt

from lolpop._names import one_of
from lolpop.checks import Check, CheckReport
from lolpop.components.data_profiler import DataProfiler, DriftReport
from lolpop.components.model_checker import Comparison, Metrics, ModelChecker
from lolpop.components.model_checker._checks import classes_of, left_out, outcome, predictions_of
from lolpop.components.model_checker.drifts import drift_of_predictions
from lolpop.components.model_checker.evaluations import (
    constant_class,
    constant_mean,
    evaluate_classes,
    evaluate_numbers,
)
from lolpop.components.model_checker.metrics import METRICS
from lolpop.data.frames import count, wrap
from lolpop.errors import Finding, VerificationError
from lolpop.problem import Problem

if TYPE_CHECKING:
    import narwhals as nw
    from numpy.typing import NDArray

    from lolpop.components.model_checker.evaluations import Evaluation, Floats
    from lolpop.components.model_trainer import FittedModel
    from lolpop.data.frames import Frame, Series

__all__ = ["BuiltinModelChecker"]

_CLASSIFICATION = ("accuracy", "balanced_accuracy", "f1", "precision", "recall", "roc_auc", "log_loss")
_REGRESSION = ("r2", "mean_absolute_error", "root_mean_squared_error")

# On fewer rows, a perfect score is not suspicious.
_ROWS_TO_DOUBT_PERFECTION = 100
# Bounds of time (rows that are examined in depth) and of patience (segments that are named).
_MOST_ROWS = 20_000
_MOST_SEGMENTS = 3


class BuiltinModelChecker(ModelChecker):
    """Measures models by scikit-learn's metrics, from one prediction for all of them.

    A model is *better* than another if the whole confidence interval of the difference, by a paired
    bootstrap over the same rows, is on its side: a difference that other rows could reverse does not replace
    a working model.

    By default, the metric that decides is ``log_loss`` for classification. It scores the probabilities, not
    only their side of a threshold; only better probabilities improve it; it suits any number of classes,
    however rare; and, as a mean over rows, it distinguishes models on fewer rows than accuracy does. For
    regression it is ``root_mean_squared_error``, in the target's own units.

    Binary metrics are about ``problem.positive_label``; with more classes they are the mean over classes.

    Parameters
    ----------
    metric : str or None
        The metric that decides: a scorer of scikit-learn, such as roc_auc or neg_log_loss. A loss may be
        named without neg_ (log_loss), and smaller is better then.
    confidence : float
        Confidence of the intervals of differences, between 0 and 1.
    resamples : int
        Number of resamples of the bootstrap; at most 200 for metrics that are slow to compute.
    min_rows : int
        Least number of rows for a reliable evaluation; a check warns below it.
    too_good : float
        Balanced accuracy, or r2, from which leakage is suspected.
    overfit : float
        By how much balanced accuracy, or r2, may be greater on the training rows.
    miscalibrated : float
        How far the confidence of predictions may be from their accuracy, on average.
    weak_segment : float, optional
        By how much accuracy may be lower where one column has certain values than elsewhere, by default 0.1.
        For regression, by how much the mean absolute error may be greater, in standard deviations of the
        target, by default 0.3. Two thirds of it count where errors are twice those elsewhere.
    segment_significance : float
        Probability of a false alarm by chance, of all weak segments together.
    significance : float
        Probability of a false alarm by chance, of calibration.
    slow : float
        Seconds that the prediction of 1,000 rows may take.
    """

    def __init__(
        self,
        metric: str | None = None,
        confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95,
        resamples: Annotated[int, Field(ge=100)] = 1_000,
        min_rows: PositiveInt = 30,
        too_good: Annotated[float, Field(gt=0, le=1)] = 0.999,
        overfit: PositiveFloat = 0.2,
        miscalibrated: PositiveFloat = 0.1,
        weak_segment: PositiveFloat | None = None,
        segment_significance: Annotated[float, Field(gt=0, lt=1)] = 0.05,
        significance: Annotated[float, Field(gt=0, lt=1)] = 0.001,
        slow: PositiveFloat = 10.0,
        *,
        problem: Problem,
        data_profiler: DataProfiler | None = None,
        seed: int = 0,
    ) -> None:
        if findings := list(self.check_settings({"metric": metric}, {"problem": problem})):
            raise VerificationError(findings)
        if not 0 < confidence < 1:
            raise ValueError(f"confidence must be between 0 and 1, but got {confidence}.")
        if resamples < 100:
            raise ValueError(f"resamples must be at least 100, but got {resamples}.")
        self._classifies = problem.type == "classification"
        self._metric = METRICS[metric or ("log_loss" if self._classifies else "root_mean_squared_error")]
        self._overall = METRICS["balanced_accuracy" if self._classifies else "r2"]
        self._confidence = confidence
        self._resamples = resamples
        self._min_rows = min_rows
        self._too_good = too_good
        self._overfit = overfit
        self._miscalibrated = miscalibrated
        self._weak_segment = weak_segment or (0.1 if self._classifies else 0.3)
        self._segment_significance = segment_significance
        self._significance = significance
        self._slow = slow
        self._positive_label = problem.positive_label
        self._problem = problem
        self._data_profiler = data_profiler
        self._seed = seed

    @classmethod
    def check_settings(
        cls, settings: Mapping[str, Any], values: Mapping[str, Any] = MappingProxyType({})
    ) -> Iterable[Finding]:
        """Check that the metric exists, and is for the problem of ``values``."""
        name, problem = settings.get("metric"), values.get("problem")
        if name is None:
            return
        fitting = [
            metric_name
            for metric_name, metric in METRICS.items()
            if problem is None or metric.is_for(problem.type)
        ]
        if name not in METRICS:
            hint = one_of(name, fitting, what="Metrics")
            yield Finding("metric", f"there is no metric {name!r}", hint=hint)
        elif problem is not None and name not in fitting:
            of = METRICS[name].problem_type
            message = f"{name} is a metric of {of}, and the problem is {problem.type}"
            yield Finding("metric", message, hint=f"Use one of {', '.join(fitting)}.")

    @property
    def metric(self) -> str:
        """Name of the metric that decides."""
        return self._metric.name

    @property
    def greater_is_better(self) -> bool:
        """Whether a greater value of ``metric`` is the better one."""
        return self._metric.greater_is_better

    def measure(self, model: FittedModel, frame: Frame, target: Series) -> Metrics:
        """The usual metrics that are defined on the n rows of ``frame``, and ``metric``, NaN if it is not.

        Raises DataError if there are no rows or their truth is missing, or if ``metric`` needs
        probabilities and the model gives none.
        """
        [evaluation] = self._evaluate([model], frame, target)
        labels_only = evaluation.probabilities is None
        usual = [METRICS[name] for name in (_CLASSIFICATION if self._classifies else _REGRESSION)]
        values = {
            metric.name: metric.of(evaluation)
            for metric in usual
            if not (labels_only and metric.needs_probabilities)
        }
        defined = {name: value for name, value in values.items() if not math.isnan(value)}
        return {**defined, self.metric: self._metric.of(evaluation)}

    def check(
        self, model: FittedModel, frame: Frame, target: Series, learned: Metrics | None = None
    ) -> CheckReport:
        """Check ``model`` on the n rows of ``frame``.

        Missing predictions and invalid probabilities are errors. Warnings are: columns that the model does
        not use, few rows, a single class, an unknown class, a model that is no better than a constant,
        perfect, overfitted, overconfident or slow, and weak segments. At most 20,000 rows are searched for
        segments.
        """
        started = time.perf_counter()
        [evaluation] = self._evaluate([model], frame, target)
        seconds = time.perf_counter() - started
        predictions = predictions_of(evaluation)
        checks = [*left_out(model), self._rows(evaluation), predictions]
        if predictions.status == "ok":
            if self._classifies:
                checks += classes_of(evaluation, model.classes)
            checks += [
                self._baseline(evaluation, target),
                self._perfection(evaluation),
                self._speed(len(evaluation), seconds),
                *self._in_depth(evaluation, wrap(frame), learned or {}),
            ]
        return CheckReport(checks=tuple(checks))

    def compare_to_baseline(
        self, model: FittedModel, frame: Frame, target: Series, train_target: Series
    ) -> Comparison:
        """Compare with a constant prediction from the n values of ``train_target``.

        It is the most frequent class, with the frequencies of all classes as probabilities, or the mean.
        """
        [evaluation] = self._evaluate([model], frame, target, train_target)
        return self._compare_to_constant(evaluation, train_target)

    def compare(self, model: FittedModel, other: FittedModel, frame: Frame, target: Series) -> Comparison:
        """Compare ``model`` with ``other`` on the same n rows, by a paired bootstrap.

        Raises DataError if either cannot predict these rows.
        """
        own_evaluation, other_evaluation = self._evaluate([model, other], frame, target)
        return self._compare(own_evaluation, other_evaluation)

    def drift(self, model: FittedModel, frame: Frame, reference: Frame) -> DriftReport:
        """Compare the predictions of ``model`` for the rows of ``frame`` and of ``reference``.

        Labels or numbers, and probabilities, are compared as the data profiler compares columns. Raises
        DataError if it cannot predict either.
        """
        return drift_of_predictions(model, frame, reference, self._problem, self._data_profiler)

    def _evaluate(
        self, models: Sequence[FittedModel], frame: Frame, target: Series, train_target: Series | None = None
    ) -> list[Evaluation]:
        if self._classifies:
            return evaluate_classes(models, frame, target, self._positive_label, train_target)
        return evaluate_numbers(models, frame, target)

    def _compare_to_constant(self, evaluation: Evaluation, target: Series) -> Comparison:
        constant = (constant_class if self._classifies else constant_mean)(evaluation, target)
        value = constant.labels[0]
        shown = repr(evaluation.classes[value]) if self._classifies else f"{value:.4g}"
        return self._compare(evaluation, constant, f"a baseline that always predicts {shown}")

    def _compare(self, one: Evaluation, other: Evaluation, against: str = "") -> Comparison:
        from lolpop.components.model_checker._bootstrap import paired_interval

        score, other_score = self._metric.of(one), self._metric.of(other)
        difference = score - other_score if self.greater_is_better else other_score - score
        interval = None
        if not math.isnan(difference):
            interval = paired_interval(
                self._metric,
                one,
                other,
                confidence=self._confidence,
                resamples=self._resamples,
                seed=self._seed,
            )
        return Comparison(
            better=difference > 0 and interval is not None and interval[0] > 0,
            metric=self.metric,
            score=score,
            other_score=other_score,
            difference=difference,
            interval=interval,
            against=against,
        )

    def _rows(self, evaluation: Evaluation) -> Check:
        message = f"it is evaluated on {count(len(evaluation), 'row')}"
        if len(evaluation) < self._min_rows:
            advice = f"fewer than {self._min_rows}, so its metrics are unreliable"
            return outcome("rows", "warn", f"{message} only, {advice}")
        return outcome("rows", "ok", message)

    def _baseline(self, evaluation: Evaluation, target: Series) -> Check:
        if self._metric.needs_probabilities and evaluation.probabilities is None:
            return outcome("baseline", "warn", f"it gives no probabilities, which {self.metric} needs")
        comparison = self._compare_to_constant(evaluation, target)
        # It is the best constant for these rows, which may differ from that of the training rows.
        against = (
            f"{comparison.against}, {'the most frequent' if self._classifies else 'the mean'} of these rows"
        )
        if comparison.better:
            return outcome("baseline", "ok", f"it is better than {against}")
        return outcome("baseline", "warn", f"it is not significantly better than {against}")

    def _perfection(self, evaluation: Evaluation) -> Check:
        metric = self._overall
        score = metric.of(evaluation)
        if len(evaluation) >= _ROWS_TO_DOUBT_PERFECTION and score >= self._too_good:
            advice = "check for target leakage"
            return outcome("too_good", "warn", f"{metric.name} is {score:.4g}, too good to be true: {advice}")
        return outcome("too_good", "ok", f"{metric.name} is {score:.4g}")

    def _speed(self, rows: int, seconds: float) -> Check:
        speed = f"it predicts {count(rows, 'row')} in {seconds:.3g} s"
        if seconds > self._slow * max(1.0, rows / 1_000):
            return outcome("prediction_time", "warn", f"{speed}: more than {self._slow:g} s for 1,000 rows")
        return outcome("prediction_time", "ok", speed)

    def _in_depth(
        self, evaluation: Evaluation, frame: nw.DataFrame[Any], learned: Metrics
    ) -> Iterator[Check]:
        import numpy as np

        if (metric := self._overall.name) in learned and not math.isnan(
            score := self._overall.of(evaluation)
        ):
            yield self._gap(learned[metric], score)
        if len(evaluation) > _MOST_ROWS:
            drawn = np.random.default_rng(self._seed % 2**32).choice(
                len(evaluation), _MOST_ROWS, replace=False
            )
            evaluation, frame = evaluation.take(drawn), frame[drawn]
        if evaluation.probabilities is not None:
            yield self._calibration(evaluation, evaluation.probabilities)
        yield from self._segments(evaluation, frame)

    def _gap(self, learned: float, score: float) -> Check:
        scores = f"{self._overall.name} is {score:.4g}, and {learned:.4g} on the training rows"
        if learned - score <= self._overfit:
            return outcome("overfitting", "ok", scores)
        advice = "it overfits; a simpler model or more rows may generalise better"
        return outcome("overfitting", "warn", f"{scores}: {advice}")

    def _calibration(self, evaluation: Evaluation, probabilities: Floats) -> Check:
        from lolpop.components.model_checker._calibration import calibration_error

        error, chance = calibration_error(evaluation.truth, probabilities, self._seed)
        message = f"the confidence of its predictions differs from their accuracy by {error:.2g} on average"
        if error <= self._miscalibrated or chance > self._significance:
            return outcome("calibration", "ok", message)
        return outcome("calibration", "warn", f"{message}: its probabilities are unreliable")

    def _segments(self, evaluation: Evaluation, frame: nw.DataFrame[Any]) -> Iterator[Check]:
        import numpy as np

        from lolpop.components.model_checker._segments import weak_segments

        if self._classifies:
            errors: NDArray[Any] = evaluation.truth != evaluation.labels
        else:
            with np.errstate(over="ignore", invalid="ignore"):
                spread = float(evaluation.truth.std()) or 1.0
                errors = np.abs(evaluation.truth - evaluation.labels) / spread
        weak = weak_segments(
            frame.to_native(),
            errors,
            evaluation.labels if self._classifies else None,
            None if evaluation.probabilities is None else 1 - evaluation.probabilities.max(axis=1),
            worse_by=self._weak_segment,
            min_rows=self._min_rows,
            significance=self._segment_significance,
            seed=self._seed,
        )
        for segment in weak[:_MOST_SEGMENTS]:
            if self._classifies:
                difference = f"accuracy is {1 - segment.error:.2g}, and {1 - segment.elsewhere:.2g} elsewhere"
            else:
                difference = (
                    f"the mean absolute error is {segment.error * spread:.4g}, "
                    f"and {segment.elsewhere * spread:.4g} elsewhere"
                )
            rows = f"the {count(segment.rows, 'row')} of which {segment.column!r} {segment.where}"
            message = f"on {rows}, {difference}"
            yield Check(check="weak_segment", status="warn", message=message, columns=(segment.column,))
        if not weak:
            yield outcome(
                "weak_segment", "ok", "no segment has clearly worse predictions than the other rows"
            )
