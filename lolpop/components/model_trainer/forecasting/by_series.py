"""Models with a fit for each series, and the base of their trainers."""

from __future__ import annotations

import json
import zlib
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import TypeAdapter, ValidationError

from lolpop._names import with_article
from lolpop.components.executor import Executor
from lolpop.components.logger import Logger
from lolpop.components.model_trainer import FittedModel, Params
from lolpop.components.model_trainer._library import LibraryModelTrainer
from lolpop.components.model_trainer._threads import one_thread
from lolpop.components.model_trainer.forecasting.calibration import widening
from lolpop.components.model_trainer.forecasting.last_value import LastValue
from lolpop.components.model_trainer.forecasting.models import Forecast, ForecastModel, SeriesMetadata
from lolpop.components.model_trainer.forecasting.repetition import Repetition
from lolpop.components.model_trainer.forecasting.series import ForecastRequest, SeriesModel, SeriesSettings
from lolpop.components.model_trainer.tabular import REFUSALS
from lolpop.data.timelines import timelines
from lolpop.errors import (
    DataError,
    Finding,
    LolpopError,
    TrainingError,
    UnusableArtifactError,
    VerificationError,
)
from lolpop.problem import ForecastingProblem

if TYPE_CHECKING:
    from lolpop.data.frames import Floats, Frame, Series
    from lolpop.data.timelines import Grid, Timeline, Timelines

__all__ = ["BySeriesModel", "BySeriesModelTrainer", "without_regressors"]

_FILE = "series.json"


class BySeriesModel(ForecastModel):
    """Forecasts each series by a model of its own."""

    __slots__ = ("_seed", "series", "widenings")

    def __init__(
        self,
        learned: SeriesMetadata,
        series: Mapping[str, SeriesModel],
        widenings: Mapping[str, float],
        seed: int,
    ) -> None:
        super().__init__(learned)
        self.series = dict(series)
        self.widenings = dict(widenings)
        self._seed = seed

    def _forecast(self, key: str, steps: int, regressors: Floats) -> Forecast:
        import numpy as np

        end = self.learned.histories[key].end
        ahead = ForecastRequest(
            self.learned.grid,
            end + np.arange(1, steps + 1),
            regressors,
            self.learned.problem.interval,
            # Each series has its own, whichever other series are forecast.
            np.random.default_rng([self._seed, zlib.crc32(key.encode())]),
        )
        with one_thread(), np.errstate(all="ignore"):
            forecast = self.series[key].forecast(ahead)
            times = self.widenings[key]
            lower, upper = (
                forecast.mean + (bound - forecast.mean) * times for bound in (forecast.lower, forecast.upper)
            )
        if not np.isfinite([forecast.mean, lower, upper]).all():
            whose = f" of {key!r}" if key else ""
            raise DataError(
                f"The forecast of {steps:,} steps{whose} exceeds the largest number. Forecast fewer steps, "
                "or set another model."
            )
        return Forecast(forecast.mean, lower, upper)

    def write(self, folder: Path) -> None:
        """Write the model into ``folder``, as JSON."""
        self.learned.write(folder)
        series = {key: model.model_dump(mode="json") for key, model in self.series.items()}
        fields = {"seed": self._seed, "widenings": self.widenings, "series": series}
        stored = json.dumps(fields, allow_nan=False)
        (folder / _FILE).write_text(stored, encoding="utf-8")

    @classmethod
    def read(cls, folder: Path, kinds: TypeAdapter[Any]) -> Self:
        """Read the model, with series of one of ``kinds``.

        Raises UnusableArtifactError if it is damaged.
        """
        learned = SeriesMetadata.read(folder)
        try:
            stored = json.loads((folder / _FILE).read_text(encoding="utf-8"))
            series = {
                key: kinds.validate_python(description) for key, description in stored["series"].items()
            }
            widenings = {key: float(stored["widenings"][key]) for key in series}
            if series.keys() != learned.histories.keys():
                raise ValueError("some of its series are missing")
            return cls(learned, series, widenings, int(stored["seed"]))
        except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
            raise UnusableArtifactError(f"The stored model in {folder} is damaged: {error}") from error


class BySeriesModelTrainer(LibraryModelTrainer):
    """Fits each series by itself, with one library.

    Many series are fitted in processes of the executor, where the container has one.
    """

    series_models: ClassVar[Any]
    """The SeriesModels that it can fit, by their ``kind``."""
    few: ClassVar[int | None] = 8
    """Number of series from which other processes are worth starting; None if never."""

    def __init__(
        self,
        params: Params,
        *,
        problem: ForecastingProblem,
        seed: int,
        executor: Executor | None,
        logger: Logger | None,
    ) -> None:
        super().__init__(self._validated(params))
        if findings := [*self._contradictions(self._params)]:
            raise VerificationError(findings)
        self._problem = problem
        self._seed = seed % 2**64  # numpy takes no negative ones
        self._executor = executor
        self._logger = logger

    @classmethod
    def check_settings(cls, settings: Mapping[str, Any]) -> Iterable[Finding]:
        """Check that the library takes all names in ``params``, and that settings do not contradict each
        other.
        """
        yield from super().check_settings(settings)
        yield from cls._contradictions(settings)

    @classmethod
    @abstractmethod
    def _contradictions(cls, settings: Mapping[str, Any]) -> Iterator[Finding]:
        """Findings about contradicting settings."""

    @abstractmethod
    def _plan(self, params: Params, series: Timelines) -> tuple[Timelines, SeriesSettings]:
        """The series, without the regressors that the model does not use, and the settings of ``params``."""

    def fit(self, frame: Frame, target: Series, params: Params | None = None) -> FittedModel:
        """Fit a model to each series of the n rows of ``frame`` and ``target`` (n values).

        Raises DataError for rows that are no series, and TrainingError for parameters that are refused, and
        for a series that cannot be fitted, with its name.
        """
        [model] = self.fit_many([(frame, target)], params)
        return model

    def fit_many(
        self, parts: Sequence[tuple[Frame, Series]], params: Params | None = None
    ) -> list[FittedModel]:
        """Fit a model to each series of each of several frames: all of them at once, if they are many.

        Raises what ``fit`` does.
        """
        settings = self._with(params)
        if findings := [*self._contradictions(settings)]:
            raise TrainingError(" ".join(map(str, findings)))
        plans = [self._plan(settings, timelines(frame, target, self._problem)) for frame, target in parts]
        work = partial(_fit_one, self.library, self._problem)
        every = [(own_settings, series.grid, item) for series, own_settings in plans for item in series]
        many = self.few is not None and len(every) > self.few
        if self._logger is not None and many:
            self._logger.log(f"{self.library} is fitted to each series by itself", fits=len(every))
        if self._executor is None or not many:
            fitted = iter([work(item) for item in every])
        else:
            fitted = iter(self._executor.map(work, every))
        return [self._model(series, fitted) for series, _ in plans]

    def _model(self, timelines: Timelines, fitted: Iterator[tuple[SeriesModel, float]]) -> BySeriesModel:
        """The model of these series, whose fits are the next of ``fitted``."""
        models = {timeline.key: next(fitted) for timeline in timelines}
        series = {key: model for key, (model, _) in models.items()}
        widenings = {key: times for key, (_, times) in models.items()}
        return BySeriesModel(SeriesMetadata.of(timelines, self._problem), series, widenings, self._seed)

    def save(self, model: FittedModel, folder: Path) -> None:
        """Write ``model`` into ``folder``, as JSON."""
        if not isinstance(model, BySeriesModel):
            kind = with_article(type(model).__name__, capital=True)
            raise TrainingError(f"{kind} is not a model that this trainer can store.")
        model.write(folder)

    @classmethod
    def load(cls, folder: Path, trusted: Sequence[str] = ()) -> FittedModel:  # noqa: ARG003  (JSON holds no types)
        """Read the model that ``save`` wrote.

        Raises UnusableArtifactError if there is none or it is damaged.
        """
        cls._require_library()
        return BySeriesModel.read(folder, TypeAdapter(cls.series_models))


def without_regressors(series: Timelines, model: str) -> Timelines:
    """``series`` without regressors, which ``model`` does not use: they are left out, with the reason."""
    unused = dict.fromkeys(series.regressors, f"{model} uses no regressors")
    return replace(series, regressors=(), left_out={**series.left_out, **unused})


def _fit_one(
    library: str, problem: ForecastingProblem, one: tuple[SeriesSettings, Grid, Timeline]
) -> tuple[SeriesModel, float]:
    """The model of one series, and how many times wider its bounds have to be."""
    import numpy as np

    settings, grid, timeline = one
    whose = f"The series {timeline.key!r}" if timeline.key else "The series"
    try:
        # An overflow on the way to the best parameters is not worth a warning.
        with one_thread(), np.errstate(all="ignore"):
            model = settings.fit(timeline)
            if isinstance(model, LastValue | Repetition):
                return model, 1.0
            return model, widening(settings, model, timeline, grid, problem)
    except LolpopError as error:
        raise TrainingError(f"{whose} cannot be fitted by {library}: {error}") from error
    except REFUSALS as error:
        reason = str(error).strip() or type(error).__name__
        raise TrainingError(f"{whose} cannot be fitted by {library}: {reason.rstrip('.')}.") from error
