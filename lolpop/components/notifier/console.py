"""Notifications on the console."""

from __future__ import annotations

import sys
from typing import ClassVar

from lolpop._escaping import escaped_text
from lolpop.components.notifier import Level, Notifier, at_least
from lolpop.runs import redacted

__all__ = ["ConsoleNotifier"]


class ConsoleNotifier(Notifier):
    """Prints messages to standard error, in colour if it is a terminal.

    Parameters
    ----------
    level : {"debug", "info", "warning", "error"}
        Messages below this level are not shown.
    """

    reaches_elsewhere: ClassVar[bool] = False

    def __init__(self, level: Level = "info") -> None:
        self._levels = at_least(level)

    def notify(self, message: str, level: Level = "info") -> None:
        """Print ``message``. Unless its level is ``info``, it is prefixed with the level."""
        if level not in self._levels:
            return
        message = escaped_text(redacted(message))
        # While a live display of rich is open, sys.stderr is rich's proxy for the terminal.
        stream = getattr(sys.stderr, "rich_proxied_file", sys.stderr)
        text = _coloured(message, level) if stream.isatty() else _plain(message, level)
        # One write per message, so that messages of several threads do not mix.
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def _plain(message: str, level: Level) -> str:
    return message if level == "info" else f"{level}: {message}"


def _coloured(message: str, level: Level) -> str:
    from rich.console import Console
    from rich.text import Text

    style = {"debug": "dim", "info": "", "warning": "yellow", "error": "bold red"}[level]
    console = Console(stderr=True)
    with console.capture() as captured:
        # The output is captured and written to sys.stderr, so that a live display prints it above itself.
        console.print(Text(_plain(message, level), style), soft_wrap=True, end="")
    return captured.get()
