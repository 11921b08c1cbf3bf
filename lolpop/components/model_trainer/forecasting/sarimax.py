"""Regression with seasonal ARIMA errors of one series, by statsmodels."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from lolpop.components.model_trainer.forecasting.criteria import Criterion, criterion_of
from lolpop.components.model_trainer.forecasting.last_value import LastValue, is_short_or_constant
from lolpop.components.model_trainer.forecasting.precision import COARSE_OPTIMISER, CONSTANT_TOLERANCE
from lolpop.components.model_trainer.forecasting.repetition import Repetition
from lolpop.components.model_trainer.forecasting.sarimax_fits import (
    Candidate,
    OrderSearch,
    fit_orders,
    least_squares_of,
    not_converged,
    prepared,
)
from lolpop.components.model_trainer.forecasting.sarimax_models import (
    Deterministic,
    Orders,
    Sarimax,
    fourier_terms,
)
from lolpop.components.model_trainer.forecasting.series import SeriesModel, SeriesSettings

if TYPE_CHECKING:
    from lolpop.data.frames import Floats
    from lolpop.data.timelines import Timeline

__all__ = ["Deterministic", "Orders", "Sarimax", "SarimaxSettings"]

# Longer seasons are told by waves: as states of an ARIMA they take minutes.
_LONGEST_SEASON = 12
_MOST_WAVES = 10
# Share of what varies once the trend is gone that a season has to explain before values are compared with
# those of the season before (Hyndman and Athanasopoulos, Forecasting, 9.9).
_STRONG_SEASON = 0.64
_UNIT_ROOT = 0.05
_FEWEST = 10

_ORDERS = tuple((p, q) for p in range(3) for q in range(3))
_SEASONAL_ORDERS = ((0, 0), (0, 1), (1, 0), (1, 1))


@dataclass(frozen=True, slots=True)
class SarimaxSettings(SeriesSettings):
    """Which orders to fit; what is None or ``auto`` is chosen by tests and by ``criterion``."""

    order: Orders | None
    seasonal_order: Orders | None
    deterministic: Deterministic | Literal["auto"]
    season: int
    criterion: Criterion
    maxiter: int
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def chooses_all(self) -> bool:
        """Whether nothing of the orders is set."""
        return self.order is None and self.seasonal_order is None and self.deterministic == "auto"

    def fit(self, timeline: Timeline) -> SeriesModel:
        """The best of what is allowed; what does not converge is left out."""
        return _fit_sarimax(self, timeline)

    def refit(self, model: SeriesModel, timeline: Timeline) -> SeriesModel:
        """What ``model`` is, fitted to the first part of its series, from its parameters on."""
        if isinstance(model, Repetition) and (repetition := Repetition.of(timeline, model.season)):
            return repetition
        if not isinstance(model, Sarimax) or is_short_or_constant(timeline):
            return LastValue.of(timeline)
        length = len(timeline)
        part = model.model_copy(update={"values": model.values[:length], "outside": model.outside[:length]})
        candidate = Candidate(model.order, model.seasonal_order, model.deterministic)
        fitted = fit_orders(part, candidate, self.maxiter, model.params[:-1], COARSE_OPTIMISER)
        if fitted is None:
            raise not_converged(part, candidate, self.maxiter)
        return fitted


def _fit_sarimax(settings: SarimaxSettings, timeline: Timeline) -> SeriesModel:
    """The best of what ``settings`` allow for one series; those that do not converge are left out.

    Orders are chosen by what regressors and waves leave unexplained, seasonal ones first. Those chosen are
    fitted together with the regressors.
    """
    if is_short_or_constant(timeline):
        return LastValue.of(timeline)
    if settings.chooses_all and not timeline.regressors.shape[1]:
        repetition = Repetition.of(timeline, settings.season)
        if repetition is not None:
            return repetition
    start = _differences(settings, timeline)
    whole = _without_orders(settings, timeline, start)
    rest = _explained(whole, start)
    if settings.order is None and settings.seasonal_order is None:
        if (model := _without_noise(whole, start)) is None:
            return LastValue.of(timeline)
        if _repeats_itself(rest, start):
            return model
    search = OrderSearch(settings.criterion, rest)
    best = search.best([start])
    # Lags of orders that are as long as a season would be there twice.
    short = max(start.order[0], start.order[2]) < settings.season
    if settings.seasonal_order is None and short and _has_season(settings.season, timeline):
        d = start.seasonal_order[1]
        best = search.best(replace(start, seasonal_order=(p, d, q)) for p, q in _SEASONAL_ORDERS)
    if settings.order is None:
        d = start.order[1]
        best = search.best([best, *(replace(best, order=(p, d, q)) for p, q in _ORDERS)])
    if settings.deterministic == "auto" and best.differences == 1:
        best = search.best([best, replace(best, deterministic="c")])
    for candidate in search.by_worth():
        fitted = fit_orders(whole, candidate, settings.maxiter, search.parameters(candidate))
        if fitted is not None:
            return fitted
    raise not_converged(whole, best, settings.maxiter)


def _repeats_itself(model: Sarimax, candidate: Candidate) -> bool:
    """Whether nothing varies once values are differenced: a line, or a season that comes again and again."""
    import numpy as np

    changes = candidate.differenced(np.array(model.values, dtype=np.float64), model.season)
    present = changes[~np.isnan(changes)]
    return candidate.differences > 0 and len(present) > 0 and bool(np.ptp(present) < CONSTANT_TOLERANCE)


def _without_noise(model: Sarimax, start: Candidate) -> Sarimax | None:
    """``model`` without noise: the likelihood of forecasts without errors has no maximum.

    None if there are too few values for its differences.
    """
    (_, d, _), (_, seasonal_d, _) = start.order, start.seasonal_order
    deterministic: Deterministic = "c" if start.differences == 1 else "n"
    candidate = Candidate((0, d, 0), (0, seasonal_d, 0), deterministic)
    prepared_fit = prepared(model, candidate)
    if prepared_fit is None:
        return None
    params = (*map(float, prepared_fit[1]), CONSTANT_TOLERANCE**2)
    return model.model_copy(update={**asdict(candidate), "params": params})


def _differences(settings: SarimaxSettings, timeline: Timeline) -> Candidate:
    """The first candidate, with the differences that all of them take."""
    seasonal = settings.seasonal_order
    if seasonal is None:
        seasonal = (0, int(_has_strong_season(settings.season, timeline)), 0)
    order = settings.order or (1, int(_wanders(settings.season, seasonal[1], timeline)), 1)
    deterministic = settings.deterministic
    if deterministic == "auto":
        deterministic = "n" if order[1] + seasonal[1] else "c"
    return Candidate(order, seasonal, deterministic)


def _without_orders(settings: SarimaxSettings, timeline: Timeline, start: Candidate) -> Sarimax:
    import numpy as np

    values, outside = timeline.values, timeline.filled().regressors
    used = np.flatnonzero(np.ptp(outside, axis=0) > 0)
    outside = outside[:, used]
    centers, scales = outside.mean(axis=0), outside.std(axis=0)
    # A model without differences and without a constant says that values vary around zero.
    centered = start.differences > 0 or "c" in start.deterministic
    center = float(np.nanmean(values)) if centered else 0.0
    scale = float(np.nanstd(values))
    scaled = ((values - center) / scale).tolist()
    model = Sarimax(
        season=settings.season,
        options=dict(settings.options),
        center=center,
        scale=scale,
        values=tuple(None if math.isnan(value) else value for value in scaled),
        used=tuple(used.tolist()),
        centers=tuple(centers.tolist()),
        scales=tuple(scales.tolist()),
        outside=tuple(map(tuple, ((outside - centers) / scales).tolist())),
    )
    if settings.seasonal_order is not None or not _has_long_season(settings.season, timeline):
        return model
    limit = min(_MOST_WAVES, settings.season // 2)
    by_waves = [model.model_copy(update={"waves": waves}) for waves in range(limit + 1)]
    return min(by_waves, key=lambda candidate: _worth_of_waves(candidate, start, settings.criterion))


def _worth_of_waves(model: Sarimax, start: Candidate, criterion: Criterion) -> float:
    import numpy as np

    changes = start.differenced(np.array(model.values, dtype=np.float64), model.season)
    columns = start.differenced(model.exog(), model.season)
    residuals = changes - columns @ least_squares_of(columns, changes)
    present = int(np.count_nonzero(~np.isnan(residuals)))
    log_likelihood = -present / 2 * math.log(float(np.nanmean(residuals**2)))
    return criterion_of(criterion, log_likelihood, columns.shape[1] + 1, present)


def _explained(model: Sarimax, start: Candidate) -> Sarimax:
    """``model`` of what regressors and waves leave of its values, as by least squares."""
    import numpy as np

    exog = model.exog()
    if not exog.shape[1]:
        return model
    values = np.array(model.values, dtype=np.float64)
    changes = start.differenced(values, model.season)
    residuals = values - exog @ least_squares_of(start.differenced(exog, model.season), changes)
    rest = tuple(None if math.isnan(value) else value for value in residuals.tolist())
    return model.model_copy(
        update={"values": rest, "waves": 0, "used": (), "centers": (), "scales": (), "outside": ()}
    )


def _has_season(season: int, timeline: Timeline) -> bool:
    return 1 < season <= _LONGEST_SEASON and len(timeline) > 2 * season


def _has_long_season(season: int, timeline: Timeline) -> bool:
    return season > _LONGEST_SEASON and len(timeline) > 2 * season


def _has_strong_season(season: int, timeline: Timeline) -> bool:
    import numpy as np
    from statsmodels.tsa.seasonal import STL

    if not _has_season(season, timeline):
        return False
    parts = STL(_without_regressors(season, timeline), period=season).fit()
    varies = np.var(parts.resid + parts.seasonal)
    return bool(varies > 0 and 1 - np.var(parts.resid) / varies > _STRONG_SEASON)


def _wanders(season: int, seasonal_difference: int, timeline: Timeline) -> bool:
    """Whether values wander off and do not come back to a mean: a unit root is not ruled out."""
    import numpy as np
    from statsmodels.tsa.stattools import adfuller

    values = _without_regressors(season, timeline)
    if seasonal_difference:
        values = values[season:] - values[:-season]
    if len(values) < _FEWEST or np.ptp(values) == 0:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that what it regresses on is a line: the answer is what counts
        return bool(adfuller(values, result_object=True).pvalue > _UNIT_ROOT)


def _without_regressors(season: int, timeline: Timeline) -> Floats:
    """The values, less what regressors and waves explain of them."""
    import numpy as np

    filled = timeline.filled()
    waves = _MOST_WAVES if _has_long_season(season, timeline) else 0
    at = np.arange(len(filled.values))
    columns = np.column_stack([np.ones(len(at)), filled.regressors, fourier_terms(at, season, waves)])
    residuals: Floats = filled.values - columns[:, 1:] @ least_squares_of(columns, filled.values)[1:]
    return residuals
