"""Components that end their own process at a place that is known beforehand."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lolpop.components.interceptor import Interceptor, TaskCall
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
