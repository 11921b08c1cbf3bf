"""Deadlocks between threads that build objects at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from lolpop.errors import WiringError
from lolpop.kernel.lifetimes import Lifetime

__all__ = ["Builder"]

PATIENCE = 0.5
"""Seconds after which a waiting thread checks for a deadlock."""

SLOW = 30.0
"""Seconds after which a waiting thread warns."""


class Builder:
    """Lets one thread at a time build an object; other threads wait."""

    __slots__ = ("_lock", "thread")

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.thread: int | None = None
        """The thread that builds, by its ident."""

    @contextmanager
    def one_thread(self, lifetime: Lifetime, path: str) -> Iterator[None]:
        """Let one thread at a time into the ``with`` block.

        Raises WiringError if a thread that is in it enters again, or waits, through others that build, for
        this one. Warns if it takes long, since not every deadlock can be detected.
        """
        self._acquire(lifetime, path)
        try:
            if self.thread is not None:
                raise WiringError(f"{path} requests itself while it is being built")
            self.thread = threading.get_ident()
            try:
                yield
            finally:
                self.thread = None
        finally:
            self._lock.release()

    def _acquire(self, lifetime: Lifetime, path: str) -> None:
        if self._lock.acquire(timeout=PATIENCE):
            return
        current, waited = threading.get_ident(), PATIENCE
        try:
            while True:
                with lifetime.lock:  # one thread of a deadlock is refused, and then the others can go on
                    lifetime.waiting[current] = self.thread
                    if deadlock := _is_deadlock(lifetime.waiting, self.thread, current):
                        del lifetime.waiting[current]
                if deadlock:
                    raise WiringError(
                        f"{path}: deadlock, the thread {_name(self.thread)} builds it and waits for the "
                        f"thread {_name(current)}, which needs it",
                        "Constructors must not wait for each other; start such work at its first use.",
                    )
                if self._lock.acquire(timeout=PATIENCE):
                    return
                waited += PATIENCE
                if waited >= SLOW > waited - PATIENCE:
                    _warn(path, self.thread, waited)
        finally:
            lifetime.waiting.pop(current, None)


def _is_deadlock(waiting: Mapping[int, int | None], thread: int | None, current: int) -> bool:
    """Whether ``thread`` waits for ``current``, directly or through other threads."""
    seen: set[int] = set()
    while thread is not None and thread not in seen:
        if thread == current:
            return True
        seen.add(thread)
        thread = waiting.get(thread)
    return False


def _warn(path: str, thread: int | None, waited: float) -> None:
    import warnings

    warnings.warn(
        f"{path}: still being built after {waited:.0f} s, in the thread {_name(thread)}. "
        "If that thread waits for this one, it is a deadlock.",
        RuntimeWarning,
        stacklevel=2,
    )


def _name(ident: int | None) -> str:
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return repr(names.get(ident, ident))
