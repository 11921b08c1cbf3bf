"""Logging to a file."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lolpop._escaping import escaped_line
from lolpop.components.logger import Level, Logger
from lolpop.components.logger._record import record_of
from lolpop.components.notifier import at_least
from lolpop.data.places import Place
from lolpop.errors import LolpopError

__all__ = ["FileLogger"]


class FileLogger(Logger):
    """Appends one JSON object per line, from any number of threads and processes.

    Each line has ``time`` (UTC), ``level``, ``message``, ``run_id``, ``task`` and ``fields``.

    Parameters
    ----------
    path : Path
        File to append to. It is created, with its folders, at the first message. A relative path is resolved
        against the folder of the settings file.
    level : {"debug", "info", "warning", "error"}
        Messages below this level are not written.
    """

    def __init__(
        self, path: Path = Path("lolpop.log"), level: Level = "info", *, folder: Path | None = None
    ) -> None:
        self._path = path if folder is None else folder / path
        self._levels = at_least(level)
        self._lock = threading.Lock()
        self._descriptor: int | None = None

    @classmethod
    def claimed_places(cls, settings: Mapping[str, Any], injected: Mapping[str, Any]) -> Iterable[Place]:
        """The log file."""
        path = Path(injected.get("folder") or "") / settings["path"]
        yield Place("path", str(path.absolute()), "appended")

    def log(self, message: str, level: Level = "info", **fields: object) -> None:
        """Append ``message`` with ``fields``. Raises LolpopError if the file cannot be written."""
        if level not in self._levels:
            return
        line = escaped_line(json.dumps(record_of(message, level, fields), ensure_ascii=False))
        content = f"{line}\n".encode()
        with self._lock:
            try:
                # O_APPEND and a single write: the operating system does not mix lines of several processes.
                written = os.write(self._open(), content)
            except OSError as error:
                raise LolpopError(
                    f"the log file {self._path} cannot be written: {error.strerror}. "
                    "Check the logger's path, and the permissions and free space there."
                ) from error
        if written < len(content):
            raise LolpopError(
                f"the log file {self._path} has only a part of its last line: the disk is full."
            )

    def close(self) -> None:
        """Close the file. The next message opens it again."""
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    def _open(self) -> int:
        if self._descriptor is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        return self._descriptor
