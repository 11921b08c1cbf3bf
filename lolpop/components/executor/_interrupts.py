"""Signals while processes begin: they find none of them half-started, and wake none that is not ready."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any

_CTRL_C = frozenset({signal.SIGINT})
_CAN_BLOCK = hasattr(signal, "pthread_sigmask")  # everywhere but on Windows


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Let what Ctrl-C and SIGTERM do in this process wait for the end of the block."""
    if threading.current_thread() is not threading.main_thread():
        yield  # they do it in that one
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    handlers = {number: handler for number in numbers if callable(handler := signal.getsignal(number))}
    late: list[tuple[Any, Any]] = []
    for number in handlers:
        signal.signal(number, lambda *signal_arguments: late.append(signal_arguments))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number, frame in late[:1]:
            handlers[number](number, frame)


@contextmanager
def sigterm_is_kept() -> Iterator[None]:
    """Undo what the block does to the handler of SIGTERM in this process."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        # None is a handler that was not set by Python, and cannot be set by it.
        if handler is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)


@contextmanager
def children_are_deaf() -> Iterator[None]:
    """Let processes that are started in the block not hear Ctrl-C, until they ``hear_again``."""
    if not _CAN_BLOCK:
        yield
        return
    resource_tracker.ensure_running()  # started in the block, it would have it heard again
    # A process is born with what is blocked where it is started.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _CTRL_C)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def hear_again() -> None:
    """Let this process, started deaf, hear Ctrl-C."""
    if _CAN_BLOCK:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _CTRL_C)
