"""Checks that a file can be written, before anything is written."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from lolpop.components.data_connector._locations import Location
from lolpop.errors import DataError
from lolpop.registry import missing_modules

_KINDS = {
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
}
# File systems that take no files, though their folders may look as if they did.
_OF_THE_SYSTEM = (Path("/proc"), Path("/sys"))


def require_writable(location: Location) -> None:
    """Raise DataError if something is in the way of a file at ``location``."""
    require_reachable(location)
    if location.path is None:
        return
    try:
        if (obstacle := _obstacle(Path(os.path.realpath(location.path)), location.url)) is not None:
            raise DataError(f"{location} cannot be written: {obstacle}.")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise DataError(f"{location} cannot be written: {reason}.") from error


def require_reachable(location: Location) -> None:
    """Raise DataError if a URL is of no file system, or of one whose library is not installed."""
    if location.path is None:
        from fsspec.registry import known_implementations, registry

        for protocol in _protocols(location.url):
            if protocol in registry:
                continue
            implementation = known_implementations.get(protocol)
            if implementation is None:
                raise DataError(f"{location}: unknown file system {protocol!r}. Expected a path or a URL.")
            if missing := missing_modules((implementation["class"].partition(".")[0],)):
                raise DataError(f"{location} needs {missing[0]}, which is not installed.")
    if location.url.lower().endswith(".zst"):
        from fsspec.compression import available_compressions

        if "zstd" not in available_compressions():
            raise DataError(f"{location} needs zstandard, which is not installed.")


def _protocols(url: str) -> Iterator[str]:
    """The file systems of a URL, of which several may be chained: ``simplecache::s3://…``."""
    for part in url.split("::"):
        yield part.partition("://")[0].lower()


def _obstacle(path: Path, url: str) -> str | None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        pass
    except NotADirectoryError:
        pass  # told below, with the name of what is in the place of a folder
    else:
        if stat.S_ISLNK(mode):
            return "it is a circular link"
        if stat.S_ISDIR(mode) and not url.endswith("/"):
            return "it is a folder. Name a file in it, or end the name with / for a folder of parts"
        if url.endswith("/") and not stat.S_ISDIR(mode):
            return "it is a file. Leave out the / at its end, or name a folder"
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            return f"it is {_KINDS.get(stat.S_IFMT(mode), 'no file')}, and only regular files are replaced"
    folder = path.parent
    while not os.path.lexists(folder):
        folder = folder.parent
    if not folder.is_dir():
        return f"{folder} is a file, not a folder"
    is_writable = os.access(folder, os.W_OK | os.X_OK)
    if not is_writable or any(folder.is_relative_to(system_folder) for system_folder in _OF_THE_SYSTEM):
        return f"the folder {folder} is not writable"
    return None
