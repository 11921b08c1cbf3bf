"""The theta method: simple exponential smoothing with half the slope of the series, its season set aside.

Assimakopoulos and Nikolopoulos (2000), in the form of Hyndman and Billah (2003).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from lolpop.components.model_trainer.forecasting.last_value import LastValue, is_short_or_constant
from lolpop.components.model_trainer.forecasting.models import Forecast
from lolpop.components.model_trainer.forecasting.precision import CONSTANT_TOLERANCE
from lolpop.components.model_trainer.forecasting.repetition import Repetition
from lolpop.components.model_trainer.forecasting.series import ForecastRequest, SeriesModel, SeriesSettings
from lolpop.components.model_trainer.forecasting.smoothing import Form, fit_form, forecast_form, recent_values

if TYPE_CHECKING:
    from lolpop.data.frames import Floats
    from lolpop.data.timelines import Timeline

__all__ = ["Theta", "ThetaSettings"]

_LEVEL = Form("none", 1)
# Beyond the bounds of 90%, the autocorrelation of a season is not by chance: the test of the M competitions.
_QUANTILE = 1.645
# So many values more than two seasons.
_FEWEST = 3
_FASTEST = 1 - 1e-4


class Theta(SeriesModel):
    """How fast the level follows the values, and the length of the season that is set aside, 1 if none is.

    Positive values are divided by what their season makes of them, others have it subtracted.
    """

    kind: Literal["theta"] = "theta"
    season: int
    smoothing: float
    values: tuple[float, ...]
    """What is decomposed and smoothed before it is forecast."""

    def forecast(self, ahead: ForecastRequest) -> Forecast:
        """How the series goes on; the interval is that of exponential smoothing."""
        import numpy as np

        values = np.array(self.values)
        adjusted = _adjusted(values, self.season)
        size, steps = len(values), np.arange(len(ahead))
        level, half = forecast_form(_LEVEL, (self.smoothing,), adjusted.values, len(ahead), ahead.interval)
        slope = float(np.polyfit(np.arange(size), adjusted.values, 1)[0])
        lag = (1 - (1 - self.smoothing) ** size) / self.smoothing  # by how much a level stays behind a trend
        mean = level + slope / 2 * (steps + lag)
        at = (size + steps) % self.season
        factor, offset = adjusted.factors[at], adjusted.offsets[at]
        return Forecast(
            mean * factor + offset, (mean - half) * factor + offset, (mean + half) * factor + offset
        )


@dataclass(frozen=True, slots=True)
class ThetaSettings(SeriesSettings):
    """How long a season is, if there is one."""

    season: int

    def fit(self, timeline: Timeline) -> SeriesModel:
        """The theta method as it suits the values."""
        import numpy as np

        if is_short_or_constant(timeline):
            return LastValue.of(timeline)
        repetition = Repetition.of(timeline, self.season)
        if repetition is not None:
            return repetition
        values = recent_values(timeline, self.season)
        season = self.season if _is_seasonal(values, self.season) else 1
        adjusted = _adjusted(values, season).values
        is_flat = np.ptp(adjusted) <= CONSTANT_TOLERANCE * np.abs(adjusted).max()
        smoothing = _FASTEST if is_flat else fit_form(_LEVEL, adjusted).params[0]
        return Theta(season=season, smoothing=smoothing, values=tuple(values.tolist()))

    def refit(self, model: SeriesModel, timeline: Timeline) -> SeriesModel:
        """``model`` with its smoothing and season, run over the first part of its series."""
        if not isinstance(model, Theta) or is_short_or_constant(timeline):
            return LastValue.of(timeline)
        values = recent_values(timeline, self.season)
        season = model.season if len(values) >= 2 * model.season else 1
        return model.model_copy(update={"season": season, "values": tuple(values.tolist())})


class _Adjusted(NamedTuple):
    """Values without their season, and what each step of the season does: a factor, then an offset."""

    values: Floats
    factors: Floats
    offsets: Floats


def _adjusted(values: Floats, season: int) -> _Adjusted:
    """Classical decomposition: what a season does is seen beside the moving average of its length."""
    import numpy as np

    factors, offsets = np.ones(season), np.zeros(season)
    if season == 1:
        return _Adjusted(values, factors, offsets)
    weights = np.ones(season) if season % 2 else np.concatenate([[0.5], np.ones(season - 1), [0.5]])
    average = np.convolve(values, weights / season, "valid")
    first = len(weights) // 2
    phases = np.arange(first, first + len(average)) % season
    middle = values[first : first + len(average)]
    counts = np.bincount(phases, minlength=season)
    if values.min() > 0:
        factors = np.bincount(phases, middle / average, season) / counts
        factors /= factors.mean()
    else:
        offsets = np.bincount(phases, middle - average, season) / counts
        offsets -= offsets.mean()
    at = np.arange(len(values)) % season
    return _Adjusted((values - offsets[at]) / factors[at], factors, offsets)


def _is_seasonal(values: Floats, season: int) -> bool:
    import numpy as np

    if season == 1 or len(values) < 2 * season + _FEWEST:
        return False
    centered = values - values.mean()
    products = [float(centered[lag:] @ centered[:-lag]) for lag in range(1, season + 1)]
    correlations = np.array(products) / float(centered @ centered)
    limit = _QUANTILE * math.sqrt((1 + 2 * float(np.sum(correlations[:-1] ** 2))) / len(values))
    return bool(abs(correlations[-1]) > limit)
