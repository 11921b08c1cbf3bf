"""Locks of the operating system on files and folders; they end with their process, even if it is killed."""

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
"""Seconds between the creation of a file and its lock: younger files are not taken for abandoned."""
_OLD_SECONDS = 24 * 60 * 60.0
"""Seconds after which a file counts as abandoned on file systems without locks."""


@contextmanager
def locked(path: str | Path) -> Iterator[None]:
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
    """Remove those of ``paths``, files and folders, whose process is gone.

    A process holds the locks of its paths while it works.
    """
    for path in paths:
        with suppress(OSError):  # it belongs to another user, or another process was faster
            if path.is_symlink() or not _is_abandoned(path):
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()


def is_free(path: str | Path) -> bool:
    """Whether the lock of ``path`` is free; False if that is unknown. The path only has to be readable."""
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
