"""Logging calls."""

from __future__ import annotations

import time
from typing import Any

from lolpop.components.interceptor import Interceptor, TaskCall
from lolpop.components.logger import Logger

__all__ = ["LogInterceptor"]


class LogInterceptor(Interceptor):
    """Logs when a task or workflow starts (debug), is done (info) or fails (error).

    Parameters
    ----------
    on : str
        Pattern over paths of tasks and workflows, such as ``train.*``.
    """

    def __init__(self, on: str = "*", *, logger: Logger) -> None:
        self.on = on
        self._logger = logger

    def around(self, call: TaskCall) -> Any:
        """Log the start and the end of ``call``."""
        self._logger.log(f"{call.path} started", "debug", kind=call.kind)
        started = time.perf_counter()
        try:
            result = call.proceed()
        except BaseException as error:
            seconds = round(time.perf_counter() - started, 6)
            self._logger.log(
                f"{call.path} failed", "error", seconds=seconds, error=f"{type(error).__name__}: {error}"
            )
            raise
        self._logger.log(f"{call.path} done", seconds=round(time.perf_counter() - started, 6))
        return result
