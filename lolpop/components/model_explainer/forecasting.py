"""Explaining forecasts by the permutation importance of their features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import PositiveInt

from lolpop._names import with_article
from lolpop.components._bounds import require_positive
from lolpop.components.model_explainer import Attributions, Importance, ModelExplainer
from lolpop.components.model_trainer.forecasting.combined import CombinedModel
from lolpop.components.model_trainer.forecasting.lags import LagModel
from lolpop.components.model_trainer.forecasting.models import ForecastModel
from lolpop.data.frames import to_floats, wrap, wrap_series
from lolpop.data.timelines import series_of
from lolpop.errors import DataError, TrainingError
from lolpop.problem import ForecastingProblem

if TYPE_CHECKING:
    import numpy as np

    from lolpop.components.model_trainer import FittedModel
    from lolpop.data.frames import Floats, Frame, Series

__all__ = ["ForecastModelExplainer"]


class ForecastModelExplainer(ModelExplainer):
    """The increase of the scaled error of forecasts when a feature has the values of other times.

    For models of lags, the features are the lags, the parts of the calendar and the regressors; for others,
    the regressors, shuffled within each series. Models without any of these have no explanation. The error
    is the mean absolute scaled one over all rows, so that one of 0.2 for ``lag_7`` says: without it, the
    error is greater by a fifth of what the seasonal naive forecast makes.

    Parameters
    ----------
    repeats : int
        How often each of them is replaced.
    max_series : int
        Maximum number of series to measure importance on; of more, a sample is drawn.
    """

    explains_forecasts = True

    def __init__(
        self,
        repeats: PositiveInt = 5,
        max_series: PositiveInt = 50,
        *,
        problem: ForecastingProblem,
        seed: int = 0,
    ) -> None:
        require_positive({"repeats": repeats, "max_series": max_series})
        self._repeats = repeats
        self._max_series = max_series
        self._problem = problem
        self._seed = seed % 2**32  # numpy takes no other seeds

    def importance(self, model: FittedModel, frame: Frame, target: Series) -> list[Importance]:
        """The importance of what ``model`` forecasts the n rows of ``frame`` by; greatest first.

        Raises TrainingError if it is no model of series, and DataError for rows that it cannot forecast.
        """
        import numpy as np

        if not isinstance(model, ForecastModel):
            kind = with_article(type(model).__name__, capital=True)
            raise TrainingError(f"{kind} cannot forecast series: use a trainer for forecasting.")
        random = np.random.default_rng(self._seed)
        frame, truth = self._some(frame, to_floats(wrap_series(target)), random)
        scales = model.scales(frame)
        # A series that is forecast without an error by the naive forecast has no scale.
        is_measured = np.isfinite(truth) & (scales > 0)
        if not is_measured.any():
            return []
        changed_forecasts = (
            model.varied(frame, self._repeats, random)
            if isinstance(model, LagModel | CombinedModel)
            else self._shuffled(model, frame, random)
        )
        own = np.asarray(model.predict(frame).labels, dtype=np.float64)

        def errors(forecasts: Floats) -> Floats:
            scaled_errors: Floats = (np.abs(forecasts - truth) / scales)[..., is_measured].mean(axis=-1)
            return scaled_errors

        with np.errstate(divide="ignore", invalid="ignore"):
            rises = {name: errors(forecast) - errors(own) for name, forecast in changed_forecasts.items()}
        importances = [
            Importance(name, float(rise.mean()), float(rise.std())) for name, rise in rises.items()
        ]
        return sorted(importances, key=lambda importance: -importance.value)

    def explain(self, model: FittedModel, frame: Frame, reference: Frame) -> Attributions:
        """Raise DataError: single forecasts cannot be explained."""
        del model, frame, reference
        raise DataError("Single forecasts are not explained: set predict.explain to false.")

    def _some(self, frame: Frame, truth: Floats, random: np.random.Generator) -> tuple[Frame, Floats]:
        """The rows of as many series as are measured, and what is true of them."""
        import numpy as np

        keys, codes = series_of(frame, self._problem)
        if len(keys) <= self._max_series:
            return frame, truth
        chosen = np.isin(codes, random.permutation(len(keys))[: self._max_series])
        return wrap(frame).filter(chosen.tolist()).to_native(), truth[chosen]

    def _shuffled(self, model: ForecastModel, frame: Frame, random: np.random.Generator) -> dict[str, Floats]:
        """By regressor, what is forecast with its values shuffled within series, shape (repeats, n)."""
        import narwhals as nw
        import numpy as np

        rows = wrap(frame)
        _, codes = series_of(frame, self._problem)
        order = np.argsort(codes, kind="stable")
        columns = {}
        for name in model.learned.regressors:
            forecasts = []
            for _ in range(self._repeats):
                at = np.empty_like(order)
                # By series first, and in each of them by chance.
                at[order] = np.lexsort((random.random(len(codes)), codes))
                values: nw.Series[Any] = rows.get_column(name)[at]
                replaced = nw.maybe_reset_index(rows).with_columns(nw.maybe_reset_index(values))
                forecasts.append(model.predict(replaced.to_native()).labels)
            columns[name] = np.array(forecasts, dtype=np.float64)
        return columns
