"""Figures of forecasts: history, forecast and actual values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import PositiveInt

from lolpop.components._bounds import require_positive
from lolpop.components.model_trainer.forecasting.models import ForecastModel
from lolpop.components.model_visualizer import ModelVisualizer
from lolpop.components.model_visualizer._figures import as_text, importance_figure
from lolpop.data.frames import to_floats, wrap, wrap_series
from lolpop.data.grids import Grid
from lolpop.data.timelines import series_of
from lolpop.problem import ForecastingProblem

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from lolpop.components.model_explainer import Importance
    from lolpop.components.model_trainer import FittedModel
    from lolpop.data.frames import Floats, Frame, Series

__all__ = ["ForecastModelVisualizer"]

_BLUE, _GREY = "#2a6f97", "#555555"


class ForecastModelVisualizer(ModelVisualizer):
    """Draws the forecast of each series with its interval, its history and the actual values.

    The figure of a model is called ``forecast``, that of forecasts from several origins ``backtest``. The
    importance of lags and regressors is drawn if it is available.

    Parameters
    ----------
    file_format : "png" or "svg"
        Format of the files.
    dpi : int
        Dots per inch of a PNG file.
    series : int
        The maximum number of series to draw. They are spread evenly over the series sorted by name.
    """

    def __init__(
        self,
        file_format: Literal["png", "svg"] = "png",
        dpi: PositiveInt = 100,
        series: PositiveInt = 6,
        *,
        problem: ForecastingProblem,
    ) -> None:
        require_positive({"dpi": dpi, "series": series})
        self._format = file_format
        self._dpi = dpi
        self._series = series
        self._problem = problem

    def draw(
        self,
        model: FittedModel,
        frame: Frame,
        target: Series,
        folder: Path,
        importance: Sequence[Importance] = (),
    ) -> Mapping[str, Path]:
        """Draw the forecasts of the n rows of ``frame`` into ``folder``. Returns files by figure."""
        from matplotlib.figure import Figure

        name = "forecast" if isinstance(model, ForecastModel) else "backtest"
        keys, _ = series_of(frame, self._problem)
        chosen = _spread(keys, self._series)
        height = 3.2 if len(chosen) > 1 else 4.8
        figure = Figure(figsize=(9.6, height * len(chosen)), layout="constrained")
        all_axes = figure.subplots(len(chosen), squeeze=False)[:, 0]
        paths = self._paths(model, frame, target)
        for key, axes in zip(chosen, all_axes, strict=True):
            paths_of_series = [path for path in paths if path.key == key]
            _draw(axes, paths_of_series, self._problem.interval)
            title = f"{name.capitalize()} of {as_text(self._problem.target)}"
            axes.set(title=f"{title}: {as_text(key)}" if len(keys) > 1 else title)
        all_axes[0].legend(loc="upper left", fontsize="small")
        drawn = folder / f"{name}.{self._format}"
        figure.savefig(drawn, dpi=self._dpi)
        if not importance:
            return {name: drawn}
        path = folder / f"importance.{self._format}"
        return {name: drawn, "importance": importance_figure(importance, path, self._dpi)}

    def _paths(self, model: FittedModel, frame: Frame, target: Series) -> list[_Path]:
        import numpy as np

        from lolpop.components.model_checker.backtests import forecasts_of

        rows, truth = wrap(frame), to_floats(wrap_series(target))
        predictions, paths = model.predict(frame), forecasts_of(model).paths(frame)
        keys, codes = series_of(frame, self._problem)
        times = rows.get_column(self._problem.time).to_native()
        grid = (
            model.learned.grid
            if isinstance(model, ForecastModel)
            else Grid.of(times, self._problem.frequency, self._problem.dates.get(self._problem.time))
        )
        positions = grid.positions(times)
        figures = []
        for path in np.unique(paths):
            rows_of_path = np.flatnonzero(paths == path)
            rows_of_path = rows_of_path[np.argsort(positions[rows_of_path])]
            key, history, before = keys[codes[rows_of_path[0]]], np.empty(0), positions[:0]
            if isinstance(model, ForecastModel):
                series_history = model.learned.histories[key]
                history = np.array(series_history.tail)
                before = np.arange(series_history.end - len(history) + 1, series_history.end + 1)
            figures.append(
                _Path(
                    key,
                    grid.times(before),
                    history,
                    grid.times(positions[rows_of_path]),
                    truth[rows_of_path],
                    *(
                        np.asarray(values, dtype=np.float64)[rows_of_path]
                        for values in (predictions.labels, predictions.lower, predictions.upper)
                    ),
                )
            )
        return figures


@dataclass(frozen=True, slots=True, eq=False)
class _Path:
    """The history, the forecast and the actual values of one series."""

    key: str
    before: Any
    history: Floats
    times: Any
    truth: Floats
    mean: Floats
    lower: Floats
    upper: Floats


def _draw(axes: Axes, paths: Sequence[_Path], interval: float) -> None:
    for number, path in enumerate(paths):
        first = number == 0
        times, truth = path.before.append(path.times), [*path.history, *path.truth]
        axes.plot(times, truth, color=_GREY, linewidth=1, label="true" if first else None)
        axes.plot(path.times, path.mean, color=_BLUE, linewidth=1.5, label="forecast" if first else None)
        label = f"interval of {interval:.0%}" if first else None
        axes.fill_between(
            path.times, path.lower, path.upper, color=_BLUE, alpha=0.2, linewidth=0, label=label
        )
        axes.axvline(
            path.times[0], color="grey", linestyle=":", linewidth=1, label="origin" if first else None
        )


def _spread(keys: Sequence[str], limit: int) -> list[str]:
    if len(keys) <= limit:
        return list(keys)
    return [keys[round(at * (len(keys) - 1) / max(1, limit - 1))] for at in range(limit)]
