"""Exponential smoothing of one series, in its linear form: errors are what a filter leaves of the values.

A model with additive errors is linear in its values and in its states at the start (Hyndman, Koehler, Ord,
Snyder: Forecasting with Exponential Smoothing, 2008, chapter 11). So, with the smoothing parameters given,
the errors come from one recursive filter, and the states at the start are found by least squares: what is
left to search are one to four numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from lolpop.components.model_trainer.forecasting.criteria import criterion_of
from lolpop.components.model_trainer.forecasting.last_value import LastValue, is_short_or_constant
from lolpop.components.model_trainer.forecasting.models import Forecast
from lolpop.components.model_trainer.forecasting.repetition import Repetition
from lolpop.components.model_trainer.forecasting.series import ForecastRequest, SeriesModel, SeriesSettings

if TYPE_CHECKING:
    from lolpop.data.frames import Floats
    from lolpop.data.timelines import Timeline

__all__ = [
    "Fitted", "Form", "LinearSmoothing", "Smoothing", "fit_form", "forecast_form", "recent_values",
]  # fmt: skip

Trend: TypeAlias = Literal["none", "damped", "additive"]

# What was long ago has been smoothed away: of a longer history the end is fitted.
_LONGEST = 500
_SEASONS = 10
# So many values more than numbers that are fitted.
_FEWEST = 3
# The states of longer seasons are averages, and not fitted together with the rest.
_LONGEST_ESTIMATED = 24
_LEAST, _MOST = 1e-4, 1 - 1e-4
_DAMPING = (0.8, 0.98)
# Where to begin: sums of squares have several valleys.
_STARTS = (
    {"level": 0.3, "trend": 0.1, "season": 0.1, "damping": 0.95},
    {"level": 0.1, "trend": 0.3, "season": 0.7, "damping": 0.9},
)


class Form(NamedTuple):
    """Which exponential smoothing it is; ``season`` is 1 if there is none."""

    trend: Trend
    season: int

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters, in their order."""
        trend = () if self.trend == "none" else ("trend",)
        season = ("season",) if self.season > 1 else ()
        return ("level", *trend, *season, *(("damping",) if self.trend == "damped" else ()))

    @property
    def states(self) -> int:
        """How many numbers the series starts with."""
        return 1 + (self.trend != "none") + (self.season - 1)


class LinearSmoothing(SeriesModel):
    """Exponential smoothing with a damped trend, with a straight one, or half way between both."""

    kind: Literal["smoothing"] = "smoothing"
    season: int
    logarithms: bool = False
    """Whether the logarithms of the values are smoothed: growth and seasons are in proportion then."""
    params: dict[Trend, tuple[float, ...]]
    """For each trend its smoothing of level, trend and season, and the damping, as far as it has them."""
    values: tuple[float, ...]
    """What they are run over before they forecast."""

    @property
    def name(self) -> str:
        """What it is called, such as ``ETS(A,Ad,A)``; the mean of two is called by both."""
        season = "A" if self.season > 1 else "N"
        letters = {"damped": "Ad", "additive": "A", "none": "N"}
        names = " and ".join(f"ETS(A,{letters[trend]},{season})" for trend in self.params)
        return f"{names} of logarithms" if self.logarithms else names

    def forecast(self, ahead: ForecastRequest) -> Forecast:
        """How the series goes on; the interval is that of normal errors, or of log-normal ones."""
        import numpy as np

        values = np.log(self.values) if self.logarithms else np.array(self.values)
        parts = [
            forecast_form(Form(trend, self.season), params, values, len(ahead), ahead.interval)
            for trend, params in self.params.items()
        ]
        mean, half = np.mean(parts, axis=0)
        bounds = mean, mean - half, mean + half
        return Forecast(*(np.exp(bounds) if self.logarithms else bounds))


@dataclass(frozen=True, slots=True)
class Smoothing(SeriesSettings):
    """How to smooth: whether there is a season is chosen by a criterion."""

    season: int
    trends: tuple[Trend, ...] = ("damped", "additive")
    """Those whose mean is forecast."""
    logarithms: bool = False
    """Whether logarithms are smoothed, where all values are positive."""

    def fit(self, timeline: Timeline) -> SeriesModel:
        """Exponential smoothing as it suits the values."""
        import numpy as np

        if is_short_or_constant(timeline):
            return LastValue.of(timeline)
        repetition = Repetition.of(timeline, self.season)
        if repetition is not None:
            return repetition
        recent = recent_values(timeline, self.season)
        logarithms = self.logarithms and bool(recent.min() > 0)
        values = np.log(recent) if logarithms else recent
        first, *others = self.trends
        forms = (fit_form(form, values) for form in _forms(values, first, self.season))
        best = min(forms, key=lambda fitted: fitted.worth)
        fitted = [best, *(fit_form(Form(trend, best.form.season), values) for trend in others)]
        return LinearSmoothing(
            season=best.form.season,
            logarithms=logarithms,
            params={fit.form.trend: fit.params for fit in fitted},
            values=tuple(recent.tolist()),
        )

    def refit(self, model: SeriesModel, timeline: Timeline) -> SeriesModel:
        """``model``, its parameters too, run over the first part of its series."""
        if not isinstance(model, LinearSmoothing) or is_short_or_constant(timeline):
            return LastValue.of(timeline)
        return model.model_copy(update={"values": tuple(recent_values(timeline, self.season).tolist())})


class Fitted(NamedTuple):
    """A form with its best parameters."""

    form: Form
    params: tuple[float, ...]
    errors: Floats
    """Those of one step ahead."""
    worth: float
    """By the corrected criterion of Akaike, the less the better."""


@dataclass(frozen=True, slots=True, eq=False)
class _System:
    """The polynomials of the lag that ``values`` and ``errors`` are multiplied by: theirs is one product."""

    values: Floats
    errors: Floats
    damping: float

    @classmethod
    def of(cls, form: Form, params: tuple[float, ...]) -> _System:
        import numpy as np

        weights = dict(zip(form.names, params, strict=True))
        level, trend, season = (weights.get(name, 0.0) for name in ("level", "trend", "season"))
        damping = weights.get("damping", 1.0)
        step = np.array([1.0, -damping]) if form.trend != "none" else np.ones(1)
        once, whole = np.ones(form.season), np.zeros(form.season + 1)
        whole[0], whole[-1] = 1.0, -1.0  # 1 - B^m, which is (1 - B) times 1 + B + … + B^(m-1)
        values = np.convolve(step, whole)
        errors = values.copy()
        errors[1:] += level * np.convolve(step, once)
        if form.trend != "none":
            errors[1 : 1 + form.season] += damping * level * trend
        if form.season > 1:
            errors[form.season :] += (1 - level) * season * step
        return cls(values, errors, damping)


def recent_values(timeline: Timeline, season: int) -> Floats:
    """The last values of a series, those that are missing filled: as many as are smoothed."""
    values = timeline.filled().values
    return values[-max(_LONGEST, _SEASONS * season) :]


def _forms(values: Floats, trend: Trend, season: int) -> Iterator[Form]:
    """Without a season and with it, if the values show one."""
    yield Form(trend, 1)
    if season > 1 and len(values) >= 2 * season + _FEWEST:
        seasonal = Form(trend, season)
        if len(values) >= len(seasonal.names) + seasonal.states + _FEWEST:
            yield seasonal


def forecast_form(
    form: Form, params: tuple[float, ...], values: Floats, steps: int, interval: float
) -> Floats:
    """The mean of the steps after ``values``, and half of their interval, shape (2, steps)."""
    import numpy as np
    from scipy.signal import lfilter
    from scipy.special import ndtri

    system = _System.of(form, params)
    paths = _paths(form, values, system.damping, steps)
    errors, states = _errors(system, values, paths[: len(values)])
    # What comes is what the states at the start say, and the echo of all errors.
    beyond = np.concatenate([errors, np.zeros(steps)])
    mean = (paths @ states + lfilter(system.errors, system.values, beyond))[len(values) :]
    impulse = np.zeros(steps)
    impulse[0] = 1.0
    weights = lfilter(system.errors, system.values, impulse)
    free = max(1, len(values) - len(params) - form.states)
    deviation = math.sqrt(float(errors @ errors) / free)
    half = float(ndtri((1 + interval) / 2)) * deviation * np.sqrt(np.cumsum(weights**2))
    return np.stack([mean, half])


def fit_form(form: Form, values: Floats) -> Fitted:
    """The form with the parameters that leave the least squares."""
    from scipy.optimize import minimize

    center, scale = float(values.mean()), float(values.std())
    scaled = (values - center) / scale
    bounds = [_DAMPING if name == "damping" else (_LEAST, _MOST) for name in form.names]

    def loss(params: Floats) -> float:
        system = _System.of(form, tuple(params))
        errors, _ = _errors(system, scaled, _paths(form, scaled, system.damping, 0))
        squares = float(errors @ errors)
        return math.log(squares / len(scaled)) if math.isfinite(squares) and squares > 0 else 1e3

    def least(start: Mapping[str, float]) -> Any:
        options = {"ftol": 1e-7, "maxiter": 50}
        beginning = [start[name] for name in form.names]
        return minimize(loss, beginning, method="L-BFGS-B", bounds=bounds, options=options)

    best = min(map(least, _STARTS), key=lambda solution: float(solution.fun))
    size = len(values)
    worth = criterion_of("aicc", -size / 2 * best.fun, len(form.names) + form.states + 1, size)
    params = tuple(map(float, best.x))
    system = _System.of(form, params)
    errors, _ = _errors(system, scaled, _paths(form, scaled, system.damping, 0))
    return Fitted(form, params, errors * scale, worth)


def _paths(form: Form, values: Floats, damping: float, steps: int) -> Floats:
    """How the series would go from each state at the start without errors, shape (n + steps, states)."""
    import numpy as np

    at = np.arange(len(values) + steps)
    columns = [np.ones(len(at))]
    if form.trend != "none":
        columns.append(np.cumsum(damping ** (at + 1.0)))
    if form.season <= 1:
        return np.column_stack(columns)
    if form.season > _LONGEST_ESTIMATED:
        return np.column_stack([*columns, _usual(values, form.season)[at % form.season]])
    return np.column_stack([*columns, at[:, None] % form.season == np.arange(form.season - 1)])


def _usual(values: Floats, season: int) -> Floats:
    """How each step of a season usually differs from the mean of the season round it, shape (season,)."""
    whole = len(values) // season * season
    seasons = values[:whole].reshape(-1, season)
    usual: Floats = (seasons - seasons.mean(axis=1, keepdims=True)).mean(axis=0)
    return usual


def _errors(system: _System, values: Floats, paths: Floats) -> tuple[Floats, Floats]:
    """The errors of one step ahead, and the states at the start that leave the least squares."""
    import numpy as np
    from scipy.signal import lfilter

    filtered = lfilter(system.values, system.errors, np.column_stack([values, paths]), axis=0)
    own, echoes = filtered[:, 0], filtered[:, 1:]
    states: Floats = np.linalg.lstsq(echoes, own)[0]
    return own - echoes @ states, states
