"""Scores of synthetic rows beside the real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lazy_loader

from lolpop.components.data_synthesizer import SynthesisReport
from lolpop.components.data_synthesizer._columns import column_of
from lolpop.data.frames import to_pandas
from lolpop.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from lolpop.data.frames import Frame
else:
    np = lazy_loader.load("numpy")
    pd = lazy_loader.load("pandas")


_COMPARED = 1_000
"""Rows of which the nearest neighbours are looked for."""


def synthesis_report(frame: Frame, synthetic: Frame, seed: int) -> SynthesisReport:
    """Scores of quality and privacy. Raises DataError without rows."""
    real, synthetic = to_pandas(frame), to_pandas(synthetic)
    if not len(real) or not len(synthetic):
        raise DataError("There are no rows to compare.")
    columns = {
        str(name): _likeness(real[name], synthetic[name])
        for name in real.columns
        if name in synthetic.columns and not column_of(real[name]).made_up
    }
    correlations = _correlation_likeness(real, synthetic)
    mean = sum(columns.values()) / len(columns) if columns else 1.0
    copied = float(pd.util.hash_pandas_object(synthetic, index=False).isin(_hashes(real)).mean())
    closeness = _closeness(real, synthetic, seed)
    return SynthesisReport(
        columns=columns,
        correlations=correlations,
        quality=(mean + correlations) / 2,
        copied=copied,
        closeness=closeness,
        privacy=max(0.0, closeness - copied),
    )


def _hashes(rows: pd.DataFrame) -> pd.Series[Any]:
    return pd.util.hash_pandas_object(rows, index=False)


def _likeness(real: pd.Series[Any], synthetic: pd.Series[Any]) -> float:
    """1 less the distance of two distributions: Kolmogorov-Smirnov of numbers, else total variation."""
    if pd.api.types.is_numeric_dtype(real.dtype) or pd.api.types.is_datetime64_any_dtype(real.dtype):
        from scipy.stats import ks_2samp

        one, other = (
            series.dropna().astype("int64" if series.dtype.kind == "M" else "float64")
            for series in (real, synthetic)
        )
        if not len(one) or not len(other):
            return float(len(one) == len(other))
        return float(1 - ks_2samp(one, other, method="asymp").statistic)
    shares = [series.astype("str").value_counts(normalize=True) for series in (real, synthetic)]
    return float(1 - shares[0].sub(shares[1], fill_value=0).abs().sum() / 2)


def _correlation_likeness(real: pd.DataFrame, synthetic: pd.DataFrame) -> float:
    names = [name for name in real.select_dtypes("number").columns if name in synthetic.columns]
    if len(names) < 2:
        return 1.0
    tables = [
        rows[names].astype("float64").corr(method="spearman").fillna(0).to_numpy()
        for rows in (real, synthetic)
    ]
    upper = np.triu_indices(len(names), 1)
    return float(1 - np.abs(tables[0] - tables[1])[upper].mean() / 2)


def _closeness(real: pd.DataFrame, synthetic: pd.DataFrame, seed: int) -> float:
    """Share of synthetic rows that are farther from real rows than the closest twentieth of those are."""
    from scipy.spatial import cKDTree

    both = pd.concat(
        [rows.sample(min(len(rows), _COMPARED), random_state=seed) for rows in (real, synthetic)]
    )
    numbers = both.select_dtypes("number").astype("float64")
    texts = both.select_dtypes(exclude="number").astype("str")
    parts = [((numbers - numbers.mean()) / numbers.std().replace(0, 1)).fillna(0).to_numpy()]
    parts += [
        pd.get_dummies(texts[name]).to_numpy(dtype="float64") for name in texts if texts[name].nunique() < 50
    ]
    points = np.column_stack(parts) if parts else np.zeros((len(both), 1))
    real_count = min(len(real), _COMPARED)
    if real_count < 2 or not points.shape[1]:
        return 1.0
    tree = cKDTree(points[:real_count])
    between_real = tree.query(points[:real_count], k=2)[0][:, 1]
    to_real = tree.query(points[real_count:])[0]
    return float((to_real >= np.quantile(between_real, 0.05)).mean())
