"""Rows drawn at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import PositiveInt

from lolpop_audit.components.row_sampler import RowSampler

if TYPE_CHECKING:
    from lolpop.data.frames import Frame

__all__ = ["RandomRowSampler"]


class RandomRowSampler(RowSampler):
    """Draws rows at random, the same ones for the same seed.

    Parameters
    ----------
    rows : int
        How many rows at most.
    """

    def __init__(self, rows: PositiveInt = 5, *, seed: int = 0) -> None:
        self.rows, self.seed = rows, seed

    def sample(self, frame: Frame) -> Frame:
        import narwhals as nw

        rows = nw.from_native(frame, eager_only=True)
        return rows.sample(min(self.rows, len(rows)), seed=self.seed % 2**32).to_native()
