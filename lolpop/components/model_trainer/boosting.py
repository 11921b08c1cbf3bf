"""The base of trainers of gradient boosting, for any library."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from lolpop.components.feature_transformer import Accepts, FeatureTransformer
from lolpop.components.model_trainer import FittedModel, Params
from lolpop.components.model_trainer._description import Description
from lolpop.components.model_trainer._forecast_support import restored, rows_of
from lolpop.components.model_trainer._library import LibraryModelTrainer
from lolpop.components.model_trainer._threads import threads_for
from lolpop.components.model_trainer.tabular import TabularModel, learn_features
from lolpop.data.frames import wrap
from lolpop.errors import TrainingError
from lolpop.problem import ForecastingProblem, Problem

if TYPE_CHECKING:
    from lolpop.data.frames import Array, Frame, Series

__all__ = ["BoostedTrees", "BoostingModelTrainer", "unnamed"]

_TRANSFORMER_FILE = "transformer.skops"


class BoostedTrees(ABC):
    """Trees of one library, whose features are numbered, since libraries refuse names such as ``a<b``."""

    @classmethod
    @abstractmethod
    def new(cls, params: Params, problem_type: str) -> Self:
        """Trees that are not fitted yet. Raises TrainingError for invalid parameters."""

    @abstractmethod
    def fit(self, features: Any, labels: Array) -> None:
        """Fit n rows of numbers and pandas categoricals to n ``labels``: classes from 0, or numbers.

        Raises TrainingError if the library refuses its parameters or these rows.
        """

    @abstractmethod
    def predict(self, features: Any) -> Array:
        """Numbers, shape (n,)."""

    @abstractmethod
    def predict_proba(self, features: Any) -> Array:
        """Probabilities of k classes, shape (n, k)."""

    @property
    @abstractmethod
    def library_model(self) -> Any:
        """The model of the library itself, which takes the result of ``prepare``."""

    def prepare(self, features: Any) -> Any:
        """``features`` as the library takes them."""
        return unnamed(features)

    @abstractmethod
    def save(self, path: Path) -> None:
        """Write the trees in the library's own format."""

    @classmethod
    @abstractmethod
    def load(cls, path: Path, classes: int) -> Self:
        """Read saved trees for a number of classes (0 for regression). Raises StoreError if they are
        damaged.
        """


class BoostingModelTrainer(LibraryModelTrainer):
    """Trees of one library behind the feature transformer, stored in the library's own format.

    The library handles missing values and categories.
    """

    trees: ClassVar[type[BoostedTrees]]
    estimator_file: ClassVar[str]
    """The file name of the trees."""
    thread_parameter: ClassVar[str]
    """The library's parameter for the number of threads."""

    def __init__(
        self, params: Params, *, problem: Problem, seed: int, feature_transformer: FeatureTransformer
    ) -> None:
        super().__init__(params)
        self._problem = problem
        self._seed = seed
        self._feature_transformer = feature_transformer

    @abstractmethod
    def _fixed(self) -> Params:
        """Defaults that are passed to the library: the seed, and to be quiet."""

    def fit(self, frame: Frame, target: Series, params: Params | None = None) -> FittedModel:
        """Fit a new model on the n rows of ``frame`` (features only) and ``target`` (n values).

        Raises DataError for data, and TrainingError for parameters, that the library refuses.
        """
        if isinstance(self._problem, ForecastingProblem):
            from lolpop.components.model_trainer.forecasting.lags import fit_by_lags

            return fit_by_lags(
                frame, target, self._problem, None, lambda rows, steps: self._fit_rows(rows, steps, params)
            )
        return self._fit_rows(frame, target, params)

    def _fit_rows(self, frame: Frame, target: Series, params: Params | None) -> TabularModel:
        import numpy as np

        threads = {self.thread_parameter: threads_for(*wrap(frame).shape)}
        trees = self.trees.new({**threads, **self._fixed(), **self._with(params)}, self._problem.type)
        features = learn_features(
            frame,
            target,
            problem=self._problem,
            transformers=self._feature_transformer,
            accepts=Accepts(missing=True, categories=True),
        )
        classes, labels = np.array([]), features.labels
        if self._problem.type == "classification":
            classes, labels = np.unique(labels, return_inverse=True)
        trees.fit(features.values, labels)
        return features.model(trees, classes)

    def save(self, model: FittedModel, folder: Path) -> None:
        """Write ``model`` into ``folder``: the library's format for trees, skops for the transformer."""
        from lolpop.components.model_trainer import _skops

        fitted = rows_of(model, folder)
        if not isinstance(fitted.estimator, self.trees):
            raise TrainingError(f"This is not a model of {self.library}. Use the trainer that fitted it.")
        fitted.estimator.save(folder / self.estimator_file)
        _skops.dump(fitted.transformer, folder / _TRANSFORMER_FILE)
        Description.of(fitted).write(folder)

    @classmethod
    def load(cls, folder: Path, trusted: Sequence[str] = ()) -> FittedModel:
        """Read the model that ``save`` wrote.

        Raises UntrustedTypeError, naming the types, if its transformer holds others than scikit-learn's,
        ours and those of ``trusted``, and StoreError if there is none or it is damaged.
        """
        from lolpop.components.model_trainer import _skops

        cls._require_library()
        description = Description.read(folder)
        transformer = _skops.load(folder / _TRANSFORMER_FILE, trusted)
        if not callable(getattr(transformer, "transform", None)):
            raise _skops.damaged(folder / _TRANSFORMER_FILE, "it holds no transformer")
        trees = cls.trees.load(folder / cls.estimator_file, len(description.classes))
        return restored(description.model(transformer, trees), folder)


def unnamed(features: Any) -> Any:
    """``features`` with numbers for names, if they have names."""
    return features.set_axis(range(features.shape[1]), axis=1) if hasattr(features, "set_axis") else features
