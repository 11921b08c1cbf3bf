"""What is being learned."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Problem", "ProblemType"]

ProblemType: TypeAlias = Literal["classification", "regression", "forecasting"]
"""What a workflow learns: classes, numbers, or the course of a series."""

# A problem names the model, and with it files and references: no separators, no surprises.
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]


class Problem(BaseModel):
    """The production use case that a workflow learns: a name, a target, and the role of other columns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name = Field(description="Name of the model, e.g. ecommerce_churn.")
    target: str = Field(description="Column to be predicted.")
    type: ProblemType = Field(
        default="classification", description="Kind of problem; the container of each runner sets it."
    )
    index: str | None = Field(default=None, description="Column that identifies a row; never a feature.")
    drop: tuple[str, ...] = Field(default=(), description="Columns that are not features.")
    positive_label: str | int | bool | None = Field(
        default=None, description="The class that binary metrics are about; the greater one unless said."
    )
    sensitive_features: tuple[str, ...] = Field(default=(), description="Columns to check for bias.")

    @property
    def not_features(self) -> frozenset[str]:
        """Columns of a frame that no model may learn from."""
        return frozenset({self.target, *self.drop} | ({self.index} if self.index else set()))
