"""Deadlocks: threads that build at once, and wait for each other."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from lolpop.errors import WiringError
from lolpop.kernel.lifetimes import Lifetime

__all__ = ["Builder"]

PATIENCE = 0.5
"""Seconds after which a thread looks whether it waits for what waits for it."""

SLOW = 30.0
"""Seconds after which a thread says that it still waits."""


class Builder:
    """Lets one thread at a time build a thing; others wait for that one."""

    __slots__ = ("_lock", "thread")

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.thread: int | None = None
        """The thread that builds, by its ident."""

    @contextmanager
    def only(self, lifetime: Lifetime, path: str) -> Iterator[None]:
        """Let one thread at a time into the ``with`` block.

        Raises WiringError if a thread that is in it enters again, or waits, through others that build, for
        this one. Warns if it takes long, since threads may wait for each other in ways that nobody can see.
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
        me, waited = threading.get_ident(), PATIENCE
        try:
            while True:
                with lifetime.lock:  # of a circle, one is refused, and the others go on then
                    lifetime.waiting[me] = self.thread
                    if deadlock := _is_deadlock(lifetime.waiting, self.thread, me):
                        del lifetime.waiting[me]
                if deadlock:
                    raise WiringError(
                        f"{path}: deadlock, the thread {_name(self.thread)} builds it and waits for the "
                        f"thread {_name(me)}, which needs it",
                        "Constructors must not wait for each other; start such work at its first use.",
                    )
                if self._lock.acquire(timeout=PATIENCE):
                    return
                waited += PATIENCE
                if waited >= SLOW > waited - PATIENCE:
                    _warn(path, self.thread, waited)
        finally:
            lifetime.waiting.pop(me, None)


def _is_deadlock(waiting: Mapping[int, int | None], thread: int | None, me: int) -> bool:
    """Whether ``thread`` waits for ``me``, through whatever others build."""
    seen: set[int] = set()
    while thread is not None and thread not in seen:
        if thread == me:
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
