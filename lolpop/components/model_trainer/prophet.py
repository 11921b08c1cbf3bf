"""Trends and seasons by Prophet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, NonNegativeInt, PositiveFloat

from lolpop.components.executor import Executor
from lolpop.components.logger import Logger
from lolpop.components.model_trainer import Choice, Float, Params, SearchSpace
from lolpop.components.model_trainer.forecasting.by_series import BySeriesModelTrainer
from lolpop.components.model_trainer.forecasting.last_value import LastValue
from lolpop.components.model_trainer.forecasting.prophet import (
    Growth,
    Mode,
    ProphetSeries,
    ProphetSettings,
    Seasonality,
    Waves,
)
from lolpop.components.model_trainer.forecasting.series import SeriesSettings
from lolpop.errors import Finding
from lolpop.problem import ForecastingProblem

if TYPE_CHECKING:
    from lolpop.data.timelines import Timelines

__all__ = ["ProphetModelTrainer"]

_OPTIONS = ("changepoint_range", "changepoints", "holidays_mode", "holidays_prior_scale", "scaling")


class ProphetModelTrainer(BySeriesModelTrainer):
    """Prophet on each series by itself, stored as the JSON that Prophet writes.

    Regressors are additive. Series of fewer than 10 values are treated as random walks.

    Parameters
    ----------
    growth : str
        Trend: ``linear``, ``flat``, or ``logistic``, which needs ``cap``.
    cap : float, optional
        Upper limit of a logistic trend.
    floor : float, optional
        Lower limit of a logistic trend; 0 by default.
    n_changepoints : int
        How many times the trend may change.
    changepoint_prior_scale : float
        How much the trend may change: the greater, the more flexible, and the wider intervals become.
    seasonality_mode : str
        Whether seasons are ``additive``, or ``multiplicative``: in proportion to the trend.
    seasonality_prior_scale : float
        How strong seasons may be.
    yearly_seasonality : bool, int or auto
        Whether to fit a yearly pattern, or its number of waves; ``auto`` if there are two years of rows.
    weekly_seasonality : bool, int or auto
        The same of a week; ``auto`` if there are two weeks of rows, several to a week.
    daily_seasonality : bool, int or auto
        The same of a day; ``auto`` if there are two days of rows, several to a day.
    seasonalities : mapping, optional
        Further patterns by name, such as ``monthly: {period: 30.5, fourier_order: 5}``, in days.
    country_holidays : str, optional
        Country whose holidays differ from other days, such as ``US``.
    params : mapping, optional
        Further parameters of ``Prophet``: ``changepoints``, ``changepoint_range``, ``holidays_mode``,
        ``holidays_prior_scale``, ``scaling``.
    """

    requires = ("prophet",)
    install = "lolpop[prophet]"
    library = "Prophet"
    series_models = Annotated[ProphetSeries | LastValue, Field(discriminator="kind")]

    def __init__(
        self,
        growth: Growth = "linear",
        cap: float | None = None,
        floor: float | None = None,
        n_changepoints: NonNegativeInt = 25,
        changepoint_prior_scale: PositiveFloat = 0.05,
        seasonality_mode: Mode = "additive",
        seasonality_prior_scale: PositiveFloat = 10.0,
        yearly_seasonality: Waves = "auto",
        weekly_seasonality: Waves = "auto",
        daily_seasonality: Waves = "auto",
        seasonalities: Mapping[str, Seasonality] | None = None,
        country_holidays: str | None = None,
        params: Mapping[str, Any] | None = None,
        *,
        problem: ForecastingProblem,
        seed: int = 0,
        executor: Executor | None = None,
        logger: Logger | None = None,
    ) -> None:
        own = {
            "growth": growth,
            "cap": cap,
            "floor": floor,
            "n_changepoints": n_changepoints,
            "changepoint_prior_scale": changepoint_prior_scale,
            "seasonality_mode": seasonality_mode,
            "seasonality_prior_scale": seasonality_prior_scale,
            "yearly_seasonality": yearly_seasonality,
            "weekly_seasonality": weekly_seasonality,
            "daily_seasonality": daily_seasonality,
            "seasonalities": seasonalities,
            "country_holidays": country_holidays,
        }
        super().__init__(
            {**own, **(params or {})}, problem=problem, seed=seed, executor=executor, logger=logger
        )

    @classmethod
    def parameter_names(cls) -> Sequence[str]:
        """Names of the parameters of Prophet that are neither settings nor set here."""
        return _OPTIONS

    def search_space(self) -> SearchSpace:
        """The parameters that are worth searching."""
        return {
            "changepoint_prior_scale": Float(0.001, 0.5, log=True),
            "seasonality_prior_scale": Float(0.01, 10.0, log=True),
            "seasonality_mode": Choice(("additive", "multiplicative")),
        }

    def _plan(self, params: Params, series: Timelines) -> tuple[Timelines, SeriesSettings]:
        merged = dict(params)
        settings = ProphetSettings(
            grid=series.grid,
            growth=merged.pop("growth"),
            cap=merged.pop("cap"),
            floor=merged.pop("floor"),
            yearly=merged.pop("yearly_seasonality"),
            seasonalities=merged.pop("seasonalities") or {},
            country_holidays=merged.pop("country_holidays"),
            season=self._problem.season or series.grid.season,
            seed=self._seed % 2**31 + 1,  # Stan takes no others
            options=merged,
        )
        return series, settings

    @classmethod
    def _contradictions(cls, settings: Mapping[str, Any]) -> Iterator[Finding]:
        """A cap or a floor that is missing, or not for the growth that is set."""
        growth = settings.get("growth", "linear")
        cap, floor = settings.get("cap"), settings.get("floor")
        if growth == "logistic":
            if cap is None:
                yield Finding(
                    "cap", "logistic growth needs a cap", hint="Set cap to a value that is never reached."
                )
            elif cap <= (floor or 0):
                yield Finding("cap", f"{cap} is not above the floor, {floor or 0}", hint="Set it higher.")
            return
        for name, value in (("cap", cap), ("floor", floor)):
            if value is not None:
                hint = f"Set growth to logistic, or leave {name} out."
                yield Finding(name, f"it is for logistic growth, but growth is {growth}", hint=hint)
