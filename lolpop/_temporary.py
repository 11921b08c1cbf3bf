"""Temporary folders; those of killed processes are removed by the next process that needs one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from lolpop._advisory_locks import locked, remove_abandoned

_PREFIX = "lolpop-tmp-"


@contextmanager
def temporary_folder() -> Iterator[str]:
    """A folder that is removed at the end of the block, or by a later process if this one is killed."""
    _remove_leftovers(tempfile.gettempdir())
    folder = tempfile.mkdtemp(prefix=_PREFIX)
    try:
        with locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _remove_leftovers(place: str) -> None:
    """Remove the folders of processes that are gone, once in a process."""
    remove_abandoned(Path(place).glob(f"{_PREFIX}*"))
