"""Forecasts step by step, by any model of rows and columns."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from lolpop.components.model_trainer import FittedModel
from lolpop.components.model_trainer._forecasting import Forecast, ForecastModel, Learned
from lolpop.components.model_trainer._tabular import TabularModel, own
from lolpop.errors import StoreError
from lolpop.timelines import Timeline, Timelines, timelines

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from lolpop.frames import Frame, Series
    from lolpop.grids import Grid
    from lolpop.problem import ForecastingProblem

    Floats = NDArray[np.float64]

__all__ = ["LagModel", "fit_by_lags", "restored", "rows_of"]

FitRows: TypeAlias = "Callable[[Frame, Series], TabularModel]"

_FILE = "lags.json"
_LONGEST_RUN = 24
"""Up to so many, all lags of a season are used."""
_SHORT_RUN = 4
# Of each step so many residuals, of its neighbours too, make an interval; origins are no denser than needed.
_FEWEST_RESIDUALS = 30
_MOST_ORIGINS = 40
_FEWEST_ROWS = 10
# Threads cost more than they bring where a call has few rows, and far more on a busy machine.
_MANY_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a step is predicted from: ``lags`` of the series, once differenced at ``difference`` (0: not).

    ``cycles`` are parts of the calendar, by how many times they repeat: a day, a week, a year.
    """

    lags: tuple[int, ...]
    difference: int
    cycles: tuple[str, ...]
    regressors: tuple[str, ...]

    @property
    def reach(self) -> int:
        """How many values before a step are needed."""
        return max(self.lags) + self.difference

    @property
    def names(self) -> list[str]:
        """Names of the features, in their order."""
        changes = [f"{name}_change" for name in self.regressors] if self.difference else []
        calendar = [f"{cycle}_{part}" for cycle in self.cycles for part in ("sin", "cos")]
        return [*(f"lag_{lag}" for lag in self.lags), *calendar, *self.regressors, *changes]


@dataclass(frozen=True, slots=True)
class Recent:
    """The end of a series, as far as the next step needs it, and the units that it is measured in.

    Its values are in ``values``, its regressors in ``regressors``, a tuple for each moment.
    """

    level: float
    unit: float
    values: tuple[float, ...]
    regressors: tuple[tuple[float, ...], ...]


class LagModel(ForecastModel):
    """One model of rows for all series: what it says of a step is a lag of the next.

    ``widths`` say for each step how far lower and upper are from the mean, in units of the series.
    """

    __slots__ = ("recent", "recipe", "rows", "widths")

    def __init__(
        self,
        learned: Learned,
        rows: TabularModel,
        recipe: Recipe,
        recent: Mapping[str, Recent],
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
            "recent": {key: asdict(each) for key, each in self.recent.items()},
            "widths": self.widths,
        }
        (folder / _FILE).write_text(json.dumps(fields), encoding="utf-8")

    def _forecast(self, key: str, steps: int, regressors: Floats) -> Forecast:
        del steps  # as many as there are regressors of
        return self._forecasts({key: regressors})[key]

    def _forecasts(self, wanted: Mapping[str, Floats]) -> dict[str, Forecast]:

        steps = max(len(each) for each in wanted.values())
        starts = [
            _Start.of(self.recent[key], self.learned.histories[key].end, each) for key, each in wanted.items()
        ]
        with _one_thread():
            means = _walk(self.rows, self.recipe, self.learned.grid, starts, steps)
        widths = _prolonged(self.widths, steps)
        found = {}
        for (key, each), mean in zip(wanted.items(), means, strict=True):
            width = widths[: len(each)] * self.recent[key].unit
            found[key] = Forecast(mean[: len(each)], mean[: len(each)] - width, mean[: len(each)] + width)
        return found


def fit_by_lags(
    frame: Frame, target: Series, problem: ForecastingProblem, lags: Sequence[int] | None, fit: FitRows
) -> LagModel:
    """Fit one model on the lags of every series of ``frame``, by ``fit``, which fits a model of rows.

    How each series is differenced (not at all, from step to step, or from season to season) and how wide
    intervals are is found by forecasting the last part of the series with a model of the part before: the
    intervals are split conformal ones, from the residuals of each step (and its neighbours where those are
    few), in units of each series, and never narrower than those of the step before.
    """
    found = timelines(frame, target, problem)
    learned = Learned.of(found, problem)
    filled = {each.key: each.filled() for each in found}
    season = problem.season or found.grid.season
    recipes = _recipes(found, season, lags)
    few = sum(map(len, found)) < _MANY_ROWS
    with _one_thread() if few else nullcontext():
        trials = [_Trial.of(found, filled, recipe, learned, fit) for recipe in recipes]
        best = min(trials, key=lambda trial: trial.error)
        recipe = best.recipe
        rows, numbers = _rows(found, filled, recipe, {key: len(each) for key, each in filled.items()})
        model = fit(rows, numbers)
    recent = {key: _recent(each, recipe) for key, each in filled.items()}
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


def restored(rows: TabularModel, folder: Path) -> FittedModel:
    """The model that ``rows_of`` has taken apart. Raises StoreError if a part is damaged."""
    path = folder / _FILE
    if not path.exists():
        return rows
    learned = Learned.read(folder)
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        recipe = Recipe(**{name: _tuples(value) for name, value in fields["recipe"].items()})
        recent = {
            key: Recent(**{name: _tuples(value) for name, value in each.items()})
            for key, each in fields["recent"].items()
        }
        return LagModel(learned, rows, recipe, recent, fields["widths"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"The stored forecasting model in {folder} is damaged: {error}") from error


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


# --- What a step is predicted from -----------------------------------------------------------------------


def _recipes(found: Timelines, season: int, lags: Sequence[int] | None) -> list[Recipe]:
    lengths = sorted(len(each) for each in found)
    length = lengths[len(lengths) // 2]
    differences = [0, 1, *([season] if 1 < season <= length // 2 else [])]
    return [
        Recipe(
            tuple(lags) if lags else _lags(length - difference, season),
            difference,
            _cycles(found.grid),
            found.regressors,
        )
        for difference in differences
    ]


def _lags(length: int, season: int) -> tuple[int, ...]:
    """The lags that are worth while: the last values, and those of about a season or two ago."""
    run = season if 1 < season <= _LONGEST_RUN else _SHORT_RUN if season > 1 else _LONGEST_RUN // 2
    lags = {*range(1, run + 1), season - 1, season, season + 1, 2 * season}
    # Each of the rows to learn from has to have them.
    return tuple(sorted(lag for lag in lags if 0 < lag <= max(1, length // 3)))


def _cycles(grid: Grid) -> tuple[str, ...]:
    import numpy as np
    import pandas as pd

    if grid.counts or grid.season == 1:
        return ()
    start, following = grid.times(np.arange(2))
    step = pd.Timedelta(following - start)
    cycles = {"day": pd.Timedelta(hours=12), "week": pd.Timedelta(days=3), "year": pd.Timedelta(days=150)}
    return tuple(cycle for cycle, longest in cycles.items() if step <= longest)


def _calendar(grid: Grid, cycles: Sequence[str], first: int, last: int) -> Floats:
    """Where each position from ``first`` to ``last`` is in each of the cycles, shape (n, 2 x cycles)."""
    import numpy as np

    positions = np.arange(first, last + 1)
    if not cycles:
        return np.empty((len(positions), 0))
    moments: pd.DatetimeIndex = grid.times(positions)  # type: ignore[assignment]  # numbers have no cycles
    hours = np.asarray(moments.hour + moments.minute / 60, dtype=np.float64)
    shares = {
        "day": hours / 24,
        "week": (np.asarray(moments.day_of_week) + hours / 24) / 7,
        "year": (np.asarray(moments.day_of_year) - 1 + hours / 24) / 365.25,
    }
    angles = [2 * math.pi * shares[cycle] for cycle in cycles]
    return np.column_stack([part(angle) for angle in angles for part in (np.sin, np.cos)])


def _rows(
    found: Timelines, filled: Mapping[str, Timeline], recipe: Recipe, ends: Mapping[str, int]
) -> tuple[Any, Any]:
    """Features and targets of the steps of each series before its end in ``ends``."""
    import numpy as np
    import pandas as pd

    first = min(each.start for each in found)
    calendar = _calendar(found.grid, recipe.cycles, first, max(each.end for each in found))
    features, targets = [], []
    for each in found:
        known = filled[each.key]
        end = ends[each.key]
        # Rows that reach back before the beginning are used where there are no others.
        at = np.arange(max(0, min(recipe.reach, end // 2, end - 2)), end)
        at = at[~np.isnan(each.values[at])]
        recent = _recent(known, recipe, end)
        features.append(
            _features(recipe, known.values, known.regressors, at, recent, calendar[each.start - first + at])
        )
        targets.append((known.values[at] - _base(known.values, at, recipe, recent)) / recent.unit)
    return pd.DataFrame(np.concatenate(features), columns=recipe.names), pd.Series(
        np.concatenate(targets), name="step"
    )


def _features(
    recipe: Recipe, values: Floats, regressors: Floats, at: Any, recent: Recent, calendar: Floats
) -> Floats:
    """Features of the steps ``at`` of one series, shape (n, features)."""
    import numpy as np

    lags = np.array(recipe.lags)
    # Before its beginning, a series is taken to have had its first value.
    before = values[np.maximum(at[:, None] - lags[None, :], 0)]
    if recipe.difference:
        before = before - values[np.maximum(at[:, None] - lags[None, :] - recipe.difference, 0)]
    else:
        before = before - recent.level
    parts = [before / recent.unit, calendar, regressors[at]]
    if recipe.difference and regressors.shape[1]:
        parts.append(regressors[at] - regressors[np.maximum(at - recipe.difference, 0)])
    return np.concatenate(parts, axis=1)


def _base(values: Floats, at: Any, recipe: Recipe, recent: Recent) -> Any:
    import numpy as np

    return values[np.maximum(at - recipe.difference, 0)] if recipe.difference else recent.level


def _recent(series: Timeline, recipe: Recipe, end: int | None = None) -> Recent:
    """What is needed of a series before ``end`` to go on."""
    import numpy as np

    values = series.values[:end]
    # A series that is shorter than its difference changes from its first value on.
    difference = min(recipe.difference, len(values) - 1)
    steps = values[difference:] - values[: len(values) - difference] if difference else values
    spread = float(np.std(steps)) if len(steps) > 1 else float(np.std(values))
    kept = np.maximum(np.arange(len(values) - recipe.reach, len(values)), 0)
    outside = (
        series.regressors[:end][kept[len(kept) - recipe.difference :]]
        if recipe.difference
        else series.regressors[:0]
    )
    return Recent(
        float(values.mean()), spread or 1.0, tuple(values[kept].tolist()), tuple(map(tuple, outside.tolist()))
    )


def _one_thread() -> AbstractContextManager[object]:
    import sklearn.ensemble  # noqa: F401  (only the threads of libraries that are loaded can be limited)
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(1)
    return limits


# --- Step by step ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Start:
    """Where to go on from: the end of a series, its position, and the regressors of the steps to come."""

    recent: Recent
    end: int
    values: Floats
    regressors: Floats

    @classmethod
    def of(cls, recent: Recent, end: int, regressors: Floats) -> _Start:
        import numpy as np

        before = np.array(recent.regressors, dtype=np.float64).reshape(
            len(recent.regressors), regressors.shape[1]
        )
        return cls(recent, end, np.array(recent.values), np.concatenate([before, regressors]))


def _walk(rows: TabularModel, recipe: Recipe, grid: Grid, starts: Sequence[_Start], steps: int) -> Floats:
    """Forecast ``steps`` from each of n starts, all of them at once, shape (n, steps)."""
    import numpy as np
    import pandas as pd

    n, reach = len(starts), recipe.reach
    lags = np.array(recipe.lags)
    first = min(each.end for each in starts) + 1
    calendar = _calendar(grid, recipe.cycles, first, max(each.end for each in starts) + steps)
    ends = np.array([each.end for each in starts])
    levels = np.array([each.recent.level for each in starts])
    units = np.array([each.recent.unit for each in starts])
    values = np.concatenate([np.stack([each.values for each in starts]), np.empty((n, steps))], axis=1)
    outside = np.full((n, recipe.difference + steps, len(recipe.regressors)), np.nan)
    for row, each in enumerate(starts):
        outside[row, : len(each.regressors)] = each.regressors
        outside[row, len(each.regressors) :] = each.regressors[-1:] if len(each.regressors) else np.nan
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
        said = np.asarray(rows.predict(frame).labels, dtype=np.float64)
        values[:, at] = base + said * units
    return values[:, reach:]


# --- How wide intervals are ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Trial:
    """A recipe, how well it has forecast the last part of the series, and the widths that it needs."""

    recipe: Recipe
    error: float
    widths: tuple[float, ...]

    @classmethod
    def of(
        cls,
        found: Timelines,
        filled: Mapping[str, Timeline],
        recipe: Recipe,
        learned: Learned,
        fit: FitRows,
    ) -> _Trial:
        """Hold the last part of each series back, and forecast it from many origins."""
        import numpy as np

        problem = learned.problem
        held = {
            key: min(max(2 * problem.horizon, _FEWEST_RESIDUALS), len(each) // 4)
            for key, each in filled.items()
        }
        ends = {key: len(each) - held[key] for key, each in filled.items()}
        rows, numbers = _rows(found, filled, recipe, ends)
        if not any(held.values()) or len(rows) < _FEWEST_ROWS:
            return cls(recipe, math.inf, ())
        model = fit(rows, numbers)
        starts, truths, units, scales = [], [], [], []
        for each in found:
            known, end, length = filled[each.key], ends[each.key], len(each)
            stride = max(1, held[each.key] // _MOST_ORIGINS)
            for origin in range(end, length, stride):
                recent = _recent(known, recipe, origin)
                regressors = known.regressors[origin : origin + problem.horizon]
                starts.append(_Start.of(recent, each.start + origin - 1, regressors))
                truth = np.full(problem.horizon, np.nan)
                ahead = each.values[origin : origin + problem.horizon]
                truth[: len(ahead)] = ahead
                truths.append(truth)
                units.append(recent.unit)
                scales.append(learned.histories[each.key].scale or 1.0)
        means = _walk(model, recipe, learned.grid, starts, problem.horizon)
        errors = np.abs(means - np.stack(truths))
        error = float(np.nanmean(errors / np.array(scales)[:, None]))
        return cls(recipe, error, _widths(errors / np.array(units)[:, None], problem.interval))


def _widths(errors: Floats, interval: float) -> tuple[float, ...]:
    """Conformal widths by step, of absolute errors (origins, steps), NaN where the truth is not known."""
    import numpy as np

    steps = errors.shape[1]
    widths: list[float] = []
    for step in range(steps):
        reach = 0
        while True:
            near = errors[:, max(0, step - reach) : step + reach + 1]
            known = np.sort(near[~np.isnan(near)])
            if len(known) >= _FEWEST_RESIDUALS or reach >= steps:
                break
            reach += 1
        rank = math.ceil((len(known) + 1) * interval)
        width = float(known[min(rank, len(known)) - 1]) if len(known) else math.inf
        widths.append(max([width, *widths[-1:]]))
    return tuple(widths)


def _widths_of_random_walks(
    model: TabularModel, rows: Any, numbers: Any, problem: ForecastingProblem
) -> tuple[float, ...]:
    """Widths where no part of the history can be held back: those of one step, growing as errors add up."""
    import numpy as np

    errors = np.abs(np.asarray(model.predict(rows).labels, dtype=np.float64) - numbers.to_numpy())
    return tuple(
        (np.quantile(errors, problem.interval) * np.sqrt(np.arange(1, problem.horizon + 1))).tolist()
    )


def _prolonged(widths: Sequence[float], steps: int) -> Floats:
    """Widths of ``steps``: those beyond the known ones grow as a random walk's do."""
    import numpy as np

    further = np.sqrt(np.arange(len(widths) + 1, max(steps, len(widths)) + 1) / len(widths)) * widths[-1]
    return np.concatenate([np.array(widths), further])[:steps]
