"""Interruptions (Ctrl-C, and SIGTERM at the command line) that no library can swallow.

A signal raises KeyboardInterrupt wherever Python is at work just then. Where that is a finaliser, a callback
of a library in C, an import, or a block that catches everything, the exception is lost, or comes out as
another one. So what came is remembered too, and whoever opens a run or ends a process looks.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self, TypeAlias

__all__ = ["InterruptWatch", "interrupted", "interruption_of", "raise_if_interrupted"]

_Handler: TypeAlias = Callable[[int, FrameType | None], Any] | int | None

_watches: list[InterruptWatch] = []
"""The open watches, outermost first: a signal belongs to the process, so all of them see it."""
_signals: list[int] = []


class InterruptWatch:
    """Inside its ``with`` block the signals ``numbers`` raise KeyboardInterrupt, and are remembered.

    Signals that the application handles itself, or ignores, are left alone, and so are all signals in
    threads other than the main one. Earlier signals are forgotten when the outermost watch begins.
    """

    def __init__(self, *numbers: int) -> None:
        self._numbers = numbers
        self._before: dict[int, _Handler] = {}

    @property
    def signal_number(self) -> int | None:
        """The first signal."""
        return _signals[0] if _signals else None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            if not _watches:
                _signals.clear()
            _watches.append(self)
            for number in self._numbers:
                if signal.getsignal(number) in (signal.default_int_handler, signal.SIG_DFL):
                    self._before[number] = signal.signal(number, _interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self in _watches:
            _watches.remove(self)


def interrupted() -> bool:
    """Whether a signal came since the outermost watch began, even if its KeyboardInterrupt was swallowed."""
    return bool(_watches and _signals)


def raise_if_interrupted() -> None:
    """Raise KeyboardInterrupt if a signal came and its exception was swallowed."""
    if interrupted():
        raise KeyboardInterrupt


def interruption_of(error: BaseException) -> BaseException:
    """The interruption that ``error`` is or was caused by; ``error`` itself if no signal came."""
    if not interrupted() or isinstance(error, KeyboardInterrupt):
        return error
    interruption = KeyboardInterrupt()
    interruption.__cause__ = error
    return interruption


def _interrupt(number: int, frame: FrameType | None) -> None:
    del frame
    _signals.append(number)
    raise KeyboardInterrupt
