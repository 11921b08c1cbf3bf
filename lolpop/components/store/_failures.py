"""Error messages for failures of databases and disks."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from lolpop.components._drivers import FILE_SYSTEMS, errors_of
from lolpop.components.store import schema
from lolpop.errors import StoreError
from lolpop.settings.secrets import mask_urls

_MOVE = "Let this user write there, or set store.url and store.artifacts to another place."
_CLEAR = "Move the file away, or set store.url and store.artifacts to another place."
_FREE = "Earlier records are unharmed. Free some space and run again."

# The problem and its solution, by the prefix of SQLite's error name.
_SQLITE = {
    "SQLITE_NOTADB": (
        "is not a store: the file is no SQLite database",
        "Move the file away, or set store.url to another place.",
    ),
    "SQLITE_CORRUPT": ("is damaged", "Restore it from a backup, or move it away to start anew."),
    "SQLITE_FULL": ("cannot grow: the disk is full", _FREE),
    "SQLITE_READONLY": ("cannot be written", _MOVE),
    "SQLITE_CANTOPEN": ("cannot be opened", _MOVE),
    "SQLITE_PERM": ("cannot be opened", _MOVE),
    "SQLITE_AUTH": ("cannot be opened", _MOVE),
    "SQLITE_BUSY": (
        "is locked by another process",
        "End the process that holds it, or wait until it is done.",
    ),
}

_DISK = {
    errno.ENOSPC: ("the disk is full", _FREE),
    errno.EDQUOT: ("the disk quota is used up", _FREE),
    errno.EACCES: ("permission denied", _MOVE),
    errno.EPERM: ("permission denied", _MOVE),
    errno.EROFS: ("the disk is read-only", _MOVE),
    errno.ENOENT: ("there is no such file", "Check the path."),
    errno.ENOTDIR: ("a file is in the place of a folder", _CLEAR),
    errno.EEXIST: ("a file is in the place of a folder", _CLEAR),
}


@contextmanager
def sql_failures(place: object, scrub: Callable[[str], str]) -> Iterator[None]:
    """Raise StoreError for errors in the block of the database at ``place``.

    ``scrub`` removes the secrets from a driver's message. If there were any, the driver's error is not
    chained, since it would show them.
    """
    try:
        yield
    except schema.DamagedCellError as error:
        advice = "Restore it from a backup, or move it away to start anew."
        raise StoreError(f"{place} is damaged: in one cell, {error}. {advice}") from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        origin = getattr(error, "orig", None) or error
        message = str(origin).strip()
        name = getattr(origin, "sqlite_errorname", "")
        for start, (reason, advice) in _SQLITE.items():
            if name.startswith(start):
                raise StoreError(f"{place} {reason}. {advice}") from error
        failure = StoreError(f"The store at {place} failed: {scrub(message)}")
        raise failure from (error if scrub(message) == message else None)


@contextmanager
def disk_failures(path: Path | str, doing: str) -> Iterator[None]:
    """Raise StoreError for file system errors in the block. ``doing`` is a participle, such as ``read``."""
    try:
        yield
    except OSError as error:
        reason, advice = _DISK.get(
            error.errno or 0, (error.strerror or str(error), "Check that it is accessible.")
        )
        raise StoreError(f"{path} cannot be {doing}: {reason}. {advice}") from error
    except errors_of(FILE_SYSTEMS) as error:
        raise StoreError(f"{path} cannot be {doing}: {mask_urls(str(error)).rstrip('.')}.") from error
