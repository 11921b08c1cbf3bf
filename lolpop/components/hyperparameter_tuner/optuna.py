"""Searching with Optuna."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from lolpop.components.hyperparameter_tuner import HyperparameterTuner, Objective, Search
from lolpop.components.hyperparameter_tuner._trials import Direction, Trials, require_something_to_search
from lolpop.components.model_trainer import Choice, Float, Int
from lolpop.errors import DataError, TrainingError

if TYPE_CHECKING:
    import optuna

    from lolpop.components.model_trainer import ModelTrainer, SearchSpace

__all__ = ["OptunaHyperparameterTuner"]

# Optuna has one log level for the whole process: whoever changes it for a moment does so alone.
_LOG_LEVEL = threading.Lock()


class OptunaHyperparameterTuner(HyperparameterTuner):
    """Searches with Optuna's tree-structured Parzen estimator; off until ``n_trials`` is set.

    One study, in memory, searches over all trainers and their parameters together, so that promising
    trainers get more of the trials. The first trial of each trainer begins where its own parameters are,
    as far as it says them. The same seed, ``n_jobs`` and scores give the same trials.

    Parameters
    ----------
    n_trials : int
        Number of trials; 0 searches nothing.
    timeout : float or None
        Seconds after which no further trial begins; at least one is made.
    n_jobs : int
        Trials made at once, in threads: so many are chosen together, and the next when all of them have
        ended. It is worth it for libraries that let other threads run, with one thread each.
    """

    def __init__(
        self,
        n_trials: NonNegativeInt = 0,
        timeout: PositiveFloat | None = None,
        n_jobs: PositiveInt = 1,
        *,
        seed: int = 0,
    ) -> None:
        if n_trials < 0:
            raise ValueError(f"n_trials must not be negative, but got {n_trials}.")
        if timeout is not None and not timeout > 0:
            raise ValueError(f"timeout must be a positive number of seconds, but got {timeout}.")
        if n_jobs < 1:
            raise ValueError(f"n_jobs must be at least 1, but got {n_jobs}.")
        self._n_trials = n_trials
        self._timeout = timeout
        self._n_jobs = n_jobs
        self._seed = seed

    @property
    def enabled(self) -> bool:
        """Whether there are trials to make."""
        return self._n_trials > 0

    def search(
        self,
        objective: Objective,
        spaces: Sequence[tuple[ModelTrainer, SearchSpace]],
        direction: Direction = "maximize",
    ) -> Search:
        """Call ``objective`` back for each trial and return the trials, the best of them first found.

        A trial whose objective raises a LolpopError, or gives NaN, has failed: it has no score, and the
        search goes on. Any other exception ends the search. Raises DataError if there is nothing to
        search, and TrainingError if a search space is none or every trial failed.
        """
        import optuna

        if not self.enabled:
            raise DataError("The search has no trials to make. Set n_trials to more than 0.")
        require_something_to_search(spaces)
        study = self._new_study(direction)
        for at, (trainer, space) in enumerate(spaces):
            if start := _start(trainer, space):
                study.enqueue_trial({"trainer": at, **{f"{at}.{name}": start[name] for name in start}})
        trials = Trials(objective, self._timeout, self._n_jobs)
        while len(trials) < self._n_trials and trials.may_begin:
            asked = [study.ask() for _ in range(min(self._n_jobs, self._n_trials - len(trials)))]
            made = trials.make([_suggest(each, spaces) for each in asked])
            for each, trial in zip(asked, made, strict=True):
                if trial.score is None:
                    study.tell(each, state=optuna.trial.TrialState.FAIL)
                else:
                    study.tell(each, trial.score)
        return trials.search(direction)

    def _new_study(self, direction: Direction) -> optuna.Study:
        import optuna

        sampler = optuna.samplers.TPESampler(seed=self._seed % 2**32)  # numpy takes no other seeds
        with _quiet():
            return optuna.create_study(direction=direction, sampler=sampler)


@contextmanager
def _quiet() -> Iterator[None]:
    import optuna

    with _LOG_LEVEL:
        level = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(max(level, optuna.logging.WARNING))
        try:
            yield
        finally:
            optuna.logging.set_verbosity(level)


def _suggest(
    trial: optuna.Trial, spaces: Sequence[tuple[ModelTrainer, SearchSpace]]
) -> tuple[ModelTrainer, Mapping[str, Any]]:
    chosen = trial.suggest_categorical("trainer", range(len(spaces))) if len(spaces) > 1 else 0
    trainer, space = spaces[chosen]
    # Trainers may name different parameters alike: to the study they are told apart by a prefix.
    return trainer, {
        name: _value(trial, f"{chosen}.{name}", among, f"{name!r} of {type(trainer).__name__}")
        for name, among in space.items()
    }


def _value(trial: optuna.Trial, name: str, among: Int | Float | Choice, what: str) -> Any:
    try:
        if isinstance(among, Choice):
            return trial.suggest_categorical(name, among.values)
        if isinstance(among, Int):
            return trial.suggest_int(name, among.low, among.high, log=among.log)
        return trial.suggest_float(name, among.low, among.high, log=among.log)
    except ValueError as error:
        raise TrainingError(f"The search space of {what} cannot be searched: {among}. {error}") from error


def _start(trainer: ModelTrainer, space: SearchSpace) -> Mapping[str, Any]:
    """The trainer's own parameters, as far as they are searched, each moved into its space."""
    start: dict[str, Any] = {}
    for name, value in trainer.params().items():
        among = space.get(name)
        if isinstance(among, Choice):
            if value in among.values:
                start[name] = value
        elif among is not None and isinstance(value, int | float):
            start[name] = min(max(value, among.low), among.high)
    return start
