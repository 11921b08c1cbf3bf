"""Rows without a transformation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lolpop.components.data_transformer import DataTransformer

if TYPE_CHECKING:
    from lolpop.data.frames import Frame

__all__ = ["IdentityDataTransformer"]


class IdentityDataTransformer(DataTransformer):
    """Changes nothing."""

    def transform(self, frame: Frame) -> Frame:
        """``frame`` itself."""
        return frame
