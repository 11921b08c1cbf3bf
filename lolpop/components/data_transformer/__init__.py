"""Turning source rows into the rows that a model learns from."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.frames import Frame

__all__ = ["DataTransformer"]


class DataTransformer(Component):
    """Makes the frame that is learned from, or predicted, out of a source frame."""

    __slots__ = ()

    @abstractmethod
    def transform(self, frame: Frame) -> Frame:
        """The transformed frame; ``frame`` itself is not changed."""
