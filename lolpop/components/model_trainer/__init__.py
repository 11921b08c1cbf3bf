"""Fitting, predicting with, and keeping models."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from lolpop.integrations import Component

if TYPE_CHECKING:
    from pathlib import Path

    from lolpop.data.frames import Array, Frame, Series

__all__ = [
    "Choice", "CombiningModelTrainer", "FittedModel", "Float", "Int", "ModelTrainer", "Params", "Predictions",
    "SearchSpace",
]  # fmt: skip

Params: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Int:
    """Whole numbers to search over.

    Parameters
    ----------
    low
        Smallest value, included.
    high
        Greatest value, included.
    log
        Whether to search on a logarithmic scale.
    """

    low: int
    high: int
    log: bool = False


@dataclass(frozen=True, slots=True)
class Float:
    """Real numbers to search over.

    Parameters
    ----------
    low
        Smallest value, included.
    high
        Greatest value, included.
    log
        Whether to search on a logarithmic scale.
    """

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """Values to choose from in a search.

    Parameters
    ----------
    values
        The values.
    """

    values: tuple[str | int | float | bool | None, ...]


SearchSpace: TypeAlias = Mapping[str, Int | Float | Choice]


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model predicts for n rows.

    Parameters
    ----------
    labels
        Predictions of shape (n,), in the values of the target.
    probabilities
        Probabilities of shape (n, k), of classifiers.
    classes
        The k classes, in the order of the probabilities.
    lower
        Lower bounds of shape (n,), of forecasts.
    upper
        Upper bounds of shape (n,), of forecasts.
    """

    labels: Array
    probabilities: Array | None = None
    classes: tuple[Any, ...] = ()
    lower: Array | None = None
    upper: Array | None = None


class FittedModel(ABC):
    """A fitted model: feature transformer, label encoding and estimator in one object."""

    __slots__ = ()

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that it needs to predict."""

    @property
    @abstractmethod
    def classes(self) -> tuple[Any, ...]:
        """The target's classes in the order of the probabilities; empty if it is no classifier."""

    @property
    def left_out(self) -> Mapping[str, str]:
        """Columns that it was given to learn from and does not use, each with the reason."""
        return {}

    @property
    def categories(self) -> Mapping[str, Collection[str]]:
        """The values, as text, that it has seen in columns of categories, where it remembers all of them."""
        return {}

    @abstractmethod
    def predict(self, frame: Frame) -> Predictions:
        """Predict the rows of ``frame``, whatever the order of its columns; extra columns are ignored.

        Raises DataError if a column is missing or of a kind that cannot be used for what was learned.
        """


class ModelTrainer(Component):
    """Fits models of one kind, predicts with them, and stores them in a safe format of its own."""

    __slots__ = ()

    @abstractmethod
    def fit(self, frame: Frame, target: Series, params: Params | None = None) -> FittedModel:
        """Fit a new model on the n rows of ``frame`` (features only) and ``target`` (n values).

        ``params`` override what the trainer was constructed with. Raises DataError for data, and
        TrainingError for parameters, that the estimator refuses.
        """

    def fit_many(
        self, parts: Sequence[tuple[Frame, Series]], params: Params | None = None
    ) -> list[FittedModel]:
        """Fit a model to each of several frames with their targets; one that can, fits them at once."""
        return [self.fit(frame, target, params) for frame, target in parts]

    def predict(self, model: FittedModel, frame: Frame) -> Predictions:
        """Predict the rows of ``frame`` with ``model``."""
        return model.predict(frame)

    @abstractmethod
    def search_space(self) -> SearchSpace:
        """The parameters worth searching, by name as ``fit`` takes them."""

    @abstractmethod
    def save(self, model: FittedModel, folder: Path) -> None:
        """Write ``model`` into the existing, empty ``folder``, in a format that holds no code."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path, trusted: Sequence[str] = ()) -> FittedModel:
        """Read the model that ``save`` wrote, without running anything stored in it.

        A class method, since a stored model must be readable when the settings have moved to another
        trainer. ``trusted`` names types (``package.module.Class``) to be trusted besides the trainer's
        own. Raises UntrustedTypeError, naming the types, if others are found.
        """

    @property
    def title(self) -> str:
        """What it fits, in a few words, as people read it."""
        return type(self).__name__

    def title_of(self, params: Params) -> str:
        """What it fits with ``params``, in a few words."""
        del params
        return self.title

    def alternatives(self, rows: int | None = None) -> Sequence[ModelTrainer]:
        """The trainers to choose from, if it stands for several: itself alone unless it says otherwise.

        The train pipeline fits each of them and keeps the best; none of them stands for others. ``rows`` is
        how many there are to learn from, where some of the trainers are not worth trying on so few.
        """
        del rows
        return (self,)

    @property
    def combination(self) -> CombiningModelTrainer | None:
        """What combines the best of its alternatives, if anything does."""
        return None

    def params(self) -> Params:
        """The parameters that ``fit`` uses where it is given none; recorded with every experiment."""
        return {}

    @property
    def estimator_name(self) -> str | None:
        """What it fits, if it can fit several things; recorded with every experiment."""
        return None

    def search_start(self) -> Params:
        """Where a search begins, as far as it is within the search space: what is fitted without one."""
        return self.params()


class CombiningModelTrainer(ModelTrainer):
    """Fits several models whose predictions are one; their worth says which, and how they are weighted."""

    __slots__ = ()

    @abstractmethod
    def fit_rest(
        self,
        parts: Sequence[tuple[Frame, Series]],
        params: Params,
        fitted: Mapping[ModelTrainer, Sequence[FittedModel]],
    ) -> list[FittedModel]:
        """What ``fit_many`` gives, without fitting again what is ``fitted`` to ``parts`` already."""

    @abstractmethod
    def weigh(self, scores: Sequence[tuple[float, ModelTrainer]]) -> Params | None:
        """The parameters that combine the best of several trainers, by their errors; None to combine none."""

    @abstractmethod
    def is_worth(self, error: float, scores: Sequence[tuple[float, ModelTrainer]]) -> bool:
        """Whether a combination with that ``error`` is to be preferred to the best of ``scores`` alone."""
