"""Exponential smoothing and ARIMA by statsmodels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, NonNegativeInt, PositiveInt

from lolpop.components.executor import Executor
from lolpop.components.logger import Logger
from lolpop.components.model_trainer import Choice, Params, SearchSpace
from lolpop.components.model_trainer.forecasting.by_series import BySeriesModelTrainer, without_regressors
from lolpop.components.model_trainer.forecasting.criteria import Criterion
from lolpop.components.model_trainer.forecasting.exponential_smoothing import (
    Component,
    ExponentialSmoothing,
    SmoothingSettings,
    Trend,
)
from lolpop.components.model_trainer.forecasting.last_value import LastValue
from lolpop.components.model_trainer.forecasting.repetition import Repetition
from lolpop.components.model_trainer.forecasting.sarimax import Deterministic, Sarimax, SarimaxSettings
from lolpop.components.model_trainer.forecasting.series import SeriesSettings
from lolpop.errors import Finding
from lolpop.problem import ForecastingProblem

if TYPE_CHECKING:
    from lolpop.data.timelines import Timelines

__all__ = ["StatsmodelsModelTrainer"]

Auto = Literal["auto"]
# Written as numbers, or as text where only text is possible: 0,1,1.
Orders = Annotated[
    tuple[NonNegativeInt, NonNegativeInt, NonNegativeInt],
    BeforeValidator(lambda value: value.strip("() ").split(",") if isinstance(value, str) else value),
]

_OWN = {"ets": ("error", "trend", "seasonal"), "sarimax": ("order", "seasonal_order", "deterministic")}
_OPTIONS = {
    "ets": ("bounds", "initialization_method"),
    "sarimax": ("enforce_invertibility", "enforce_stationarity"),
}


class StatsmodelsModelTrainer(BySeriesModelTrainer):
    """Exponential smoothing (ETS) or seasonal ARIMA of each series by itself, stored as JSON.

    Unset options are chosen for each series by an information criterion. ETS: additive and, of positive
    values, multiplicative errors and seasons, then no trend, an additive or a damped one. SARIMAX: a seasonal
    difference if the season is strong, a difference unless a unit root is ruled out, seasonal orders up to
    (1, 1), then orders up to (2, 2), then a drift; seasons of more than 12 steps are modelled by sines and
    cosines. The season is ``problem.season``, or that of the frequency. Series of fewer than 10 values are
    treated as random walks.

    Parameters
    ----------
    model : str
        ``ets``, which uses no regressors, or ``sarimax``; ``auto`` is sarimax if there are regressors, else
        ets.
    error : str
        ETS: ``additive``, ``multiplicative``, or ``auto``.
    trend : str
        ETS: ``none``, ``additive``, ``damped``, or ``auto``.
    seasonal : str
        ETS: ``none``, ``additive``, ``multiplicative``, or ``auto``.
    order : three whole numbers, optional
        SARIMAX: autoregressive terms, differences, moving averages, such as ``[0, 1, 1]``.
    seasonal_order : three whole numbers, optional
        SARIMAX: the same of the season.
    deterministic : str
        SARIMAX: ``n``, ``c``, ``t`` or ``ct``, as the ``trend`` of statsmodels; or ``auto``.
    criterion : str
        The information criterion: ``aicc``, ``aic`` or ``bic``.
    maxiter : int
        Most iterations of a fit; fits that do not converge are not chosen.
    params : mapping, optional
        Further parameters of ``ETSModel`` (``bounds``, ``initialization_method``) or ``SARIMAX``
        (``enforce_stationarity``, ``enforce_invertibility``).
    """

    requires = ("statsmodels",)
    install = "lolpop[statsmodels]"
    library = "statsmodels"
    series_models = Annotated[
        ExponentialSmoothing | Sarimax | LastValue | Repetition, Field(discriminator="kind")
    ]

    def __init__(
        self,
        model: Literal["auto", "ets", "sarimax"] = "auto",
        error: Literal["additive", "multiplicative"] | Auto = "auto",
        trend: Trend | Auto = "auto",
        seasonal: Component | Auto = "auto",
        order: Orders | None = None,
        seasonal_order: Orders | None = None,
        deterministic: Deterministic | Auto = "auto",
        criterion: Criterion = "aicc",
        maxiter: PositiveInt = 1000,
        params: Mapping[str, Any] | None = None,
        *,
        problem: ForecastingProblem,
        seed: int = 0,
        executor: Executor | None = None,
        logger: Logger | None = None,
    ) -> None:
        own = {
            "model": model,
            "error": error,
            "trend": trend,
            "seasonal": seasonal,
            "order": order,
            "seasonal_order": seasonal_order,
            "deterministic": deterministic,
            "criterion": criterion,
            "maxiter": maxiter,
        }
        super().__init__(
            {**own, **(params or {})}, problem=problem, seed=seed, executor=executor, logger=logger
        )

    @classmethod
    def parameter_names(cls) -> Sequence[str]:
        """Names of the parameters of statsmodels that are neither settings nor set here."""
        return [name for names in _OPTIONS.values() for name in names]

    def search_space(self) -> SearchSpace:
        """The search space of the model that is set, or the models if it is chosen."""
        model = self.params()["model"]
        if model == "ets":
            return {"trend": Choice(("none", "additive", "damped")), "seasonal": Choice(("none", "auto"))}
        if model == "sarimax":
            return {"order": Choice(("0,1,1", "1,1,0", "1,1,1", "2,1,2", "1,0,0", "2,0,1", "0,2,2"))}
        return {"model": Choice(("ets", "sarimax")), "criterion": Choice(("aicc", "bic"))}

    def _plan(self, params: Params, series: Timelines) -> tuple[Timelines, SeriesSettings]:
        season = self._problem.season or series.grid.season
        chosen, model = params["criterion"], params["model"]
        if model == "auto":
            model = "sarimax" if series.regressors else "ets"
        options = {name: params[name] for name in _OPTIONS[model] if name in params}
        if model == "sarimax":
            orders = params["order"], params["seasonal_order"], params["deterministic"]
            arima = SarimaxSettings(*orders, season, chosen, params["maxiter"], options)
            return series, arima
        parts = params["error"], params["trend"], params["seasonal"]
        smoothing = SmoothingSettings(*parts, season, chosen, params["maxiter"], options)
        return without_regressors(series, "exponential smoothing"), smoothing

    @classmethod
    def _contradictions(cls, settings: Mapping[str, Any]) -> Iterator[Finding]:
        """Settings of a model other than the one that is set."""
        model = settings.get("model", "auto")
        for owner, names in _OWN.items():
            for name in names:
                if owner != model and settings.get(name, "auto") not in {"auto", None}:
                    hint = f"Set model to {owner}, or leave {name} out."
                    yield Finding(name, f"it is a setting of {owner}, but model is {model}", hint=hint)
