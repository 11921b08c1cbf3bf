"""Baselines of one series: its last value, that of a season before, its last value with the mean slope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from lolpop.components.model_trainer.forecasting.models import Forecast, History
from lolpop.components.model_trainer.forecasting.series import ForecastRequest, SeriesModel, SeriesSettings

if TYPE_CHECKING:
    from lolpop.data.timelines import Timeline

__all__ = ["Baseline", "BaselineSettings", "Method"]

Method: TypeAlias = Literal["naive", "seasonal_naive", "drift"]


class Baseline(SeriesModel):
    """The state of a baseline, with the bounds of a random walk.

    ``deviation`` is the standard deviation of a step (or of a season), estimated from ``steps``; with few of
    them, bounds are wider.
    """

    kind: Literal["baseline"] = "baseline"
    method: Method
    season: int
    values: tuple[float, ...]
    """The last season."""
    slope: float
    deviation: float
    steps: int
    length: int

    @classmethod
    def of(cls, timeline: Timeline, method: Method, season: int) -> Baseline:
        """The baseline of ``timeline``; one that is no longer than a season has none."""
        import numpy as np

        history = History.of(timeline, season, 1)
        distance = history.season if method == "seasonal_naive" else 1
        changes = timeline.values[distance:] - timeline.values[:-distance]
        changes = changes[~np.isnan(changes)]
        if method == "drift":
            changes = changes - history.slope
        return cls(
            method=method,
            season=history.season,
            values=history.tail[-history.season :],
            slope=history.slope,
            deviation=float(np.sqrt(np.mean(changes**2))) if len(changes) else 0.0,
            steps=max(1, len(changes)),
            length=len(timeline),
        )

    def forecast(self, ahead: ForecastRequest) -> Forecast:
        """Forecast the series."""
        import numpy as np
        from scipy.stats import t

        steps = np.arange(1, len(ahead) + 1)
        history = History(0, self.season, 0.0, self.slope, self.values)
        mean = history.baselines(steps)[self.method]
        # Hyndman and Athanasopoulos, Forecasting, 5.5.
        variances = {
            "naive": steps,
            "seasonal_naive": 1 + (steps - 1) // self.season,
            "drift": steps * (1 + steps / max(1, self.length - 1)),
        }
        width = float(t.ppf((1 + ahead.interval) / 2, self.steps)) * self.deviation
        half = width * np.sqrt(variances[self.method])
        return Forecast(mean, mean - half, mean + half)


@dataclass(frozen=True, slots=True)
class BaselineSettings(SeriesSettings):
    """The baseline, and the length of a season."""

    method: Method
    season: int

    def fit(self, timeline: Timeline) -> SeriesModel:
        """Fit the baseline of one series, however short."""
        return Baseline.of(timeline, self.method, self.season)

    def refit(self, model: SeriesModel, timeline: Timeline) -> SeriesModel:
        """Refit to the first part of its series."""
        del model  # it has no other parameters
        return self.fit(timeline)
