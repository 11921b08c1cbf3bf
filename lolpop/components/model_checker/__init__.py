"""Evaluating models."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from pydantic import BaseModel, ConfigDict

from lolpop.checks import CheckReport
from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.components.data_profiler import DriftReport
    from lolpop.components.model_trainer import FittedModel
    from lolpop.data.frames import Frame, Series

__all__ = ["Comparison", "Metrics", "ModelChecker"]

Metrics: TypeAlias = Mapping[str, float]


class Comparison(BaseModel):
    """Whether one model is better than another on the same rows.

    Parameters
    ----------
    better
        Whether the first model is better.
    metric
        Name of the metric that decides.
    score
        Score of the first model.
    other_score
        Score of the other model.
    difference
        The difference in units of the metric, positive where the first model is better.
    interval
        Confidence interval of the difference, where the checker computes one.
    against
        What the other model is, in words.
    left_out
        How many rows were left out because the other model was fitted on them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    better: bool
    metric: str
    score: float
    other_score: float
    difference: float
    interval: tuple[float, float] | None = None
    against: str = ""
    left_out: int = 0


class ModelChecker(Component):
    """Measures and compares models on rows that they were not fitted on."""

    __slots__ = ()

    @property
    @abstractmethod
    def metric(self) -> str:
        """Name of the metric that decides; see ``greater_is_better``."""

    @property
    @abstractmethod
    def greater_is_better(self) -> bool:
        """Whether a greater value of ``metric`` is the better one."""

    @abstractmethod
    def measure(self, model: FittedModel, frame: Frame, target: Series) -> Metrics:
        """All metrics of ``model`` on the n rows of ``frame``, by name; ``metric`` is among them."""

    @abstractmethod
    def check(
        self, model: FittedModel, frame: Frame, target: Series, learned: Metrics | None = None
    ) -> CheckReport:
        """Check ``model`` on the n rows of ``frame``.

        ``learned`` are its metrics on the training rows, if known.
        """

    @abstractmethod
    def compare_to_baseline(
        self, model: FittedModel, frame: Frame, target: Series, train_target: Series
    ) -> Comparison:
        """Compare with the constant prediction that the n values of ``train_target`` suggest."""

    @abstractmethod
    def compare(self, model: FittedModel, other: FittedModel, frame: Frame, target: Series) -> Comparison:
        """Compare ``model`` with ``other`` on the same n rows."""

    @abstractmethod
    def drift(self, model: FittedModel, frame: Frame, reference: Frame) -> DriftReport:
        """Compare the predictions of ``model`` for the rows of ``frame`` and of ``reference``.

        Labels are not needed: while the truth is unknown, this is the only evidence about a model.
        """
