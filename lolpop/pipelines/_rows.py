"""Identifying rows by their content, and drawing a share of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lolpop.data.frames import Frame, to_datetimes, to_floats, to_strings, wrap
from lolpop.errors import DataError

if TYPE_CHECKING:
    from typing import Any

    import narwhals as nw
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.problem import Problem


_EXACT = 2.0**53  # from here on floats do not represent every whole number
_SPREAD = 0x9E3779B97F4A7C15  # an odd number with spread bits, so that products of different floats differ


def row_hashes(frame: Frame, columns: Sequence[str] | None = None) -> NDArray[np.uint64]:
    """A number for each of n rows, equal for rows with equal values in ``columns`` (by default, in all).

    Equal numbers of different dtypes are equal, and so are rows of pandas and polars.
    """
    import pandas as pd

    rows = wrap(frame)
    values = {name: _comparable(rows.get_column(name)) for name in columns or rows.columns}
    hashes: Any = pd.util.hash_pandas_object(pd.DataFrame(values), index=False).to_numpy()
    return hashes  # type: ignore[no-any-return]


def digest_of(frame: Frame) -> str:
    """A digest of the content of ``frame``: its rows, in their order, and the names of its columns."""
    names = repr(wrap(frame).columns).encode()
    return hashlib.sha256(names + row_hashes(frame).tobytes()).hexdigest()


def learned_from(frame: Frame, rows: Frame, held_out: Frame, index: str | None) -> NDArray[np.bool_]:
    """Whether each row of ``frame`` is one of ``rows`` and none of ``held_out``.

    A row is identified by its ``index`` if that is unique in ``rows``, else by all its values. Equal rows
    cannot be distinguished: if one of them was kept apart, all count as kept apart.
    """
    import numpy as np

    columns = [set(wrap(part).columns) for part in (frame, rows, held_out)]
    shared = [name for name in wrap(frame).columns if name in set.intersection(*columns)]
    if index in shared and wrap(rows).get_column(index).n_unique() == len(rows):
        shared = [index]
    hashes, learned_hashes, held_out_hashes = (row_hashes(part, shared) for part in (frame, rows, held_out))
    is_seen: NDArray[np.bool_] = np.isin(hashes, learned_hashes) & ~np.isin(hashes, held_out_hashes)
    return is_seen


def part_of(frame: Frame, share: float, problem: Problem) -> Frame:
    """A share of the rows, in their order: stratified by class, and a greater share contains a smaller one.

    Raises DataError for series, of which random rows are not series.
    """
    import numpy as np

    rows = wrap(frame)
    if share == 1:
        return frame
    if problem.type == "forecasting":
        raise DataError(
            "A share of the rows of a series is not a series: remove hyperparameter_tuner.prune_at."
        )
    drawn = np.random.default_rng(0).permutation(len(rows))
    groups = [drawn]
    if problem.type == "classification":
        labels = to_strings(rows.get_column(problem.target)).fillna("").to_numpy()[drawn]
        groups = [drawn[labels == label] for label in np.unique(labels)]
    chosen = np.concatenate([group[: int(np.ceil(share * len(group)))] for group in groups])
    part: Frame = rows[np.sort(chosen)].to_native()
    return part


def _exactly(series: nw.Series[Any]) -> Any:
    """Whole numbers as the bits of floats, or of a value that no float has where floats are not exact."""
    import numpy as np

    numbers = to_floats(series) + 0.0
    great = np.flatnonzero(np.abs(numbers) >= _EXACT)
    if not len(great):
        return numbers
    bits = numbers.view(np.uint64).copy()  # hashed as the floats are
    values = series[great].to_list()
    lost = [value - int(number) for value, number in zip(values, numbers[great].tolist(), strict=True)]
    bits[great] ^= np.array(lost, np.int64).view(np.uint64) * np.uint64(_SPREAD)
    return bits


def _comparable(series: nw.Series[Any]) -> Any:
    import narwhals as nw

    if series.dtype.is_integer():
        return _exactly(series)
    if series.dtype.is_numeric() or series.dtype == nw.Boolean:
        return to_floats(series) + 0.0  # no -0
    if series.dtype == nw.Datetime or series.dtype == nw.Date:
        return to_datetimes(series)
    return to_strings(series).to_numpy(dtype=object)
