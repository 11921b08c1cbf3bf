"""Components that end their own process at a place that is known beforehand."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lolpop.components.interceptor import Interceptor, TaskCall
from lolpop.components.logger import Logger
from lolpop.components.notifier import Level, Notifier
from lolpop.components.store.sql import SQLStore

if TYPE_CHECKING:
    from sqlalchemy import Connection


class SignalInterceptor(Interceptor):
    """Sends a signal to its own process before or after the work of a task, inside it either way."""

    def __init__(
        self, on: str, moment: Literal["before", "after"] = "before", number: int = signal.SIGKILL
    ) -> None:
        self.on = on
        self.moment = moment
        self.number = number

    def around(self, call: TaskCall) -> Any:
        if self.moment == "before":
            os.kill(os.getpid(), self.number)
        result = call.proceed()
        if self.moment == "after":
            os.kill(os.getpid(), self.number)
        return result


class CrashingStore(SQLStore):
    """Kills its own process at one of its moments: a transaction about to be committed or just committed,
    a file about to be kept or just kept. Moments are counted from 1.
    """

    def __init__(self, moment: int, *, folder: Path | None = None) -> None:
        super().__init__(folder=folder)
        self._last = moment
        self._moments = itertools.count(1)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with super().transaction() as connection:
            yield connection
            self._pass_moment()
        self._pass_moment()

    def put_file(self, path: Path) -> str:
        self._pass_moment()
        digest = super().put_file(path)
        self._pass_moment()
        return digest

    def _pass_moment(self) -> None:
        if next(self._moments) == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


class ClosingNotifier(Notifier):
    """Leaves a file behind when it is closed."""

    def __init__(self, *, folder: Path) -> None:
        self.folder = folder

    def notify(self, message: str, level: Level = "info") -> None:
        """Tell nobody."""

    def close(self) -> None:
        (self.folder / "closed").touch()


class SignalLogger(Logger):
    """Sends a signal to its own process when so many trials of a search were judged."""

    def __init__(self, moment: int, number: int) -> None:
        self._last = moment
        self._number = number
        self._judged = itertools.count(1)

    def log(self, message: str, level: Level = "info", **fields: object) -> None:
        if message.endswith(" judged") and next(self._judged) == self._last:
            os.kill(os.getpid(), self._number)


class WaitingInterceptor(Interceptor):
    """Holds a task back until a file is there, and says by another one that it waits."""

    def __init__(self, on: str, *, folder: Path) -> None:
        self.on = on
        self.folder = folder

    def around(self, call: TaskCall) -> Any:
        (self.folder / "waits").touch()
        deadline = time.monotonic() + 60
        while not (self.folder / "go on").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        return call.proceed()
