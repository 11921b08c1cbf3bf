"""Splits in time: the last rows are the test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import PositiveInt

from lolpop.components._bounds import require_positive
from lolpop.components.data_splitter import BacktestSplitter, Splits
from lolpop.data.frames import count, require_columns, to_floats, wrap
from lolpop.data.grids import Grid
from lolpop.data.timelines import place_of
from lolpop.errors import DataError
from lolpop.problem import ForecastingProblem

if TYPE_CHECKING:
    import narwhals as nw
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.data.frames import Frame

__all__ = ["HorizonDataSplitter"]

# Training series have at least this length.
_FEWEST_STEPS = 2


class HorizonDataSplitter(BacktestSplitter):
    """The last horizon of each series is the test, everything before it is for training.

    Earlier splits, for backtests and searches, end a few steps before each other. A series that is too short
    for both is only used for training.

    Parameters
    ----------
    origins : int
        How many splits a backtest has, that of the test included; a model is fitted for each.
    step : int, optional
        Steps from one split to the next; by default the horizon, so that no row is forecast twice.
    """

    def __init__(
        self, origins: PositiveInt = 3, step: PositiveInt | None = None, *, problem: ForecastingProblem
    ) -> None:
        require_positive({"origins": origins, "step": step})
        self._origins = origins
        self._step = step or problem.horizon
        self._problem = problem

    def split(self, frame: Frame) -> Splits:
        """The last horizon of each series, and what comes before it.

        Raises DataError if there is no target, or no series is longer than the horizon.
        """
        return self._splits(frame, 1)[-1]

    def backtest(self, frame: Frame) -> Sequence[Splits]:
        """As many splits as ``origins`` says, the earliest first, as far as the rows reach back.

        The last is that of ``split``. Raises DataError where that does.
        """
        return self._splits(frame, self._origins)

    def _splits(self, frame: Frame, origins: int) -> list[Splits]:
        import numpy as np

        problem, rows = self._problem, wrap(frame)
        require_columns(rows.columns, [problem.target], what="target column")
        labelled = _taken(rows, ~np.isnan(to_floats(rows.get_column(problem.target))))
        if labelled.is_empty():
            raise DataError(f"The target {problem.target!r} has no values.")
        times = labelled.get_column(problem.time).to_native()
        grid = Grid.of(times, problem.frequency, problem.dates.get(problem.time))
        _, codes, positions = place_of(labelled.to_native(), problem, grid)
        last, first = _ends(codes, positions, np.maximum), _ends(codes, positions, np.minimum)
        checks = []
        for origin in reversed(range(origins)):
            ends = last - origin * self._step
            # Each series is tested where enough of it is left to learn from.
            tested = ends - problem.horizon - first + 1 >= _FEWEST_STEPS
            if not tested.any():
                continue
            after = np.where(tested, ends - problem.horizon, ends)[codes]
            learned, test = positions <= after, (positions > after) & (positions <= ends[codes])
            if not test.any():
                continue  # gaps are longer than the horizon
            checks.append(Splits(_taken(labelled, learned).to_native(), _taken(labelled, test).to_native()))
        if not checks:
            longest = int((last - first).max()) + 1
            raise DataError(
                f"The longest history has {count(longest, 'step')}, too few to train on and to test the "
                f"horizon of {problem.horizon} on. Add rows, or set problem.horizon to "
                f"{max(1, longest // 3)} or less."
            )
        return checks


def _ends(codes: Any, positions: NDArray[np.int64], of: Any) -> Any:
    import numpy as np

    order = np.argsort(codes, kind="stable")
    return of.reduceat(positions[order], np.searchsorted(codes[order], np.arange(int(codes.max()) + 1)))


def _taken(rows: nw.DataFrame[Any], chosen: NDArray[np.bool_]) -> nw.DataFrame[Any]:
    # narwhals takes an empty list for no condition at all.
    return rows.filter(chosen.tolist()) if len(rows) else rows
