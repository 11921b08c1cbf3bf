"""The protocol of models of one series."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from lolpop.components.model_trainer.forecasting.models import Forecast

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.data.frames import Floats
    from lolpop.data.timelines import Grid, Timeline

__all__ = ["ForecastRequest", "SeriesModel", "SeriesSettings"]


@dataclass(frozen=True, slots=True, eq=False)
class ForecastRequest:
    """What to forecast of one series: the times at ``positions``, shape (steps,), of ``grid``.

    ``regressors`` of these moments have shape (steps, c). ``interval`` is the share of true values that
    lower to upper should hold. Simulations draw from ``random``, which is seeded for each forecast.
    """

    grid: Grid
    positions: NDArray[np.int64]
    regressors: Floats
    interval: float
    random: np.random.Generator

    def __len__(self) -> int:
        return len(self.positions)


class SeriesModel(BaseModel):
    """A fitted model of one series: plain values that are stored exactly as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @abstractmethod
    def forecast(self, ahead: ForecastRequest) -> Forecast:
        """Forecast the series; the first step is the one after its end."""


class SeriesSettings(ABC):
    """The settings of a fit of one series; they can be pickled."""

    __slots__ = ()

    @abstractmethod
    def fit(self, timeline: Timeline) -> SeriesModel:
        """Fit one series. Raises TrainingError, with the reason, if that is impossible."""

    @abstractmethod
    def refit(self, model: SeriesModel, timeline: Timeline) -> SeriesModel:
        """Refit ``model`` to ``timeline``, the first part of its series, without choosing its form again."""
