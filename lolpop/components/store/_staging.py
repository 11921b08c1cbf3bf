"""Files that are written to be stored."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any


class StagedFile(io.RawIOBase):
    """A new file that is written once, to be stored with ``put_file(file.path)`` when it is closed.

    Its digest is computed while it is written.

    Parameters
    ----------
    path
        The path of the file, which must not exist.
    failures
        Explains the errors of the file system in its block.
    """

    def __init__(
        self, path: Path, failures: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> None:
        super().__init__()
        self.path = path
        self._failures = failures
        self._content = hashlib.sha256()
        self._size = 0
        self._modified = 0
        with failures():
            self._file = path.open("xb")

    @property
    def digest(self) -> str | None:
        """The SHA-256 of the closed file in hex digits; None if it is not, or no longer, what was written."""
        if not self.closed or self.path.is_symlink() or not self.path.is_file():
            return None
        status = self.path.stat()
        if status.st_nlink != 1 or (status.st_size, status.st_mtime_ns) != (self._size, self._modified):
            return None
        return self._content.hexdigest()

    def writable(self) -> bool:
        """Whether it can be written: always."""
        return True

    def write(self, chunk: Any) -> int:
        """Append the bytes ``chunk``."""
        with self._failures():
            self._file.write(chunk)
        self._content.update(chunk)
        self._size += len(chunk)
        return len(chunk)

    def close(self) -> None:
        """Hand the rest of the file to the operating system."""
        try:
            with self._failures():
                if not self._file.closed:
                    self._file.flush()
                    self._modified = os.fstat(self._file.fileno()).st_mtime_ns
                self._file.close()
        finally:
            super().close()
