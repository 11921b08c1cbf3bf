"""A Gaussian copula over columns of all kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import lazy_loader

from lolpop.components.data_synthesizer import DataSynthesizer, SynthesisReport
from lolpop.components.data_synthesizer._columns import Column, column_of
from lolpop.components.data_synthesizer._scores import synthesis_report
from lolpop.data.frames import to_pandas
from lolpop.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from lolpop.data.frames import Frame
else:
    np = lazy_loader.load("numpy")
    pd = lazy_loader.load("pandas")

__all__ = ["BuiltinDataSynthesizer"]


@dataclass(frozen=True, slots=True)
class _Copula:
    """The distribution of each column, and how their places in it vary together."""

    columns: tuple[Column, ...]
    correlations: NDArray[np.float64]


class BuiltinDataSynthesizer(DataSynthesizer):
    """Draws rows from a Gaussian copula: each column as it is distributed, together as they correlate.

    Numbers and dates come from the quantiles of their column, all else from its values, as often as each
    is. Text that hardly repeats, such as names and ids, is made up. Missing values are as frequent as they
    were, and independent of others.
    """

    def __init__(self, *, seed: int = 0) -> None:
        self._seed = seed % 2**32

    def fit(self, frame: Frame) -> _Copula:
        """The distribution of each column of ``frame``, and their correlations."""
        from scipy.special import ndtri

        rows = to_pandas(frame)
        if not len(rows) or not len(rows.columns):
            raise DataError("There are no rows to learn from.")
        random = np.random.default_rng(self._seed)
        columns = tuple(column_of(rows[name]) for name in rows.columns)
        uniforms = np.column_stack([column.uniforms(rows[column.name], random) for column in columns])
        scores = ndtri(np.clip(uniforms, 1e-6, 1 - 1e-6))
        with np.errstate(invalid="ignore"):
            correlations = np.nan_to_num(np.atleast_2d(np.corrcoef(scores, rowvar=False)))
        np.fill_diagonal(correlations, 1.0)
        return _Copula(columns, correlations)

    def sample(self, model: _Copula, rows: int) -> Frame:
        """``rows`` rows as a frame of pandas."""
        from scipy.special import ndtr

        if rows < 0:
            raise ValueError(f"rows must not be negative, but got {rows}.")
        random = np.random.default_rng(self._seed)
        # What rounding makes negative would be the square root of nothing.
        strengths, directions = np.linalg.eigh(model.correlations)
        root = directions * np.sqrt(np.maximum(strengths, 0))
        uniforms = ndtr(random.standard_normal((rows, len(model.columns))) @ root.T)
        columns = [column.series(uniforms[:, at], random) for at, column in enumerate(model.columns)]
        frame: Frame = pd.concat(columns, axis=1)
        return frame

    def evaluate(self, frame: Frame, synthetic: Frame) -> SynthesisReport:
        """Scores of quality and privacy."""
        return synthesis_report(frame, synthetic, self._seed)
