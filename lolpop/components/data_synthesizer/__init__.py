"""Synthetic rows with the distributions and correlations of real ones."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.data.frames import Frame

__all__ = ["DataSynthesizer", "SynthesisReport"]


class SynthesisReport(BaseModel):
    """Scores of synthetic rows: similarity to real rows, and distance from copies.

    All scores are between 0 and 1, and greater is better.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: dict[str, float] = Field(description="Similarity of the values of each column, from 0 to 1.")
    correlations: float = Field(description="Similarity of the correlations of numbers, from 0 to 1.")
    quality: float = Field(description="The mean of the columns, and the correlations, in equal shares.")
    copied: float = Field(description="Share of synthetic rows that are equal to a real one.")
    closeness: float = Field(
        description="Share of synthetic rows that are as far from real rows as those are from each other."
    )
    privacy: float = Field(description="The closeness, less the share of copies.")


class DataSynthesizer(Component):
    """Fits the distribution of rows, and draws new ones."""

    __slots__ = ()

    @abstractmethod
    def fit(self, frame: Frame) -> Any:
        """What ``sample`` draws from. It holds distributions, and no rows. Raises DataError without rows."""

    @abstractmethod
    def sample(self, model: Any, rows: int) -> Frame:
        """``rows`` new rows with the columns of those that ``model`` was fitted on; the same for a seed."""

    @abstractmethod
    def evaluate(self, frame: Frame, synthetic: Frame) -> SynthesisReport:
        """Score the rows of ``synthetic`` against ``frame``."""
