"""Turning columns into features."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lolpop.integrations import Component

if TYPE_CHECKING:
    from sklearn.base import TransformerMixin

    from lolpop.data.frames import Frame

__all__ = ["Accepts", "FeatureTransformer"]


@dataclass(frozen=True, slots=True)
class Accepts:
    """What an estimator accepts besides complete numbers."""

    missing: bool = False
    """Missing values (NaN); such estimators, being trees, do not need scaled features either."""

    categories: bool = False
    """Columns of pandas' categorical dtype; the features then are a pandas dataframe."""


_COMPLETE_NUMBERS = Accepts()


class FeatureTransformer(Component):
    """Makes scikit-learn compatible transformers for frames."""

    __slots__ = ()

    @abstractmethod
    def make(self, frame: Frame, accepts: Accepts = _COMPLETE_NUMBERS) -> TransformerMixin | Any:
        """A new, unfitted transformer for frames with the columns and dtypes of ``frame`` (features only).

        The choice of columns is made here, once, by dtype. Columns that are left out are those of the
        ``drop`` entries of a ColumnTransformer, each entry named by the reason. Raises DataError if no
        column is left.
        """
