"""Series that are too short, or too constant, for anything but their last value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from lolpop.components.model_trainer.forecasting.models import Forecast
from lolpop.components.model_trainer.forecasting.series import ForecastRequest, SeriesModel

if TYPE_CHECKING:
    from lolpop.data.timelines import Timeline

__all__ = ["SHORTEST", "LastValue", "is_short_or_constant"]

SHORTEST = 10
"""Shorter series have no estimable dynamics."""


class LastValue(SeriesModel):
    """A random walk: the last value, with bounds that widen with each step.

    ``deviation`` is the standard deviation of a step, estimated from ``steps``; with few of them, bounds are
    wider.
    """

    kind: Literal["last value"] = "last value"
    value: float
    deviation: float
    steps: int

    @classmethod
    def of(cls, timeline: Timeline) -> Self:
        """The random walk of the known values of ``timeline``."""
        import numpy as np

        at = np.flatnonzero(~np.isnan(timeline.values))
        values = timeline.values[at]
        changes = np.diff(values) / np.sqrt(np.diff(at))
        return cls(value=values[-1], deviation=float(np.sqrt(np.mean(changes**2))), steps=len(changes))

    def forecast(self, ahead: ForecastRequest) -> Forecast:
        """Forecast the series."""
        import numpy as np
        from scipy.stats import t

        mean = np.full(len(ahead), self.value)
        width = t.ppf((1 + ahead.interval) / 2, self.steps) * self.deviation
        half = width * np.sqrt(np.arange(1, len(ahead) + 1))
        return Forecast(mean, mean - half, mean + half)


def is_short_or_constant(timeline: Timeline) -> bool:
    """Whether ``timeline`` is too short or constant for another model."""
    import numpy as np

    return timeline.observed < SHORTEST or bool(np.nanmin(timeline.values) == np.nanmax(timeline.values))
