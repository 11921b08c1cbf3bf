"""Backtests: forecasts beside the true values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from lolpop._names import free_name, with_article
from lolpop.components.model_trainer import Predictions
from lolpop.components.model_trainer.forecasting.models import Forecaster, ForecastModel
from lolpop.components.model_trainer.predicted import LABEL, LOWER, UPPER
from lolpop.data.frames import to_floats, to_strings, wrap, wrap_series
from lolpop.data.timelines import series_of
from lolpop.errors import TrainingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.components.model_trainer import FittedModel
    from lolpop.data.frames import Floats, Frame, Series
    from lolpop.problem import ForecastingProblem

__all__ = ["ForecastColumns", "RecordedForecasts", "backtest_rows", "forecasts_of"]

_BASELINES = ("naive", "seasonal_naive", "drift")


@dataclass(frozen=True, slots=True)
class ForecastColumns:
    """Names of the columns of forecasts.

    Rows of a backtest have more of them than the predictions of a job: the origin of each forecast, the scale
    of its series, and the forecast of each baseline.
    """

    forecast: str = LABEL
    lower: str | None = LOWER
    upper: str | None = UPPER
    origin: str | None = None
    scale: str | None = None
    baselines: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_backtest(cls, problem: ForecastingProblem) -> ForecastColumns:
        """The names in a backtest, all different from the target, the time and the series."""
        name = partial(free_name, taken=(problem.target, *problem.index_columns))
        return cls(
            forecast=name(LABEL),
            lower=name(LOWER),
            upper=name(UPPER),
            origin=name("origin"),
            scale=name("scale"),
            baselines={baseline: name(f"baseline_{baseline}") for baseline in _BASELINES},
        )


class RecordedForecasts(Forecaster):
    """A model whose predictions are the recorded forecasts in the rows.

    ``scales`` are the scales of the series by key, if ``columns`` names no column for them.
    """

    __slots__ = ("_columns", "_problem", "_scales")

    def __init__(
        self,
        problem: ForecastingProblem,
        scales: Mapping[str, float] | None = None,
        columns: ForecastColumns = ForecastColumns(),
    ) -> None:
        self._problem = problem
        self._scales = dict(scales or {})
        self._columns = columns

    @classmethod
    def of_backtest(cls, problem: ForecastingProblem) -> RecordedForecasts:
        """The recorded forecasts in the result of ``backtest_rows``."""
        return cls(problem, columns=ForecastColumns.of_backtest(problem))

    def baseline(self, name: str) -> RecordedForecasts:
        """The recorded forecasts of a baseline; baselines have no intervals."""
        names = self._columns
        columns = replace(names, forecast=names.baselines[name], lower=None, upper=None)
        return RecordedForecasts(self._problem, self._scales, columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that it reads."""
        return (*self._problem.index_columns, self._columns.forecast)

    @property
    def classes(self) -> tuple[Any, ...]:
        """Empty: it is not a classifier."""
        return ()

    def predict(self, frame: Frame) -> Predictions:
        """Read the forecasts in ``frame``, and their intervals."""
        rows, names = wrap(frame), self._columns
        lower, upper = (
            None if name is None else to_floats(rows.get_column(name)) for name in (names.lower, names.upper)
        )
        return Predictions(to_floats(rows.get_column(names.forecast)), lower=lower, upper=upper)

    def scales(self, frame: Frame) -> Floats:
        """The scale in each row, or that of its series."""
        import numpy as np

        if self._columns.scale is not None:
            return to_floats(wrap(frame).get_column(self._columns.scale))
        keys, codes = series_of(frame, self._problem)
        scales: Floats = np.array([self._scales.get(key, np.nan) for key in keys])[codes]
        return scales

    def paths(self, frame: Frame) -> Any:
        """The number of each row's series and origin."""
        import numpy as np

        _, codes = series_of(frame, self._problem)
        if self._columns.origin is None:
            return codes
        texts = to_strings(wrap(frame).get_column(self._columns.origin)).to_numpy(dtype=object)
        origins = np.unique(texts, return_inverse=True)[1]
        return codes * (origins.max(initial=0) + 1) + origins

    def come_after(self, frame: Frame) -> NDArray[np.bool_]:
        """True for all rows, which were forecast."""
        import numpy as np

        return np.ones(len(wrap(frame)), dtype=np.bool_)

    def baselines(self, frame: Frame) -> Mapping[str, Floats]:
        """The columns of baselines."""
        rows = wrap(frame)
        return {
            baseline: to_floats(rows.get_column(name)) for baseline, name in self._columns.baselines.items()
        }


def forecasts_of(model: FittedModel) -> Forecaster:
    """``model``, if it forecasts. Raises TrainingError otherwise."""
    if not isinstance(model, Forecaster):
        kind = with_article(type(model).__name__, capital=True)
        raise TrainingError(
            f"{kind} cannot forecast series, or does not define their metrics: use a trainer for forecasting."
        )
    return model


def backtest_rows(fitted: Sequence[tuple[FittedModel, Frame, Series]], problem: ForecastingProblem) -> Frame:
    """The forecasts of several models for rows that they have not seen, beside the true values.

    Each model comes with its rows and the values of their target. The result has series and time, the
    target, ``prediction``, ``lower`` and ``upper``, the ``origin`` from which it was forecast, the ``scale``
    of the series, and the forecast of each baseline, all called as ``ForecastColumns`` says.
    """
    import narwhals as nw

    parts, names = [], ForecastColumns.of_backtest(problem)
    for model, frame, target in fitted:
        if not isinstance(model, ForecastModel):
            kind = with_article(type(model).__name__, capital=True)
            raise TrainingError(f"{kind} cannot forecast series: use a trainer for forecasting.")
        rows = wrap(frame)
        predictions = model.predict(frame)
        grid, histories = model.learned.grid, model.learned.histories
        keys, codes = series_of(frame, problem)
        ends = {key: grid.text(histories[key].end) for key in keys}
        values: dict[Any, Any] = {
            problem.target: to_floats(wrap_series(target)),
            names.forecast: predictions.labels,
            names.lower: predictions.lower,
            names.upper: predictions.upper,
            names.origin: [ends[keys[code]] for code in codes],
            names.scale: model.scales(frame),
            **{names.baselines[name]: column for name, column in model.baselines(frame).items()},
        }
        columns = [
            nw.new_series(name, column, backend=rows.implementation) for name, column in values.items()
        ]
        # Starting from the columns of series and time keeps their dtypes, and drops the index.
        place = [
            nw.new_series(
                name, rows.get_column(name).to_list(), rows.schema[name], backend=rows.implementation
            )
            for name in problem.index_columns
        ]
        parts.append(place[0].to_frame().with_columns(*place[1:], *columns))
    frame_of_rows: Frame = nw.concat(parts).to_native()
    return frame_of_rows
