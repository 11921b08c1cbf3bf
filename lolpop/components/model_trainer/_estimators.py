"""Estimators of scikit-learn by short name, with their search spaces."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from lolpop._names import one_of
from lolpop.components.model_trainer import Choice, Float, Int, SearchSpace
from lolpop.errors import WiringError
from lolpop.registry import import_object


@dataclass(frozen=True, slots=True)
class Estimator:
    """One algorithm: its classifier, its regressor, and parameters that differ from their defaults."""

    classifier: str | None = None
    regressor: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    space: SearchSpace = field(default_factory=dict)

    def path(self, problem_type: str) -> str | None:
        """Import path of the class for problems of a type; None where there is none."""
        return self.classifier if problem_type == "classification" else self.regressor


_FOREST: SearchSpace = {
    "n_estimators": Int(100, 500),
    "min_samples_leaf": Int(1, 20, log=True),
    "max_features": Choice(("sqrt", "log2", 0.5, 1.0)),
}
_ALPHA: SearchSpace = {"alpha": Float(1e-4, 100.0, log=True)}

ESTIMATORS: Mapping[str, Estimator] = MappingProxyType(
    {
        "decision_tree": Estimator(
            "sklearn.tree:DecisionTreeClassifier",
            "sklearn.tree:DecisionTreeRegressor",
            space={"max_depth": Int(2, 20), "min_samples_leaf": Int(1, 50, log=True)},
        ),
        "elastic_net": Estimator(
            regressor="sklearn.linear_model:ElasticNet", space={**_ALPHA, "l1_ratio": Float(0.0, 1.0)}
        ),
        "extra_trees": Estimator(
            "sklearn.ensemble:ExtraTreesClassifier", "sklearn.ensemble:ExtraTreesRegressor", space=_FOREST
        ),
        "gradient_boosting": Estimator(
            "sklearn.ensemble:GradientBoostingClassifier",
            "sklearn.ensemble:GradientBoostingRegressor",
            space={
                "n_estimators": Int(50, 500),
                "learning_rate": Float(0.01, 0.3, log=True),
                "max_depth": Int(2, 6),
                "subsample": Float(0.5, 1.0),
            },
        ),
        "hist_gradient_boosting": Estimator(
            "sklearn.ensemble:HistGradientBoostingClassifier",
            "sklearn.ensemble:HistGradientBoostingRegressor",
            space={
                "max_iter": Int(50, 500),
                "learning_rate": Float(0.01, 0.3, log=True),
                "max_leaf_nodes": Int(7, 127, log=True),
                "min_samples_leaf": Int(5, 100, log=True),
                "l2_regularization": Float(1e-6, 10.0, log=True),
            },
        ),
        "k_nearest_neighbors": Estimator(
            "sklearn.neighbors:KNeighborsClassifier",
            "sklearn.neighbors:KNeighborsRegressor",
            space={"n_neighbors": Int(1, 50, log=True), "weights": Choice(("uniform", "distance"))},
        ),
        "lasso": Estimator(regressor="sklearn.linear_model:Lasso", space=_ALPHA),
        "linear_regression": Estimator(regressor="sklearn.linear_model:LinearRegression"),
        "logistic_regression": Estimator(
            "sklearn.linear_model:LogisticRegression",
            params={"max_iter": 1000},
            space={"C": Float(1e-3, 100.0, log=True)},
        ),
        "naive_bayes": Estimator(
            "sklearn.naive_bayes:GaussianNB", space={"var_smoothing": Float(1e-12, 1e-3, log=True)}
        ),
        "random_forest": Estimator(
            "sklearn.ensemble:RandomForestClassifier", "sklearn.ensemble:RandomForestRegressor", space=_FOREST
        ),
        "ridge": Estimator(
            "sklearn.linear_model:RidgeClassifier", "sklearn.linear_model:Ridge", space=_ALPHA
        ),
        "support_vector_machine": Estimator(
            "sklearn.svm:SVC",
            "sklearn.svm:SVR",
            space={"C": Float(1e-2, 100.0, log=True), "gamma": Float(1e-4, 1.0, log=True)},
        ),
    }
)


def estimator_class(name: str, problem_type: str) -> type:
    """The class that a short name or import path stands for, imported.

    Raises WiringError, with a near name, if there is none for problems of this type.
    """
    preset = ESTIMATORS.get(name)
    path = preset.path(problem_type) if preset else name
    if path is None:
        others = [other for other, entry in ESTIMATORS.items() if entry.path(problem_type)]
        hint = f"For {problem_type}: {', '.join(others)}."
        raise WiringError(f"the estimator {name!r} is not for {problem_type}", hint)
    if ":" not in path:
        hint = f"{one_of(name, ESTIMATORS)} Or name a class: package.module:Class."
        raise WiringError(f"unknown estimator {name!r}", hint)
    estimator = import_object(path)
    if not isinstance(estimator, type) or not hasattr(estimator, "fit") or not hasattr(estimator, "predict"):
        hint = "Expected a class with fit and predict, as scikit-learn's."
        raise WiringError(f"{name!r} is no estimator", hint)
    return estimator


def parameter_names(estimator: type) -> list[str]:
    """Names that the constructor of ``estimator`` takes."""
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(estimator).parameters.values()
    return [parameter.name for parameter in parameters if parameter.kind in named]
