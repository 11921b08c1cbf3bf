"""The lifecycle of model versions: registered, promoted, approved."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.resources import ModelVersion

__all__ = ["ModelRepository", "Registration"]


@dataclass(frozen=True, slots=True)
class Registration:
    """The lifecycle of a model version so far. Times are UTC.

    Parameters
    ----------
    registered_at
        When it was registered.
    promoted_at
        When it was promoted; None if it has not been.
    approved_at
        When it was approved; None if it has not been.
    approved_by
        Who approved it.
    """

    registered_at: datetime
    promoted_at: datetime | None = None
    approved_at: datetime | None = None
    approved_by: str | None = None


class ModelRepository(Component):
    """Registers, promotes and approves model versions. Methods take a model version or its reference."""

    __slots__ = ()

    @abstractmethod
    def register(self, model_version: ModelVersion | str) -> None:
        """Register ``model_version``, so that it can be promoted. Repeating this is not an error."""

    @abstractmethod
    def promote(self, model_version: ModelVersion | str) -> None:
        """Propose a registered ``model_version`` for use."""

    @abstractmethod
    def approve(self, model_version: ModelVersion | str, *, by: str) -> None:
        """Approve a promoted ``model_version`` in the name of ``by``."""

    @abstractmethod
    def is_approved(self, model_version: ModelVersion | str) -> bool:
        """Whether ``model_version`` may be deployed."""

    @abstractmethod
    def registration(self, model_version: ModelVersion | str) -> Registration | None:
        """The lifecycle of ``model_version``; None if it is not registered."""
