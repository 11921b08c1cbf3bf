"""Searching for the best trainer and parameters."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.components.model_trainer import ModelTrainer, Params, SearchSpace

__all__ = ["HyperparameterTuner", "Objective", "Search", "Trial"]


class Objective(Protocol):
    """The objective of a search: the score of a trainer with parameters.

    ``share`` is the share of the rows to fit on, by default all of them. Only a search with pruning passes
    less; others may be given a function of two arguments.
    """

    def __call__(self, trainer: ModelTrainer, params: Params, share: float = 1.0, /) -> float:
        """The score. Raises DataError or TrainingError if the trial fails."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One trainer with one set of parameters, and its score.

    Parameters
    ----------
    trainer
        The trainer.
    params
        The parameters of the trial, by name.
    score
        The score; None if the trial failed.
    share
        The share of the rows that it was fitted on: less than 1 if the trial was pruned.
    """

    trainer: ModelTrainer
    params: Params
    score: float | None
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Search:
    """The result of a search.

    Parameters
    ----------
    best
        The best trial of those that were fitted on all rows.
    trials
        All trials, in the order in which they were chosen.
    """

    best: Trial
    trials: tuple[Trial, ...]


class HyperparameterTuner(Component):
    """Searches over trainers and their parameters together. It knows no resources."""

    __slots__ = ()

    @property
    @abstractmethod
    def enabled(self) -> bool:
        """Whether the settings enable a search."""

    @property
    def n_jobs(self) -> int:
        """From how many threads at once ``search`` calls its objective."""
        return 1

    def planned(self, spaces: Sequence[tuple[ModelTrainer, SearchSpace]]) -> int | None:  # noqa: ARG002  (not all can tell)
        """The greatest number of trials of ``search``, if known."""
        return None

    @abstractmethod
    def search(
        self,
        objective: Objective,
        spaces: Sequence[tuple[ModelTrainer, SearchSpace]],
        direction: Literal["maximize", "minimize"] = "maximize",
    ) -> Search:
        """Call ``objective`` back for each trial and return the trials.

        Raises TrainingError if every trial failed, and DataError if there is nothing to search.
        """
