"""Files by their content."""

from __future__ import annotations

import hashlib
from pathlib import Path

__all__ = ["file_digest"]


def file_digest(path: Path) -> str | None:
    """SHA-256 of a file's content; of a folder, of all files in it by their names; None if there is none."""
    if path.is_dir():
        digest = hashlib.sha256()
        for entry in sorted(path.rglob("*")):
            if entry.is_file():
                digest.update(f"{entry.relative_to(path).as_posix()}\0{file_digest(entry)}\0".encode())
        return digest.hexdigest()
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
