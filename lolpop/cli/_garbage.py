"""Garbage collection in a command: paused while modules are imported, on while a workflow runs."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_collection() -> Iterator[None]:
    """Collect no garbage inside the ``with`` block, unless ``collect_garbage`` is called in it.

    Modules that a command imports stay until it ends: examining all of them again and again takes a tenth of
    a short run, and once more before the process ends another tenth.
    """
    collects = gc.isenabled()
    gc.disable()
    gc.set_threshold(*gc.get_threshold()[:2], 100)  # full collections are rare
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)
    try:
        yield
    finally:
        if collects:
            gc.enable()


def collect_garbage() -> None:
    """Collect garbage from here on, as before a workflow, whose objects may be large; modules are exempt."""
    gc.freeze()
    gc.enable()
