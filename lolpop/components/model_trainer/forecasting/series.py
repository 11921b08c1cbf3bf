"""One series, learned by itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from lolpop.components.model_trainer.forecasting.models import Forecast

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.data.timelines import Grid, Timeline

    Floats = NDArray[np.float64]

__all__ = ["ForecastRequest", "SeriesModel", "SeriesSettings"]


@dataclass(frozen=True, slots=True, eq=False)
class ForecastRequest:
    """What is to be forecast of one series: the moments at ``positions``, shape (steps,), of ``grid``.

    ``regressors`` of these moments have shape (steps, c). ``interval`` is the share of true values that
    lower to upper should hold. Whoever needs chance takes it from ``random``, which starts afresh for
    every forecast.
    """

    grid: Grid
    positions: NDArray[np.int64]
    regressors: Floats
    interval: float
    random: np.random.Generator

    def __len__(self) -> int:
        return len(self.positions)


class SeriesModel(BaseModel):
    """What has been learned of one series: plain values that are stored as JSON, to the last digit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @abstractmethod
    def forecast(self, ahead: ForecastRequest) -> Forecast:
        """How the series goes on; the first step ahead is the one after its end."""


class SeriesSettings(ABC):
    """How to fit one series; other processes can have it."""

    __slots__ = ()

    @abstractmethod
    def fit(self, timeline: Timeline) -> SeriesModel:
        """Fit one series. Raises TrainingError that says why it cannot be."""

    @abstractmethod
    def refit(self, model: SeriesModel, timeline: Timeline) -> SeriesModel:
        """Fit what ``model`` is to ``timeline``, the first part of its series: nothing is chosen any more."""
