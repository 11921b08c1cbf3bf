"""Exponential smoothing with nothing to install."""

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
from lolpop.components.model_trainer.forecasting.smoothing import LinearSmoothing, Smoothing
from lolpop.errors import Finding
from lolpop.problem import ForecastingProblem

if TYPE_CHECKING:
    from lolpop.data.timelines import Timelines

__all__ = ["SmoothingModelTrainer"]


class SmoothingModelTrainer(BySeriesModelTrainer):
    """Exponential smoothing of each series by itself: half way between a damped trend and a straight one.

    Whether a series has a season is chosen by the corrected criterion of Akaike. It takes less than a tenth
    of a second for a series. The trainer ``statsmodels`` has multiplicative forms, settings, and regression
    with ARIMA errors besides.
    """

    requires = ()
    install = "lolpop"
    library = "exponential smoothing"
    series_models = Annotated[LinearSmoothing | LastValue | Repetition, Field(discriminator="kind")]
    few = 40

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
        """None: the form is chosen."""
        return ()

    def search_space(self) -> SearchSpace:
        """Empty: the form is chosen."""
        return {}

    def _plan(self, params: Params, found: Timelines) -> tuple[Timelines, SeriesSettings]:
        del params
        season = self._problem.season or found.grid.season
        return without_regressors(found, self.library), Smoothing(season)

    @classmethod
    def _contradictions(cls, settings: Mapping[str, Any]) -> Iterator[Finding]:
        """None: there are no settings."""
        del settings
        yield from ()
