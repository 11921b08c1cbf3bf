"""Notifications."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import ClassVar, Literal, TypeAlias, get_args

from lolpop._escaping import escaped_text
from lolpop.integrations import Component
from lolpop.runs import redacted

__all__ = ["Level", "Notifier", "at_least", "notify_all"]

Level: TypeAlias = Literal["debug", "info", "warning", "error"]


class Notifier(Component):
    """Sends a message to people."""

    __slots__ = ()

    affects_results: ClassVar[bool] = False

    reaches_elsewhere: ClassVar[bool] = True
    """Whether it reaches people who do not see the console. Only those receive notices of failed runs."""

    @abstractmethod
    def notify(self, message: str, level: Level = "info") -> None:
        """Send ``message``."""


def notify_all(notifiers: Iterable[Notifier], message: str, level: Level = "info") -> None:
    """Send ``message`` through each of ``notifiers``, with the secrets of the open run's container redacted.

    Control characters and invisible characters are escaped.
    """
    message = escaped_text(redacted(message))
    for notifier in notifiers:
        notifier.notify(message, level)


def at_least(level: Level) -> frozenset[Level]:
    """``level`` and all higher levels. Raises ValueError if the level does not exist."""
    levels: tuple[Level, ...] = get_args(Level)
    if level not in levels:
        raise ValueError(f"level must be one of {', '.join(levels)}, but got {level!r}.")
    return frozenset(levels[levels.index(level) :])
