"""Describing data, and comparing it with other data."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lolpop.components.data_profiler.drift import ColumnDrift, DriftReport
from lolpop.components.data_profiler.profiles import ColumnProfile, Profile
from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.data.frames import Frame

__all__ = ["ColumnDrift", "ColumnProfile", "DataProfiler", "DriftReport", "Profile"]


class DataProfiler(Component):
    """Describes a frame column by column, and compares frames by their descriptions."""

    __slots__ = ()

    @abstractmethod
    def profile(self, frame: Frame) -> Profile:
        """The profile of ``frame``. Raises DataError if it is not a dataframe."""

    @abstractmethod
    def profile_batches(self, frames: Iterable[Frame]) -> Profile:
        """The profile of all ``frames`` together, in bounded memory.

        Counts, least, greatest, mean and standard deviation are exact; the rest may be estimated. Raises
        DataError if one is no dataframe, or has other columns than the first.
        """

    @abstractmethod
    def compare(self, frame: Frame, reference: Frame | Profile) -> DriftReport:
        """Whether the rows of ``frame`` have the distribution of ``reference``, a frame or a profile.

        Only columns that both have are compared. Raises DataError if ``frame`` is no dataframe.
        """
