"""Models that are fitted to each series by itself, and what their trainers have in common."""

from __future__ import annotations

import json
import zlib
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from lolpop.components.executor import Executor
from lolpop.components.model_trainer import FittedModel, Params
from lolpop.components.model_trainer._forecasting import Forecast, ForecastModel, Learned
from lolpop.components.model_trainer._library import LibraryModelTrainer
from lolpop.components.model_trainer._tabular import REFUSALS
from lolpop.errors import LolpopError, StoreError, TrainingError
from lolpop.problem import ForecastingProblem
from lolpop.timelines import timelines

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.frames import Frame, Series
    from lolpop.timelines import Grid, Timeline, Timelines

    Floats = NDArray[np.float64]

__all__ = ["Ahead", "BySeriesModel", "BySeriesModelTrainer", "FitSeries", "SeriesModel"]

_FILE = "series.json"
# Starting processes takes about as long as fitting so many series.
_FEW = 8


@dataclass(frozen=True, slots=True, eq=False)
class Ahead:
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
    def forecast(self, ahead: Ahead) -> Forecast:
        """How the series goes on; the first step ahead is the one after its end."""


FitSeries: TypeAlias = "Callable[[Timeline], SeriesModel]"
"""Fits one series; other processes can have it. Raises TrainingError that says why it cannot be fitted."""


class BySeriesModel(ForecastModel):
    """Forecasts each series by a model of its own."""

    __slots__ = ("_seed", "series")

    def __init__(self, learned: Learned, series: Mapping[str, SeriesModel], seed: int) -> None:
        super().__init__(learned)
        self.series = dict(series)
        self._seed = seed

    def _forecast(self, key: str, steps: int, regressors: Floats) -> Forecast:
        import numpy as np

        end = self.learned.histories[key].end
        ahead = Ahead(
            self.learned.grid,
            end + np.arange(1, steps + 1),
            regressors,
            self.learned.problem.interval,
            # Of each series its own, whichever are forecast beside it.
            np.random.default_rng([self._seed, zlib.crc32(key.encode())]),
        )
        with np.errstate(all="ignore"):
            return self.series[key].forecast(ahead)

    def write(self, folder: Path) -> None:
        """Write the model into ``folder``, as JSON."""
        self.learned.write(folder)
        series = {key: each.model_dump(mode="json") for key, each in self.series.items()}
        stored = json.dumps({"seed": self._seed, "series": series}, allow_nan=False)
        (folder / _FILE).write_text(stored, encoding="utf-8")

    @classmethod
    def read(cls, folder: Path, kinds: TypeAdapter[Any]) -> Self:
        """What ``write`` wrote, its series of one of ``kinds``. Raises StoreError if it is damaged."""
        learned = Learned.read(folder)
        try:
            stored = json.loads((folder / _FILE).read_text(encoding="utf-8"))
            series = {key: kinds.validate_python(each) for key, each in stored["series"].items()}
            if series.keys() != learned.histories.keys():
                raise KeyError("its series are not all there")
            return cls(learned, series, int(stored["seed"]))
        except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
            raise StoreError(f"The stored model in {folder} is damaged: {error}") from error


class BySeriesModelTrainer(LibraryModelTrainer):
    """Fits each series by itself, with one library.

    Many series are fitted in processes of the executor, where the container has one.
    """

    series_models: ClassVar[Any]
    """What a series can be learned by: SeriesModels, told apart by their ``kind``."""

    def __init__(
        self, params: Params, *, problem: ForecastingProblem, seed: int, executor: Executor | None
    ) -> None:
        super().__init__(self._validated(params))
        self._problem = problem
        self._seed = seed % 2**64  # numpy takes no negative ones
        self._executor = executor

    @abstractmethod
    def _plan(self, params: Params, found: Timelines) -> tuple[Timelines, FitSeries]:
        """How ``params`` say to fit a series, and ``found`` without the regressors that it does not use.

        Raises TrainingError for parameters that do not go together.
        """

    def fit(self, frame: Frame, target: Series, params: Params | None = None) -> FittedModel:
        """Fit a model to each series of the n rows of ``frame`` and ``target`` (n values).

        Raises DataError for rows that are no series, and TrainingError for parameters that are refused, and
        for a series that cannot be fitted, with its name.
        """
        wanted = self._with(params)
        found, fit = self._plan(wanted, timelines(frame, target, self._problem))
        work, every = partial(_fit_one, fit, self.library), list(found)
        if self._executor is None or len(every) <= _FEW:
            models = [work(each) for each in every]
        else:
            models = self._executor.map(work, every)
        series = {each.key: model for each, model in zip(every, models, strict=True)}
        return BySeriesModel(Learned.of(found, self._problem), series, self._seed)

    def save(self, model: FittedModel, folder: Path) -> None:
        """Write ``model`` into ``folder``, as JSON."""
        if not isinstance(model, BySeriesModel):
            raise TrainingError(f"A {type(model).__name__} is not a model that this trainer can store.")
        model.write(folder)

    @classmethod
    def load(cls, folder: Path, trusted: Sequence[str] = ()) -> FittedModel:  # noqa: ARG003  (JSON holds no types)
        """Read the model that ``save`` wrote. Raises StoreError if there is none or it is damaged."""
        cls._require_library()
        return BySeriesModel.read(folder, TypeAdapter(cls.series_models))


def _fit_one(fit: FitSeries, library: str, timeline: Timeline) -> SeriesModel:
    import numpy as np

    whose = f"The series {timeline.key!r}" if timeline.key else "The series"
    try:
        # What overflows on the way to the best parameters is not worth a warning.
        with np.errstate(all="ignore"):
            return fit(timeline)
    except LolpopError as error:
        raise TrainingError(f"{whose} cannot be fitted by {library}: {error}") from error
    except REFUSALS as error:
        reason = str(error).strip() or type(error).__name__
        raise TrainingError(f"{whose} cannot be fitted by {library}: {reason.rstrip('.')}.") from error
