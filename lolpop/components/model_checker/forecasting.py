"""Evaluating forecasts by their errors and intervals, and comparing them with baselines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from lolpop.checks import Check, CheckReport, Status
from lolpop.components.data_profiler import DataProfiler, DriftReport
from lolpop.components.model_checker import Comparison, Metrics, ModelChecker
from lolpop.components.model_checker.backtests import forecasts_of
from lolpop.components.model_checker.drifts import drift_of_predictions
from lolpop.data.frames import count, listed, to_floats, wrap_series
from lolpop.data.timelines import series_of
from lolpop.errors import DataError
from lolpop.problem import ForecastingProblem

if TYPE_CHECKING:
    from lolpop.components.model_trainer import FittedModel
    from lolpop.data.frames import Floats, Frame, Series

__all__ = ["ForecastMetric", "ForecastModelChecker"]

ForecastMetric = Literal[
    "mean_absolute_scaled_error",
    "mean_absolute_error",
    "root_mean_squared_error",
    "mean_absolute_percentage_error",
    "symmetric_mean_absolute_percentage_error",
]
"""A metric that can decide; a smaller value of it is better."""

# With fewer paths than this, each is split into runs: one or two paths cannot be resampled.
_FEWEST_PATHS = 10
# Nearly all errors have one sign, which a trend that was missed once does not explain.
_BIASED = 0.8


class ForecastModelChecker(ModelChecker):
    """Measures forecasts, and compares models on the same rows, which neither was trained on.

    Errors of one forecast are correlated: a forecast that begins too high stays too high. So differences are
    tested by a paired bootstrap of whole forecasts, by series and origin; if there are few of them, of runs
    of steps as long as the cube root of their number. The fewer there are, the more the interval is widened,
    as by Student's t.

    Parameters
    ----------
    metric : str
        The metric that decides. The mean absolute scaled error measures every series in units of the error
        of its seasonal naive forecast in the history: it is fair to small and large series, and 1 is as good
        as repeating the last season. Constant series have no such unit and are left out.
    confidence : float
        Confidence of the intervals of differences, between 0 and 1.
    resamples : int
        Number of resamples of the bootstrap.
    min_rows : int
        Least number of rows for a reliable evaluation; a check warns below it.
    miscovered : float
        By how much less than ``problem.interval`` of the true values may lie between lower and upper.
    """

    def __init__(
        self,
        metric: ForecastMetric = "mean_absolute_scaled_error",
        confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95,
        resamples: Annotated[int, Field(ge=100)] = 1_000,
        min_rows: Annotated[int, Field(ge=1)] = 10,
        miscovered: Annotated[float, Field(ge=0, lt=1)] = 0.1,
        *,
        problem: ForecastingProblem,
        data_profiler: DataProfiler | None = None,
        seed: int = 0,
    ) -> None:
        if metric not in _ROWS:
            raise ValueError(f"metric must be one of {', '.join(_ROWS)}, but got {metric!r}.")
        for name, share in (("confidence", confidence), ("miscovered", miscovered)):
            if not 0 <= share < 1 or (name == "confidence" and not share):
                raise ValueError(f"{name} must be between 0 and 1, but got {share}.")
        if resamples < 100:
            raise ValueError(f"resamples must be at least 100, but got {resamples}.")
        self._metric = metric
        self._confidence = confidence
        self._resamples = resamples
        self._min_rows = min_rows
        self._miscovered = miscovered
        self._problem = problem
        self._data_profiler = data_profiler
        self._seed = seed % 2**32

    @property
    def metric(self) -> str:
        """Name of the metric that decides."""
        return self._metric

    @property
    def greater_is_better(self) -> bool:
        """False: all metrics are errors."""
        return False

    def measure(self, model: FittedModel, frame: Frame, target: Series) -> Metrics:
        """All errors, and where there are intervals the share of true values in them and their mean width.

        Percentage errors are left out where a true value is 0 (or, of the symmetric one, a forecast too).
        ``metric`` is among them, NaN if it is not defined.
        """
        import numpy as np

        evaluation = self._evaluate(model, frame, target)
        values = {name: evaluation.of(name) for name in _ROWS}
        if evaluation.has_interval:
            values |= {
                "coverage": float(evaluation.covered.mean()),
                "interval_width": float((evaluation.upper - evaluation.lower).mean()),
            }
        return {name: value for name, value in values.items() if np.isfinite(value) or name == self._metric}

    def check(
        self, model: FittedModel, frame: Frame, target: Series, learned: Metrics | None = None
    ) -> CheckReport:
        """Check the forecasts of the n rows of ``frame``.

        Missing forecasts are an error. Warnings are: few rows, forecasts no better than the best baseline,
        intervals with too few true values, forecasts that are too high or too low throughout, and series with
        worse forecasts than the seasonal naive ones. ``learned`` is ignored, since metrics of training rows
        mean nothing for forecasts.
        """
        del learned
        evaluation = self._evaluate(model, frame, target)
        checks = [*_left_out(model), self._rows(evaluation), _forecasts(evaluation)]
        if checks[-1].status == "ok":
            checks += [
                self._baseline(evaluation),
                *self._coverage(evaluation),
                self._bias(evaluation),
                *self._series(evaluation, frame),
            ]
        return CheckReport(checks=tuple(checks))

    def compare_to_baseline(
        self, model: FittedModel, frame: Frame, target: Series, train_target: Series
    ) -> Comparison:
        """Compare with the best of the baselines: the last value, last season's, the last with its drift.

        They are computed from the training history; ``train_target`` is ignored.
        """
        del train_target
        return self._compare_to_best(self._evaluate(model, frame, target))

    def compare(self, model: FittedModel, other: FittedModel, frame: Frame, target: Series) -> Comparison:
        """Compare ``model`` with ``other`` on the same n rows.

        Both are measured in the scales of ``model``. Raises DataError if either cannot forecast these rows.
        """
        evaluation = self._evaluate(model, frame, target)
        predictions = other.predict(frame)
        return self._compare(evaluation, evaluation.instead(_floats(predictions.labels)))

    def drift(self, model: FittedModel, frame: Frame, reference: Frame) -> DriftReport:
        """Compare the forecasts of ``model`` for the rows of ``frame`` and of ``reference``.

        Labels or numbers, and probabilities, are compared as the data profiler compares columns. Raises
        DataError if it cannot predict either.
        """
        return drift_of_predictions(model, frame, reference, self._problem, self._data_profiler)

    def _evaluate(self, model: FittedModel, frame: Frame, target: Series) -> _Evaluation:
        import numpy as np

        truth = to_floats(wrap_series(target))
        if not len(truth):
            raise DataError("There are no rows to evaluate the forecasts on.")
        if unknown := int(np.count_nonzero(~np.isfinite(truth))):
            raise DataError(
                f"The target is missing or infinite in {unknown:,} of {count(len(truth), 'row')}: forecasts "
                "are evaluated on rows that have one."
            )
        forecaster = forecasts_of(model)
        paths = np.asarray(forecaster.paths(frame))
        predictions = model.predict(frame)
        if len(predictions.labels) != len(truth):
            raise DataError(
                f"{count(len(predictions.labels), 'row')} are forecast, but {len(truth):,} have a target."
            )
        return _Evaluation(
            truth,
            _floats(predictions.labels),
            np.full(len(truth), np.nan) if predictions.lower is None else _floats(predictions.lower),
            np.full(len(truth), np.nan) if predictions.upper is None else _floats(predictions.upper),
            forecaster.scales(frame),
            _runs(paths),
            len(np.unique(paths)),
            forecaster.baselines(frame),
        )

    def _compare_to_best(self, evaluation: _Evaluation) -> Comparison:
        rivals = {name: evaluation.instead(values) for name, values in evaluation.baselines.items()}
        if not rivals:
            raise DataError("There is no baseline to compare forecasts with.")
        best = min(rivals, key=lambda name: rivals[name].of(self._metric))
        return self._compare(evaluation, rivals[best], f"the {best.replace('_', ' ')} forecast")

    def _compare(self, one: _Evaluation, other: _Evaluation, against: str = "") -> Comparison:
        import numpy as np

        score, other_score = one.of(self._metric), other.of(self._metric)
        difference, interval = other_score - score, None
        means = self._resampled(one.blocks, one.rows(self._metric), other.rows(self._metric))
        if means is not None and np.isfinite(difference):
            scores, other_scores = (_finished(mean, self._metric) for mean in means)
            bounds = np.quantile(
                other_scores - scores, [(1 - self._confidence) / 2, (1 + self._confidence) / 2]
            )
            wider = _expansion(len(np.unique(one.blocks)), self._confidence)
            low, high = (difference + wider * (bounds - difference)).tolist()
            interval = low, high
        return Comparison(
            better=difference > 0 and interval is not None and interval[0] > 0,
            metric=self._metric,
            score=score,
            other_score=other_score,
            difference=difference,
            interval=interval,
            against=against,
        )

    def _resampled(self, blocks: Any, *values: Floats) -> list[Floats] | None:
        """Means of ``values`` over resampled blocks of rows, each (resamples,); None of a single block."""
        import numpy as np

        defined = np.isfinite(np.sum(values, axis=0))
        names, codes = np.unique(blocks[defined], return_inverse=True)
        number = len(names)
        if number < 2:
            return None
        random = np.random.default_rng(self._seed)
        drawn = random.multinomial(number, np.full(number, 1 / number), self._resamples)
        rows = drawn @ np.bincount(codes)
        return [drawn @ np.bincount(codes, errors[defined]) / rows for errors in values]

    def _rows(self, evaluation: _Evaluation) -> Check:
        message = f"it is evaluated on {count(len(evaluation.truth), 'row')}"
        if len(evaluation.truth) < self._min_rows:
            return _check("rows", "warn", f"{message} only, so its metrics are unreliable")
        return _check("rows", "ok", message)

    def _baseline(self, evaluation: _Evaluation) -> Check:
        compared = self._compare_to_best(evaluation)
        if compared.score == compared.other_score:
            return _check("baseline", "ok", f"it is exactly as good as {compared.against}")
        if compared.better:
            return _check("baseline", "ok", f"it is better than {compared.against}")
        return _check("baseline", "warn", f"it is not significantly better than {compared.against}")

    def _coverage(self, evaluation: _Evaluation) -> Iterator[Check]:
        import numpy as np

        if not evaluation.has_interval:
            return
        expected, share = self._problem.interval, float(evaluation.covered.mean())
        message = f"{share:.0%} of the true values lie between lower and upper; expected {expected:.0%}"
        means = self._resampled(evaluation.blocks, evaluation.covered)
        # One bad forecast moves all its steps outside at once, which alone is weak evidence.
        is_significant = means is not None and np.quantile(means[0], self._confidence) < expected
        if is_significant and share < expected - self._miscovered:
            yield _check("coverage", "warn", f"{message}: the intervals are unreliable")
        else:
            yield _check("coverage", "ok", message)

    def _bias(self, evaluation: _Evaluation) -> Check:
        import numpy as np

        errors = evaluation.mean - evaluation.truth
        bias, size = float(errors.mean()), float(np.abs(errors).mean())
        message = f"the mean error is {bias:.4g}, the mean absolute error is {size:.4g}"
        if abs(bias) > _BIASED * size and evaluation.paths >= _FEWEST_PATHS:
            direction = "high" if bias > 0 else "low"
            return _check("bias", "warn", f"{message}: almost all forecasts are too {direction}")
        return _check("bias", "ok", message)

    def _series(self, evaluation: _Evaluation, frame: Frame) -> Iterator[Check]:
        import numpy as np

        keys, codes = series_of(frame, self._problem)
        naive = evaluation.baselines.get("seasonal_naive")
        if naive is None or len(keys) < 2:
            return
        errors, naive_errors = np.abs(evaluation.mean - evaluation.truth), np.abs(naive - evaluation.truth)
        sizes = np.bincount(codes)
        gains = (np.bincount(codes, naive_errors) - np.bincount(codes, errors)) / sizes
        worse = [keys[code] for code in np.argsort(gains) if gains[code] < 0]
        message = f"on {len(worse):,} of {len(keys):,} series it is worse than the seasonal naive forecast"
        if 2 * len(worse) > len(keys):
            yield _check("weak_series", "warn", f"{message}: {listed(worse)}")
        else:
            yield _check("weak_series", "ok", message)


@dataclass(frozen=True, slots=True, eq=False)
class _Evaluation:
    """Forecasts of n rows beside the truth, of so many paths.

    Bounds are NaN if there are none; rows of a block go together.
    """

    truth: Floats
    mean: Floats
    lower: Floats
    upper: Floats
    scale: Floats
    blocks: Any
    paths: int
    baselines: Mapping[str, Floats]

    def instead(self, mean: Floats) -> _Evaluation:
        """The same rows with the forecasts of another model, without intervals."""
        unknown = self.mean * float("nan")
        return replace(self, mean=mean, lower=unknown, upper=unknown)

    @property
    def has_interval(self) -> bool:
        """Whether any row has bounds."""
        import numpy as np

        return bool(np.isfinite(self.lower).any())

    @property
    def covered(self) -> Floats:
        """1 for each row whose true value lies between lower and upper, else 0."""
        inside: Floats = ((self.truth >= self.lower) & (self.truth <= self.upper)).astype("float64")
        return inside

    def rows(self, metric: str) -> Floats:
        """The values by row whose mean (or its root) is the metric; NaN where undefined."""
        import numpy as np

        with np.errstate(over="ignore"):  # errors too great for a float are infinite
            return _ROWS[metric](self)

    def of(self, metric: str) -> float:
        """The value of a metric, NaN where it is not defined."""
        import numpy as np

        rows = self.rows(metric)
        defined = rows[~np.isnan(rows)]
        return float(_finished(defined.mean(), metric)) if len(defined) else float("nan")


def _absolute(evaluation: _Evaluation) -> Floats:
    import numpy as np

    return np.abs(evaluation.mean - evaluation.truth)


def _squared(evaluation: _Evaluation) -> Floats:
    return (evaluation.mean - evaluation.truth) ** 2


def _scaled(evaluation: _Evaluation) -> Floats:
    import numpy as np

    return _absolute(evaluation) / np.where(evaluation.scale > 0, evaluation.scale, np.nan)


def _relative(evaluation: _Evaluation) -> Floats:
    import numpy as np

    return _absolute(evaluation) / np.where(evaluation.truth != 0, np.abs(evaluation.truth), np.nan)


def _symmetric(evaluation: _Evaluation) -> Floats:
    import numpy as np

    sizes = (np.abs(evaluation.truth) + np.abs(evaluation.mean)) / 2
    return _absolute(evaluation) / np.where(sizes > 0, sizes, np.nan)


_ROWS: Mapping[str, Callable[[_Evaluation], Floats]] = MappingProxyType(
    {
        "mean_absolute_scaled_error": _scaled,
        "mean_absolute_error": _absolute,
        "root_mean_squared_error": _squared,
        "mean_absolute_percentage_error": _relative,
        "symmetric_mean_absolute_percentage_error": _symmetric,
    }
)
"""The values by row of each metric."""


def _finished(mean: Any, metric: str) -> Any:
    return mean**0.5 if metric == "root_mean_squared_error" else mean


def _expansion(blocks: int, confidence: float) -> float:
    """By how much a bootstrap of few blocks makes intervals too narrow."""
    from scipy.special import ndtri, stdtrit

    level = (1 + confidence) / 2
    return float((blocks / (blocks - 1)) ** 0.5 * stdtrit(blocks - 1, level) / ndtri(level))


def _runs(paths: Any) -> Any:
    """A block for each of n rows: its path, or the run of steps of it, where there are few paths."""
    import numpy as np

    _, codes, sizes = np.unique(paths, return_inverse=True, return_counts=True)
    if len(sizes) >= _FEWEST_PATHS:
        return codes
    order = np.argsort(codes, kind="stable")
    within = np.empty(len(codes), dtype=np.intp)
    within[order] = np.arange(len(codes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    lengths = np.ceil(np.cbrt(sizes)).astype(np.intp)
    return codes * len(codes) + within // lengths[codes]


def _floats(values: Any) -> Floats:
    import numpy as np

    return np.asarray(values, dtype=np.float64)


def _forecasts(evaluation: _Evaluation) -> Check:
    import numpy as np

    values = (
        [evaluation.mean, evaluation.lower, evaluation.upper]
        if evaluation.has_interval
        else [evaluation.mean]
    )
    if not np.isfinite(values).all():
        return _check("predictions", "error", "some of its forecasts are missing or infinite")
    if ((evaluation.lower > evaluation.mean) | (evaluation.mean > evaluation.upper)).any():
        return _check("predictions", "error", "some of its forecasts lie outside their own intervals")
    return _check("predictions", "ok", "every row has a forecast")


def _left_out(model: FittedModel) -> Iterator[Check]:
    if model.left_out:
        shown = ", ".join(f"{name!r} ({reason})" for name, reason in model.left_out.items())
        message = f"columns that the model does not use: {shown}"
        yield Check(check="left_out_columns", status="warn", message=message, columns=tuple(model.left_out))


def _check(name: str, status: Status, message: str) -> Check:
    return Check(check=name, status=status, message=message)
