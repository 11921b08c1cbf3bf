"""Turning columns into features."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from lolpop.integrations import Component

if TYPE_CHECKING:
    from sklearn.base import TransformerMixin

    from lolpop.frames import Frame

__all__ = ["FeatureTransformer"]


class FeatureTransformer(Component):
    """Makes scikit-learn compatible transformers for frames."""

    __slots__ = ()

    @abstractmethod
    def make(self, frame: Frame) -> TransformerMixin | Any:
        """A new, unfitted transformer for frames with the columns and dtypes of ``frame`` (features only).

        The choice of columns is made here, once, by dtype.
        """
