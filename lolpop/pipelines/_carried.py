"""What was found out about rows, beside the columns that tell those apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lolpop.data.frames import Frame, wrap


def beside_carried(frame: Frame, carried: Sequence[str], values: Mapping[str, Any]) -> Frame:
    """A frame of the kind of ``frame``, of its columns ``carried`` and the columns ``values``, n each."""
    import narwhals as nw

    rows = wrap(frame)
    columns = [nw.new_series(name, column, backend=rows.implementation) for name, column in values.items()]
    # Starting from no column keeps nothing but the rows of a frame without index.
    carried_columns = rows.select(carried) if carried else columns.pop(0).to_frame()
    built: Frame = carried_columns.with_columns(*columns).to_native()
    return built
