"""Logging."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from lolpop.components.notifier import Level
from lolpop.integrations import Component

__all__ = ["Level", "Logger"]


class Logger(Component):
    """Writes messages with fields."""

    __slots__ = ()

    affects_results: ClassVar[bool] = False

    @abstractmethod
    def log(self, message: str, level: Level = "info", **fields: object) -> None:
        """Write ``message`` with named ``fields``; secrets among them are masked."""
