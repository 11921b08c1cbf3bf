"""Temporary folders: those that a killed process has left are removed by the next that needs one."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from lolpop._advisory_locks import AVAILABLE, held, is_free

_PREFIX = "lolpop-tmp-"
_NEW_SECONDS = 60.0
"""Between the making of a folder and its lock. Nobody takes a folder of this age for one that was left."""
_OLD_SECONDS = 24 * 60 * 60.0
"""Where there are no locks: nothing that is in use is as old."""


@contextmanager
def temporary_folder() -> Iterator[str]:
    """A folder that is removed at the end of the block, or by a later process if this one is killed."""
    _remove_leftovers(tempfile.gettempdir())
    folder = tempfile.mkdtemp(prefix=_PREFIX)
    try:
        with held(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _remove_leftovers(place: str) -> None:
    """Remove the folders of processes that are gone, once in a process."""
    for folder in Path(place).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # of another user, or another process was faster
            if folder.is_dir() and not folder.is_symlink() and _is_left(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_left(folder: Path) -> bool:
    age = time.time() - folder.stat().st_mtime
    if not AVAILABLE:
        return age > _OLD_SECONDS
    return age >= _NEW_SECONDS and is_free(folder)
