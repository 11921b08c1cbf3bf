"""Threads of numerical libraries, where calls are small."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Limit:
    """A limit of the whole process, in force as long as anybody needs it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._limits: Any = None

    def begin(self) -> None:
        import sklearn.ensemble  # noqa: F401  (only the threads of libraries that are loaded can be limited)
        from threadpoolctl import threadpool_limits

        with self._lock:
            if not self._users:
                self._limits = threadpool_limits(1)
            self._users += 1

    def end(self) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                self._limits.restore_original_limits()


_LIMIT = _Limit()


@contextmanager
def one_thread() -> Iterator[None]:
    """Let numerical libraries work in one thread inside the block.

    Threads cost more than they bring where each call has few rows, and far more on a busy machine.
    """
    _LIMIT.begin()
    try:
        yield
    finally:
        _LIMIT.end()
