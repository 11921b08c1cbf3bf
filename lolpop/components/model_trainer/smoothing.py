"""Exponential smoothing without extra packages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from lolpop.components.executor import Executor
from lolpop.components.logger import Logger
from lolpop.components.model_trainer import Params, SearchSpace
from lolpop.components.model_trainer.forecasting.by_series import BySeriesModelTrainer, without_regressors
from lolpop.components.model_trainer.forecasting.last_value import LastValue
from lolpop.components.model_trainer.forecasting.repetition import Repetition
from lolpop.components.model_trainer.forecasting.series import SeriesSettings
from lolpop.components.model_trainer.forecasting.smoothing import LinearSmoothing, Smoothing, Trend
from lolpop.errors import Finding
from lolpop.problem import ForecastingProblem

if TYPE_CHECKING:
    from lolpop.data.timelines import Timelines

__all__ = ["SmoothingModelTrainer"]


class SmoothingModelTrainer(BySeriesModelTrainer):
    """Exponential smoothing of each series by itself, with additive errors, trend and season.

    Whether a series has a season is chosen by the corrected criterion of Akaike. It takes less than a tenth
    of a second for a series. The trainer ``statsmodels`` has multiplicative forms, further settings, and
    regression with ARIMA errors besides.

    Parameters
    ----------
    trend : str
        ``damped``, which fades; ``additive``, which continues; or ``mean``, half way between both. A
        straight trend goes too far as often as a damped one stops too early, and criteria hardly distinguish
        them.
    logarithms : bool
        Whether the logarithms of a series are smoothed, if all its values are positive: for growth and
        seasons that are in proportion to the level.
    """

    requires = ()
    install = "lolpop"
    library = "exponential smoothing"
    series_models = Annotated[LinearSmoothing | LastValue | Repetition, Field(discriminator="kind")]
    few = 40

    def __init__(
        self,
        trend: Literal["damped", "additive", "mean"] = "mean",
        logarithms: bool = False,
        *,
        problem: ForecastingProblem,
        seed: int = 0,
        executor: Executor | None = None,
        logger: Logger | None = None,
    ) -> None:
        super().__init__(
            {"trend": trend, "logarithms": logarithms},
            problem=problem,
            seed=seed,
            executor=executor,
            logger=logger,
        )

    @classmethod
    def parameter_names(cls) -> Sequence[str]:
        """None besides its settings."""
        return ()

    @property
    def title(self) -> str:
        """What it is, with the trend that is set, and whether logarithms are smoothed."""
        params = self.params()
        name = f"{self.library} of logarithms" if params["logarithms"] else self.library
        return name if params["trend"] == "mean" else f"{name} ({params['trend']} trend)"

    def search_space(self) -> SearchSpace:
        """Empty: the trend is set, and a criterion chooses the season."""
        return {}

    def _plan(self, params: Params, series: Timelines) -> tuple[Timelines, SeriesSettings]:
        season = self._problem.season or series.grid.season
        trends: tuple[Trend, ...] = ("damped", "additive")
        if params["trend"] != "mean":
            trends = (params["trend"],)
        return without_regressors(series, self.library), Smoothing(season, trends, params["logarithms"])

    @classmethod
    def _contradictions(cls, settings: Mapping[str, Any]) -> Iterator[Finding]:
        """None: its settings go with each other."""
        del settings
        yield from ()
