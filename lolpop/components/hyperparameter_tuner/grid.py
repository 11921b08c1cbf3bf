"""Trying every combination of some values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import Field, PositiveFloat, PositiveInt

from lolpop._names import one_of
from lolpop.components._bounds import require_positive
from lolpop.components.hyperparameter_tuner import HyperparameterTuner, Objective, Search
from lolpop.components.hyperparameter_tuner._trials import (
    Direction,
    Share,
    Trials,
    require_sense,
    require_something_to_search,
)
from lolpop.components.model_trainer import Choice, Float, Int, Params
from lolpop.errors import DataError

if TYPE_CHECKING:
    from lolpop.components.model_trainer import ModelTrainer, SearchSpace

__all__ = ["GridHyperparameterTuner"]

Grids: TypeAlias = "Sequence[tuple[ModelTrainer, Mapping[str, Sequence[Any]]]]"
Values = Annotated[list[Any], Field(min_length=1)]


class GridHyperparameterTuner(HyperparameterTuner):
    """Tries every combination of values, of each trainer in turn, without randomness.

    Parameters
    ----------
    points : int
        Values of each parameter: evenly from its least to its greatest, by their logarithm where the search
        space says so. Of a choice, all are tried.
    values : mapping, optional
        Values to try by name of parameter. If it is given, no other parameters are searched. A trainer
        searches those that it knows.
    max_trials : int
        A grid of more combinations is refused before the first of them.
    timeout : float or None
        Seconds after which no further trial begins; at least one is made.
    n_jobs : int
        Trials made at once.
    prune_at : tuple of float
        Growing shares of the rows to learn from, such as ``[0.1, 0.3]``: a trial is fitted on each of them
        first, and pruned if its score is worse than the median of those before it.
    """

    def __init__(
        self,
        points: PositiveInt = 3,
        values: Mapping[str, Values] | None = None,
        max_trials: PositiveInt = 1000,
        timeout: PositiveFloat | None = None,
        n_jobs: PositiveInt = 1,
        prune_at: tuple[Share, ...] = (),
    ) -> None:
        require_positive({"points": points, "max_trials": max_trials})
        require_sense(timeout, n_jobs, prune_at)
        self._points = points
        self._values = {name: tuple(choices) for name, choices in (values or {}).items()}
        self._max_trials = max_trials
        self._timeout = timeout
        self._n_jobs = n_jobs
        self._prune_at = tuple(prune_at)

    @property
    def enabled(self) -> bool:
        """Always: who asks for a grid asks for a search."""
        return True

    @property
    def n_jobs(self) -> int:
        """From how many threads at once ``search`` calls its objective."""
        return self._n_jobs

    def planned(self, spaces: Sequence[tuple[ModelTrainer, SearchSpace]]) -> int | None:
        """As many trials as there are combinations. Raises DataError if there is nothing to search."""
        return _size(self._grids(spaces))

    def search(
        self,
        objective: Objective,
        spaces: Sequence[tuple[ModelTrainer, SearchSpace]],
        direction: Direction = "maximize",
    ) -> Search:
        """Call ``objective`` back for every combination and return the trials; of equals, the first is best.

        A trial whose objective raises DataError or TrainingError, or gives NaN, has failed: it has no score,
        and the search goes on. Any other exception ends the search. Raises DataError if there is nothing to
        search or the grid is too large, and TrainingError if every trial failed.
        """
        grids = self._grids(spaces)
        if (size := _size(grids)) > self._max_trials:
            raise DataError(
                f"The grid has {size:,} combinations, more than max_trials: {self._max_trials:,}. Use fewer "
                "points, name the values to try, or use optuna."
            )
        trials = Trials(objective, direction, self._timeout, self._n_jobs, self._prune_at)
        for _ in trials.make(_combinations(grids)):
            pass  # nothing that comes of a trial changes what is tried next
        return trials.search()

    def _grids(self, spaces: Sequence[tuple[ModelTrainer, SearchSpace]]) -> Grids:
        if not self._values:
            require_something_to_search(spaces)
            return [
                (trainer, {name: _points(among, self._points) for name, among in space.items()})
                for trainer, space in spaces
            ]
        parameters = [{*space, *trainer.params()} for trainer, space in spaces]
        for name in self._values:
            if not any(name in names for names in parameters):
                raise DataError(
                    f"values.{name}: no trainer has this parameter. "
                    f"{one_of(name, sorted(set().union(*parameters)))}"
                )
        return [
            (trainer, {name: choices for name, choices in self._values.items() if name in names})
            for (trainer, _), names in zip(spaces, parameters, strict=True)
        ]


def _size(grids: Grids) -> int:
    return sum(math.prod(map(len, grid.values())) for _, grid in grids)


def _points(among: Int | Float | Choice, points: int) -> Sequence[Any]:
    if isinstance(among, Choice):
        return among.values
    shares = [0.5] if points == 1 else [at / (points - 1) for at in range(points)]
    if among.log:
        values = [among.low * (among.high / among.low) ** share for share in shares]
    else:
        values = [among.low + (among.high - among.low) * share for share in shares]
    if isinstance(among, Int):
        return list(dict.fromkeys(round(value) for value in values))
    # The product of powers need not be the bound itself.
    return list(dict.fromkeys(min(max(value, among.low), among.high) for value in values))


def _combinations(grids: Grids) -> Iterator[tuple[ModelTrainer, Params]]:
    for trainer, grid in grids:
        for values in itertools.product(*grid.values()):
            yield trainer, dict(zip(grid, values, strict=True))
