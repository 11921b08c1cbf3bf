"""Fitting, using and storing models."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from lolpop.integrations import Component

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

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
    codes
        The position of each label in ``classes``, of shape (n,). It may be None; columns of text are made
        several times faster with it.
    """

    labels: Array
    probabilities: Array | None = None
    classes: tuple[Any, ...] = ()
    lower: Array | None = None
    upper: Array | None = None
    codes: NDArray[np.intp] | None = None


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
        """The target's classes in the order of the probabilities; empty for a regressor or forecaster."""

    @property
    def left_out(self) -> Mapping[str, str]:
        """Columns of the training rows that it does not use, each with the reason."""
        return {}

    @property
    def categories(self) -> Mapping[str, Collection[str]]:
        """The values, as text, of the training rows in columns of categories, if it remembers all of them."""
        return {}

    @abstractmethod
    def predict(self, frame: Frame) -> Predictions:
        """Predict the rows of ``frame``, whatever the order of its columns; extra columns are ignored.

        Raises DataError if a column is missing or of another kind than in the training rows.
        """


class ModelTrainer(Component):
    """Fits models of one kind, predicts with them, and stores them in a safe format."""

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
        """Fit a model to each of several frames with their targets; some trainers fit them in parallel."""
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
        """A short description of the model that it fits."""
        return type(self).__name__

    def title_of(self, params: Params) -> str:
        """A short description of the model that it fits with ``params``."""
        del params
        return self.title

    def alternatives(self, rows: int | None = None) -> Sequence[ModelTrainer]:
        """The trainers to choose from, if it represents several; by default itself alone.

        The train pipeline fits each of them and keeps the best. ``rows`` is the number of training rows,
        since some trainers are not worth trying on few rows.
        """
        del rows
        return (self,)

    @property
    def combination(self) -> CombiningModelTrainer | None:
        """The trainer that combines the best of its alternatives, if there is one."""
        return None

    def params(self) -> Params:
        """The parameters that ``fit`` uses by default; recorded with every experiment."""
        return {}

    @property
    def estimator_name(self) -> str | None:
        """The estimator that it fits, if it can fit several; recorded with every experiment."""
        return None

    def search_start(self) -> Params:
        """The first trial of a search, as far as it is within the search space: the parameters without a
        search.
        """
        return self.params()


class CombiningModelTrainer(ModelTrainer):
    """Fits several models and averages their predictions, weighted by their errors."""

    __slots__ = ()

    @abstractmethod
    def fit_rest(
        self,
        parts: Sequence[tuple[Frame, Series]],
        params: Params,
        fitted: Mapping[ModelTrainer, Sequence[FittedModel]],
    ) -> list[FittedModel]:
        """The result of ``fit_many``, which reuses the models that are ``fitted`` to ``parts`` already."""

    @abstractmethod
    def weigh(self, scores: Sequence[tuple[float, ModelTrainer]]) -> Sequence[Params]:
        """The parameters that combine the best of several trainers, by their errors; none to combine none.

        The first that are worth it are used.
        """

    @abstractmethod
    def is_worth(self, error: float, scores: Sequence[tuple[float, ModelTrainer]]) -> bool:
        """Whether a combination with that ``error`` is to be preferred to the best of ``scores`` alone."""
