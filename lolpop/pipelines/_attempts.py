"""The trials of a search: one trainer with some parameters at a time, fitted, evaluated and recorded."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from lolpop.data.frames import count
from lolpop.errors import DataError, TrainingError
from lolpop.pipelines._experiments import Entry, plain
from lolpop.pipelines._identity import identity

if TYPE_CHECKING:
    from lolpop.components.logger import Logger
    from lolpop.components.model_checker import Metrics, ModelChecker
    from lolpop.components.model_trainer import FittedModel, ModelTrainer, Params
    from lolpop.pipelines._experiments import Experiments
    from lolpop.resources import Experiment


@dataclass(frozen=True, slots=True)
class TrialSpec:
    """What to fit: a trainer, by its index, on a share of the rows."""

    candidate: int
    params: Params
    share: float = 1.0
    to_beat: float | None = None
    """The best score so far: the model of a worse trial is not needed."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """The result of a trial: its metrics on the validation rows, and the model if it is the best so far."""

    metrics: Metrics
    model: FittedModel | None


Fit: TypeAlias = Callable[[TrialSpec], Fitted]


@dataclass(frozen=True, slots=True)
class _Best:
    """The best trial so far whose model is in memory."""

    trial: str
    score: float
    entry: Entry


class TrialObjective:
    """The objective of a search, called from any thread.

    Fits are recorded as experiments. Trials of an earlier search with the same rows, settings and parameters
    are not fitted again: each experiment has the field ``trial``, by which they are recognised.

    Parameters
    ----------
    about : sequence
        For each trainer, the values that its scores depend on besides its parameters.
    resume : bool
        Whether scores of earlier searches are reused.
    """

    def __init__(
        self,
        trainers: Sequence[ModelTrainer],
        about: Sequence[Any],
        fit: Fit,
        experiments: Experiments,
        model_checker: ModelChecker,
        logger: Logger,
        *,
        resume: bool,
    ) -> None:
        self._trainers = trainers
        self._about = [identity(part) for part in about]
        self._fit = fit
        self._experiments = experiments
        self._checker = model_checker
        self._logger = logger
        earlier = experiments.earlier("trial", model_checker.metric) if resume else ()
        self._earlier = {
            trial: (experiment, score) for trial, experiment, score in earlier if not math.isnan(score)
        }
        self._taken_over: dict[str, Experiment] = {}
        self._entries: dict[str, Entry] = {}
        self._lock = threading.Lock()
        self._best: _Best | None = None

    def __call__(self, trainer: ModelTrainer, params: Params, share: float = 1.0, /) -> float:
        """The score of ``trainer`` on rows that it was not fitted on. Raises TrainingError if it has none."""
        candidate = self._place_of(trainer)
        trial = self._identity(candidate, params, share)
        if (earlier := self._earlier.get(trial)) is not None:
            with self._lock:
                self._taken_over[trial], score = earlier
            return score
        best = self._best
        entry, score = self._make(
            trial, TrialSpec(candidate, params, share, None if best is None else best.score)
        )
        if entry is not None:
            with self._lock:
                if self._best is None or is_better(self._checker, score, self._best.score):
                    self._best = _Best(trial, score, entry)
        return score

    def ranked(self, trainers: Sequence[ModelTrainer]) -> list[tuple[float, ModelTrainer]]:
        """``trainers`` with their own settings and their scores, the best first, without those that
        failed.
        """
        scores = []
        for trainer in trainers:
            with suppress(DataError, TrainingError):  # the reason is in the log
                scores.append((self(trainer, {}), trainer))
        return sorted(scores, key=lambda scored: scored[0], reverse=self._checker.greater_is_better)

    def keep(self, trainer: ModelTrainer, params: Params) -> float:
        """The score of ``trainer`` with ``params``, whose model stays in memory even if others are better.

        Raises TrainingError if it has none.
        """
        candidate = self._place_of(trainer)
        trial = self._identity(candidate, params, 1.0)
        entry, score = self._make(trial, TrialSpec(candidate, params))
        if entry is not None:
            self._entries[trial] = entry
        return score

    def winner(self, trainer: ModelTrainer, params: Params) -> Entry:
        """The result of ``trainer`` with ``params``. It is fitted again if its model is not in memory.

        So is a trial of an earlier search, or one of several that are equally good.
        """
        candidate = self._place_of(trainer)
        trial = self._identity(candidate, params, 1.0)
        if self._best is not None and self._best.trial == trial:
            entry = self._best.entry
        elif trial in self._entries:
            entry = self._entries[trial]
        else:
            refitted, _ = self._make(trial, TrialSpec(candidate, params))
            if refitted is None:
                raise TrainingError(f"{type(trainer).__name__} cannot be evaluated when it is fitted again.")
            entry = refitted
        if self._taken_over:
            self._experiments.build_on(list(self._taken_over.values()))
            number_of_trials = count(len(self._taken_over), "trial")
            self._logger.log(f"{number_of_trials} reused from an earlier search")
        return entry

    def _make(self, trial: str, attempt: TrialSpec) -> tuple[Entry | None, float]:
        trainer = self._trainers[attempt.candidate]
        params = plain(attempt.params)
        try:
            fitted = self._fit(attempt)
        except (DataError, TrainingError) as error:
            message = f"A trial of {type(trainer).__name__} failed: {error}"
            self._logger.log(message, "warning", params=params)
            raise
        share = {} if attempt.share == 1 else {"share": attempt.share}
        fields = {"trial": trial, **share}
        experiment = self._experiments.record(attempt.candidate, attempt.params, fields, fitted.metrics)
        metric = self._checker.metric
        score = fitted.metrics[metric]
        shown: dict[str, object] = {"metric": metric, "score": score, **share}
        self._logger.log(f"{experiment} judged", "info", **shown)
        if math.isnan(score):
            raise TrainingError(f"{experiment} cannot be evaluated: its {metric} is not a number.")
        entry = None if fitted.model is None else Entry(experiment, trainer, fitted.model)
        return entry, score

    def _identity(self, candidate: int, params: Params, share: float) -> str:
        return identity(self._about[candidate], plain(params), share)

    def _place_of(self, trainer: ModelTrainer) -> int:
        return next(at for at, trainer_of_place in enumerate(self._trainers) if trainer_of_place is trainer)


def is_better(checker: ModelChecker, score: float, other: float | None) -> bool:
    """Whether ``score`` is better than ``other``; any number is better than None."""
    if other is None:
        return not math.isnan(score)
    return score > other if checker.greater_is_better else score < other
