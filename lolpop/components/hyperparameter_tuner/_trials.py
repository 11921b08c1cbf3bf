"""Making the trials of one search, whatever has chosen them."""

from __future__ import annotations

import contextvars
import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal, TypeAlias

from lolpop.components.hyperparameter_tuner import Objective, Search, Trial
from lolpop.errors import DataError, LolpopError, TrainingError
from lolpop.frames import count

if TYPE_CHECKING:
    from lolpop.components.model_trainer import ModelTrainer, Params, SearchSpace

__all__ = ["Direction", "Trials", "require_something_to_search"]

Direction: TypeAlias = Literal["maximize", "minimize"]


class Trials:
    """The trials of one search that were made so far, and the time that is left for more."""

    def __init__(self, objective: Objective, timeout: float | None, n_jobs: int) -> None:
        self._objective = objective
        self._deadline = math.inf if timeout is None else time.monotonic() + timeout
        self._n_jobs = n_jobs
        self._trials: list[Trial] = []
        self._failure: LolpopError | None = None

    def __len__(self) -> int:
        return len(self._trials)

    @property
    def may_begin(self) -> bool:
        """Whether there is time for another; for one there always is."""
        return not self._trials or time.monotonic() < self._deadline

    def make(self, chosen: Sequence[tuple[ModelTrainer, Params]]) -> list[Trial]:
        """Make the trials that were chosen, side by side, and give them in the order they were chosen.

        One whose objective raises a LolpopError, or gives NaN, has failed; any other exception is raised
        once those that run have ended.
        """
        if self._n_jobs == 1 or len(chosen) == 1:
            outcomes = [self._outcome(trainer, params) for trainer, params in chosen]
        else:
            with ThreadPoolExecutor(self._n_jobs, thread_name_prefix="trial") as pool:
                # Threads know the current run and task by their context only.
                ended = [
                    pool.submit(contextvars.copy_context().run, self._outcome, trainer, params)
                    for trainer, params in chosen
                ]
                outcomes = [each.result() for each in ended]
        for _, failure in outcomes:
            self._failure = failure or self._failure
        made = [
            Trial(trainer, params, score)
            for (trainer, params), (score, _) in zip(chosen, outcomes, strict=True)
        ]
        self._trials += made
        return made

    def search(self, direction: Direction) -> Search:
        """All of them, and the best; of equals, the first. Raises TrainingError if every one has failed."""
        scored = [(trial.score, trial) for trial in self._trials if trial.score is not None]
        if not scored:
            reason = "no score was a number" if self._failure is None else f"the last with: {self._failure}"
            raise TrainingError(f"All of {count(len(self), 'trial')} failed, {reason}") from self._failure
        choose = max if direction == "maximize" else min
        return Search(choose(scored, key=lambda each: each[0])[1], tuple(self._trials))

    def _outcome(self, trainer: ModelTrainer, params: Params) -> tuple[float | None, LolpopError | None]:
        try:
            score = float(self._objective(trainer, params))
        except LolpopError as error:
            return None, error
        return (None if math.isnan(score) else score), None


def require_something_to_search(spaces: Sequence[tuple[ModelTrainer, SearchSpace]]) -> None:
    """Raise DataError unless there are trainers, and of one at least a parameter to search."""
    if not spaces:
        raise DataError("There is nothing to search: no trainer was given.")
    if not any(space for _, space in spaces):
        names = ", ".join(type(trainer).__name__ for trainer, _ in spaces)
        raise DataError(
            f"There is nothing to search: no parameter of {names} has a search space. Set n_trials to 0, "
            "or use a trainer that has one."
        )
