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
    """Metrics of the rows that have the value ``group`` in the column ``feature``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    feature: str
    group: str
    rows: int
    metrics: Mapping[str, float]


class Disparity(BaseModel):
    """How far apart the groups of ``feature`` are in one metric.

    ``difference`` is that of the highest and the lowest group, ``ratio`` the lowest over the highest; None
    where it has no meaning. Groups that are too small to be judged are not among them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    feature: str
    metric: str
    lowest: str
    highest: str
    difference: float
    ratio: float | None = None


class BiasReport(CheckReport):
    """The outcomes of checks named ``bias``, and what they rest on."""

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
