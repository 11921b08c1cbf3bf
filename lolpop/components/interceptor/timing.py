"""Warnings about slow calls."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from pydantic import NonNegativeFloat

from lolpop.components.interceptor import Interceptor, TaskCall
from lolpop.components.notifier import Notifier, notify_all

__all__ = ["TimingInterceptor"]


class TimingInterceptor(Interceptor):
    """Notifies of slow calls, failed or not.

    The durations of all calls are in the record of the run anyway.

    Parameters
    ----------
    on : str
        Pattern over paths of tasks and workflows, such as ``train.*``.
    slow : float
        Seconds from which a call counts as slow.
    """

    def __init__(
        self, on: str = "*", slow: NonNegativeFloat = 60.0, *, notifiers: Sequence[Notifier]
    ) -> None:
        if slow < 0:
            raise ValueError(f"slow must be at least 0 seconds, but got {slow}.")
        self.on = on
        self._slow = slow
        self._notifiers = notifiers

    def around(self, call: TaskCall) -> Any:
        """Proceed with ``call``, and warn if it took long."""
        started = time.perf_counter()
        try:
            return call.proceed()
        finally:
            seconds = time.perf_counter() - started
            if seconds >= self._slow:
                message = f"{call.path} took {seconds:.1f} s, {self._slow:g} s or more is slow."
                notify_all(self._notifiers, message, "warning")
