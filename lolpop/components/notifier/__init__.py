"""Telling people."""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal, TypeAlias

from lolpop.integrations import Component

__all__ = ["Level", "Notifier"]

Level: TypeAlias = Literal["debug", "info", "warning", "error"]


class Notifier(Component):
    """Sends a message to people."""

    __slots__ = ()

    @abstractmethod
    def notify(self, message: str, level: Level = "info") -> None:
        """Send ``message``."""
