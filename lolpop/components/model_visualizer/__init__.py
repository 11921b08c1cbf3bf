"""Figures of the quality of models."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.components.model_explainer import Importance
    from lolpop.components.model_trainer import FittedModel
    from lolpop.data.frames import Frame, Series

__all__ = ["ModelVisualizer"]


class ModelVisualizer(Component):
    """Draws figures of a model."""

    __slots__ = ()

    @abstractmethod
    def draw(
        self,
        model: FittedModel,
        frame: Frame,
        target: Series,
        folder: Path,
        importance: Sequence[Importance] = (),
    ) -> Mapping[str, Path]:
        """Draw ``model``, evaluated on the n rows of ``frame``, into ``folder``. Returns files by figure."""
