"""Models of rows and columns: a feature transformer and an estimator behind it, as one object."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any

from lolpop._names import with_article
from lolpop.components.model_trainer import FittedModel, Predictions
from lolpop.components.model_trainer._threads import at_most, openmp_threads_for, threads_for
from lolpop.data.frames import (
    count,
    kind_of,
    require_bounded,
    require_columns,
    to_floats,
    to_labels,
    wrap,
    wrap_series,
)
from lolpop.errors import DataError, LolpopError, TrainingError
from lolpop.problem import OTHER_RUNNERS

if TYPE_CHECKING:
    from lolpop.components.feature_transformer import Accepts, FeatureTransformer
    from lolpop.data.frames import Array, Frame, Series
    from lolpop.problem import Problem

__all__ = ["REFUSALS", "Features", "TabularModel", "explained", "learn_features", "own"]

# Errors of scikit-learn, XGBoost and their dependencies for unusable values.
REFUSALS = (ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError, RuntimeError)

_PARAMETER = re.compile(
    r"The '(?P<name>\w+)' parameter of (?P<owner>\w+) must be (?P<expected>.+)\. Got (?P<value>.+) instead\.",
    re.DOTALL,
)


class TabularModel(FittedModel):
    """A fitted feature transformer and the estimator that was fitted on its features."""

    __slots__ = ("_classes", "_columns", "_left_out", "estimator", "transformer")

    def __init__(
        self,
        columns: Sequence[str],
        classes: Sequence[Any],
        left_out: Mapping[str, str],
        transformer: Any,
        estimator: Any,
    ) -> None:
        self._columns = tuple(columns)
        self._classes = tuple(classes)
        self._left_out = dict(left_out)
        self.transformer = transformer
        self.estimator = estimator

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that it needs to predict."""
        return self._columns

    @property
    def classes(self) -> tuple[Any, ...]:
        """The target's classes in the order of the probabilities; empty of a regressor."""
        return self._classes

    @property
    def left_out(self) -> Mapping[str, str]:
        """Columns of the training rows that it does not use, each with the reason."""
        return self._left_out

    @property
    def categories(self) -> Mapping[str, Collection[str]]:
        """The values, as text, of the training rows in columns of categories, if it remembers all of them."""
        return _categories(self.transformer)

    def predict(self, frame: Frame) -> Predictions:
        """Predict the n rows of ``frame``; the label of a classifier is the most probable class.

        Raises DataError if a column is missing or has unusable values.
        """
        import numpy as np

        rows = wrap(frame)
        require_columns(rows.columns, self.columns)
        labels = self._class_labels()
        if not len(rows):
            return Predictions(labels[:0], np.empty((0, len(labels))) if self.classes else None, self.classes)
        features = rows if tuple(rows.columns) == self.columns else rows.select(self.columns)
        shape = len(rows), len(self.columns)
        try:
            with at_most(threads_for(*shape), openmp=openmp_threads_for(*shape)):
                return self._predicted(features.to_native(), labels)
        except LolpopError:
            raise
        except REFUSALS as error:
            raise DataError(f"The model cannot predict these rows: {error}") from error

    def _predicted(self, frame: Frame, labels: Array) -> Predictions:
        import numpy as np

        features = self.transformer.transform(frame)
        if not self.classes:
            return Predictions(np.asarray(self.estimator.predict(features), dtype=np.float64))
        if not hasattr(self.estimator, "predict_proba"):
            return Predictions(np.asarray(self.estimator.predict(features)), None, self.classes)
        probabilities = self.estimator.predict_proba(features)
        codes = probabilities.argmax(axis=1)
        return Predictions(labels[codes], probabilities, self.classes, codes=codes)

    def _class_labels(self) -> Array:
        import numpy as np

        labels: Array = np.array(self.classes)
        return labels.astype(object) if labels.dtype.kind == "U" else labels


@dataclass(frozen=True, slots=True)
class Features:
    """The input of a fit: features of n rows, their labels (or numbers), and the transformer that made
    them.
    """

    values: Any
    labels: Array
    transformer: Any
    columns: tuple[str, ...]
    left_out: Mapping[str, str]

    def model(self, estimator: Any, classes: Array) -> TabularModel:
        """The model of these features and their estimator."""
        return TabularModel(self.columns, classes.tolist(), self.left_out, self.transformer, estimator)


def learn_features(
    frame: Frame, target: Series, *, problem: Problem, transformers: FeatureTransformer, accepts: Accepts
) -> Features:
    """Fit a feature transformer for an estimator that ``accepts`` so much.

    Raises DataError if ``frame`` and ``target`` cannot be used for training.
    """
    rows = wrap(frame)
    labels = _labels(target, problem)
    if len(labels) != len(rows):
        raise DataError(f"There are {count(len(rows), 'row')} and {count(len(labels), 'target value')}.")
    transformer = transformers.make(rows.to_native(), accepts)
    left_out = _left_out(transformer)
    columns = tuple(name for name in rows.columns if name not in left_out)
    try:
        values = transformer.fit_transform(rows.to_native(), labels)
    except LolpopError:
        raise
    except REFUSALS as error:
        raise DataError(f"The columns cannot be turned into features: {error}") from error
    return Features(values, labels, transformer, columns, left_out)


def own(model: FittedModel) -> TabularModel:
    """``model``, if a trainer of rows and columns has made it. Raises TrainingError otherwise."""
    if not isinstance(model, TabularModel):
        kind = with_article(type(model).__name__, capital=True)
        raise TrainingError(f"{kind} is not a model that this trainer can store.")
    return model


def explained(error: Exception, estimator: str) -> TrainingError:
    """The error of an estimator that refuses its parameters or data, for people."""
    if match := _PARAMETER.fullmatch(str(error).strip()):
        return TrainingError(
            f"params.{match['name']} of {estimator} must be {match['expected']}, but is {match['value']}.",
            parameter=(match["name"], match["value"]),
        )
    reason = str(error).strip() or type(error).__name__
    return TrainingError(f"{estimator} cannot be fitted: {reason.rstrip('.')}.")


def _labels(target: Series, problem: Problem) -> Array:
    import numpy as np

    series = wrap_series(target)
    if len(series) < 2:
        raise DataError(f"A model cannot be learned from {count(len(series), 'row')}.")
    if problem.type == "classification":
        labels = to_labels(series)
        _require_classes(labels, series.name)
        return labels
    if kind_of(series) not in {"number", "boolean"}:
        raise DataError(
            f"The target {series.name!r} should contain numbers for {problem.type}, but is "
            f"{series.dtype}. {OTHER_RUNNERS['classification'].capitalize()}."
        )
    numbers = to_floats(series)
    if unusable := int(np.count_nonzero(~np.isfinite(numbers))):
        raise DataError(
            f"The target {series.name!r} is missing or infinite in {count(unusable, 'row')} of "
            f"{len(numbers):,}. Drop them before training."
        )
    require_bounded(numbers, series.name)
    return numbers


def _require_classes(labels: Array, name: str) -> None:
    import numpy as np

    classes = np.unique(labels).tolist()
    if len(classes) == 1:
        raise DataError(
            f"The target {name!r} has only one class, {classes[0]!r}: there is nothing to classify."
        )
    if labels.dtype.kind == "f" and not np.array_equal(labels, np.round(np.asarray(labels, dtype=float))):
        raise DataError(
            f"The target {name!r} holds fractions such as {labels.flat[0]}, which are not classes. "
            f"{OTHER_RUNNERS['regression'].capitalize()}."
        )


def _left_out(transformer: Any) -> Mapping[str, str]:
    entries = getattr(transformer, "transformers", ())
    return {column: reason for reason, action, columns in entries if action == "drop" for column in columns}


def _categories(transformer: Any) -> dict[str, Collection[str]]:
    categories: dict[str, Collection[str]] = {}
    for _, fitted, columns in getattr(transformer, "transformers_", ()):
        *steps, encoder = [step for _, step in fitted.steps] if hasattr(fitted, "steps") else [fitted]
        values = getattr(encoder, "categories_", ())
        # An encoder that has merged rare values does not remember them.
        incomplete = getattr(encoder, "has_rare_", repeat(False))
        rare = {step.replace_with for step in steps if hasattr(step, "replace_with")}
        for column, seen, partly in zip(columns, values, incomplete, strict=False):
            texts = frozenset(value for value in seen if isinstance(value, str))
            if texts and not partly and not rare & texts:
                categories[column] = texts
    return categories
