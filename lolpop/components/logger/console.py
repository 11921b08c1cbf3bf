"""Logging to the console."""

from __future__ import annotations

import json
import sys

from lolpop._escaping import escaped_line
from lolpop.components.logger import Level, Logger
from lolpop.components.logger._record import record_of
from lolpop.components.notifier import at_least

__all__ = ["ConsoleLogger"]


class ConsoleLogger(Logger):
    """Writes one line per message to standard error: time, level, message, ``name=value`` for each field.

    Parameters
    ----------
    level : {"debug", "info", "warning", "error"}
        Messages below this level are not written.
    """

    def __init__(self, level: Level = "info") -> None:
        self._levels = at_least(level)

    def log(self, message: str, level: Level = "info", **fields: object) -> None:
        """Write ``message`` with ``fields`` to standard error."""
        if level not in self._levels:
            return
        record = record_of(message, level, fields)
        parts = [record["time"], level.upper(), _word(record["message"], quoted=False)]
        parts += [f"{name}={_word(value)}" for name, value in record["fields"].items()]
        sys.stderr.write(escaped_line(" ".join(parts)) + "\n")
        sys.stderr.flush()


def _word(value: object, *, quoted: bool = True) -> str:
    # Escape line breaks, and quote values with blanks.
    if isinstance(value, str):
        plain = value.isprintable() and not (quoted and (not value or " " in value))
        return value if plain else json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False)
