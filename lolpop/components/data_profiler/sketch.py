"""What batches of rows have in them, before it is known what all rows have in them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from lolpop.components.data_profiler.profiles import Profile
    from lolpop.data.frames import Frame

__all__ = ["Sketch"]


class Sketch(ABC):
    """A summary of some batches of rows, small enough to travel: those of all parts make one profile.

    A profiler makes it in whatever process the rows are read, and compares it as it compares rows.
    """

    __slots__ = ()

    @abstractmethod
    def __len__(self) -> int:
        """The number of rows."""

    @abstractmethod
    def add(self, frame: Frame) -> None:
        """Add the rows of ``frame``, which come after these. Raises DataError if it has other columns."""

    @abstractmethod
    def merge(self, later: Self) -> None:
        """Add the rows of ``later``, which come after these. Raises DataError if it has other columns."""

    @abstractmethod
    def without(self, columns: Collection[str]) -> Self:
        """The same rows without ``columns``, whether it has them or not."""

    @abstractmethod
    def profile(self) -> Profile:
        """The profile of all rows."""
