"""Exponential smoothing of one series, by statsmodels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from lolpop.components.model_trainer.forecasting.criteria import Criterion, criterion_of
from lolpop.components.model_trainer.forecasting.last_value import LastValue, is_short_or_constant
from lolpop.components.model_trainer.forecasting.models import Forecast
from lolpop.components.model_trainer.forecasting.precision import (
    COARSE_OPTIMISER,
    CONSTANT_TOLERANCE,
    TOO_MANY_ITERATIONS,
)
from lolpop.components.model_trainer.forecasting.repetition import Repetition
from lolpop.components.model_trainer.forecasting.series import ForecastRequest, SeriesModel, SeriesSettings
from lolpop.data.frames import count
from lolpop.errors import TrainingError

if TYPE_CHECKING:
    from lolpop.data.frames import Floats
    from lolpop.data.timelines import Timeline

__all__ = ["Component", "ExponentialSmoothing", "SmoothingSettings", "Trend"]

Component: TypeAlias = Literal["none", "additive", "multiplicative"]
Trend: TypeAlias = Literal["none", "additive", "damped"]

# With longer seasons, initial seasonal states are estimated once, not fitted with the other parameters.
_LONGEST_ESTIMATED = 24
_PATHS = 2_000
# Where to begin: likelihoods have several peaks, and statsmodels by itself often ends at lower ones.
_START = {
    "smoothing_level": 0.3, "smoothing_trend": 0.05, "smoothing_seasonal": 0.1, "damping_trend": 0.95
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SmoothingSettings(SeriesSettings):
    """The forms to fit; ``auto`` is chosen by ``criterion``."""

    error: Component | Literal["auto"]
    trend: Trend | Literal["auto"]
    seasonal: Component | Literal["auto"]
    season: int
    criterion: Criterion
    maxiter: int
    options: Mapping[str, Any] = field(default_factory=dict)

    def fit(self, timeline: Timeline) -> SeriesModel:
        """Fit the best allowed form; forms that do not converge are left out."""
        return _fit_smoothing(self, timeline)

    def refit(self, model: SeriesModel, timeline: Timeline) -> SeriesModel:
        """Refit ``model`` to the first part of its series, starting from its parameters."""
        if isinstance(model, Repetition) and (repetition := Repetition.of(timeline, model.season)):
            return repetition
        if not isinstance(model, ExponentialSmoothing) or is_short_or_constant(timeline):
            return LastValue.of(timeline)
        part = model.model_copy(update={"values": model.values[: len(timeline)]})
        return _fitted(part, self, model.params, COARSE_OPTIMISER).model


class ExponentialSmoothing(SeriesModel):
    """Exponential smoothing with its parameters, and the values that it is run over before it forecasts.

    ``values`` are what was learned from, less ``center`` and divided by ``scale``.
    """

    kind: Literal["ets"] = "ets"
    error: Component
    trend: Trend
    seasonal: Component
    season: int
    options: dict[str, Any]
    center: float
    scale: float
    values: tuple[float, ...]
    params: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        """Its name, such as ``ETS(A,Ad,N)``."""
        letters = {"none": "N", "additive": "A", "damped": "Ad", "multiplicative": "M"}
        return f"ETS({letters[self.error]},{letters[self.trend]},{letters[self.seasonal]})"

    def forecast(self, ahead: ForecastRequest) -> Forecast:
        """Forecast the series; the interval is simulated if there is no formula for it."""
        import numpy as np

        results = self.unfitted().smooth(np.array(self.params))
        end = len(self.values)
        prediction = results.get_prediction(
            end, end + len(ahead) - 1, simulate_repetitions=_PATHS, rng=ahead.random
        )
        mean = np.asarray(prediction.predicted_mean) * self.scale + self.center
        lower, upper = np.asarray(prediction.pred_int(1 - ahead.interval)).T * self.scale + self.center
        return Forecast(mean, lower, upper)

    def unfitted(self) -> Any:
        """The model as statsmodels has it, without parameters."""
        import pandas as pd
        from statsmodels.tsa.exponential_smoothing.ets import ETSModel

        parts = {"none": None, "additive": "add", "multiplicative": "mul"}
        long = self.season > _LONGEST_ESTIMATED and self.seasonal != "none"
        return ETSModel(
            pd.Series(self.values),
            error=parts[self.error],
            trend=None if self.trend == "none" else "add",
            damped_trend=self.trend == "damped",
            seasonal=parts[self.seasonal],
            seasonal_periods=None if self.seasonal == "none" else self.season,
            **{"initialization_method": "heuristic" if long else "estimated", **self.options},
        )


def _fit_smoothing(settings: SmoothingSettings, timeline: Timeline) -> SeriesModel:
    """The best allowed form for one series; forms that do not converge are left out.

    Errors and seasons are compared beside a trend, and trends beside the best of them.
    """
    if is_short_or_constant(timeline):
        return LastValue.of(timeline)
    values = timeline.filled().values
    _require_possible(settings, values)
    repetition = Repetition.of(timeline, settings.season)
    if repetition is not None and _allows(settings, repetition):
        return repetition
    best = min((_roughly(form, settings) for form in _candidates(settings, values)), key=_by_worth)
    if settings.trend == "auto":
        others = (best.model.model_copy(update={"trend": trend}) for trend in ("none", "damped"))
        best = min(best, *(_roughly(form, settings) for form in others), key=_by_worth)
    if best.worth == math.inf:
        raise TrainingError(
            f"none of the models converged in {settings.maxiter:,} iterations. Raise maxiter, or allow "
            "other models: error, trend and seasonal."
        )
    starts = best.model.params, None
    return min((_fitted(best.model, settings, start) for start in starts), key=_by_worth).model


class _Fitted(NamedTuple):
    model: ExponentialSmoothing
    worth: float
    """The value of the criterion: the least is best."""


def _by_worth(fitted: _Fitted) -> float:
    return fitted.worth


def _roughly(model: ExponentialSmoothing, settings: SmoothingSettings) -> _Fitted:
    """``model`` fitted as closely as a criterion can tell."""
    return _fitted(model, settings, _start(model), tolerance=COARSE_OPTIMISER)


def _start(model: ExponentialSmoothing) -> list[float]:
    unfitted = model.unfitted()
    names = zip(unfitted.param_names, unfitted.start_params, strict=True)
    return [_START.get(name, value) for name, value in names]


def _fitted(
    model: ExponentialSmoothing,
    settings: SmoothingSettings,
    start: Sequence[float] | None = None,
    tolerance: Mapping[str, float] = MappingProxyType({}),
) -> _Fitted:
    """``model`` with the best parameters from ``start`` on, or from where statsmodels starts by itself."""
    results = model.unfitted().fit(
        start, disp=False, warn_convergence=False, maxiter=settings.maxiter, **tolerance
    )
    fitted = model.model_copy(update={"params": tuple(map(float, results.params))})
    if results.sse <= len(model.values) * CONSTANT_TOLERANCE**2:
        # An exact fit has no maximum of the likelihood to converge to.
        return _Fitted(fitted, -math.inf)
    worth = criterion_of(settings.criterion, float(results.llf), _free(model), len(model.values))
    # A search that finds no way down any more has come to the bottom, as far as digits go.
    ended = results.mle_retvals["warnflag"] != TOO_MANY_ITERATIONS
    return _Fitted(fitted, worth if ended else math.inf)


def _candidates(settings: SmoothingSettings, values: Floats) -> Iterator[ExponentialSmoothing]:
    kinds: tuple[Component, ...] = ("additive", *(("multiplicative",) if values.min() > 0 else ()))
    shows_season = settings.season > 1 and len(values) >= _needed(settings.season)
    either: tuple[Component, ...] = ("none", *(kinds if shows_season else ()))
    errors = kinds if settings.error == "auto" else (settings.error,)
    seasonals = either if settings.seasonal == "auto" else (settings.seasonal,)
    for error, seasonal in itertools.product(errors, seasonals):
        # A season that multiplies beside an error that adds up divides by what comes near zero.
        if (error, seasonal) != ("additive", "multiplicative") or settings.seasonal == seasonal:
            yield _unfitted(settings, error, seasonal, values)


def _unfitted(
    settings: SmoothingSettings, error: Component, seasonal: Component, values: Floats
) -> ExponentialSmoothing:
    # An additive form does not depend on the level, but loses digits far from zero.
    center = 0.0 if "multiplicative" in {error, seasonal} else float(values.mean())
    scale = float(values.std())
    return ExponentialSmoothing(
        error=error,
        trend="additive" if settings.trend == "auto" else settings.trend,
        seasonal=seasonal,
        season=settings.season,
        options=dict(settings.options),
        center=center,
        scale=scale,
        values=tuple(((values - center) / scale).tolist()),
    )


def _allows(settings: SmoothingSettings, repetition: Repetition) -> bool:
    """Whether a series that repeats itself is one of the models that ``settings`` allow."""
    trends = {"auto", "additive"} if repetition.change else {"auto", "additive", "damped", "none"}
    seasonals = {"auto", "none"} if repetition.season == 1 else {"auto", "additive"}
    return settings.trend in trends and settings.seasonal in seasonals


def _needed(season: int) -> int:
    """The number of values that initial seasonal states are estimated from."""
    return max(2 * season, 10 + 2 * (season // 2))  # as statsmodels looks for where a season starts


def _free(candidate: ExponentialSmoothing) -> int:
    """How many numbers are fitted: smoothing, states at the start, and the variance."""
    trend = {"none": 0, "additive": 2, "damped": 3}[candidate.trend]
    return 3 + trend + (0 if candidate.seasonal == "none" else candidate.season)


def _require_possible(settings: SmoothingSettings, values: Floats) -> None:
    if "multiplicative" in {settings.error, settings.seasonal} and values.min() <= 0:
        raise TrainingError(
            f"a multiplicative error or season needs positive values, but one of them is {values.min():g}. "
            "Set error and seasonal to additive or auto."
        )
    if settings.seasonal in {"auto", "none"}:
        return
    if settings.season < 2:
        raise TrainingError("there is no season: set problem.season, or seasonal to none.")
    if len(values) < _needed(settings.season):
        raise TrainingError(
            f"it has {count(len(values), 'value')}, and a season of {count(settings.season, 'step')} needs "
            f"{_needed(settings.season)}. Set seasonal to auto or none."
        )
