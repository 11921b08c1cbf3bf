"""Models that forecast series, and the metadata that they share."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lolpop._names import one_of
from lolpop.components.model_trainer import FittedModel, Predictions
from lolpop.data.frames import require_columns, to_floats, wrap
from lolpop.data.timelines import Grid, place_of, series_of
from lolpop.errors import DataError, UnusableArtifactError
from lolpop.problem import ForecastingProblem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.data.frames import Floats, Frame
    from lolpop.data.timelines import Timeline, Timelines

__all__ = ["Forecast", "ForecastModel", "Forecaster", "History", "SeriesMetadata", "regressors_by_step"]

_FILE = "forecast.json"
# The number of last values of a series that are stored, to draw and to compare with.
_LONGEST_TAIL = 1_000
_SHORTEST_TAIL = 60


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """The forecast of one series: ``mean``, ``lower`` and ``upper``, each of shape (steps,)."""

    mean: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True, slots=True)
class History:
    """What a model remembers of a training series.

    ``end`` is the position of its last value. ``scale`` is the mean absolute error, within it, of
    forecasting each value by the one a ``season`` before, 0 if it makes none. ``slope`` is its mean
    change from one step to the next. ``tail`` are its last values, those that were missing filled in.
    """

    end: int
    season: int
    scale: float
    slope: float
    tail: tuple[float, ...]

    @classmethod
    def of(cls, timeline: Timeline, season: int, horizon: int) -> History:
        """The history of ``timeline``; one that is shorter than a season and a step has none."""
        import numpy as np

        values = timeline.filled().values
        season = season if len(values) > season else 1
        steps = timeline.values[season:] - timeline.values[:-season]
        errors = np.abs(steps[~np.isnan(steps)])
        scale = float(errors.mean()) if len(errors) else 0.0
        slope = float(values[-1] - values[0]) / (len(values) - 1)
        tail = min(max(2 * season, 4 * horizon, _SHORTEST_TAIL), max(_LONGEST_TAIL, 2 * season))
        return cls(timeline.end, season, scale, slope, tuple(values[-tail:].tolist()))

    def baselines(self, steps: Any) -> dict[str, Floats]:
        """The forecasts of the baselines for ``steps`` after the end, shape (n,)."""
        import numpy as np

        tail = np.array(self.tail)
        return {
            "naive": np.full(len(steps), tail[-1]),
            "seasonal_naive": tail[len(tail) - self.season + (np.asarray(steps) - 1) % self.season],
            "drift": tail[-1] + self.slope * np.asarray(steps, dtype=np.float64),
        }


@dataclass(frozen=True, slots=True)
class SeriesMetadata:
    """What every forecasting model remembers: the roles of columns, the grid, and the end of each series."""

    problem: ForecastingProblem
    grid: Grid
    regressors: tuple[str, ...]
    histories: Mapping[str, History]
    left_out: Mapping[str, str]

    @classmethod
    def of(cls, series: Timelines, problem: ForecastingProblem) -> SeriesMetadata:
        """The metadata of training series."""
        season = problem.season or series.grid.season
        histories = {timeline.key: History.of(timeline, season, problem.horizon) for timeline in series}
        return cls(problem, series.grid, series.regressors, histories, series.left_out)

    @classmethod
    def read(cls, folder: Path) -> SeriesMetadata:
        """Read the metadata. Raises UnusableArtifactError if it is missing or damaged."""
        try:
            fields = json.loads((folder / _FILE).read_text(encoding="utf-8"))
            histories = {
                key: History(**{**history, "tail": tuple(history["tail"])})
                for key, history in fields["histories"].items()
            }
            return cls(
                ForecastingProblem.model_validate(fields["problem"]),
                Grid(**fields["grid"]),
                tuple(fields["regressors"]),
                histories,
                fields["left_out"],
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UnusableArtifactError(
                f"There is no stored forecasting model in {folder}: {error}"
            ) from error

    def write(self, folder: Path) -> None:
        """Write it into ``folder``, as JSON."""
        fields = {
            "problem": self.problem.model_dump(mode="json"),
            "grid": asdict(self.grid),
            "regressors": self.regressors,
            "histories": {key: asdict(history) for key, history in self.histories.items()},
            "left_out": dict(self.left_out),
        }
        (folder / _FILE).write_text(json.dumps(fields), encoding="utf-8")


class Forecaster(FittedModel):
    """A model whose forecasts can be evaluated: it has the scales of the series and the baselines."""

    __slots__ = ()

    @abstractmethod
    def scales(self, frame: Frame) -> Floats:
        """The error that is usual for the series of each of n rows, shape (n,); 0 or NaN if unknown."""

    @abstractmethod
    def paths(self, frame: Frame) -> Any:
        """A number for each of n rows, shape (n,), the same for rows that were forecast in one go."""

    @abstractmethod
    def come_after(self, frame: Frame) -> NDArray[np.bool_]:
        """Whether each of n rows comes after the training rows of its series, shape (n,)."""

    @abstractmethod
    def baselines(self, frame: Frame) -> Mapping[str, Floats]:
        """The forecasts of the baselines for the n rows, by name."""


class ForecastModel(Forecaster):
    """Forecasts each training series after its end.

    A subclass forecasts one series; this class assigns rows to steps of series.
    """

    __slots__ = ("learned",)

    def __init__(self, learned: SeriesMetadata) -> None:
        self.learned = learned

    @abstractmethod
    def _forecast(self, key: str, steps: int, regressors: Floats) -> Forecast:
        """Forecast the first ``steps`` after the end of the series ``key``.

        ``regressors`` of these steps have shape (steps, c), in the order of ``learned.regressors``.
        """

    def _forecasts(self, requests: Mapping[str, Floats]) -> Mapping[str, Forecast]:
        """Forecast several series at once, each as many steps as there are regressors of."""
        return {key: self._forecast(key, len(request), request) for key, request in requests.items()}

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that it needs to predict: series, time and regressors."""
        return (*self.learned.problem.index_columns, *self.learned.regressors)

    @property
    def classes(self) -> tuple[Any, ...]:
        """Empty: it is not a classifier."""
        return ()

    @property
    def left_out(self) -> Mapping[str, str]:
        """Columns of the training rows that it does not use, each with the reason."""
        return self.learned.left_out

    def predict(self, frame: Frame) -> Predictions:
        """Forecast the n rows of ``frame``, each after the end of its series, in whatever order.

        Steps without a row take the regressors of the nearest row. Raises DataError if a column is missing,
        a row lies in the training history, its series is unknown, or a regressor is missing.
        """
        import numpy as np

        rows = wrap(frame)
        outside = self.regressors_of(frame)
        mean, lower, upper = (np.full(len(rows), np.nan) for _ in range(3))
        steps = self.steps(frame)
        requests = {
            key: regressors_by_step(outside[rows_of_series], ahead) for key, rows_of_series, ahead in steps
        }
        forecasts = self._forecasts(requests) if requests else {}
        for key, rows_of_series, ahead in steps:
            forecast = forecasts[key]
            for values, part in ((mean, forecast.mean), (lower, forecast.lower), (upper, forecast.upper)):
                values[rows_of_series] = part[ahead - 1]
        return Predictions(mean, lower=lower, upper=upper)

    def regressors_of(self, frame: Frame) -> Floats:
        """The regressors of n rows, shape (n, c). Raises DataError if a column is missing, or a value."""
        import numpy as np

        rows = wrap(frame)
        require_columns(rows.columns, self.columns)
        outside = np.column_stack(
            [to_floats(rows.get_column(name)) for name in self.learned.regressors]
            or [np.empty((len(rows), 0))]
        )
        self._require_known(outside, frame)
        return outside

    def scales(self, frame: Frame) -> Floats:
        """The mean absolute error of the seasonal naive forecast in the history of each row's series."""
        import numpy as np

        scales = np.full(len(wrap(frame)), np.nan)
        for key, rows, _ in self.steps(frame):
            scales[rows] = self.learned.histories[key].scale
        return scales

    def paths(self, frame: Frame) -> Any:
        """The number of each row's series."""
        return series_of(frame, self.learned.problem)[1]

    def come_after(self, frame: Frame) -> NDArray[np.bool_]:
        """Whether each of n rows comes after the end of its series; always True for unknown series."""
        import numpy as np

        keys, codes, positions = place_of(frame, self.learned.problem, self.learned.grid)
        histories = self.learned.histories
        ends = [histories[key].end if key in histories else positions.min(initial=0) - 1 for key in keys]
        after: NDArray[np.bool_] = positions > np.array(ends)[codes]
        return after

    def baselines(self, frame: Frame) -> Mapping[str, Floats]:
        """The last value, the one a season before, and the last value with the mean slope of the history."""
        import numpy as np

        baselines: dict[str, Floats] = {}
        for key, rows, steps in self.steps(frame):
            for name, values in self.learned.histories[key].baselines(steps).items():
                baselines.setdefault(name, np.full(len(wrap(frame)), np.nan))[rows] = values
        return baselines

    def steps(self, frame: Frame) -> list[tuple[str, Any, Any]]:
        """For each series its key, its rows of ``frame``, and their steps after its end.

        Raises DataError for a row that is not after the end of its series, or of an unknown one.
        """
        import numpy as np

        problem, grid, rows_by_series = self.learned.problem, self.learned.grid, []
        if not len(wrap(frame)):
            return []
        keys, codes, positions = place_of(frame, problem, grid)
        for code, key in enumerate(keys):
            if key not in self.learned.histories:
                hint = one_of(key, self.learned.histories, what="Series")
                raise DataError(f"There is no series {key!r} in the training data. {hint}")
            rows_of_series = np.flatnonzero(codes == code)
            steps = positions[rows_of_series] - self.learned.histories[key].end
            if (inside := steps < 1).any():
                whose = f" of {key!r}" if problem.series is not None else ""
                when, end = (
                    grid.text(at)
                    for at in (positions[rows_of_series][inside][0], self.learned.histories[key].end)
                )
                raise DataError(
                    f"The row at {when}{whose} lies in the training history, which ends at {end}: "
                    "only later times can be forecast."
                )
            rows_by_series.append((key, rows_of_series, steps))
        return rows_by_series

    def _require_known(self, outside: Floats, frame: Frame) -> None:
        import numpy as np

        if (unknown := ~np.isfinite(outside)).any():
            row, column = np.argwhere(unknown)[0]
            name, time = self.learned.regressors[column], self.learned.problem.time
            when = wrap(frame).get_column(time).to_list()[row]
            raise DataError(
                f"Column {name!r} is missing at {when}: regressors must be known in advance for "
                "every time to forecast."
            )


def regressors_by_step(regressors: Floats, steps: Any) -> Floats:
    """The regressors of the rows at ``steps``, as those of all steps to the last: of the nearest row."""
    import numpy as np

    order = np.argsort(steps)
    nearest = np.abs(np.arange(1, steps.max() + 1)[:, None] - steps[order][None, :]).argmin(axis=1)
    by_step: Floats = regressors[order][nearest]
    return by_step
