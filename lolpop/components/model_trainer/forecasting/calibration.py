"""Widening bounds by their coverage in the history."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lolpop.components.model_trainer.forecasting.last_value import LastValue
from lolpop.components.model_trainer.forecasting.series import ForecastRequest
from lolpop.components.model_trainer.tabular import REFUSALS
from lolpop.data.timelines import Timeline
from lolpop.errors import LolpopError

if TYPE_CHECKING:
    from lolpop.components.model_trainer.forecasting.series import SeriesModel, SeriesSettings
    from lolpop.data.timelines import Grid
    from lolpop.problem import ForecastingProblem

__all__ = ["widening"]

# How many of the last horizons are forecast to calibrate the bounds.
_WINDOWS = 3
_WIDEST = 3.0


def widening(
    settings: SeriesSettings, model: SeriesModel, timeline: Timeline, grid: Grid, problem: ForecastingProblem
) -> float:
    """The factor by which bounds have to be widened, from forecasts of the last parts of the history.

    The form of ``model`` was chosen by all of the history; its parameters are refitted before each part.
    Libraries assume that their model and its parameters are certain: their 90% intervals often hold two
    thirds. Bounds are never made narrower.
    """
    import numpy as np

    ratios = [
        ratio
        for window in range(1, _WINDOWS + 1)
        for ratio in _ratios(
            settings, model, timeline, len(timeline) - window * problem.horizon, grid, problem
        )
    ]
    if not ratios:
        return 1.0
    rank = math.ceil((len(ratios) + 1) * problem.interval)
    factor = float(np.sort(ratios)[min(rank, len(ratios)) - 1])
    return min(max(1.0, factor), _WIDEST)


def _ratios(
    settings: SeriesSettings,
    model: SeriesModel,
    timeline: Timeline,
    end: int,
    grid: Grid,
    problem: ForecastingProblem,
) -> list[float]:
    """How far off the values of a horizon after ``end`` are, as shares of the bounds of a model before it."""
    import numpy as np

    while end > 0 and np.isnan(timeline.values[end - 1]):
        end -= 1
    if end < len(timeline) / 2:
        return []
    regressors = timeline.filled().regressors
    history = Timeline(timeline.key, timeline.start, timeline.values[:end], regressors[:end])
    truth = timeline.values[end : end + problem.horizon]
    ahead = ForecastRequest(
        grid,
        history.end + np.arange(1, len(truth) + 1),
        regressors[end : end + problem.horizon],
        problem.interval,
        np.random.default_rng(0),
    )
    try:
        earlier = settings.refit(model, history)
        if isinstance(earlier, LastValue):
            return []
        forecast = earlier.forecast(ahead)
    except (LolpopError, *REFUSALS):
        return []  # a part of the history may be too short for the model
    ratios = np.where(
        truth > forecast.mean,
        (truth - forecast.mean) / (forecast.upper - forecast.mean),
        (forecast.mean - truth) / (forecast.mean - forecast.lower),
    )
    finite: list[float] = ratios[np.isfinite(ratios)].tolist()
    return finite
