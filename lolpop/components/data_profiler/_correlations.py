"""Which columns vary together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lolpop.components.data_profiler.profiles import Correlation
from lolpop.data.frames import to_floats

if TYPE_CHECKING:
    import narwhals as nw
    import numpy as np
    from numpy.typing import NDArray


# A coefficient of ten thousand rows is off by some 0.01 at most.
ROWS = 10_000
_STRONG = 0.5
_MOST = 100


def correlations(rows: nw.DataFrame[Any], names: Sequence[str]) -> tuple[Correlation, ...]:
    """The strongest correlations of columns of numbers, by evenly spaced rows that have both."""
    sample = rows.select(*names).gather_every(max(1, -(-len(rows) // ROWS)))
    return correlated({name: to_floats(sample.get_column(name)) for name in names})


def correlated(columns: Mapping[str, NDArray[np.float64]]) -> tuple[Correlation, ...]:
    """The strongest correlations of columns of n numbers each, by the rows that have both."""
    import numpy as np

    names = list(columns)
    if len(names) < 2 or len(columns[names[0]]) < 3:
        return ()
    values = np.column_stack(list(columns.values()))
    values[~np.isfinite(values)] = np.nan
    with np.errstate(all="ignore"):
        present = np.isfinite(values)
        number = np.maximum(present.sum(axis=0), 1)
        scaled = np.where(present, values, 0.0)
        scaled = np.where(present, values - scaled.sum(axis=0) / number, 0.0)
        scaled /= np.abs(scaled).max(axis=0)
        scaled[~np.isfinite(scaled)] = 0.0
        presence = present.astype(np.float64)
        pairs = presence.T @ presence
        sums, squares = scaled.T @ presence, (scaled**2).T @ presence
        spread = squares - sums**2 / pairs
        matrix = (scaled.T @ scaled - sums * sums.T / pairs) / np.sqrt(spread * spread.T)
    matrix[~np.isfinite(matrix) | (pairs < 3)] = 0.0
    first, second = np.triu_indices(len(names), k=1)
    strength = np.abs(matrix[first, second])
    order = np.argsort(-strength, kind="stable")[:_MOST]
    return tuple(
        Correlation(
            columns=(names[first[at]], names[second[at]]),
            coefficient=float(np.clip(matrix[first[at], second[at]], -1, 1)),
        )
        for at in order
        if strength[at] >= _STRONG
    )
