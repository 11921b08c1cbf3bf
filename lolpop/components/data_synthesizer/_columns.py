"""The distribution of one column, as what turns uniform numbers into values and values into them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import lazy_loader

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
else:
    np = lazy_loader.load("numpy")
    pd = lazy_loader.load("pandas")


_QUANTILES = 201
_REPEATING = 0.5
"""Text with a greater share of different values names rows: it is made up, and never taken over."""


@dataclass(frozen=True, slots=True)
class Column:
    """What values a column has. Of numbers and dates, quantiles; of all else, each value with its share."""

    name: str
    dtype: Any
    missing: float
    """Share of missing values."""
    quantiles: tuple[float, ...] = ()
    whole: bool = False
    """Whether its numbers are whole ones."""
    is_date: bool = False
    values: tuple[Any, ...] = ()
    shares: tuple[float, ...] = ()
    made_up: bool = False
    """Whether its values are names of rows, in place of which others are made up."""

    def uniforms(self, values: pd.Series[Any], random: np.random.Generator) -> NDArray[np.float64]:
        """Where each value is in the distribution, from 0 to 1; drawn at random where that is undecided."""
        drawn = random.random(len(values))
        if self.made_up:
            return drawn
        present = values.notna().to_numpy()
        if self.quantiles:
            numbers = _numbers(values)[present]
            ranks = pd.Series(numbers).rank(method="average").to_numpy()
            drawn[present] = (ranks - 0.5) / max(len(ranks), 1)
            return drawn
        edges = np.concatenate([[0.0], np.cumsum(self.shares)])
        places = {value: place for place, value in enumerate(self.values)}
        for at, value in zip(np.flatnonzero(present), values[present], strict=True):
            place = places[value]
            drawn[at] = edges[place] + drawn[at] * (edges[place + 1] - edges[place])
        return drawn

    def series(self, uniforms: NDArray[np.float64], random: np.random.Generator) -> pd.Series[Any]:
        """The values at places of the distribution, with as many missing ones as there were."""
        series = self._values_at(uniforms)
        is_missing = random.random(len(uniforms)) < self.missing
        if is_missing.any():
            series = series.where(~is_missing)
        elif str(series.dtype) != str(self.dtype):
            series = series.astype(self.dtype)
        renamed: pd.Series[Any] = series.rename(self.name)
        return renamed

    def _values_at(self, uniforms: NDArray[np.float64]) -> pd.Series[Any]:
        if self.made_up:
            return pd.Series(
                [f"{self.name}-{number:06}" for number in range(1, len(uniforms) + 1)], dtype="str"
            )
        if self.quantiles:
            numbers = np.interp(uniforms, np.linspace(0, 1, len(self.quantiles)), self.quantiles)
            if self.is_date:
                return pd.Series(pd.to_datetime(np.round(numbers), unit="s"))
            return pd.Series(np.round(numbers) if self.whole else numbers)
        places = np.searchsorted(np.cumsum(self.shares), uniforms, side="right")
        values: Sequence[Any] = [self.values[place] for place in np.minimum(places, len(self.values) - 1)]
        chosen: pd.Series[Any] = pd.Series(values, dtype=self.dtype)
        return chosen


def column_of(values: pd.Series[Any]) -> Column:
    """The distribution of a column."""
    name, dtype = str(values.name), values.dtype
    missing = float(values.isna().mean())
    present = values.dropna()
    is_date = pd.api.types.is_datetime64_any_dtype(dtype)
    is_number = pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)
    if len(present) and (is_date or is_number):
        numbers = _numbers(present)
        quantiles = np.quantile(numbers, np.linspace(0, 1, _QUANTILES))
        whole = bool(np.all(numbers == np.round(numbers)))
        return Column(name, dtype, missing, tuple(map(float, quantiles)), whole, is_date)
    counts = present.value_counts()
    if len(present) and pd.api.types.is_string_dtype(dtype) and len(counts) > _REPEATING * len(present):
        return Column(name, dtype, missing, made_up=True)
    if not len(present):
        return Column(name, dtype, 1.0, values=(None,), shares=(1.0,))
    shares = counts.to_numpy() / counts.sum()
    return Column(name, dtype, missing, values=tuple(counts.index), shares=tuple(map(float, shares)))


def _numbers(values: pd.Series[Any]) -> NDArray[np.float64]:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        seconds: NDArray[np.float64] = (
            values.to_numpy(dtype="datetime64[s]").astype("int64").astype("float64")
        )
        return seconds
    numbers: NDArray[np.float64] = np.nan_to_num(values.to_numpy(dtype="float64", na_value=np.nan))
    return numbers
