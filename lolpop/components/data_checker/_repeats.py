"""Candidates for duplicate rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import narwhals as nw
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.data.frames import Kind


def that_may_repeat(columns: Sequence[nw.Series[Any]]) -> NDArray[np.intp]:
    """The places of rows whose floats are all found in other rows too; ``columns`` have n values each.

    Equal rows are equal in every column, and a column of floats, quick to look at, tells most rows apart.
    """
    import numpy as np

    at = np.arange(len(columns[0]) if columns else 0)
    for series in columns:
        if len(at) and series.dtype.is_float():
            at = at[series[at].is_duplicated().to_numpy()]
    return at


def comparable(values: nw.Series[Any], kind: Kind) -> nw.Series[Any]:
    """``values`` as what can be compared: lists, objects of polars and the like as they are written."""
    import narwhals as nw

    if kind not in {"mixed", "other"} and not (values.dtype == nw.Object and kind == "empty"):
        return values
    return nw.new_series(
        values.name, [repr(value) for value in values.to_list()], backend=values.implementation
    )
