"""Where the rows of a workflow are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Data", "Source"]

# A path or URL, or a mapping for connectors that need more: {table: …}, {query: …}.
Source = str | Mapping[str, Any]


class Data(BaseModel):
    """Sources of a workflow: labelled rows, rows to be predicted, the truth that arrives later."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    train: Source = Field(description="Labelled rows.")
    predict: Source | None = Field(
        default=None, description="Rows to be predicted; without it a run ends after deployment."
    )
    truth: Source | None = Field(default=None, description="True labels of predicted rows, once known.")
    predictions: Source | None = Field(default=None, description="Where predictions are written.")
