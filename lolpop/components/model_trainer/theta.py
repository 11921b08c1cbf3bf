"""The theta method without extra packages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from lolpop.components.executor import Executor
from lolpop.components.logger import Logger
from lolpop.components.model_trainer import Params, SearchSpace
from lolpop.components.model_trainer.forecasting.by_series import BySeriesModelTrainer, without_regressors
from lolpop.components.model_trainer.forecasting.last_value import LastValue
from lolpop.components.model_trainer.forecasting.repetition import Repetition
from lolpop.components.model_trainer.forecasting.series import SeriesSettings
from lolpop.components.model_trainer.forecasting.theta import Theta, ThetaSettings
from lolpop.errors import Finding
from lolpop.problem import ForecastingProblem

if TYPE_CHECKING:
    from lolpop.data.timelines import Timelines

__all__ = ["ThetaModelTrainer"]


class ThetaModelTrainer(BySeriesModelTrainer):
    """The theta method for each series by itself: exponential smoothing with half the slope of the series.

    A season is set aside by classical decomposition where its autocorrelation shows one, in proportion to
    the level if all values are positive. Nothing is to be set. It takes about a hundredth of a second for a
    series.
    """

    requires = ()
    install = "lolpop"
    library = "the theta method"
    series_models = Annotated[Theta | LastValue | Repetition, Field(discriminator="kind")]
    few = 100

    def __init__(
        self,
        *,
        problem: ForecastingProblem,
        seed: int = 0,
        executor: Executor | None = None,
        logger: Logger | None = None,
    ) -> None:
        super().__init__({}, problem=problem, seed=seed, executor=executor, logger=logger)

    @classmethod
    def parameter_names(cls) -> Sequence[str]:
        """None."""
        return ()

    def search_space(self) -> SearchSpace:
        """Empty: there is nothing to set."""
        return {}

    def _plan(self, params: Params, series: Timelines) -> tuple[Timelines, SeriesSettings]:
        del params  # there are none
        season = self._problem.season or series.grid.season
        return without_regressors(series, self.library), ThetaSettings(season)

    @classmethod
    def _contradictions(cls, settings: Mapping[str, Any]) -> Iterator[Finding]:
        """None: there are no settings."""
        del settings
        yield from ()
