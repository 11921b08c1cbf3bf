"""The first rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import PositiveInt

from lolpop_audit.components.row_sampler import RowSampler

if TYPE_CHECKING:
    from lolpop.data.frames import Frame

__all__ = ["FirstRowSampler"]


class FirstRowSampler(RowSampler):
    """Takes the first rows.

    Parameters
    ----------
    rows : int
        How many rows at most.
    """

    def __init__(self, rows: PositiveInt = 5) -> None:
        self.rows = rows

    def sample(self, frame: Frame) -> Frame:
        import narwhals as nw

        return nw.from_native(frame, eager_only=True).head(self.rows).to_native()
