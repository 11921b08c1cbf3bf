"""Regression with seasonal ARIMA errors of one series, by statsmodels."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from lolpop.components.model_trainer.forecasting.criteria import Criterion, criterion_of
from lolpop.components.model_trainer.forecasting.last_value import LastValue, is_short_or_constant
from lolpop.components.model_trainer.forecasting.models import Forecast
from lolpop.components.model_trainer.forecasting.precision import (
    COARSE_OPTIMISER,
    CONSTANT_TOLERANCE,
    NO_WAY_DOWN,
    TOO_MANY_ITERATIONS,
)
from lolpop.components.model_trainer.forecasting.repetition import Repetition
from lolpop.components.model_trainer.forecasting.series import ForecastRequest, SeriesModel, SeriesSettings
from lolpop.data.frames import count
from lolpop.data.timelines import interpolated
from lolpop.errors import TrainingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.data.timelines import Timeline

    Floats = NDArray[np.float64]

__all__ = ["Deterministic", "Orders", "Sarimax", "SarimaxSettings"]

Orders: TypeAlias = tuple[int, int, int]
Deterministic: TypeAlias = Literal["n", "c", "t", "ct"]

# Longer seasons are told by waves: as states of an ARIMA they take minutes.
_LONGEST_SEASON = 12
_MOST_WAVES = 10
# Share of what varies once the trend is gone that a season has to explain before values are compared with
# those of the season before (Hyndman and Athanasopoulos, Forecasting, 9.9).
_STRONG_SEASON = 0.64
_UNIT_ROOT = 0.05
_FEWEST = 10
_A_LITTLE = 0.1
_HUGE = 1e8
# Least squares and likelihoods that differ by more than this factor of the variance are not of one model.
_FAR = 10.0

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

    def again(self, model: SeriesModel, timeline: Timeline) -> SeriesModel:
        """What ``model`` is, fitted to the first part of its series, from its parameters on."""
        if isinstance(model, Repetition) and (repetition := Repetition.of(timeline, model.season)):
            return repetition
        if not isinstance(model, Sarimax) or is_short_or_constant(timeline):
            return LastValue.of(timeline)
        length = len(timeline)
        part = model.model_copy(update={"values": model.values[:length], "outside": model.outside[:length]})
        candidate = _Candidate(model.order, model.seasonal_order, model.deterministic)
        fitted = _fitted(self, part, candidate, model.params[:-1], COARSE_OPTIMISER)
        if fitted is None:
            raise _not_fitted(self, part, candidate)
        return fitted


class Sarimax(SeriesModel):
    """A SARIMAX model with its parameters, and what it is run over before it forecasts.

    ``values``, None where they are not known, are less ``center`` and divided by ``scale``; ``outside``
    holds one row for each: regressors that do vary, standardized by ``centers`` and ``scales``, those at
    ``used``.
    """

    kind: Literal["sarimax"] = "sarimax"
    order: Orders = (0, 0, 0)
    seasonal_order: Orders = (0, 0, 0)
    season: int
    deterministic: Deterministic = "n"
    waves: int = 0
    options: dict[str, Any]
    center: float
    scale: float
    values: tuple[float | None, ...]
    used: tuple[int, ...]
    centers: tuple[float, ...]
    scales: tuple[float, ...]
    outside: tuple[tuple[float, ...], ...]
    params: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        """What it is called, such as ``SARIMAX(0,1,1)(0,1,1)12``."""
        order, seasonal = (",".join(map(str, orders)) for orders in (self.order, self.seasonal_order))
        season = f"({seasonal}){self.season}" if any(self.seasonal_order) else ""
        waves = f" with {count(self.waves, 'wave')} of {self.season}" if self.waves else ""
        return f"SARIMAX({order}){season}{waves}"

    def forecast(self, ahead: ForecastRequest) -> Forecast:
        """How the series goes on."""
        import numpy as np

        outside = (ahead.regressors[:, list(self.used)] - np.array(self.centers)) / np.array(self.scales)
        exog = self._with_waves(outside, len(self.values))
        results = self.unfitted().filter(np.array(self.params), cov_type="none")
        forecast = results.get_forecast(len(ahead), exog=exog if exog.shape[1] else None)
        mean = forecast.predicted_mean * self.scale + self.center
        lower, upper = forecast.conf_int(alpha=1 - ahead.interval).T * self.scale + self.center
        return Forecast(mean, lower, upper)

    def unfitted(self, *, differenced: bool = False, concentrated: bool = False) -> Any:
        """The model as statsmodels has it, without parameters; to be faster, of ``differenced`` values, and
        with a variance that is not one of its parameters but ``concentrated`` out.
        """
        import numpy as np
        from statsmodels.tsa.statespace.sarimax import SARIMAX

        exog = self.exog()
        return SARIMAX(
            np.array(self.values, dtype=np.float64),
            exog=exog if exog.shape[1] else None,
            order=self.order,
            seasonal_order=(*self.seasonal_order, self.season if any(self.seasonal_order) else 0),
            trend=self.deterministic,
            concentrate_scale=concentrated,
            simple_differencing=differenced,
            **self.options,
        )

    def exog(self) -> Floats:
        """Regressors and waves of all values, shape (n, c)."""
        import numpy as np

        return self._with_waves(np.array(self.outside).reshape(len(self.values), len(self.used)), 0)

    def _with_waves(self, outside: Floats, start: int) -> Floats:
        import numpy as np

        at = start + np.arange(len(outside))
        return np.column_stack([outside, _waves(at, self.season, self.waves)])


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
    search = _Search(settings, rest)
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
        if (fitted := _fitted(settings, whole, candidate, search.parameters(candidate))) is not None:
            return fitted
    raise _not_fitted(settings, whole, best)


def _repeats_itself(model: Sarimax, candidate: _Candidate) -> bool:
    """Whether nothing varies once values are differenced: a line, or a season that comes again and again."""
    import numpy as np

    changes = candidate.differenced(np.array(model.values, dtype=np.float64), model.season)
    present = changes[~np.isnan(changes)]
    return candidate.differences > 0 and len(present) > 0 and bool(np.ptp(present) < CONSTANT_TOLERANCE)


def _without_noise(model: Sarimax, start: _Candidate) -> Sarimax | None:
    """``model`` as it goes on of itself: the likelihood of what never fails has no greatest value.

    None if there are too few values for that much.
    """
    (_, d, _), (_, seasonal_d, _) = start.order, start.seasonal_order
    deterministic: Deterministic = "c" if start.differences == 1 else "n"
    candidate = _Candidate((0, d, 0), (0, seasonal_d, 0), deterministic)
    begun = _begun(model, candidate)
    if begun is None:
        return None
    params = (*map(float, begun[1]), CONSTANT_TOLERANCE**2)
    return model.model_copy(update={**asdict(candidate), "params": params})


@dataclass(frozen=True, slots=True)
class _Candidate:
    order: Orders
    seasonal_order: Orders
    deterministic: Deterministic

    @property
    def differences(self) -> int:
        return self.order[1] + self.seasonal_order[1]

    @property
    def lengths(self) -> tuple[int, int, int, int]:
        """How many parameters the orders have, in the order in which statsmodels keeps them."""
        (p, _, q), (seasonal_p, _, seasonal_q) = self.order, self.seasonal_order
        return p, q, seasonal_p, seasonal_q

    def differenced(self, values: Floats, season: int) -> Floats:
        """``values``, shape (n, …), as they differ from those before."""
        from statsmodels.tsa.statespace.tools import diff

        differences: Floats = diff(values, self.order[1], self.seasonal_order[1], season)
        return differences


class _Search:
    """Candidates for one series, each looked at once.

    Parameters are those that leave the least squares, and the likelihood is that of these: to find the
    greatest takes ten times as long, and hardly ever changes which candidate is the best.
    """

    def __init__(self, settings: SarimaxSettings, model: Sarimax) -> None:
        self._settings = settings
        self._model = model
        self._tried: dict[_Candidate, tuple[float, tuple[float, ...]]] = {}

    def best(self, candidates: Iterable[_Candidate]) -> _Candidate:
        """The candidate with the least criterion; the first of those that are equal."""
        return min(candidates, key=lambda candidate: self._tried_once(candidate)[0])

    def by_worth(self) -> list[_Candidate]:
        """All that were looked at, the best first."""
        return sorted(self._tried, key=lambda candidate: self._tried[candidate][0])

    def parameters(self, candidate: _Candidate) -> tuple[float, ...]:
        """What was found for ``candidate``; nothing if it cannot be fitted."""
        return self._tried_once(candidate)[1]

    def _tried_once(self, candidate: _Candidate) -> tuple[float, tuple[float, ...]]:
        if candidate not in self._tried:
            self._tried[candidate] = self._look_at(candidate)
        return self._tried[candidate]

    def _look_at(self, candidate: _Candidate) -> tuple[float, tuple[float, ...]]:
        import numpy as np

        begun = _begun(self._model, candidate)
        if begun is None:
            return math.inf, ()
        unfitted, start, changes = begun
        params, variance = _of_least_squares(candidate, self._model.season, unfitted, start, changes)
        try:
            log_likelihood = float(unfitted.loglike(params))
        except np.linalg.LinAlgError:  # at the edge of what is stationary
            return math.inf, ()
        present = int(np.count_nonzero(~np.isnan(changes)))
        if log_likelihood > -present / 2 * (math.log(2 * math.pi * variance / _FAR) + 1):
            return math.inf, ()  # there, digits are lost on the way to a likelihood that cannot be
        worth = criterion_of(self._settings.criterion, log_likelihood, len(start) + 1, present)
        return worth, tuple(map(float, params))


def _begun(
    model: Sarimax, candidate: _Candidate, beginning: Sequence[float] = ()
) -> tuple[Any, Floats, Floats] | None:
    """What statsmodels fits, where it begins, and the differenced values; None if these are too few.

    ``beginning`` are parameters to start from: all, or all but those of regressors and waves.
    """
    import numpy as np

    # A line through time would begin elsewhere, were it one through differences.
    differenced = "t" not in candidate.deterministic
    unfitted = model.model_copy(update=asdict(candidate)).unfitted(differenced=differenced, concentrated=True)
    changes = candidate.differenced(np.array(model.values, dtype=np.float64), model.season)
    exog = candidate.differenced(model.exog(), model.season)
    start = _start(unfitted.k_params, candidate, changes, exog)
    if np.count_nonzero(~np.isnan(changes)) - len(start) <= 2:
        return None
    if beginning:
        trends = len(candidate.deterministic.strip("n"))
        start[:trends] = beginning[:trends]
        start[len(start) - len(beginning) + trends :] = beginning[trends:]
    return unfitted, start, changes


def _of_least_squares(
    candidate: _Candidate, season: int, unfitted: Any, start: Floats, changes: Floats
) -> tuple[Floats, float]:
    """The parameters that leave the least squares of ``changes``, their first values given, and the mean."""
    import numpy as np
    from scipy.optimize import least_squares
    from scipy.signal import lfilter

    lengths = candidate.lengths
    reach = lengths[0] + lengths[2] * season
    values = interpolated(changes)
    if not len(start) or len(changes) - reach <= len(start):
        return start, float(np.mean(values**2)) or CONSTANT_TOLERANCE
    trends = _trends(candidate, len(values))[reach:]

    def left(unbounded: Floats) -> Floats:
        params = unfitted.transform_params(unbounded)
        trend, *orders = np.split(params, len(trends.T) + np.cumsum([0, *lengths[:-1]]))
        ar, ma, seasonal_ar, seasonal_ma = orders
        rest = np.convolve(values, _polynomial(-ar, -seasonal_ar, season), "valid") - trends @ trend
        solution = lfilter([1.0], _polynomial(ma, seasonal_ma, season), rest)
        # What explodes is no way to go, and no error.
        return np.asarray(np.nan_to_num(solution, nan=_HUGE, posinf=_HUGE, neginf=-_HUGE), dtype=np.float64)

    beginning = unfitted.untransform_params(start)
    solution = least_squares(left, beginning, method="lm", ftol=1e-5, xtol=1e-5)
    params: Floats = unfitted.transform_params(solution.x)
    return params, float(np.mean(solution.fun**2)) or CONSTANT_TOLERANCE


def _polynomial(direct: Floats, seasonal: Floats, season: int) -> Floats:
    """That of lags one by one, times that of whole seasons."""
    import numpy as np

    apart = np.zeros(1 + len(seasonal) * season)
    apart[0], apart[season::season] = 1.0, seasonal
    product: Floats = np.convolve([1.0, *direct], apart)
    return product


def _fitted(
    settings: SarimaxSettings,
    model: Sarimax,
    candidate: _Candidate,
    beginning: Sequence[float],
    tolerance: Mapping[str, float] = MappingProxyType({}),
) -> Sarimax | None:
    """``model`` with the orders of ``candidate`` and the likeliest parameters; None if there are none."""
    import numpy as np

    begun = _begun(model, candidate, beginning)
    if begun is None:
        return None
    unfitted, start, _ = begun
    try:
        results = _likeliest(settings, unfitted, start, tolerance)
    except np.linalg.LinAlgError:  # at the edge of what is stationary
        return None
    if results is None or not results.scale > 0 or not math.isfinite(results.llf):
        return None
    params = (*map(float, results.params), float(results.scale))
    fitted = model.model_copy(update={**asdict(candidate), "params": params})
    return fitted if _goes_on(fitted) else None


def _goes_on(model: Sarimax) -> bool:
    """Whether it forecasts with bounds: digits may be lost at the edge of what is stationary."""
    import numpy as np

    exog = model.exog()
    results = model.unfitted().filter(np.array(model.params), cov_type="none")
    forecast = results.get_forecast(_FEWEST, exog=exog[-_FEWEST:] if exog.shape[1] else None)
    return bool(np.isfinite(forecast.se_mean).all() and np.isfinite(forecast.predicted_mean).all())


def _likeliest(
    settings: SarimaxSettings, unfitted: Any, start: Floats, tolerance: Mapping[str, float]
) -> Any:
    """What statsmodels finds from ``start``, None if it does not converge."""
    if not len(start):
        return unfitted.filter(start, cov_type="none")
    for _ in range(2):
        results = unfitted.fit(
            start,
            maxiter=settings.maxiter,
            disp=False,
            warn_convergence=False,
            cov_type="none",
            **tolerance,
        )
        if results.mle_retvals["warnflag"] != NO_WAY_DOWN:
            break
        start = results.params
    # Where there is no way down from the second time either, this is the bottom as far as digits go.
    return None if results.mle_retvals["warnflag"] == TOO_MANY_ITERATIONS else results


def _not_fitted(settings: SarimaxSettings, model: Sarimax, candidate: _Candidate) -> TrainingError:
    present = len(model.values) - model.values.count(None)
    name = model.model_copy(update=asdict(candidate)).name
    return TrainingError(
        f"{name} did not converge in {settings.maxiter:,} iterations, or has too many parameters for "
        f"{count(present, 'value')}. Raise maxiter, or set a smaller order and seasonal_order."
    )


def _start(parameters: int, candidate: _Candidate, changes: Floats, exog: Floats) -> Floats:
    """Where to begin: regressors as by least squares, and hardly any memory."""
    import numpy as np

    columns = np.column_stack([_trends(candidate, len(changes)), exog])
    beginning = _least_squares(columns, changes)
    return np.array([*beginning, *[_A_LITTLE] * (parameters - len(beginning))])


def _trends(candidate: _Candidate, values: int) -> Floats:
    import numpy as np

    at = np.arange(1.0, values + 1)
    trends = [trend for letter, trend in (("c", at**0), ("t", at)) if letter in candidate.deterministic]
    return np.column_stack([*trends, np.empty((values, 0))])


def _least_squares(columns: Floats, values: Floats) -> Floats:
    import numpy as np

    present = ~np.isnan(values)
    return np.asarray(np.linalg.lstsq(columns[present], values[present])[0], dtype=np.float64)


def _differences(settings: SarimaxSettings, timeline: Timeline) -> _Candidate:
    """The first candidate, with the differences that all of them take."""
    seasonal = settings.seasonal_order
    if seasonal is None:
        seasonal = (0, int(_has_strong_season(settings.season, timeline)), 0)
    order = settings.order or (1, int(_wanders(settings.season, seasonal[1], timeline)), 1)
    deterministic = settings.deterministic
    if deterministic == "auto":
        deterministic = "n" if order[1] + seasonal[1] else "c"
    return _Candidate(order, seasonal, deterministic)


def _without_orders(settings: SarimaxSettings, timeline: Timeline, start: _Candidate) -> Sarimax:
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
    most = min(_MOST_WAVES, settings.season // 2)
    by_waves = [model.model_copy(update={"waves": waves}) for waves in range(most + 1)]
    return min(by_waves, key=lambda candidate: _worth_of_waves(candidate, start, settings.criterion))


def _worth_of_waves(model: Sarimax, start: _Candidate, criterion: Criterion) -> float:
    import numpy as np

    changes = start.differenced(np.array(model.values, dtype=np.float64), model.season)
    columns = start.differenced(model.exog(), model.season)
    left = changes - columns @ _least_squares(columns, changes)
    present = int(np.count_nonzero(~np.isnan(left)))
    log_likelihood = -present / 2 * math.log(float(np.nanmean(left**2)))
    return criterion_of(criterion, log_likelihood, columns.shape[1] + 1, present)


def _explained(model: Sarimax, start: _Candidate) -> Sarimax:
    """``model`` of what regressors and waves leave of its values, as by least squares."""
    import numpy as np

    exog = model.exog()
    if not exog.shape[1]:
        return model
    values = np.array(model.values, dtype=np.float64)
    changes = start.differenced(values, model.season)
    left = values - exog @ _least_squares(start.differenced(exog, model.season), changes)
    rest = tuple(None if math.isnan(value) else value for value in left.tolist())
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
    columns = np.column_stack([np.ones(len(at)), filled.regressors, _waves(at, season, waves)])
    left: Floats = filled.values - columns[:, 1:] @ _least_squares(columns, filled.values)[1:]
    return left


def _waves(at: NDArray[np.int64], season: int, number: int) -> Floats:
    """So many sines and cosines that go round in a season, shape (n, 2 number)."""
    import numpy as np

    angles = at[:, None] * np.arange(1, number + 1) * 2 * np.pi / season
    return np.hstack([np.sin(angles), np.cos(angles)])
