"""This machine's disk as a file system of a cache."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG
from typing import Any

INCOMING = ".incoming-"
"""How the names of files begin that are not written whole yet."""


class Disk:
    """The disk, as far as a cache uses it the way that it uses fsspec's file systems, which import slowly."""

    def cat_file(self, path: str) -> bytes:
        """The content of a file. Raises FileNotFoundError if there is none."""
        return Path(path).read_bytes()

    def find(self, path: str, *, detail: bool) -> dict[str, Any]:
        """The files below a folder, with their sizes and times."""
        del detail  # as with fsspec, which gives a list without it
        files: dict[str, Any] = {}
        for file in Path(path).rglob("*"):
            with suppress(FileNotFoundError):  # another process has removed it just now
                status = file.stat()
                if S_ISREG(status.st_mode):
                    files[file.as_posix()] = {"size": status.st_size, "mtime": status.st_mtime}
        return files

    def makedirs(self, path: str, *, exist_ok: bool) -> None:
        """Make a folder and those above it."""
        os.makedirs(path, exist_ok=exist_ok)  # noqa: PTH103  (the path is a text)

    def put_file(self, source: str, path: str) -> None:
        """Copy a file, which is there as a whole or not at all."""
        incoming = Path(path).with_name(f"{INCOMING}{secrets.token_hex(8)}")
        try:
            shutil.copyfile(source, incoming)
            incoming.replace(path)
        finally:
            incoming.unlink(missing_ok=True)

    def rm_file(self, path: str) -> None:
        """Remove a file."""
        Path(path).unlink()
