"""Forecasts that were made, beside what turned out to be true of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lolpop.components.model_trainer import Predictions
from lolpop.components.model_trainer.forecasting.models import Forecaster, ForecastModel
from lolpop.data.frames import to_floats, to_strings, wrap, wrap_series
from lolpop.data.timelines import series_of
from lolpop.errors import TrainingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.components.model_trainer import FittedModel
    from lolpop.data.frames import Frame, Series
    from lolpop.problem import ForecastingProblem

    Floats = NDArray[np.float64]

__all__ = ["RecordedForecasts", "backtest_rows", "forecasts_of"]

_BASELINE = "baseline_"


class RecordedForecasts(Forecaster):
    """Answers for rows with the forecasts in them, whatever has become of the model that made them.

    ``column`` holds the forecasts. ``scales`` are those of the series by key, where rows have none.
    """

    __slots__ = ("_column", "_problem", "_scales")

    def __init__(
        self,
        problem: ForecastingProblem,
        scales: Mapping[str, float] | None = None,
        column: str = "prediction",
    ) -> None:
        self._problem = problem
        self._scales = dict(scales or {})
        self._column = column

    def baseline(self, name: str) -> RecordedForecasts:
        """The forecasts of a baseline that stand beside these."""
        return RecordedForecasts(self._problem, self._scales, f"{_BASELINE}{name}")

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that it reads."""
        return (*self._problem.place, self._column)

    @property
    def classes(self) -> tuple[Any, ...]:
        """None: it tells no classes apart."""
        return ()

    def predict(self, frame: Frame) -> Predictions:
        """Read the forecasts in ``frame``; intervals are those of the model, and no baseline has one."""
        rows = wrap(frame)
        bounds = "lower", "upper"
        known = self._column == "prediction" and all(name in rows.columns for name in bounds)
        lower, upper = (to_floats(rows.get_column(name)) if known else None for name in bounds)
        return Predictions(to_floats(rows.get_column(self._column)), lower=lower, upper=upper)

    def scales(self, frame: Frame) -> Floats:
        """What stands in the column ``scale``, or is known of each row's series."""
        import numpy as np

        rows = wrap(frame)
        if "scale" in rows.columns:
            return to_floats(rows.get_column("scale"))
        keys, codes = series_of(frame, self._problem)
        found: Floats = np.array([self._scales.get(key, np.nan) for key in keys])[codes]
        return found

    def paths(self, frame: Frame) -> Any:
        """The number of each row's series and origin."""
        import numpy as np

        rows = wrap(frame)
        _, codes = series_of(frame, self._problem)
        if "origin" not in rows.columns:
            return codes
        origins = np.unique(
            to_strings(rows.get_column("origin")).to_numpy(dtype=object), return_inverse=True
        )[1]
        return codes * (origins.max(initial=0) + 1) + origins

    def come_after(self, frame: Frame) -> NDArray[np.bool_]:
        """All: they were forecast."""
        import numpy as np

        return np.ones(len(wrap(frame)), dtype=np.bool_)

    def baselines(self, frame: Frame) -> Mapping[str, Floats]:
        """What stands in the columns of baselines."""
        rows = wrap(frame)
        names = [name for name in rows.columns if name.startswith(_BASELINE)]
        return {name.removeprefix(_BASELINE): to_floats(rows.get_column(name)) for name in names}


def forecasts_of(model: FittedModel) -> Forecaster:
    """``model``, if it forecasts. Raises TrainingError otherwise."""
    if not isinstance(model, Forecaster):
        raise TrainingError(
            f"A {type(model).__name__} forecasts no series, or does not say how they are measured: "
            "use a trainer that is for forecasting."
        )
    return model


def backtest_rows(fitted: Sequence[tuple[FittedModel, Frame, Series]], problem: ForecastingProblem) -> Frame:
    """What each of several models has forecast for rows that it had not seen, and what was true of them.

    Each is given with its rows and the values of their target. The result has, of all of them, series and
    time, the target, ``prediction``, ``lower`` and ``upper``, the ``origin`` from which it was forecast,
    the ``scale`` of the series, and the forecast of each baseline.
    """
    import narwhals as nw

    parts = []
    for model, frame, target in fitted:
        if not isinstance(model, ForecastModel):
            raise TrainingError(f"A {type(model).__name__} forecasts no series: use a trainer that does.")
        rows = wrap(frame)
        said = model.predict(frame)
        grid, histories = model.learned.grid, model.learned.histories
        keys, codes = series_of(frame, problem)
        ends = {key: grid.text(histories[key].end) for key in keys}
        values: dict[str, Any] = {
            problem.target: to_floats(wrap_series(target)),
            "prediction": said.labels,
            "lower": said.lower,
            "upper": said.upper,
            "origin": [ends[keys[code]] for code in codes],
            "scale": model.scales(frame),
            **{f"{_BASELINE}{name}": each for name, each in model.baselines(frame).items()},
        }
        columns = [nw.new_series(name, each, backend=rows.implementation) for name, each in values.items()]
        # Starting from the place keeps its dtypes, and the index of rows out of it.
        place = [
            nw.new_series(
                name, rows.get_column(name).to_list(), rows.schema[name], backend=rows.implementation
            )
            for name in problem.place
        ]
        parts.append(place[0].to_frame().with_columns(*place[1:], *columns))
    found: Frame = nw.concat(parts).to_native()
    return found
