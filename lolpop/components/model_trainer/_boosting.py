"""What trainers of gradient boosting have in common, whatever the library."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import ValidationError

from lolpop._names import one_of
from lolpop.components.feature_transformer import Accepts, FeatureTransformer
from lolpop.components.model_trainer import FittedModel, ModelTrainer, Params
from lolpop.components.model_trainer._description import Description
from lolpop.components.model_trainer._lags import fit_by_lags, restored, rows_of
from lolpop.components.model_trainer._tabular import TabularModel, learn_features
from lolpop.errors import Finding, MissingExtraError, TrainingError
from lolpop.problem import ForecastingProblem, Problem
from lolpop.registry import missing_modules
from lolpop.signatures import Parameter, signature_of

if TYPE_CHECKING:
    from lolpop.frames import Array, Frame, Series

__all__ = ["BoostedTrees", "BoostingModelTrainer", "unnamed"]

_TRANSFORMER_FILE = "transformer.skops"


class BoostedTrees(ABC):
    """Trees of one library, which know features by position: libraries refuse names such as ``a<b``."""

    @classmethod
    @abstractmethod
    def new(cls, params: Params, problem_type: str) -> Self:
        """Trees that are not fitted yet. Raises TrainingError for parameters that are refused."""

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

    @abstractmethod
    def save(self, path: Path) -> None:
        """Write the trees in the library's own format."""

    @classmethod
    @abstractmethod
    def load(cls, path: Path, classes: int) -> Self:
        """Read what ``save`` wrote, of so many classes (0: of numbers), or raise StoreError."""


class BoostingModelTrainer(ModelTrainer):
    """Trees of one library behind the feature transformer, stored in the library's own format.

    Missing values and categories are the library's to deal with.
    """

    requires: ClassVar[tuple[str, ...]]
    install: ClassVar[str]
    library: ClassVar[str]
    """Its name, as people write it."""
    trees: ClassVar[type[BoostedTrees]]
    estimator_file: ClassVar[str]
    """Where the trees are stored."""

    def __init__(
        self, params: Params, *, problem: Problem, seed: int, feature_transformer: FeatureTransformer
    ) -> None:
        self._params = dict(params)
        self._problem = problem
        self._seed = seed
        self._feature_transformer = feature_transformer

    @classmethod
    @abstractmethod
    def parameter_names(cls) -> Sequence[str]:
        """Names of the parameters that the library takes; it is installed."""

    @abstractmethod
    def _fixed(self) -> Params:
        """What the library is told where the parameters say nothing: the seed, and to be quiet."""

    @classmethod
    def check_settings(cls, settings: Mapping[str, Any]) -> Iterable[Finding]:
        """Find names in ``params`` that the library does not take."""
        params = settings.get("params") or {}
        if not params or missing_modules(cls.requires):
            return
        known = cls.parameter_names()
        for name in params:
            if name not in known:
                yield Finding(
                    f"params.{name}", f"unknown parameter of {cls.library}", hint=one_of(name, known)
                )

    @classmethod
    def known_keys(cls, setting: str, settings: Mapping[str, Any]) -> Iterable[str]:  # noqa: ARG003  (the keys are always the same)
        """Keys of the mapping ``setting``: the parameters of the library."""
        return cls.parameter_names() if setting == "params" and not missing_modules(cls.requires) else ()

    def params(self) -> Params:
        """The parameters that ``fit`` uses where it is given none."""
        return dict(self._params)

    def fit(self, frame: Frame, target: Series, params: Params | None = None) -> FittedModel:
        """Fit a new model on the n rows of ``frame`` (features only) and ``target`` (n values).

        Raises DataError for data, and TrainingError for parameters, that the library refuses.
        """
        if isinstance(self._problem, ForecastingProblem):
            return fit_by_lags(
                frame, target, self._problem, None, lambda rows, steps: self._fit_rows(rows, steps, params)
            )
        return self._fit_rows(frame, target, params)

    def _fit_rows(self, frame: Frame, target: Series, params: Params | None) -> TabularModel:
        import numpy as np

        trees = self._make({**self._params, **(params or {})})
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
            raise TrainingError(f"The model is none of {self.library}'s. Use the trainer that has fitted it.")
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
        trees = cls.trees.load(folder / cls.estimator_file, len(description.classes))
        return restored(description.model(transformer, trees), folder)

    @classmethod
    def _require_library(cls) -> None:
        if missing := missing_modules(cls.requires):
            raise MissingExtraError(missing[0], cls.install)

    def _make(self, params: Params) -> BoostedTrees:
        self._require_library()
        known = self.parameter_names()
        for name in params:
            if name not in known:
                raise TrainingError(
                    f"params.{name}: {self.library} has no such parameter. {one_of(name, known)}"
                )
        # Libraries let some values pass, such as a negative number of trees.
        for name, parameter in signature_of(type(self)).settings.items():
            if name in params:
                self._require_valid(name, params[name], parameter)
        return self.trees.new({**self._fixed(), **params}, self._problem.type)

    def _require_valid(self, name: str, value: Any, parameter: Parameter) -> None:
        try:
            parameter.adapter.validate_python(value)
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            raise TrainingError(f"{name} of {self.library} cannot be {value!r}: {reason}.") from error


def unnamed(features: Any) -> Any:
    """``features`` with numbers for names, if they have names."""
    return features.set_axis(range(features.shape[1]), axis=1) if hasattr(features, "set_axis") else features
