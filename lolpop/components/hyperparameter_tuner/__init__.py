"""Searching for the best trainer and parameters."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.components.model_trainer import ModelTrainer, Params, SearchSpace

__all__ = ["HyperparameterTuner", "Objective", "Search", "Trial"]

Objective: TypeAlias = "Callable[[ModelTrainer, Params], float]"


@dataclass(frozen=True, slots=True)
class Trial:
    """One trainer with one set of parameters, and its score; None if the trial failed."""

    trainer: ModelTrainer
    params: Params
    score: float | None


@dataclass(frozen=True, slots=True)
class Search:
    """All trials of a search in the order they ended, and the best of them."""

    best: Trial
    trials: tuple[Trial, ...]


class HyperparameterTuner(Component):
    """Searches over trainers and their parameters together. It knows no resources."""

    __slots__ = ()

    @property
    @abstractmethod
    def enabled(self) -> bool:
        """Whether the settings ask for a search at all."""

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
