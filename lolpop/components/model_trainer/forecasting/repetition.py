"""Series that repeat themselves exactly: a line, or a season that comes again with a constant change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from lolpop.components.model_trainer.forecasting.last_value import SHORTEST
from lolpop.components.model_trainer.forecasting.models import Forecast
from lolpop.components.model_trainer.forecasting.series import ForecastRequest, SeriesModel

if TYPE_CHECKING:
    from lolpop.data.timelines import Timeline

__all__ = ["Repetition"]

_ROUNDING = 64
"""Units in the last place by which exact values may differ: they were added up, or written in decimals."""


class Repetition(SeriesModel):
    """A series without noise: each value is the one a ``season`` before plus ``change``.

    Likelihoods of such a series have no maximum: which model's is greater is a matter of rounding, and
    differs between processors. Equal differences are not.
    """

    kind: Literal["repetition"] = "repetition"
    season: int
    values: tuple[float, ...]
    """The last season."""
    change: float

    @classmethod
    def of(cls, timeline: Timeline, season: int) -> Self | None:
        """The line, or the season of so many steps, that ``timeline`` is; None if it is neither."""
        return cls._of(timeline, 1) or (cls._of(timeline, season) if season > 1 else None)

    @classmethod
    def _of(cls, timeline: Timeline, season: int) -> Self | None:
        import numpy as np

        values = timeline.values
        changes = values[season:] - values[:-season]
        changes_present = changes[~np.isnan(changes)]
        if len(changes_present) < max(season, SHORTEST - 1):
            return None
        rounding = _ROUNDING * np.finfo(np.float64).eps * float(np.nanmax(np.abs(values)))
        if np.ptp(changes_present) > rounding:
            return None
        change = float(np.median(changes_present))
        change = 0.0 if abs(change) <= rounding else change
        last = values[-season:].copy()
        for back in range(2, len(values) // season + 1):  # what is missing is known from a season before
            earlier = values[len(values) - back * season :][:season]
            last = np.where(np.isnan(last), earlier + (back - 1) * change, last)
        if np.isnan(last).any():
            return None
        return cls(season=season, values=tuple(last.tolist()), change=change)

    def forecast(self, ahead: ForecastRequest) -> Forecast:
        """How the series goes on, without any doubt."""
        import numpy as np

        steps = np.arange(len(ahead))
        seasons = 1 + steps // self.season
        mean = np.array(self.values)[steps % self.season] + seasons * self.change
        return Forecast(mean, mean, mean)
