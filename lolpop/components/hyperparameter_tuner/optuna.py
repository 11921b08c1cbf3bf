"""Searching with Optuna."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import NonNegativeInt, PositiveFloat

from lolpop.components.hyperparameter_tuner import HyperparameterTuner, Objective, Search, Trial
from lolpop.components.model_trainer import Choice, Float, Int
from lolpop.errors import DataError, LolpopError, TrainingError
from lolpop.frames import count

if TYPE_CHECKING:
    import optuna

    from lolpop.components.model_trainer import ModelTrainer, SearchSpace

__all__ = ["OptunaHyperparameterTuner"]

Direction: TypeAlias = Literal["maximize", "minimize"]

# Optuna has one log level for the whole process: whoever changes it for a moment does so alone.
_LOG_LEVEL = threading.Lock()


class OptunaHyperparameterTuner(HyperparameterTuner):
    """Searches with Optuna's tree-structured Parzen estimator; off until ``n_trials`` is set.

    One study, in memory, searches over all trainers and their parameters together, so that promising
    trainers get more of the trials. The same seed and scores give the same trials.

    Parameters
    ----------
    n_trials : int
        Number of trials; 0 searches nothing.
    timeout : float or None
        Seconds after which no further trial begins; at least one is made.
    """

    def __init__(
        self,
        n_trials: NonNegativeInt = 0,
        timeout: PositiveFloat | None = None,
        *,
        seed: int = 0,
    ) -> None:
        if n_trials < 0:
            raise ValueError(f"n_trials must not be negative, but got {n_trials}.")
        if timeout is not None and not timeout > 0:
            raise ValueError(f"timeout must be a positive number of seconds, but got {timeout}.")
        self._n_trials = n_trials
        self._timeout = timeout
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

        self._require_something_to_search(spaces)
        study = _new_study(direction, self._seed)
        trials: list[Trial] = []
        failure: LolpopError | None = None
        deadline = math.inf if self._timeout is None else time.monotonic() + self._timeout
        while len(trials) < self._n_trials and not (trials and time.monotonic() >= deadline):
            asked = study.ask()
            trainer, params = _suggest(asked, spaces)
            try:
                score = float(objective(trainer, params))
            except LolpopError as error:
                failure, score = error, math.nan
            if math.isnan(score):
                study.tell(asked, state=optuna.trial.TrialState.FAIL)
            else:
                study.tell(asked, score)
            trials.append(Trial(trainer, params, None if math.isnan(score) else score))
        return Search(_best(trials, direction, failure), tuple(trials))

    def _require_something_to_search(self, spaces: Sequence[tuple[ModelTrainer, SearchSpace]]) -> None:
        if not self.enabled:
            raise DataError("The search has no trials to make. Set n_trials to more than 0.")
        if not spaces:
            raise DataError("There is nothing to search: no trainer was given.")
        if not any(space for _, space in spaces):
            names = ", ".join(type(trainer).__name__ for trainer, _ in spaces)
            raise DataError(
                f"There is nothing to search: no parameter of {names} has a search space. Set n_trials to 0, "
                "or use a trainer that has one."
            )


def _new_study(direction: Direction, seed: int) -> optuna.Study:
    import optuna

    sampler = optuna.samplers.TPESampler(seed=seed % 2**32)  # numpy takes no other seeds
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


def _best(trials: Sequence[Trial], direction: Direction, failure: LolpopError | None) -> Trial:
    scored = [(trial.score, trial) for trial in trials if trial.score is not None]
    if not scored:
        reason = "no score was a number" if failure is None else f"the last with: {failure}"
        raise TrainingError(f"All of {count(len(trials), 'trial')} failed, {reason}") from failure
    choose = max if direction == "maximize" else min
    return choose(scored, key=lambda each: each[0])[1]
