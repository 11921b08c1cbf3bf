"""Who waits for whom where threads build at once: a circle of them would wait for ever."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from types import FrameType

__all__ = ["waits_for"]


def waits_for(waiting: Mapping[int, int | None], thread: int | None, me: int) -> bool:
    """Whether ``thread`` goes on only after ``me``, both by their idents.

    ``waiting`` says of each thread that waits for something to be built which one builds it. A thread may
    also wait for another to end, or for the result of its work; what else it waits for, nobody can tell.
    """
    seen: set[int] = set()
    while thread is not None and thread not in seen:
        if thread == me:
            return True
        seen.add(thread)
        thread = waiting[thread] if thread in waiting else _awaited_by(thread)
    return False


def _awaited_by(thread: int) -> int | None:
    """The thread whose end, or whose result, ``thread`` waits for, however long that takes."""
    frames = sys._current_frames()
    for frame in _outwards(frames.get(thread)):
        known = frame.f_locals
        if known.get("timeout") is not None:
            continue
        if frame.f_code is threading.Thread.join.__code__:
            joined: threading.Thread = known["self"]
            return joined.ident
        if frame.f_code is Future.result.__code__:
            return next((other for other in frames if _works_on(known["self"], frames[other])), None)
    return None


def _works_on(future: object, frame: FrameType) -> bool:
    """Whether a thread is at a piece of work of a pool whose result is ``future``."""
    works = (outer.f_locals.get("self") for outer in _outwards(frame) if outer.f_code.co_name == "run")
    return any(getattr(work, "future", None) is future for work in works)


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
