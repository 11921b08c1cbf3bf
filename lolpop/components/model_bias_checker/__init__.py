"""Checking models for bias."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from lolpop.checks import CheckReport
from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.components.model_trainer import FittedModel
    from lolpop.data.frames import Frame, Series

__all__ = ["BiasReport", "Disparity", "GroupMetrics", "ModelBiasChecker"]


class GroupMetrics(BaseModel):
    """Metrics of the rows that have one value in one sensitive column.

    Parameters
    ----------
    feature
        The sensitive column.
    group
        The value, as text.
    rows
        How many rows have it.
    metrics
        Values of the metrics by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    feature: str
    group: str
    rows: int
    metrics: Mapping[str, float]


class Disparity(BaseModel):
    """How far apart the groups of a sensitive column are in one metric.

    Groups that are too small to be judged are left out.

    Parameters
    ----------
    feature
        The sensitive column.
    metric
        Name of the metric.
    lowest
        The group with the lowest value.
    highest
        The group with the highest value.
    difference
        The highest value minus the lowest.
    ratio
        The lowest value divided by the highest; None where a ratio has no meaning.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    feature: str
    metric: str
    lowest: str
    highest: str
    difference: float
    ratio: float | None = None


class BiasReport(CheckReport):
    """The outcomes of checks named ``bias``, and what they rest on.

    Parameters
    ----------
    checks
        The outcomes.
    groups
        Metrics of each group.
    disparities
        How far apart the groups are in each metric.
    """

    groups: tuple[GroupMetrics, ...] = ()
    disparities: tuple[Disparity, ...] = ()


class ModelBiasChecker(Component):
    """Says whether a model treats groups of ``problem.sensitive_features`` differently."""

    __slots__ = ()

    @abstractmethod
    def check(self, model: FittedModel, frame: Frame, target: Series) -> BiasReport:
        """Compare the groups of the n rows of ``frame``, which has the sensitive features too.

        A model need not have learned from those. Raises DataError, with near names, if one is missing.
        """
