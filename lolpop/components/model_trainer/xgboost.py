"""Gradient boosting by XGBoost."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, ValidationError

from lolpop._names import one_of
from lolpop.components.feature_transformer import Accepts, FeatureTransformer
from lolpop.components.model_trainer import FittedModel, Float, Int, ModelTrainer, Params, SearchSpace
from lolpop.components.model_trainer._description import Description
from lolpop.components.model_trainer._estimators import parameter_names
from lolpop.components.model_trainer._tabular import REFUSALS, explained, learn_features, own
from lolpop.errors import Finding, MissingExtraError, StoreError, TrainingError
from lolpop.problem import Problem
from lolpop.registry import missing_modules
from lolpop.signatures import Parameter, signature_of

if TYPE_CHECKING:
    from lolpop.frames import Frame, Series

__all__ = ["XGBoostModelTrainer"]

_ESTIMATOR_FILE = "estimator.ubj"
_TRANSFORMER_FILE = "transformer.skops"

# Its own way to say it: value -1 for Parameter max_depth should be greater equal to 0.
_REFUSED = re.compile(
    r"value (?P<value>\S+) for Parameter (?P<name>\w+) (?P<expected>(should|exceed)[^\n]*)", re.IGNORECASE
)

# Its errors begin with the time and the place in its source that they come from.
_PLACE = re.compile(r"^\[[\d:]+\] \S+:\d+: ")

# What XGBoost calls, in its errors, the parameters of its estimators.
_NAMES = {"alpha": "reg_alpha", "eta": "learning_rate", "lambda": "reg_lambda", "min_split_loss": "gamma"}

Fraction = Annotated[float, Field(gt=0, le=1)]


class XGBoostModelTrainer(ModelTrainer):
    """XGBoost behind the feature transformer, stored in XGBoost's own format.

    Missing values and categories are XGBoost's to deal with.

    Parameters
    ----------
    n_estimators : int
        Number of trees (for several classes: of each class).
    learning_rate : float
        Share of each tree that is added.
    max_depth : int
        Depth of a tree at most; 0 for no limit.
    subsample : float
        Share of the rows that each tree learns from.
    colsample_bytree : float
        Share of the features that each tree learns from.
    min_child_weight : float
        Sum of the weights of rows in a leaf at least.
    reg_lambda : float
        L2 regularisation of the leaves.
    params : mapping, optional
        Further parameters of ``XGBClassifier`` or ``XGBRegressor``. Its ``random_state`` is the workflow's
        seed unless said.
    """

    requires = ("xgboost",)
    install = "lolpop[xgboost]"

    def __init__(
        self,
        n_estimators: PositiveInt = 100,
        learning_rate: PositiveFloat = 0.3,
        max_depth: NonNegativeInt = 6,
        subsample: Fraction = 1.0,
        colsample_bytree: Fraction = 1.0,
        min_child_weight: NonNegativeFloat = 1.0,
        reg_lambda: NonNegativeFloat = 1.0,
        params: Mapping[str, Any] | None = None,
        *,
        problem: Problem,
        seed: int = 0,
        feature_transformer: FeatureTransformer,
    ) -> None:
        self._params = {
            "n_estimators": n_estimators,
            "learning_rate": learning_rate,
            "max_depth": max_depth,
            "subsample": subsample,
            "colsample_bytree": colsample_bytree,
            "min_child_weight": min_child_weight,
            "reg_lambda": reg_lambda,
            **(params or {}),
        }
        self._problem = problem
        self._seed = seed % 2**32  # numpy takes no other seeds
        self._feature_transformer = feature_transformer

    @classmethod
    def check_settings(cls, settings: Mapping[str, Any]) -> Iterable[Finding]:
        """Find names in ``params`` that XGBoost does not take."""
        params = settings.get("params") or {}
        if not params or missing_modules(cls.requires):
            return
        known = _known_params()
        for name in params:
            if name not in known:
                yield Finding(f"params.{name}", "unknown parameter of XGBoost", hint=one_of(name, known))

    @classmethod
    def known_keys(cls, setting: str, settings: Mapping[str, Any]) -> Iterable[str]:  # noqa: ARG003  (the keys are always the same)
        """Keys of the mapping ``setting``: the parameters of XGBoost."""
        return _known_params() if setting == "params" and not missing_modules(cls.requires) else ()

    def params(self) -> Params:
        """The parameters that ``fit`` uses where it is given none."""
        return dict(self._params)

    def search_space(self) -> SearchSpace:
        """What is worth searching."""
        return {
            "n_estimators": Int(50, 500),
            "learning_rate": Float(0.01, 0.3, log=True),
            "max_depth": Int(2, 10),
            "subsample": Float(0.5, 1.0),
            "colsample_bytree": Float(0.5, 1.0),
            "min_child_weight": Float(1.0, 20.0, log=True),
            "reg_lambda": Float(1e-3, 10.0, log=True),
        }

    def fit(self, frame: Frame, target: Series, params: Params | None = None) -> FittedModel:
        """Fit a new model on the n rows of ``frame`` (features only) and ``target`` (n values).

        Raises DataError for data, and TrainingError for parameters, that XGBoost refuses.
        """
        import numpy as np

        estimator = self._make({**self._params, **(params or {})})
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
        try:
            estimator.fit(_unnamed(features.values), labels)
        except REFUSALS as error:
            raise _explained(error) from error
        return features.model(_Unnamed(estimator), classes)

    def save(self, model: FittedModel, folder: Path) -> None:
        """Write ``model`` into ``folder``: UBJSON for the trees, skops for the feature transformer."""
        from lolpop.components.model_trainer import _skops

        fitted = own(model)
        if not isinstance(fitted.estimator, _Unnamed):
            raise TrainingError("The model is none of XGBoost's. Use the trainer that has fitted it.")
        fitted.estimator.estimator.save_model(folder / _ESTIMATOR_FILE)
        _skops.dump(fitted.transformer, folder / _TRANSFORMER_FILE)
        Description.of(fitted).write(folder)

    @classmethod
    def load(cls, folder: Path, trusted: Sequence[str] = ()) -> FittedModel:
        """Read the model that ``save`` wrote.

        Raises UntrustedTypeError, naming the types, if its transformer holds others than scikit-learn's,
        ours and those of ``trusted``, and StoreError if there is none or it is damaged.
        """
        from lolpop.components.model_trainer import _skops

        xgboost = _xgboost()
        description = Description.read(folder)
        transformer = _skops.load(folder / _TRANSFORMER_FILE, trusted)
        estimator = xgboost.XGBClassifier() if description.classes else xgboost.XGBRegressor()
        try:
            estimator.load_model(folder / _ESTIMATOR_FILE)
        except (xgboost.core.XGBoostError, OSError, ValueError, KeyError) as error:
            raise StoreError(f"The stored model in {folder} is damaged: {error}") from error
        return description.model(transformer, _Unnamed(estimator))

    def _make(self, params: Params) -> Any:
        xgboost, known = _xgboost(), _known_params()
        for name in params:
            if name not in known:
                raise TrainingError(f"params.{name}: XGBoost has no such parameter. {one_of(name, known)}")
        # XGBoost itself lets some values pass, such as a negative number of trees.
        for name, parameter in signature_of(XGBoostModelTrainer).settings.items():
            if name in params:
                _require_valid(name, params[name], parameter)
        make = xgboost.XGBClassifier if self._problem.type == "classification" else xgboost.XGBRegressor
        return make(**{"random_state": self._seed, "enable_categorical": True, "verbosity": 0, **params})


class _Unnamed:
    """An XGBoost estimator that knows features by position: it refuses names such as ``income<50k``."""

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def predict(self, features: Any) -> Any:
        return self.estimator.predict(_unnamed(features))

    def predict_proba(self, features: Any) -> Any:
        return self.estimator.predict_proba(_unnamed(features))


def _unnamed(features: Any) -> Any:
    return features.set_axis(range(features.shape[1]), axis=1) if hasattr(features, "set_axis") else features


def _xgboost() -> Any:
    if missing_modules(XGBoostModelTrainer.requires):
        raise MissingExtraError("xgboost", XGBoostModelTrainer.install)
    import xgboost

    return xgboost


def _known_params() -> list[str]:
    # The classifier takes what its base class does, and hands on the rest.
    return [name for name in parameter_names(_xgboost().XGBModel) if name != "kwargs"]


def _require_valid(name: str, value: Any, parameter: Parameter) -> None:
    try:
        parameter.adapter.validate_python(value)
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise TrainingError(f"{name} of XGBoost cannot be {value!r}: {reason}.") from error


def _explained(error: Exception) -> TrainingError:
    if match := _REFUSED.search(str(error)):
        name = _NAMES.get(match["name"], match["name"])
        return TrainingError(f"{name} of XGBoost cannot be {match['value']}: {match['expected']}.")
    lines = [line for line in str(error).splitlines() if line and not line.startswith(("Stack trace", "  "))]
    reason = _PLACE.sub("", lines[0]) if lines else type(error).__name__
    return explained(ValueError(reason), "XGBoost")
