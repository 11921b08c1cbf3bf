"""The states of local files, and digests of their content that are computed once for each state."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from lolpop.data.manifests import FileState
from lolpop.errors import DataError

# A file system notes times in steps of a few milliseconds: within such a step, content can change unnoticed.
_STEP = 20_000_000
_SECOND = 1_000_000_000


def state_of(path: Path) -> FileState:
    """The state of the file at ``path``. Raises OSError if there is none."""
    entry = path.stat()
    return FileState(
        size=entry.st_size, modified=entry.st_mtime_ns, changed=entry.st_ctime_ns, number=entry.st_ino
    )


def settled_state_of(path: Path) -> FileState:
    """The same, once every later change of the file is another state."""
    while True:
        state = state_of(path)
        # Some file systems note whole seconds only.
        step = 2 * _SECOND if state.modified % _SECOND == 0 == state.changed % _SECOND else _STEP
        age = time.time_ns() - max(state.modified, state.changed)
        if not 0 <= age < step:
            return state
        time.sleep((step - age) / _SECOND)


def digest_of(path: Path) -> str:
    """SHA-256 of the content of the file at ``path``."""
    state = settled_state_of(path)
    digest = _digest_in(str(path), state)
    if state_of(path) != state:  # it was written meanwhile, so the digest is of no state
        _digest_in.cache_clear()
        return _computed(path)
    return digest


def has_same_content(one: FileState, other: FileState) -> bool:
    """Whether nothing was written to a file between two states, although its name or links may differ."""
    return (one.size, one.modified, one.number) == (other.size, other.modified, other.number)


def require_unchanged(path: Path, shown: str, state: FileState, digest: str) -> FileState:
    """The present state of a file whose content has the ``digest`` that it had in ``state``.

    Raises DataError, saying when it changed, if the content differs or there is no such file.
    """
    try:
        present = state_of(path)
        if present == state or digest_of(path) == digest:
            return present
    except FileNotFoundError as error:
        raise DataError(
            f"{shown} is gone, or this machine does not see it. Restore it, or process the rows again."
        ) from error
    except OSError as error:
        raise DataError(f"{shown} cannot be read: {error.strerror}.") from error
    changed = present.modified if present.modified != state.modified else present.changed
    raise DataError(
        f"{shown} was changed at {_moment(changed)}, after its rows were processed. Process them again."
    )


@lru_cache(maxsize=100_000)
def _digest_in(path: str, state: FileState) -> str:
    del state  # in another state, it is computed again
    return _computed(Path(path))


def _computed(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _moment(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds // _SECOND, UTC).isoformat(sep=" ")
