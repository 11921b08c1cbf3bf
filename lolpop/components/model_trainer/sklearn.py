"""Models of scikit-learn and of libraries with its interface."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from inspect import signature
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import PositiveInt

from lolpop._names import one_of
from lolpop.components.feature_transformer import Accepts, FeatureTransformer
from lolpop.components.model_trainer import FittedModel, ModelTrainer, Params, SearchSpace
from lolpop.components.model_trainer._description import Description
from lolpop.components.model_trainer._estimators import ESTIMATORS, estimator_class, parameter_names
from lolpop.components.model_trainer._forecast_support import restored, rows_of, worth_searching
from lolpop.components.model_trainer._threads import at_most, openmp_threads_for, threads_for
from lolpop.components.model_trainer.tabular import REFUSALS, TabularModel, explained, learn_features
from lolpop.errors import Finding, LolpopError, TrainingError, VerificationError, WiringError
from lolpop.problem import ForecastingProblem, Problem

if TYPE_CHECKING:
    from lolpop.data.frames import Array, Frame, Series

__all__ = ["SklearnModelTrainer"]

_FILE = "model.skops"


class SklearnModelTrainer(ModelTrainer):
    """Any scikit-learn estimator behind the feature transformer, stored with skops.

    Classifiers without probabilities (support vector machines, ridge) are calibrated by cross-validation, so
    that all have probabilities.

    Parameters
    ----------
    estimator : str
        A short name, such as hist_gradient_boosting, random_forest, logistic_regression or ridge, or the
        import path of a class, such as ``sklearn.ensemble:RandomForestClassifier``.
    params : mapping, optional
        Parameters of the estimator's constructor. Its ``random_state`` is the workflow's seed unless it is
        set.
    lags : list of int, optional
        For a forecasting problem: how many steps before the predicted one the lags are. By default, they
        follow from the frequency and the length of the history.
    threads : int, optional
        Most threads of a fit. By default, one for small tables, and as many as this process has processors
        for others; of OpenMP, as many as no other process uses when the fit begins.
    """

    def __init__(
        self,
        estimator: str = "hist_gradient_boosting",
        params: Mapping[str, Any] | None = None,
        lags: tuple[PositiveInt, ...] | None = None,
        threads: PositiveInt | None = None,
        *,
        problem: Problem,
        seed: int = 0,
        feature_transformer: FeatureTransformer,
    ) -> None:
        if estimator not in ESTIMATORS and ":" not in estimator:
            raise VerificationError([_unknown_estimator(estimator)])
        if lags is not None and (not lags or min(lags) < 1):
            raise ValueError(f"lags must be whole numbers from 1, but got {list(lags)}.")
        if lags is not None and not isinstance(problem, ForecastingProblem):
            raise ValueError(f"lags are for forecasting, and the problem is {problem.type}: leave them out.")
        self._estimator = estimator
        self._lags = lags
        self._threads = threads
        self._params = dict(params or {})
        self._problem = problem
        self._seed = seed % 2**32  # numpy takes no other seeds
        self._feature_transformer = feature_transformer

    @classmethod
    def check_settings(
        cls, settings: Mapping[str, Any], values: Mapping[str, Any] = MappingProxyType({})
    ) -> Iterable[Finding]:
        """Check that the estimator exists, is for the problem, and takes the settings."""
        name = settings.get("estimator", "hist_gradient_boosting")
        problem_type = getattr(values.get("problem"), "type", None)
        if settings.get("lags") is not None and problem_type not in (None, "forecasting"):
            message = f"lags are for forecasting, and the problem is {problem_type}"
            yield Finding("lags", message, hint="Leave them out.")
        if unusable := list(_estimator_findings(name, problem_type)):
            yield from unusable
        else:
            yield from _param_findings(name, settings.get("params") or {})

    @classmethod
    def known_keys(cls, setting: str, settings: Mapping[str, Any]) -> Iterable[str]:
        """Keys of the mapping ``setting``: parameters of the estimator that ``settings`` name."""
        name = settings.get("estimator", "hist_gradient_boosting")
        try:
            return _known_params(name) if setting == "params" else ()
        except WiringError:
            return ()  # check_settings reports an unknown estimator

    @property
    def title(self) -> str:
        """The estimator, with the parameters that are set, and whether it is of lags."""
        name = self._estimator.rpartition(":")[2].replace("_", " ")
        params = ", ".join(f"{name} {value}" for name, value in self._params.items())
        of_lags = " on lags" if isinstance(self._problem, ForecastingProblem) else ""
        return f"{name}{f' ({params})' if params else ''}{of_lags}"

    @property
    def estimator_name(self) -> str:
        """The estimator, as the settings name it."""
        return self._estimator

    def params(self) -> Params:
        """The estimator's parameters that are not its defaults."""
        preset = ESTIMATORS.get(self._estimator)
        return {**(preset.params if preset else {}), **self._params}

    def search_space(self) -> SearchSpace:
        """The search space of an estimator with a short name; empty for others."""
        preset = ESTIMATORS.get(self._estimator)
        return worth_searching(preset.space if preset else {}, self._problem)

    def search_start(self) -> Params:
        """The estimator's parameters, its defaults among them."""
        preset = ESTIMATORS.get(self._estimator)
        if preset is None or preset.path(self._problem.type) is None:
            return self.params()
        defaults = signature(estimator_class(self._estimator, self._problem.type)).parameters
        return {**{name: defaults[name].default for name in preset.space}, **self.params()}

    def fit(self, frame: Frame, target: Series, params: Params | None = None) -> FittedModel:
        """Fit a new model on the n rows of ``frame`` (features only) and ``target`` (n values).

        Raises DataError for data, and TrainingError for parameters, that the estimator refuses.
        """
        if isinstance(self._problem, ForecastingProblem):
            from lolpop.components.model_trainer.forecasting.lags import fit_by_lags

            return fit_by_lags(
                frame,
                target,
                self._problem,
                self._lags,
                lambda rows, steps: self._fit_rows(rows, steps, params),
            )
        return self._fit_rows(frame, target, params)

    def _fit_rows(self, frame: Frame, target: Series, params: Params | None) -> TabularModel:
        import numpy as np

        estimator = self._make({**self.params(), **(params or {})})
        features = learn_features(
            frame,
            target,
            problem=self._problem,
            transformers=self._feature_transformer,
            accepts=_accepts(estimator),
        )
        is_classifier = self._problem.type == "classification"
        if is_classifier:
            estimator = _with_probabilities(estimator, features.labels)
        shape = features.values.shape
        threads = self._threads or threads_for(*shape)
        openmp = self._threads or openmp_threads_for(*shape)  # boosting grows the same trees by any number
        try:
            with at_most(threads, openmp=openmp):
                estimator.fit(features.values, features.labels)
        except LolpopError:
            raise
        except REFUSALS as error:
            raise explained(error, self._estimator) from error
        return features.model(estimator, estimator.classes_ if is_classifier else np.array([]))

    def save(self, model: FittedModel, folder: Path) -> None:
        """Write ``model`` into ``folder``: skops for fitted objects, JSON for the description."""
        from lolpop.components.model_trainer import _skops

        fitted = rows_of(model, folder)
        _skops.dump({"transformer": fitted.transformer, "estimator": fitted.estimator}, folder / _FILE)
        Description.of(fitted).write(folder)

    @classmethod
    def load(cls, folder: Path, trusted: Sequence[str] = ()) -> FittedModel:
        """Read the model that ``save`` wrote.

        Raises UntrustedTypeError, naming the types, if it holds others than scikit-learn's, ours and those
        of ``trusted``, and StoreError if there is none or it is damaged.
        """
        from lolpop.components.model_trainer import _skops

        description = Description.read(folder)
        fitted = _skops.load(folder / _FILE, trusted)
        methods = {"transformer": "transform", "estimator": "predict"}
        if not isinstance(fitted, dict) or not all(
            callable(getattr(fitted.get(part), method, None)) for part, method in methods.items()
        ):
            raise _skops.damaged(folder / _FILE, "it holds no transformer and estimator")
        return restored(description.model(fitted["transformer"], fitted["estimator"]), folder)

    def _make(self, params: Params) -> Any:
        from sklearn.base import is_classifier, is_regressor

        try:
            estimator_type = estimator_class(self._estimator, self._problem.type)
        except WiringError as error:
            raise TrainingError(str(error)) from error
        names = parameter_names(estimator_type)
        if "random_state" in names:
            params = {"random_state": self._seed, **params}
        nested = {name: value for name, value in params.items() if "__" in name}
        direct = {name: value for name, value in params.items() if name not in nested}
        for name in direct:
            if name not in names:
                raise TrainingError(
                    f"params.{name}: {self._estimator} has no such parameter. {one_of(name, names)}"
                )
        try:
            estimator = estimator_type(**direct)
            if nested:
                estimator.set_params(**nested)
        except REFUSALS as error:
            raise explained(error, self._estimator) from error
        fits = is_classifier if self._problem.type == "classification" else is_regressor
        if not fits(estimator):
            raise TrainingError(f"The estimator {self._estimator!r} is not for {self._problem.type}.")
        return estimator


def _estimator_findings(name: str, problem_type: str | None) -> Iterator[Finding]:
    """Findings about an estimator that does not exist, or is not for the problem."""
    if name not in ESTIMATORS:
        if ":" not in name:
            yield _unknown_estimator(name)
        return
    if problem_type is not None and not ESTIMATORS[name].path(problem_type):
        fitting = ", ".join(names for names, preset in ESTIMATORS.items() if preset.path(problem_type))
        message = f"the estimator {name!r} is not for {problem_type}"
        yield Finding("estimator", message, hint=f"For {problem_type}: {fitting}.")


def _param_findings(name: str, params: Mapping[str, Any]) -> Iterator[Finding]:
    """Findings about parameters that the estimator does not take; an import path is imported."""
    if name in ESTIMATORS and not params:
        return
    try:
        names = _known_params(name)
    except WiringError as error:
        yield Finding("estimator", error.message, hint=error.hint)
        return
    for param in params:
        if param.partition("__")[0] not in names:
            yield Finding(f"params.{param}", f"unknown parameter of {name!r}", hint=one_of(param, names))


def _unknown_estimator(name: str) -> Finding:
    hint = f"{one_of(name, ESTIMATORS)} Or name a class: package.module:Class."
    return Finding("estimator", f"unknown estimator {name!r}", hint=hint)


def _known_params(name: str) -> set[str]:
    entry = ESTIMATORS.get(name)
    types = [kind for kind in ("classification", "regression") if entry is None or entry.path(kind)]
    return {param for kind in types for param in parameter_names(estimator_class(name, kind))}


def _accepts(estimator: Any) -> Accepts:
    from sklearn.utils import get_tags

    by_dtype = getattr(estimator, "categorical_features", None) == "from_dtype"
    return Accepts(missing=get_tags(estimator).input_tags.allow_nan, categories=by_dtype)


def _with_probabilities(estimator: Any, labels: Array) -> Any:
    import numpy as np
    from sklearn.calibration import CalibratedClassifierCV

    smallest = int(np.unique(labels, return_counts=True)[1].min())
    if hasattr(estimator, "predict_proba") or smallest < 2:
        return estimator
    return CalibratedClassifierCV(estimator, cv=min(5, smallest), ensemble=False)
