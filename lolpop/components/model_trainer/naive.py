"""Baseline forecasts, for series on which no model is better."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lolpop.components.executor import Executor
from lolpop.components.logger import Logger
from lolpop.components.model_trainer import Params, SearchSpace
from lolpop.components.model_trainer.forecasting.baselines import Baseline, BaselineSettings, Method
from lolpop.components.model_trainer.forecasting.by_series import BySeriesModelTrainer, without_regressors
from lolpop.components.model_trainer.forecasting.series import SeriesSettings
from lolpop.errors import Finding
from lolpop.problem import ForecastingProblem

if TYPE_CHECKING:
    from lolpop.data.timelines import Timelines

__all__ = ["NaiveModelTrainer"]


class NaiveModelTrainer(BySeriesModelTrainer):
    """Forecasts the last value, that of a season before, or the last value with the mean slope.

    These are the baselines that every forecast is compared with. Bounds are those of a random walk, widened
    by their coverage in the history.

    Parameters
    ----------
    method : str
        ``naive`` (the last value), ``seasonal_naive`` (that of a season before), or ``drift`` (the last value
        and the mean change of the history with each step).
    """

    requires = ()
    install = "lolpop"
    library = "naive forecasting"
    series_models = Baseline
    few = None  # fitting a series takes less time than telling a process of it

    def __init__(
        self,
        method: Method = "seasonal_naive",
        *,
        problem: ForecastingProblem,
        seed: int = 0,
        executor: Executor | None = None,
        logger: Logger | None = None,
    ) -> None:
        super().__init__({"method": method}, problem=problem, seed=seed, executor=executor, logger=logger)

    @classmethod
    def parameter_names(cls) -> Sequence[str]:
        """None besides its settings."""
        return ()

    @property
    def title(self) -> str:
        """The baseline that it forecasts."""
        return f"{self.params()['method'].replace('_', ' ')} forecast"

    def search_space(self) -> SearchSpace:
        """Empty: which of them is set."""
        return {}

    def _plan(self, params: Params, series: Timelines) -> tuple[Timelines, SeriesSettings]:
        season = self._problem.season or series.grid.season
        return without_regressors(series, "a naive forecast"), BaselineSettings(params["method"], season)

    @classmethod
    def _contradictions(cls, settings: Mapping[str, Any]) -> Iterator[Finding]:
        """None: there is one setting."""
        del settings
        yield from ()
