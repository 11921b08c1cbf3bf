"""The model trainers of a container, which save and load their models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lolpop.components.model_trainer import ModelTrainer
from lolpop.kernel.providers.traversal import cells_in

if TYPE_CHECKING:
    from lolpop.kernel.scopes import Scope

__all__ = ["trainers_of"]


def trainers_of(root: Scope) -> list[ModelTrainer]:
    """The model trainers of a container."""
    trainers: list[ModelTrainer] = []
    for cell in cells_in(root):
        interface = getattr(cell.slot, "interface", None)
        if isinstance(interface, type) and issubclass(interface, ModelTrainer):
            built = cell.slot()
            trainers += built if isinstance(built, list) else [built]
    return trainers
