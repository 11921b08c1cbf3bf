"""The component type row sampler: its interface."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from lolpop import Component

if TYPE_CHECKING:
    from lolpop.data.frames import Frame

__all__ = ["RowSampler"]


class RowSampler(Component):
    """Chooses rows for people to look at."""

    __slots__ = ()

    @abstractmethod
    def sample(self, frame: Frame) -> Frame:
        """Some of the rows of ``frame``, as a frame of the same kind. A frame without rows stays one."""
