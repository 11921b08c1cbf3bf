"""Transforming source rows into rows for training and prediction."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lolpop.errors import DataError
from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.data.frames import Frame

__all__ = ["DataTransformer"]


class DataTransformer(Component):
    """Makes a frame for training or prediction from a source frame."""

    __slots__ = ()

    @abstractmethod
    def transform(self, frame: Frame) -> Frame:
        """The transformed frame; ``frame`` itself is not changed."""

    def join(self, frames: Mapping[str, Frame]) -> Frame:
        """The frame for training or prediction, made from several source frames by name, which are not
        changed.

        Raises DataError unless an implementation can do that.
        """
        raise DataError(f"{type(self).__name__} takes one table, but got {len(frames)}.")

    @classmethod
    def joins(cls) -> bool:
        """Whether an implementation makes rows of several tables."""
        return cls.join is not DataTransformer.join
