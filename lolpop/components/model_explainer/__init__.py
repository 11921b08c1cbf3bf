"""Explaining models."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lolpop.integrations import Component

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.components.model_trainer import FittedModel
    from lolpop.data.frames import Frame, Series

__all__ = ["Attributions", "Importance", "ModelExplainer"]


@dataclass(frozen=True, slots=True)
class Importance:
    """How much a model depends on a column, by the measure of the explainer.

    Parameters
    ----------
    column
        Name of the column.
    value
        The importance.
    deviation
        Standard deviation of the value, which tells how sure it is.
    """

    column: str
    value: float
    deviation: float


@dataclass(frozen=True, slots=True, eq=False)
class Attributions:
    """How much each of c columns contributes to the predictions of n rows.

    Parameters
    ----------
    columns
        Names of the c columns.
    values
        Contributions, shape (n, c), in units of ``outputs``.
    outputs
        The predictions of a regression, or the probabilities of the predicted classes, shape (n,).
    """

    columns: tuple[str, ...]
    values: NDArray[np.float64]
    outputs: NDArray[np.float64]


class ModelExplainer(Component):
    """Measures how much a model depends on columns, overall and for single rows."""

    __slots__ = ()

    explains_forecasts: ClassVar[bool] = False
    """Whether it explains models of series: rows that are moments cannot be put in any order."""

    @abstractmethod
    def importance(self, model: FittedModel, frame: Frame, target: Series) -> list[Importance]:
        """The importance of every column that ``model`` uses, on the n rows of ``frame``; greatest first."""

    @abstractmethod
    def explain(self, model: FittedModel, frame: Frame, reference: Frame) -> Attributions:
        """Attribute the predictions of the rows of ``frame`` to columns, relative to ``reference`` rows.

        Those are training rows of ``model``; an explainer that takes the baseline from the model itself need
        not read them. Raises DataError if there are none.
        """
