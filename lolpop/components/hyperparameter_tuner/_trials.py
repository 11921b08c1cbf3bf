"""Running the trials of one search."""

from __future__ import annotations

import contextvars
import math
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field

from lolpop.components.hyperparameter_tuner import Objective, Search, Trial
from lolpop.data.frames import count
from lolpop.errors import DataError, LolpopError, TrainingError

if TYPE_CHECKING:
    from lolpop.components.model_trainer import ModelTrainer, Params, SearchSpace


Direction: TypeAlias = Literal["maximize", "minimize"]

Share = Annotated[float, Field(gt=0, lt=1)]

Chosen: TypeAlias = "tuple[ModelTrainer, Params]"

_FEWEST_BEFORE = 5
"""Trials that a share of the rows was tried in, before a median of them says anything."""


@dataclass(frozen=True, slots=True)
class CompletedTrial:
    """A trial, and its scores on the shares of rows where it might have been given up, in their order."""

    trial: Trial
    early: tuple[tuple[float, float], ...] = ()
    failure: LolpopError | None = None


@dataclass(slots=True)
class Trials:
    """Makes the trials of one search, up to ``n_jobs`` at once, and knows those that were made.

    Which one is chosen next, and whether one is given up, depends on the trials chosen ``n_jobs`` and more
    before it, never on which of those at work happens to end first: the same scores lead to the same trials.
    """

    objective: Objective
    direction: Direction
    timeout: float | None
    n_jobs: int
    prune_at: tuple[float, ...]
    _completed: list[CompletedTrial] = field(default_factory=list)

    def make(self, choices: Iterator[Chosen]) -> Iterator[CompletedTrial]:
        """Make the trials that are chosen, and give them in that order.

        A trial whose objective raises DataError or TrainingError, or gives NaN, has failed. Any other
        exception is raised once those that run have ended; on Ctrl-C nobody waits for them.
        """
        deadline = math.inf if self.timeout is None else time.monotonic() + self.timeout
        waiting: deque[Callable[[], CompletedTrial]] = deque()
        with _threads(self.n_jobs) as begin:
            while True:
                while len(waiting) < self.n_jobs and (self._is_first(waiting) or time.monotonic() < deadline):
                    if (chosen := next(choices, None)) is None:
                        break
                    waiting.append(begin(partial(self._outcome, chosen, self._limits())))
                if not waiting:
                    return
                self._completed.append(completed := waiting.popleft()())
                yield completed

    def search(self) -> Search:
        """All of them, and the best; of equals, the first. Raises TrainingError if none has a score."""
        trials = tuple(completed.trial for completed in self._completed)
        scored = [(trial.score, trial) for trial in trials if trial.score is not None and trial.share == 1]
        if not scored:
            reasons = [completed.failure for completed in self._completed if completed.failure is not None]
            reason = f"the last with: {reasons[-1]}" if reasons else "no score was a number"
            raise TrainingError(f"All of {count(len(trials), 'trial')} failed, {reason}") from (
                reasons[-1] if reasons else None
            )
        choose = max if self.direction == "maximize" else min
        return Search(choose(scored, key=lambda trial: trial[0])[1], trials)

    def _is_first(self, waiting: deque[Callable[[], CompletedTrial]]) -> bool:
        return not self._completed and not waiting

    def _limits(self) -> dict[float, float]:
        """By share, the score that a trial has to reach: the median of those before it."""
        limits = {}
        for share in self.prune_at:
            scores = [score for completed in self._completed for at, score in completed.early if at == share]
            if len(scores) >= _FEWEST_BEFORE:
                limits[share] = statistics.median(scores)
        return limits

    def _outcome(self, chosen: Chosen, limits: dict[float, float]) -> CompletedTrial:
        trainer, params = chosen
        early: list[tuple[float, float]] = []
        try:
            for share in self.prune_at:
                score = float(self.objective(trainer, params, share))
                if math.isnan(score):
                    break  # nothing can be said of so few rows
                early.append((share, score))
                if share in limits and self._is_worse(score, limits[share]):
                    return CompletedTrial(Trial(trainer, params, score, share), tuple(early))
            score = float(self.objective(trainer, params))
        except (DataError, TrainingError) as error:
            return CompletedTrial(Trial(trainer, params, None), tuple(early), error)
        return CompletedTrial(Trial(trainer, params, None if math.isnan(score) else score), tuple(early))

    def _is_worse(self, score: float, limit: float) -> bool:
        return score < limit if self.direction == "maximize" else score > limit


def require_sense(timeout: float | None, n_jobs: int, prune_at: Sequence[float]) -> None:
    """Raise ValueError, with the value, for settings of a search that make no sense."""
    if timeout is not None and not timeout > 0:
        raise ValueError(f"timeout must be a positive number of seconds, but got {timeout}.")
    if n_jobs < 1:
        raise ValueError(f"n_jobs must be at least 1, but got {n_jobs}.")
    if not all(0 < share < 1 for share in prune_at) or not is_growing(prune_at):
        raise ValueError(f"prune_at must be growing shares between 0 and 1, but got {list(prune_at)}.")


def is_growing(shares: Sequence[float]) -> bool:
    """Whether each of ``shares`` is greater than the one before it."""
    return list(shares) == sorted(set(shares))


def require_something_to_search(spaces: Sequence[tuple[ModelTrainer, SearchSpace]]) -> None:
    """Raise DataError unless there are trainers, and of one at least a parameter to search."""
    if not spaces:
        raise DataError("The search has no trainers.")
    if not any(space for _, space in spaces):
        names = ", ".join(type(trainer).__name__ for trainer, _ in spaces)
        raise DataError(
            f"No parameter of {names} has a search space. Set n_trials to 0, or use a trainer that has one."
        )


@contextmanager
def _threads(number: int) -> Iterator[Callable[[Callable[[], CompletedTrial]], Callable[[], CompletedTrial]]]:
    """Give what begins work, and returns what waits for its result; one at a time is no matter of threads."""
    if number == 1:
        yield lambda work: work
        return
    pool = ThreadPoolExecutor(number, thread_name_prefix="trial")
    try:
        # Threads know the current run and task by their context only.
        yield lambda work: pool.submit(contextvars.copy_context().run, work).result
    except Exception:
        pool.shutdown(cancel_futures=True)
        raise
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
