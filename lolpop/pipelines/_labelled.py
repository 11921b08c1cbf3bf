"""Rows with their true labels."""

from __future__ import annotations

from dataclasses import dataclass

from lolpop.data.frames import Frame, Series, require_columns, wrap
from lolpop.problem import Problem


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """The features of n rows, and the n values of their target."""

    features: Frame
    target: Series


def labelled(frame: Frame, problem: Problem) -> LabelledRows:
    """Split ``frame`` into features and target. Raises DataError, with a near name, if it has no target."""
    data = wrap(frame)
    require_columns(data.columns, [problem.target], what="target column")
    features = data.drop(*problem.not_features, strict=False)
    return LabelledRows(features.to_native(), data.get_column(problem.target).to_native())
