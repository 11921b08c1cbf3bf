"""SARIMAX models of one series with chosen orders: their parameters, and which orders are best."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lolpop.components.model_trainer.forecasting.criteria import Criterion, criterion_of
from lolpop.components.model_trainer.forecasting.precision import (
    CONSTANT_TOLERANCE,
    NO_WAY_DOWN,
    TOO_MANY_ITERATIONS,
)
from lolpop.components.model_trainer.forecasting.sarimax_models import Deterministic, Orders, Sarimax
from lolpop.data.frames import count
from lolpop.data.timelines import interpolated
from lolpop.errors import TrainingError

if TYPE_CHECKING:
    from lolpop.data.frames import Floats

__all__ = ["Candidate", "OrderSearch", "fit_orders", "least_squares_of", "not_converged", "prepared"]

_STEPS_AHEAD = 10
_A_LITTLE = 0.1
_HUGE = 1e8
# Least squares and likelihoods that differ by more than this factor of the variance are not of one model.
_FAR = 10.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """The orders of a SARIMAX model, and its trend."""

    order: Orders
    seasonal_order: Orders
    deterministic: Deterministic

    @property
    def differences(self) -> int:
        """How many times values are differenced."""
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


class OrderSearch:
    """Candidates for one series, each looked at once.

    Parameters are those that leave the least squares, and the likelihood is that of these: to find the
    greatest takes ten times as long, and hardly ever changes which candidate is the best.
    """

    def __init__(self, criterion: Criterion, model: Sarimax) -> None:
        self._criterion: Criterion = criterion
        self._model = model
        self._tried: dict[Candidate, tuple[float, tuple[float, ...]]] = {}

    def best(self, candidates: Iterable[Candidate]) -> Candidate:
        """The candidate with the least criterion; the first of those that are equal."""
        return min(candidates, key=lambda candidate: self._tried_once(candidate)[0])

    def by_worth(self) -> list[Candidate]:
        """All that were looked at, the best first."""
        return sorted(self._tried, key=lambda candidate: self._tried[candidate][0])

    def parameters(self, candidate: Candidate) -> tuple[float, ...]:
        """What was found for ``candidate``; nothing if it cannot be fitted."""
        return self._tried_once(candidate)[1]

    def _tried_once(self, candidate: Candidate) -> tuple[float, tuple[float, ...]]:
        if candidate not in self._tried:
            self._tried[candidate] = self._look_at(candidate)
        return self._tried[candidate]

    def _look_at(self, candidate: Candidate) -> tuple[float, tuple[float, ...]]:
        import numpy as np

        prepared_fit = prepared(self._model, candidate)
        if prepared_fit is None:
            return math.inf, ()
        unfitted, start, changes = prepared_fit
        params, variance = _of_least_squares(candidate, self._model.season, unfitted, start, changes)
        try:
            log_likelihood = float(unfitted.loglike(params))
        except np.linalg.LinAlgError:  # at the edge of what is stationary
            return math.inf, ()
        present = int(np.count_nonzero(~np.isnan(changes)))
        if log_likelihood > -present / 2 * (math.log(2 * math.pi * variance / _FAR) + 1):
            return math.inf, ()  # there, digits are lost on the way to a likelihood that cannot be
        worth = criterion_of(self._criterion, log_likelihood, len(start) + 1, present)
        return worth, tuple(map(float, params))


def prepared(
    model: Sarimax, candidate: Candidate, beginning: Sequence[float] = ()
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
    candidate: Candidate, season: int, unfitted: Any, start: Floats, changes: Floats
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

    def residuals(unbounded: Floats) -> Floats:
        params = unfitted.transform_params(unbounded)
        trend, *orders = np.split(params, len(trends.T) + np.cumsum([0, *lengths[:-1]]))
        ar, ma, seasonal_ar, seasonal_ma = orders
        rest = np.convolve(values, _polynomial(-ar, -seasonal_ar, season), "valid") - trends @ trend
        solution = lfilter([1.0], _polynomial(ma, seasonal_ma, season), rest)
        # What explodes is no way to go, and no error.
        return np.asarray(np.nan_to_num(solution, nan=_HUGE, posinf=_HUGE, neginf=-_HUGE), dtype=np.float64)

    beginning = unfitted.untransform_params(start)
    solution = least_squares(residuals, beginning, method="lm", ftol=1e-5, xtol=1e-5)
    params: Floats = unfitted.transform_params(solution.x)
    return params, float(np.mean(solution.fun**2)) or CONSTANT_TOLERANCE


def _polynomial(direct: Floats, seasonal: Floats, season: int) -> Floats:
    """That of lags one by one, times that of whole seasons."""
    import numpy as np

    seasonal_terms = np.zeros(1 + len(seasonal) * season)
    seasonal_terms[0], seasonal_terms[season::season] = 1.0, seasonal
    product: Floats = np.convolve([1.0, *direct], seasonal_terms)
    return product


def fit_orders(
    model: Sarimax,
    candidate: Candidate,
    maxiter: int,
    beginning: Sequence[float],
    tolerance: Mapping[str, float] = MappingProxyType({}),
) -> Sarimax | None:
    """``model`` with the orders of ``candidate`` and the likeliest parameters; None if there are none."""
    import numpy as np

    prepared_fit = prepared(model, candidate, beginning)
    if prepared_fit is None:
        return None
    unfitted, start, _ = prepared_fit
    try:
        results = _likeliest(maxiter, unfitted, start, tolerance)
    except np.linalg.LinAlgError:  # at the edge of what is stationary
        return None
    if results is None or not results.scale > 0 or not math.isfinite(results.llf):
        return None
    params = (*map(float, results.params), float(results.scale))
    fitted = model.model_copy(update={**asdict(candidate), "params": params})
    return fitted if _is_continued(fitted) else None


def _is_continued(model: Sarimax) -> bool:
    """Whether it forecasts with bounds: digits may be lost at the edge of what is stationary."""
    import numpy as np

    exog = model.exog()
    results = model.unfitted().filter(np.array(model.params), cov_type="none")
    forecast = results.get_forecast(_STEPS_AHEAD, exog=exog[-_STEPS_AHEAD:] if exog.shape[1] else None)
    return bool(np.isfinite(forecast.se_mean).all() and np.isfinite(forecast.predicted_mean).all())


def _likeliest(maxiter: int, unfitted: Any, start: Floats, tolerance: Mapping[str, float]) -> Any:
    """What statsmodels finds from ``start``, None if it does not converge."""
    if not len(start):
        return unfitted.filter(start, cov_type="none")
    for _ in range(2):
        results = unfitted.fit(
            start,
            maxiter=maxiter,
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


def not_converged(model: Sarimax, candidate: Candidate, maxiter: int) -> TrainingError:
    """What to raise where ``candidate`` has no likeliest parameters."""
    present = len(model.values) - model.values.count(None)
    name = model.model_copy(update=asdict(candidate)).name
    return TrainingError(
        f"{name} did not converge in {maxiter:,} iterations, or has too many parameters for "
        f"{count(present, 'value')}. Raise maxiter, or set a smaller order and seasonal_order."
    )


def _start(parameters: int, candidate: Candidate, changes: Floats, exog: Floats) -> Floats:
    """Where to begin: regressors as by least squares, and hardly any memory."""
    import numpy as np

    columns = np.column_stack([_trends(candidate, len(changes)), exog])
    beginning = least_squares_of(columns, changes)
    return np.array([*beginning, *[_A_LITTLE] * (parameters - len(beginning))])


def _trends(candidate: Candidate, values: int) -> Floats:
    import numpy as np

    at = np.arange(1.0, values + 1)
    trends = [trend for letter, trend in (("c", at**0), ("t", at)) if letter in candidate.deterministic]
    return np.column_stack([*trends, np.empty((values, 0))])


def least_squares_of(columns: Floats, values: Floats) -> Floats:
    """Coefficients of c ``columns``, shape (n, c), by least squares; rows of missing values are left out."""
    import numpy as np

    present = ~np.isnan(values)
    return np.asarray(np.linalg.lstsq(columns[present], values[present])[0], dtype=np.float64)
