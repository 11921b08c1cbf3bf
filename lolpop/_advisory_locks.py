"""Locks of the operating system on files and folders, which a process loses however it ends."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None  # type: ignore[assignment]

_NEW_SECONDS = 60.0
"""Between the making of a file and its lock. Nobody takes one of this age for abandoned."""
_OLD_SECONDS = 24 * 60 * 60.0
"""Where there are no locks: nothing that is in use is as old."""


@contextmanager
def held(path: str | Path) -> Iterator[None]:
    """Hold the lock of ``path`` for the block, where the file system has locks."""
    if fcntl is None:
        yield
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):  # not all file systems have locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def remove_abandoned(paths: Iterable[Path]) -> None:
    """Remove those of ``paths``, files and folders, that a process has left which is gone.

    Their makers hold their locks as long as they are at work.
    """
    for path in paths:
        with suppress(OSError):  # of another user, or another process was faster
            if path.is_symlink() or not _is_abandoned(path):
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()


def is_free(path: str | Path) -> bool:
    """Whether nobody holds the lock of ``path``, which only has to be readable; False if nobody can tell."""
    if fcntl is None:
        return False
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _is_abandoned(path: Path) -> bool:
    age = time.time() - path.stat().st_mtime
    if fcntl is None:
        return age > _OLD_SECONDS
    return age >= _NEW_SECONDS and is_free(path)
