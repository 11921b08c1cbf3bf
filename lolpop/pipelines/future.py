"""The rows after the end of series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lolpop.components.model_trainer.forecasting.models import ForecastModel
from lolpop.data.frames import wrap
from lolpop.data.timelines import series_of, timelines
from lolpop.pipelines._labelled import labelled

if TYPE_CHECKING:
    from lolpop.components.model_trainer import FittedModel
    from lolpop.data.frames import Frame
    from lolpop.problem import ForecastingProblem

__all__ = ["Future", "ends_of", "future_rows"]


@dataclass(frozen=True, slots=True)
class Future:
    """Rows to forecast: series and time, without the ``regressors`` that a model may need."""

    rows: Frame
    regressors: tuple[str, ...]


def future_rows(frame: Frame, problem: ForecastingProblem) -> Future:
    """The horizon after the end of every series of ``frame``, in rows of its kind, with its dtypes.

    Raises DataError if the rows of ``frame`` are not time series.
    """
    import narwhals as nw
    import numpy as np

    data, rows = labelled(frame, problem), wrap(frame)
    series = timelines(data.features, data.target, problem)
    ends = np.array([timeline.end for timeline in series])
    positions = (ends[:, None] + np.arange(1, problem.horizon + 1)).ravel()
    columns = [series.grid.column(positions, rows.get_column(problem.time))]
    if problem.series is not None:
        _, codes = series_of(frame, problem)
        example = np.unique(codes, return_index=True)[1]
        named = rows.get_column(problem.series)
        values = [named[int(at)] for at in np.repeat(example, problem.horizon)]
        columns.insert(0, nw.new_series(problem.series, values, named.dtype, backend=rows.implementation))
    built: Frame = columns[0].to_frame().with_columns(*columns[1:]).to_native()
    return Future(built, series.regressors)


def ends_of(model: FittedModel) -> Mapping[str, Any]:
    """The last training time of each series of ``model``; empty if it does not forecast."""
    if not isinstance(model, ForecastModel):
        return {}
    learned = model.learned
    times = learned.grid.times([history.end for history in learned.histories.values()])  # type: ignore[arg-type]  # as an array
    return dict(zip(learned.histories, times, strict=True))
