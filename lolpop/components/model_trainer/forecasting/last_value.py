"""Series that are too short, or too much the same, for anything but their last value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from lolpop.components.model_trainer.forecasting.models import Forecast
from lolpop.components.model_trainer.forecasting.series import ForecastRequest, SeriesModel

if TYPE_CHECKING:
    from lolpop.data.timelines import Timeline

__all__ = ["SHORTEST", "LastValue", "is_short_or_constant"]

SHORTEST = 10
"""Of fewer values it cannot be told how they follow from each other."""


class LastValue(SeriesModel):
    """A random walk: it goes on with its last value, the wider the further.

    ``deviation`` is that of a step, as ``steps`` of them show; so few are trusted less.
    """

    kind: Literal["last value"] = "last value"
    value: float
    deviation: float
    steps: int

    @classmethod
    def of(cls, timeline: Timeline) -> Self:
        """What the known values of ``timeline`` say."""
        import numpy as np

        at = np.flatnonzero(~np.isnan(timeline.values))
        values = timeline.values[at]
        changes = np.diff(values) / np.sqrt(np.diff(at))
        return cls(value=values[-1], deviation=float(np.sqrt(np.mean(changes**2))), steps=len(changes))

    def forecast(self, ahead: ForecastRequest) -> Forecast:
        """How the series goes on."""
        import numpy as np
        from scipy.stats import t

        mean = np.full(len(ahead), self.value)
        width = t.ppf((1 + ahead.interval) / 2, self.steps) * self.deviation
        half = width * np.sqrt(np.arange(1, len(ahead) + 1))
        return Forecast(mean, mean - half, mean + half)


def is_short_or_constant(timeline: Timeline) -> bool:
    """Whether there is nothing to be learned from ``timeline`` but its last value."""
    import numpy as np

    return timeline.known < SHORTEST or bool(np.nanmin(timeline.values) == np.nanmax(timeline.values))
