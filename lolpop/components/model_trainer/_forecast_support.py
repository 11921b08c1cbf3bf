"""Forecasting by lags for trainers of rows; its modules are imported only for forecasts."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

from lolpop.components.model_trainer.forecasting.recipes import LAGS_FILE
from lolpop.components.model_trainer.tabular import TabularModel
from lolpop.problem import ForecastingProblem

if TYPE_CHECKING:
    from lolpop.components.model_trainer import FittedModel, SearchSpace
    from lolpop.problem import Problem


_MOST_SEARCHED = 3


def worth_searching(space: SearchSpace, problem: Problem) -> SearchSpace:
    """The part of ``space``, most important parameters first, that is worth searching for ``problem``.

    A trial of forecasts fits a dozen models on few rows, so only the first parameters are searched.
    """
    if not isinstance(problem, ForecastingProblem):
        return space
    return dict(itertools.islice(space.items(), _MOST_SEARCHED))


def rows_of(model: FittedModel, folder: Path) -> TabularModel:
    """The model of rows in ``model``; the rest of a model of lags is written into ``folder``.

    Raises TrainingError if no trainer of rows and columns has made it.
    """
    if isinstance(model, TabularModel):
        return model
    from lolpop.components.model_trainer.forecasting import lags as _lags

    return _lags.rows_of(model, folder)


def restored(rows: TabularModel, folder: Path) -> FittedModel:
    """The model that ``rows_of`` has taken apart. Raises StoreError if a part is damaged."""
    if not (folder / LAGS_FILE).exists():
        return rows
    from lolpop.components.model_trainer.forecasting import lags as _lags

    return _lags.restored(rows, folder)
