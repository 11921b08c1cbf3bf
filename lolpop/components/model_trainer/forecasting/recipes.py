"""The features of a step of a series: lags, the calendar, regressors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lolpop._names import free_name
from lolpop.data.frames import count
from lolpop.errors import TrainingError

if TYPE_CHECKING:
    import pandas as pd

    from lolpop.data.frames import Floats
    from lolpop.data.grids import Grid
    from lolpop.data.timelines import Timeline, Timelines

__all__ = [
    "LAGS_FILE",
    "LagFeatures",
    "SeriesState",
    "calendar_of",
    "recent_of",
    "recipes_for",
    "rows_before",
]

LAGS_FILE = "lags.json"
"""The file of a stored model of lags with everything but its model of rows."""

_LONGEST_RUN = 24
"""Seasons up to this length use every lag."""
_SHORT_RUN = 4


@dataclass(frozen=True, slots=True)
class LagFeatures:
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
        lags = [f"lag_{lag}" for lag in self.lags]
        calendar = [f"{cycle}_{part}" for cycle in self.cycles for part in ("sin", "cos")]
        changes = [f"{name}_change" for name in self.regressors] if self.difference else []
        return [*map(self._own, lags + calendar), *self.regressors, *map(self._own, changes)]

    @property
    def parts(self) -> dict[str, tuple[int, ...]]:
        """Positions of the features that tell the same: a lag, a cycle, a regressor and its change."""
        lags, waves, outside = len(self.lags), 2 * len(self.cycles), len(self.regressors)
        first = lags + waves
        parts: dict[str, tuple[int, ...]] = {
            self._own(f"lag_{lag}"): (at,) for at, lag in enumerate(self.lags)
        }
        parts |= {
            self._own(f"time of {cycle}"): (lags + 2 * at, lags + 2 * at + 1)
            for at, cycle in enumerate(self.cycles)
        }
        for at, name in enumerate(self.regressors, start=first):
            parts[name] = (at, at + outside) if self.difference else (at,)
        return parts

    def _own(self, name: str) -> str:
        """``name``, or a similar unused one, since a regressor may be called lag_1."""
        return free_name(name, self.regressors)


@dataclass(frozen=True, slots=True)
class SeriesState:
    """The end of a series, as far as the next step needs it, and the units that it is measured in.

    Its values are in ``values``, its regressors in ``regressors``, a tuple for each moment.
    """

    level: float
    unit: float
    values: tuple[float, ...]
    regressors: tuple[tuple[float, ...], ...]


def recipes_for(series: Timelines, season: int, lags: Sequence[int] | None) -> list[LagFeatures]:
    """The recipes of lags that series of these lengths allow, the richest first."""
    lengths = sorted(len(timeline) for timeline in series)
    if lags and max(lags) >= lengths[-1]:
        raise TrainingError(
            f"lags {list(lags)} reach back {max(lags):,} steps, and the longest history to learn from has "
            f"{count(lengths[-1], 'step')}. Set smaller lags, or evaluate from fewer origins."
        )
    length = lengths[len(lengths) // 2]
    differences = [0, 1, *([season] if 1 < season <= length // 2 else [])]
    return [
        LagFeatures(
            tuple(lags) if lags else _lags(length - difference, season),
            difference,
            cycles_of(series.grid),
            series.regressors,
        )
        for difference in differences
    ]


def _lags(length: int, season: int) -> tuple[int, ...]:
    """The useful lags: the last values, and those of about one and two seasons ago."""
    run = season if 1 < season <= _LONGEST_RUN else _SHORT_RUN if season > 1 else _LONGEST_RUN // 2
    lags = {*range(1, run + 1), season - 1, season, season + 1, 2 * season}
    # Every training row needs them.
    return tuple(sorted(lag for lag in lags if 0 < lag <= max(1, length // 3)))


def cycles_of(grid: Grid) -> tuple[str, ...]:
    import numpy as np
    import pandas as pd

    if grid.counts or grid.season == 1:
        return ()
    start, following = grid.times(np.arange(2))
    step = pd.Timedelta(following - start)
    cycles = {"day": pd.Timedelta(hours=12), "week": pd.Timedelta(days=3), "year": pd.Timedelta(days=150)}
    return tuple(cycle for cycle, longest in cycles.items() if step <= longest)


def calendar_of(grid: Grid, cycles: Sequence[str], first: int, last: int) -> Floats:
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


def rows_before(
    series: Timelines, filled: Mapping[str, Timeline], recipe: LagFeatures, ends: Mapping[str, int]
) -> tuple[Any, Any]:
    """Features and targets of the steps of each series before its end in ``ends``."""
    import numpy as np
    import pandas as pd

    first = min(timeline.start for timeline in series)
    calendar = calendar_of(series.grid, recipe.cycles, first, max(timeline.end for timeline in series))
    features, targets = [], []
    for timeline in series:
        values = filled[timeline.key]
        end = ends[timeline.key]
        # Rows that reach back before the beginning are used where there are no others.
        at = np.arange(max(0, min(recipe.reach, end // 2, end - 2)), end)
        at = at[~np.isnan(timeline.values[at])]
        recent = recent_of(values, recipe, end)
        features.append(
            _features(
                recipe, values.values, values.regressors, at, recent, calendar[timeline.start - first + at]
            )
        )
        targets.append((values.values[at] - _base(values.values, at, recipe, recent)) / recent.unit)
    return pd.DataFrame(np.concatenate(features), columns=recipe.names), pd.Series(
        np.concatenate(targets), name="step"
    )


def _features(
    recipe: LagFeatures, values: Floats, regressors: Floats, at: Any, recent: SeriesState, calendar: Floats
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


def _base(values: Floats, at: Any, recipe: LagFeatures, recent: SeriesState) -> Any:
    import numpy as np

    return values[np.maximum(at - recipe.difference, 0)] if recipe.difference else recent.level


def recent_of(series: Timeline, recipe: LagFeatures, end: int | None = None) -> SeriesState:
    """What is needed of a series before ``end`` to go on."""
    import numpy as np

    values = series.values[:end]
    # A series that is shorter than its difference changes from its first value on.
    difference = min(recipe.difference, len(values) - 1)
    steps = values[difference:] - values[: len(values) - difference] if difference else values
    spread = float(np.std(steps)) if len(steps) > 1 else float(np.std(values))
    places = np.maximum(np.arange(len(values) - recipe.reach, len(values)), 0)
    outside = (
        series.regressors[:end][places[len(places) - recipe.difference :]]
        if recipe.difference
        else series.regressors[:0]
    )
    return SeriesState(
        float(values.mean()),
        spread or 1.0,
        tuple(values[places].tolist()),
        tuple(map(tuple, outside.tolist())),
    )
