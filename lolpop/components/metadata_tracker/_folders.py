"""Files and folders as artifacts: a folder is a manifest of the digests of its files."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from lolpop.errors import StoreError

if TYPE_CHECKING:
    from lolpop.components.store import Store


def put_files(store: Store, path: Path) -> dict[str, str]:
    """Store the file at ``path``, or all files of the folder. Returns their digests by relative path.

    The relative path of a single file is empty. Raises StoreError if the folder contains anything but
    files and folders.
    """
    if not path.exists():
        raise StoreError(f"{path} cannot be saved: there is no such file or folder.")
    if path.is_file():
        return {"": store.put_file(path)}
    return {
        file.relative_to(path).as_posix(): store.put_file(file)
        for folder, folders, files in os.walk(path)
        for file in _checked(Path(folder), [*folders, *files])
    }


def get_files(store: Store, digests: Mapping[str, str], to: Path) -> None:
    """Write all files below ``to`` by their relative paths, or none of them."""
    if os.path.lexists(to):
        raise StoreError(f"{to} already exists. Load artifacts to a path that does not exist.")
    to.parent.mkdir(parents=True, exist_ok=True)
    if set(digests) == {""}:
        store.get_file(digests[""], to)
        return
    incoming = to.with_name(f".{secrets.token_hex(8)}.tmp")
    incoming.mkdir()
    try:
        for name, digest in digests.items():
            target = incoming / _inside(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            store.get_file(digest, target)
        incoming.rename(to)
    finally:
        shutil.rmtree(incoming, ignore_errors=True)


def _checked(folder: Path, names: list[str]) -> list[Path]:
    files = []
    for path in (folder / name for name in sorted(names)):
        if path.is_file():
            files.append(path)
        elif path.is_symlink() or not path.is_dir():
            raise StoreError(f"{path} cannot be saved: it is neither a file nor a folder.")
    return files


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
        raise StoreError(f"The artifact holds a file {name!r}, which would be outside its folder.")
    return path
