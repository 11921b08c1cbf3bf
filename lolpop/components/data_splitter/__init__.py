"""Splitting labelled rows into training, test and validation rows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.data.frames import Frame

__all__ = ["BacktestSplitter", "DataSplitter", "Splits"]


@dataclass(frozen=True, slots=True)
class Splits:
    """Disjoint parts of one frame, with all its columns, the target included.

    Parameters
    ----------
    train
        Rows to fit on.
    test
        Rows to evaluate the final model on.
    validation
        Rows that a hyperparameter search scores its trials on; None without a search.
    """

    train: Frame
    test: Frame
    validation: Frame | None = None


class DataSplitter(Component):
    """Splits a labelled frame; the same seed and rows give the same splits."""

    __slots__ = ()

    @property
    def identity(self) -> frozenset[str]:
        """Columns whose values only say which rows belong together; they are read as written."""
        return frozenset()

    @abstractmethod
    def split(self, frame: Frame) -> Splits:
        """Split the rows of ``frame``. Raises DataError if they are too few, or of one class."""


class BacktestSplitter(DataSplitter):
    """Splits rows in time, several times for a backtest."""

    __slots__ = ()

    @abstractmethod
    def backtest(self, frame: Frame) -> Sequence[Splits]:
        """Splits for a backtest, the earliest first; each trains on the rows before its test.

        The last one is that of ``split``. Raises DataError if the rows are too few for one.
        """
