"""Dataframes as they travel inside pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from narwhals.typing import IntoDataFrame, IntoSeries
    from numpy.typing import NDArray

    # A pandas or polars dataframe (rows x columns), and one column of it.
    Frame: TypeAlias = IntoDataFrame
    Series: TypeAlias = IntoSeries
    Array: TypeAlias = NDArray[np.generic]

__all__ = ["Array", "Frame", "Series"]
