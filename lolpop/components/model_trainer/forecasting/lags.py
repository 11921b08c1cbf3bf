"""Recursive forecasts, by any model of rows and columns."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from lolpop.components.model_trainer import FittedModel, Predictions
from lolpop.components.model_trainer._threads import one_thread
from lolpop.components.model_trainer.forecasting.models import (
    Forecast,
    ForecastModel,
    SeriesMetadata,
    regressors_by_step,
)
from lolpop.components.model_trainer.forecasting.recipes import (
    LAGS_FILE,
    LagFeatures,
    SeriesState,
    calendar_of,
    recent_of,
    recipes_for,
    rows_before,
)
from lolpop.components.model_trainer.forecasting.widths import conformal_widths, extended
from lolpop.components.model_trainer.tabular import TabularModel, own
from lolpop.data.timelines import Timeline, Timelines, timelines
from lolpop.errors import UnusableArtifactError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from lolpop.data.frames import Floats, Frame, Series
    from lolpop.data.grids import Grid
    from lolpop.problem import ForecastingProblem

__all__ = ["LagModel", "fit_by_lags", "restored", "rows_of"]

Predict: TypeAlias = "Callable[[pd.DataFrame], Predictions]"
FitRows: TypeAlias = "Callable[[Frame, Series], TabularModel]"

# What is held back to find intervals: so many steps at least, and no more origins than needed.
_FEWEST_STEPS = 30
_MOST_ORIGINS = 40
_FEWEST_ROWS = 10
_MOST_ROWS = 100_000  # that are forecast at once
# Of fewer values than this, a fit has no use for threads.
_MANY_VALUES = 50_000


class LagModel(ForecastModel):
    """One model of rows for all series: its prediction of a step is a lag of the next step.

    ``widths`` say for each step how far lower and upper are from the mean, in units of the series.
    """

    __slots__ = ("recent", "recipe", "rows", "widths")

    def __init__(
        self,
        learned: SeriesMetadata,
        rows: TabularModel,
        recipe: LagFeatures,
        recent: Mapping[str, SeriesState],
        widths: Sequence[float],
    ) -> None:
        super().__init__(learned)
        self.rows = rows
        self.recipe = recipe
        self.recent = recent
        self.widths = tuple(widths)

    def write(self, folder: Path) -> None:
        """Write all but the model of rows into ``folder``."""
        self.learned.write(folder)
        fields = {
            "recipe": asdict(self.recipe),
            "recent": {key: asdict(state) for key, state in self.recent.items()},
            "widths": self.widths,
        }
        (folder / LAGS_FILE).write_text(json.dumps(fields), encoding="utf-8")

    def varied(self, frame: Frame, repeats: int, random: np.random.Generator) -> dict[str, Floats]:
        """What is forecast for the n rows of ``frame`` if features have the values of other steps.

        For each part of the recipe in turn, shape (repeats, n): at each step, its features take the values
        that they have at another step of these forecasts, in whichever series.
        """
        import numpy as np

        steps, outside = self.steps(frame), self.regressors_of(frame)
        starts = [
            _ForecastStart.of(
                self.recent[key], self.learned.histories[key].end, regressors_by_step(outside[rows], ahead)
            )
            for key, rows, ahead in steps
        ]
        longest = max(int(ahead.max()) for *_, ahead in steps)
        names, columns = zip(*self.recipe.parts.items(), strict=True)
        blocks = len(starts) * repeats
        at_once = max(1, _MOST_ROWS // blocks)
        varied_forecasts = {}
        with one_thread():
            features: list[Floats] = []

            def recorded(frame: pd.DataFrame) -> Predictions:
                features.append(frame.to_numpy())
                return self.rows.predict(frame)

            _forecast_recursively(recorded, self.recipe, self.learned.grid, starts, longest)
            pool = np.concatenate(features)
            for first in range(0, len(names), at_once):
                some = names[first : first + at_once]
                changed = np.zeros((len(some) * blocks, pool.shape[1]), dtype=np.bool_)
                for number, column in enumerate(columns[first : first + at_once]):
                    changed[number * blocks : (number + 1) * blocks, column] = True
                stacked = _forecast_recursively(
                    partial(_predict_permuted, self.rows, changed, pool, random),
                    self.recipe,
                    self.learned.grid,
                    starts * repeats * len(some),
                    longest,
                )
                for name, means in zip(some, np.split(stacked, len(some)), strict=True):
                    varied_forecasts[name] = forecasts = np.full((repeats, len(outside)), np.nan)
                    for number, (_, rows, ahead) in enumerate(steps):
                        forecasts[:, rows] = means[number :: len(starts), ahead - 1]
        return varied_forecasts

    def _forecast(self, key: str, steps: int, regressors: Floats) -> Forecast:
        del steps  # as many as there are regressors of
        return self._forecasts({key: regressors})[key]

    def _forecasts(self, requests: Mapping[str, Floats]) -> dict[str, Forecast]:
        steps = max(len(request) for request in requests.values())
        starts = [
            _ForecastStart.of(self.recent[key], self.learned.histories[key].end, request)
            for key, request in requests.items()
        ]
        with one_thread():
            means = _forecast_recursively(self.rows.predict, self.recipe, self.learned.grid, starts, steps)
        widths = extended(self.widths, steps)
        forecasts = {}
        for (key, request), mean in zip(requests.items(), means, strict=True):
            width = widths[: len(request)] * self.recent[key].unit
            forecasts[key] = Forecast(
                mean[: len(request)], mean[: len(request)] - width, mean[: len(request)] + width
            )
        return forecasts


def fit_by_lags(
    frame: Frame, target: Series, problem: ForecastingProblem, lags: Sequence[int] | None, fit: FitRows
) -> LagModel:
    """Fit one model on the lags of every series of ``frame``, by ``fit``, which fits a model of rows.

    How each series is differenced (not at all, from step to step, or from season to season) and how wide
    intervals are is found by forecasting the last part of the series with a model of the part before: the
    intervals are split conformal ones, from the residuals of each step (and its neighbours where those are
    few), in units of each series, and never narrower than those of the step before.
    """
    series = timelines(frame, target, problem)
    learned = SeriesMetadata.of(series, problem)
    filled = {timeline.key: timeline.filled() for timeline in series}
    season = problem.season or series.grid.season
    recipes = recipes_for(series, season, lags)
    few = sum(map(len, series)) < _MANY_VALUES
    with one_thread() if few else nullcontext():
        trials = [_Trial.of(series, filled, recipe, learned, fit) for recipe in recipes]
        best = min(trials, key=lambda trial: trial.error)
        recipe = best.recipe
        rows, numbers = rows_before(
            series, filled, recipe, {key: len(timeline) for key, timeline in filled.items()}
        )
        model = fit(rows, numbers)
    recent = {key: recent_of(timeline, recipe) for key, timeline in filled.items()}
    widths = best.widths or _widths_of_random_walks(model, rows, numbers, problem)
    return LagModel(learned, model, recipe, recent, widths)


def rows_of(model: FittedModel, folder: Path) -> TabularModel:
    """The model of rows in ``model``; what else there is of a LagModel is written into ``folder``.

    Raises TrainingError if no trainer of rows and columns has made it.
    """
    if isinstance(model, LagModel):
        model.write(folder)
        return model.rows
    return own(model)


def restored(rows: TabularModel, folder: Path) -> LagModel:
    """The model that ``rows_of`` has taken apart. Raises UnusableArtifactError if a part is damaged."""
    learned = SeriesMetadata.read(folder)
    try:
        fields = json.loads((folder / LAGS_FILE).read_text(encoding="utf-8"))
        recipe = LagFeatures(**{name: _tuples(value) for name, value in fields["recipe"].items()})
        recent = {
            key: SeriesState(**{name: _tuples(value) for name, value in state.items()})
            for key, state in fields["recent"].items()
        }
        return LagModel(learned, rows, recipe, recent, fields["widths"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnusableArtifactError(
            f"The stored forecasting model in {folder} is damaged: {error}"
        ) from error


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


@dataclass(frozen=True, slots=True, eq=False)
class _ForecastStart:
    """Where to go on from: the end of a series, its position, and the regressors of the steps to come."""

    recent: SeriesState
    end: int
    values: Floats
    regressors: Floats

    @classmethod
    def of(cls, recent: SeriesState, end: int, regressors: Floats) -> _ForecastStart:
        import numpy as np

        before = np.array(recent.regressors, dtype=np.float64).reshape(
            len(recent.regressors), regressors.shape[1]
        )
        return cls(recent, end, np.array(recent.values), np.concatenate([before, regressors]))


def _predict_permuted(
    rows: TabularModel,
    permuted: NDArray[np.bool_],
    pool: Floats,
    random: np.random.Generator,
    frame: pd.DataFrame,
) -> Predictions:
    """Predict with the features ``permuted``, shape (n, features), drawn from rows of ``pool``."""
    import numpy as np
    import pandas as pd

    drawn = pool[random.integers(len(pool), size=len(frame))]
    values = np.where(permuted, drawn, frame.to_numpy())
    return rows.predict(pd.DataFrame(values, columns=frame.columns))


def _forecast_recursively(
    predict: Predict, recipe: LagFeatures, grid: Grid, starts: Sequence[_ForecastStart], steps: int
) -> Floats:
    """Forecast ``steps`` from each of n starts, all of them at once, shape (n, steps).

    ``predict`` is called for each step with the features of all starts.
    """
    import numpy as np
    import pandas as pd

    n, reach = len(starts), recipe.reach
    lags = np.array(recipe.lags)
    first = min(start.end for start in starts) + 1
    calendar = calendar_of(grid, recipe.cycles, first, max(start.end for start in starts) + steps)
    ends = np.array([start.end for start in starts])
    levels = np.array([start.recent.level for start in starts])
    units = np.array([start.recent.unit for start in starts])
    values = np.concatenate([np.stack([start.values for start in starts]), np.empty((n, steps))], axis=1)
    outside = np.full((n, recipe.difference + steps, len(recipe.regressors)), np.nan)
    for row, start in enumerate(starts):
        outside[row, : len(start.regressors)] = start.regressors
        outside[row, len(start.regressors) :] = start.regressors[-1:] if len(start.regressors) else np.nan
    for step in range(steps):
        at = reach + step
        before = values[:, at - lags]
        base = values[:, at - recipe.difference] if recipe.difference else levels
        before = before - (values[:, at - lags - recipe.difference] if recipe.difference else levels[:, None])
        now = outside[:, recipe.difference + step]
        parts = [before / units[:, None], calendar[ends + 1 + step - first], now]
        if recipe.difference and recipe.regressors:
            parts.append(now - outside[:, step])
        frame = pd.DataFrame(np.concatenate(parts, axis=1), columns=recipe.names)
        steps_ahead = np.asarray(predict(frame).labels, dtype=np.float64)
        values[:, at] = base + steps_ahead * units
    return values[:, reach:]


@dataclass(frozen=True, slots=True)
class _Trial:
    """A recipe, how well it has forecast the last part of the series, and the widths that it needs."""

    recipe: LagFeatures
    error: float
    widths: tuple[float, ...]

    @classmethod
    def of(
        cls,
        series: Timelines,
        filled: Mapping[str, Timeline],
        recipe: LagFeatures,
        learned: SeriesMetadata,
        fit: FitRows,
    ) -> _Trial:
        """Hold the last part of each series back, and forecast it from many origins."""
        import numpy as np

        problem = learned.problem
        horizons = {
            key: min(max(2 * problem.horizon, _FEWEST_STEPS), len(timeline) // 4)
            for key, timeline in filled.items()
        }
        ends = {key: len(timeline) - horizons[key] for key, timeline in filled.items()}
        rows, numbers = rows_before(series, filled, recipe, ends)
        if not any(horizons.values()) or len(rows) < _FEWEST_ROWS:
            return cls(recipe, math.inf, ())
        model = fit(rows, numbers)
        starts, truths, units, scales = [], [], [], []
        for timeline in series:
            history, end, length = filled[timeline.key], ends[timeline.key], len(timeline)
            stride = max(1, horizons[timeline.key] // _MOST_ORIGINS)
            for origin in range(end, length, stride):
                recent = recent_of(history, recipe, origin)
                regressors = history.regressors[origin : origin + problem.horizon]
                starts.append(_ForecastStart.of(recent, timeline.start + origin - 1, regressors))
                truth = np.full(problem.horizon, np.nan)
                ahead = timeline.values[origin : origin + problem.horizon]
                truth[: len(ahead)] = ahead
                truths.append(truth)
                units.append(recent.unit)
                scales.append(learned.histories[timeline.key].scale or 1.0)
        means = _forecast_recursively(model.predict, recipe, learned.grid, starts, problem.horizon)
        errors = np.abs(means - np.stack(truths))
        error = float(np.nanmean(errors / np.array(scales)[:, None]))
        return cls(recipe, error, conformal_widths(errors / np.array(units)[:, None], problem.interval))


def _widths_of_random_walks(
    model: TabularModel, rows: Any, numbers: Any, problem: ForecastingProblem
) -> tuple[float, ...]:
    """Widths where no part of the history can be held back: those of one step, growing as errors add up."""
    import numpy as np

    errors = np.abs(np.asarray(model.predict(rows).labels, dtype=np.float64) - numbers.to_numpy())
    return tuple(
        (np.quantile(errors, problem.interval) * np.sqrt(np.arange(1, problem.horizon + 1))).tolist()
    )
