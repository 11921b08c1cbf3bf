"""Searching with Optuna."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from lolpop.components.hyperparameter_tuner import HyperparameterTuner, Objective, Search
from lolpop.components.hyperparameter_tuner._trials import (
    CompletedTrial,
    Direction,
    Share,
    Trials,
    is_growing,
    require_sense,
    require_something_to_search,
)
from lolpop.components.model_trainer import Choice, Float, Int
from lolpop.errors import DataError, Finding, TrainingError

if TYPE_CHECKING:
    import optuna

    from lolpop.components.model_trainer import ModelTrainer, Params, SearchSpace

__all__ = ["OptunaHyperparameterTuner"]

# Optuna has one log level for the whole process: whoever changes it for a moment does so alone.
_LOG_LEVEL = threading.Lock()

_OF_A_SEARCH: Mapping[str, tuple[Any, ...]] = {
    "timeout": (None,),
    "prune_at": (None, [], ()),
    "n_jobs": (None, 1),
}
"""Settings that say how to search, with what they are where nobody does."""


class OptunaHyperparameterTuner(HyperparameterTuner):
    """Searches with Optuna's tree-structured Parzen estimator; off until ``n_trials`` is set.

    One study searches over all trainers and their parameters together, so that promising trainers get more of
    the trials. The first trial of each trainer has the trainer's own parameters. The same seed, ``n_jobs``
    and scores give the same trials.

    Parameters
    ----------
    n_trials : int
        Number of trials; 0 searches nothing.
    timeout : float or None
        Seconds after which no further trial begins; at least one is made.
    n_jobs : int
        Trials made at once. Each is chosen by the results of all earlier trials but the last ``n_jobs - 1``.
    prune_at : tuple of float
        Growing shares of the rows to learn from, such as ``[0.1, 0.3]``: a trial is fitted on each of them
        first, and pruned if its score is worse than the median of those before it.
    """

    def __init__(
        self,
        n_trials: NonNegativeInt = 0,
        timeout: PositiveFloat | None = None,
        n_jobs: PositiveInt = 1,
        prune_at: tuple[Share, ...] = (),
        *,
        seed: int = 0,
    ) -> None:
        if n_trials < 0:
            raise ValueError(f"n_trials must not be negative, but got {n_trials}.")
        require_sense(timeout, n_jobs, prune_at)
        self._n_trials = n_trials
        self._timeout = timeout
        self._n_jobs = n_jobs
        self._prune_at = tuple(prune_at)
        self._seed = seed

    @classmethod
    def check_settings(cls, settings: Mapping[str, Any]) -> Iterable[Finding]:
        """Find settings of a search that is off, and shares to prune at that do not grow."""
        if not is_growing(shares := settings.get("prune_at") or ()):
            yield Finding(
                "prune_at",
                f"should be growing shares of the rows (got {list(shares)})",
                hint="Each is tried before the next greater one: prune_at: [0.1, 0.3].",
            )
        searches = any(settings.get(name) not in unset for name, unset in _OF_A_SEARCH.items())
        if searches and not settings.get("n_trials"):
            yield Finding(
                "n_trials",
                "the search has settings but no trials",
                severity="warning",
                hint="Set n_trials to the number of trials.",
            )

    @property
    def enabled(self) -> bool:
        """Whether there are trials to make."""
        return self._n_trials > 0

    @property
    def n_jobs(self) -> int:
        """From how many threads at once ``search`` calls its objective."""
        return self._n_jobs

    def planned(self, spaces: Sequence[tuple[ModelTrainer, SearchSpace]]) -> int | None:  # noqa: ARG002  (whatever they are)
        """As many trials as ``n_trials`` says."""
        return self._n_trials

    def search(
        self,
        objective: Objective,
        spaces: Sequence[tuple[ModelTrainer, SearchSpace]],
        direction: Direction = "maximize",
    ) -> Search:
        """Call ``objective`` back for each trial and return the trials, the best of them first found.

        A trial whose objective raises DataError or TrainingError, or gives NaN, has failed: it has no score,
        and the search goes on. Any other exception ends the search. Raises DataError if there is nothing to
        search, and TrainingError if a search space is none or every trial failed.
        """
        if not self.enabled:
            raise DataError("The search has no trials. Set n_trials to more than 0.")
        require_something_to_search(spaces)
        study = self._new_study(direction)
        for at, (trainer, space) in enumerate(spaces):
            if start := _start(trainer, space):
                study.enqueue_trial({"trainer": at, **{f"{at}.{name}": start[name] for name in start}})
        open_trials: deque[optuna.Trial] = deque()

        def choices() -> Iterator[tuple[ModelTrainer, Params]]:
            for _ in range(self._n_trials):
                open_trials.append(study.ask())
                yield _suggest(open_trials[-1], spaces)

        trials = Trials(objective, direction, self._timeout, self._n_jobs, self._prune_at)
        for completed in trials.make(choices()):
            _report_trial(study, open_trials.popleft(), completed)
        return trials.search()

    def _new_study(self, direction: Direction) -> optuna.Study:
        import optuna

        sampler = optuna.samplers.TPESampler(
            seed=self._seed % 2**32,  # numpy takes no other seeds
            constant_liar=self._n_jobs > 1,  # what is being tried is not tried beside it
        )
        with _quiet():
            return optuna.create_study(direction=direction, sampler=sampler)


def _report_trial(study: optuna.Study, trial_of_study: optuna.Trial, completed: CompletedTrial) -> None:
    from optuna.trial import TrialState

    for step, (_, score) in enumerate(completed.early):
        trial_of_study.report(score, step)
    trial = completed.trial
    if trial.score is None:
        study.tell(trial_of_study, state=TrialState.FAIL)
    elif trial.share < 1:
        study.tell(trial_of_study, state=TrialState.PRUNED)
    else:
        study.tell(trial_of_study, trial.score)


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
    """Where the trainer would begin, as far as that is searched, each value moved into its space."""
    start: dict[str, Any] = {}
    for name, value in trainer.search_start().items():
        among = space.get(name)
        if isinstance(among, Choice):
            if value in among.values:
                start[name] = value
        elif among is not None and isinstance(value, int | float):
            start[name] = min(max(value, among.low), among.high)
    return start
