"""Describing data, and comparing it with other data."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lolpop.components.data_profiler.drift import ColumnDrift, DriftReport
from lolpop.components.data_profiler.profiles import ColumnProfile, Profile
from lolpop.components.data_profiler.sketch import Sketch
from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.data.frames import Frame

__all__ = ["ColumnDrift", "ColumnProfile", "DataProfiler", "DriftReport", "Profile", "Sketch"]


class DataProfiler(Component):
    """Describes a frame column by column, and compares frames by their descriptions."""

    __slots__ = ()

    @abstractmethod
    def profile(self, frame: Frame) -> Profile:
        """The profile of ``frame``. Raises DataError if it is not a dataframe."""

    @abstractmethod
    def sketch(self, frames: Iterable[Frame] = (), *, first_row: int = 0, rows: int | None = None) -> Sketch:
        """A sketch of all ``frames`` together, in bounded memory, which those of other parts can be added to.

        ``first_row`` is the number of rows before these, and ``rows`` that of the rows of all parts, where it
        is known: a sketch of few of many rows can then hold little. Raises DataError if a frame is no
        dataframe, or has other columns than the first.
        """

    def profile_batches(self, frames: Iterable[Frame]) -> Profile:
        """The profile of all ``frames`` together, in bounded memory.

        Counts, least, greatest, mean and standard deviation are exact; the rest may be estimated. Raises
        DataError if one is no dataframe, or has other columns than the first.
        """
        return self.sketch(frames).profile()

    @abstractmethod
    def compare(self, rows: Frame | Sketch, reference: Frame | Profile) -> DriftReport:
        """Whether ``rows``, or those of a sketch, have the distribution of ``reference``, a frame or a
        profile.

        Only columns that both have are compared. Raises DataError if ``rows`` is no dataframe.
        """
