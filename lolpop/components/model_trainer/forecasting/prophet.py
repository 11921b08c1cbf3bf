"""One series by Prophet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import ConfigDict, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass as validated_dataclass

from lolpop.components.model_trainer._quiet import quiet
from lolpop.components.model_trainer.forecasting.last_value import LastValue, is_short_or_constant
from lolpop.components.model_trainer.forecasting.models import Forecast
from lolpop.components.model_trainer.forecasting.series import ForecastRequest, SeriesModel, SeriesSettings

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from lolpop.data.frames import Floats
    from lolpop.data.timelines import Grid, Timeline

__all__ = ["Growth", "Mode", "ProphetSeries", "ProphetSettings", "Seasonality", "Waves"]

Growth: TypeAlias = Literal["linear", "flat", "logistic"]
Mode: TypeAlias = Literal["additive", "multiplicative"]
Waves: TypeAlias = bool | PositiveInt | Literal["auto"]

_LOGGERS = ("cmdstanpy", "prophet", "prophet.models", "prophet.plot")
_PATHS = 2_000
_MOST_WAVES = 10
_DAYS_OF_A_YEAR = 365.25
_TWO_YEARS = 730


@validated_dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Seasonality:
    """A pattern that repeats every ``period`` days, as so many waves."""

    period: PositiveFloat
    fourier_order: PositiveInt
    prior_scale: PositiveFloat | None = None
    mode: Mode | None = None


@dataclass(frozen=True, slots=True)
class ProphetSettings(SeriesSettings):
    """The arguments of Prophet, and its additional seasonalities and regressors."""

    grid: Grid
    growth: Growth
    cap: float | None
    floor: float | None
    yearly: Waves
    seasonalities: Mapping[str, Seasonality]
    country_holidays: str | None
    season: int
    seed: int
    options: Mapping[str, Any] = field(default_factory=dict)

    def fit(self, timeline: Timeline) -> SeriesModel:
        """Fit Prophet to a series."""
        return _fit_prophet(self, timeline)

    def refit(self, model: SeriesModel, timeline: Timeline) -> SeriesModel:
        """What Prophet makes of other values, with a year of as many waves as ``model`` has."""
        same = replace(self, yearly=model.yearly) if isinstance(model, ProphetSeries) else self
        return same.fit(timeline)


class ProphetSeries(SeriesModel):
    """A fitted Prophet, as it serializes itself, without the history that it does not need any more."""

    kind: Literal["prophet"] = "prophet"
    cap: float | None
    floor: float | None
    yearly: bool | int
    fitted: str

    def forecast(self, ahead: ForecastRequest) -> Forecast:
        """Forecast the series; the interval is simulated, as Prophet does it.

        Prophet itself uses the global random generator: its bounds would depend on other draws, in any
        thread.
        """
        import numpy as np

        with quiet(*_LOGGERS):
            from prophet.serialize import model_from_json

            # Its attributes are optional to a type checker, and there once it was fitted.
            model: Any = model_from_json(self.fitted)
            # Where trends begin to differ is the last moment that was learned from.
            positions = np.array([ahead.positions[0] - 1, *ahead.positions])
            regressors = np.vstack([np.zeros((1, ahead.regressors.shape[1])), ahead.regressors])
            components = model.predict(self._frame(_moments_of(ahead.grid, positions), regressors))
        mean, factors = (
            np.asarray(column, dtype=np.float64)[1:]
            for column in (components["yhat"], 1 + components["multiplicative_terms"])
        )
        changes, deviation = model.params["delta"][0], model.params["sigma_obs"][0].item()
        usual = np.abs(changes).mean() + 1e-8
        steps = np.diff(((components["ds"] - model.start) / model.t_scale).to_numpy(dtype=np.float64))
        level = np.full(_PATHS, (components["trend"][0] - self._bottom(model)) / model.y_scale)
        rate = np.full(_PATHS, model.params["k"][0].item() + changes.sum())
        deviations = np.empty((len(steps), _PATHS))
        for at, step in enumerate(steps):
            changed = ahead.random.laplace(0, usual, _PATHS)
            changed *= ahead.random.random(_PATHS) < len(model.changepoints_t) * step
            # On average, a rate changes in the middle of a step.
            level, rate = self._next(model, level, rate + changed / 2, step), rate + changed
            noise = ahead.random.normal(0, deviation, _PATHS)
            deviations[at] = (level - level.mean()) * factors[at] + noise
        tail = (1 - ahead.interval) / 2
        lower, upper = np.quantile(deviations * model.y_scale, [tail, 1 - tail], axis=1)
        return Forecast(mean, mean + lower, mean + upper)

    def _frame(self, moments: pd.DatetimeIndex, regressors: Floats) -> pd.DataFrame:
        return _frame(moments, regressors, self.cap, self.floor)

    def _bottom(self, model: Any) -> float:
        """What counts as zero in Prophet."""
        if self.floor is not None:
            return self.floor
        return 0.0 if model.scaling == "absmax" else float(model.y_min)

    def _next(self, model: Any, level: Floats, rate: Floats, step: float) -> Floats:
        """Trends one step on, in Prophet's own scale."""
        import numpy as np

        if model.growth == "flat":
            return level
        if self.cap is None:
            return level + rate * step
        cap = (self.cap - self._bottom(model)) / float(model.y_scale)
        return cap / (1 + (cap / level - 1) * np.exp(-rate * step))


def _fit_prophet(settings: ProphetSettings, timeline: Timeline) -> SeriesModel:
    import numpy as np

    if is_short_or_constant(timeline):
        return LastValue.of(timeline)
    moments = _moments_of(settings.grid, timeline.start + np.arange(len(timeline)))
    regressors = timeline.filled().regressors
    frame = _frame(moments, regressors, settings.cap, settings.floor)
    frame["y"] = timeline.values
    with quiet(*_LOGGERS):
        from prophet.serialize import model_to_json

        yearly = _yearly(settings, moments)
        model = _unfitted(settings, yearly, regressors.shape[1])
        try:
            model.fit(frame, seed=settings.seed)
        finally:
            model.stan_backend.cleanup()
        # To predict it only matters that there was a history: it is kept elsewhere.
        model.history, model.history_dates = model.history[["ds", "y"]][-1:], model.history_dates[-1:]
        return ProphetSeries(
            cap=settings.cap, floor=settings.floor, yearly=yearly, fitted=model_to_json(model)
        )


def _moments_of(grid: Grid, positions: NDArray[np.int64]) -> pd.DatetimeIndex:
    """The moments at ``positions`` as Prophet takes them: without a zone, and days for what only counts."""
    import pandas as pd

    if grid.counts:
        return pd.DatetimeIndex(pd.Timestamp(2000, 1, 1) + pd.to_timedelta(positions, unit="D"))
    return pd.DatetimeIndex(grid.times(positions)).tz_localize(None)


def _unfitted(settings: ProphetSettings, yearly: bool | int, regressors: int) -> Any:
    from prophet import Prophet

    model = Prophet(
        growth=settings.growth,
        yearly_seasonality=yearly,
        uncertainty_samples=0,
        **settings.options,
    )
    for name, seasonality in settings.seasonalities.items():
        model.add_seasonality(name, **asdict(seasonality))
    if settings.grid.counts and settings.season > 1:
        model.add_seasonality("season", settings.season, _waves(settings.season))
    if settings.country_holidays is not None:
        model.add_country_holidays(settings.country_holidays)
    for number in range(regressors):
        model.add_regressor(_regressor(number))
    return model


def _yearly(settings: ProphetSettings, moments: pd.DatetimeIndex) -> bool | int:
    """As many yearly waves as the steps can resolve; Prophet would fit ten even to monthly data."""
    if settings.yearly != "auto":
        return settings.yearly
    days = (moments[-1] - moments[0]).days
    steps = round(_DAYS_OF_A_YEAR * (len(moments) - 1) / max(days, 1))
    return days >= _TWO_YEARS and (_waves(steps) or False)


def _waves(steps: int) -> int:
    return min(_MOST_WAVES, steps // 2)


def _frame(
    moments: pd.DatetimeIndex, regressors: Floats, cap: float | None, floor: float | None
) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame({"ds": moments})
    if cap is not None:
        frame["cap"] = cap
    if floor is not None:
        frame["floor"] = floor
    return frame.assign(**{_regressor(number): column for number, column in enumerate(regressors.T)})


def _regressor(number: int) -> str:
    """A name for a regressor: Prophet refuses some, such as trend."""
    return f"regressor_{number}"
