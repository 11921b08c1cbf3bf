"""Content-addressed files: they are named by their digest, and written atomically."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from lolpop._advisory_locks import locked, remove_abandoned
from lolpop._temporary import temporary_folder
from lolpop.components._disk import sync
from lolpop.components.store import StagedFile
from lolpop.components.store._failures import disk_failures
from lolpop.components.store._places import shown
from lolpop.errors import MissingExtraError, StoreError, UnusableArtifactError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


_INCOMING = ".incoming-"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1 << 18  # memory for greater ones is fetched from the system each time: up to three times slower
_SETTLED_SECONDS = 5 * 60.0
"""After this time, a file is certainly on the disk: the operating system waits for less than a minute."""
_PROTOCOL_EXTRAS = {"s3": ("s3fs", "lolpop[s3]"), "s3a": ("s3fs", "lolpop[s3]")}


class Files(Protocol):
    """Content-addressed storage of files."""

    def put(self, path: Path) -> str:
        """Store a copy of the file at ``path``, and return the SHA-256 of its content in hex digits."""

    def staged_file(self, name: str) -> AbstractContextManager[StagedFile]:
        """A new file called ``name`` for the ``with`` block, which ``put`` may move when it is closed."""

    def get(self, digest: str, to: Path) -> None:
        """Copy the file with ``digest`` to ``to``. Raises StoreError if its content has changed."""

    def reading(self, digest: str) -> AbstractContextManager[Path]:
        """A read-only file for the ``with`` block. Raises the errors of ``get``."""

    def has(self, digest: str) -> bool:
        """Whether the file with ``digest`` exists, as far as can be checked without a transfer."""

    def settle(self) -> None:
        """Make new files survive a power failure, so that references to them can be committed."""


def open_files(root: str, folder: Path) -> Files:
    """Open the files below ``root``: a path, relative to ``folder``, or any URL that fsspec supports."""
    if root.startswith("file://"):
        root = root.removeprefix("file://")
    if "://" in root:
        return RemoteFiles(root)
    return LocalFiles(folder / root)


class LocalFiles:
    """Files below the folder ``root``.

    ``put`` hands a file to the operating system, so killing the process does no harm. ``settle`` flushes many
    files to the disk at once, since each flush takes milliseconds.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._staged: dict[Path, StagedFile] = {}
        self._unsettled: set[Path] = set()
        self._settling = threading.Lock()

    def put(self, path: Path) -> str:
        """Store a copy of the file at ``path``, or a closed staged file itself, and return its digest."""
        with disk_failures(path, "read"):
            staged = self._staged.get(path)
            digest = None if staged is None else staged.digest
        if digest is not None:
            with disk_failures(self._root, "written"):
                return self._move(path, digest)
        with disk_failures(path, "read"):
            source = path.open("rb")
        with source, disk_failures(self._root, "written"):
            return self._keep(source)

    @contextmanager
    def staged_file(self, name: str) -> Iterator[StagedFile]:
        """A file below the root, in a folder of its own."""
        failures = partial(disk_failures, self._root, "written")
        folder = self._root / f"{_INCOMING}{secrets.token_hex(8)}"
        with failures():
            folder.mkdir(parents=True)
        try:
            with locked(folder), StagedFile(folder / name, failures) as file:
                self._staged[file.path] = file
                yield file
        finally:
            self._staged.pop(folder / name, None)
            shutil.rmtree(folder, ignore_errors=True)

    def settle(self) -> None:
        """Wait until the names and contents of new files are on the disk."""
        with self._settling, disk_failures(self._root, "written"):
            # Files before the folders that contain them.
            for path in sorted(self._unsettled, key=lambda path: -len(path.parts)):
                sync(path)
            self._unsettled.clear()

    def get(self, digest: str, to: Path) -> None:
        """Copy the file with ``digest`` to ``to``."""
        path = self._path(digest)
        with disk_failures(path, "read"):
            if not path.is_file():
                raise _missing(path)
            source = path.open("rb")
        with source:
            _receive(source, digest, to, path)

    @contextmanager
    def reading(self, digest: str) -> Iterator[Path]:
        """The file with ``digest`` itself."""
        path = self._path(digest)
        with disk_failures(path, "read"):
            if not path.is_file():
                raise _missing(path)
            if _digest_of(path) != digest:
                raise _changed(path)
        yield path

    def has(self, digest: str) -> bool:
        """Whether the file with ``digest`` exists, with its content unchanged."""
        path = self._path(digest)
        with disk_failures(path, "read"):
            return path.is_file() and _digest_of(path) == digest

    def remove_leftovers(self) -> None:
        """Remove the partial files of killed processes."""
        with suppress(OSError):
            remove_abandoned(self._root.glob(f"{_INCOMING}*"))

    def _keep(self, source: BinaryIO) -> str:
        self._root.mkdir(parents=True, exist_ok=True)
        # Copy it before it is known to be new, so that large files are read and hashed only once.
        with _temporary(self._root / f"{_INCOMING}{secrets.token_hex(8)}") as incoming:
            with incoming.open("xb") as target, locked(incoming):
                digest = _copy(source, target)
            return self._move(incoming, digest)

    def _move(self, incoming: Path, digest: str) -> str:
        """Give a file of this file system the name of its ``digest``, unless it exists already."""
        path = self._path(digest)
        if path.exists() and _digest_of(path) == digest:
            if time.time() - path.stat().st_ctime < _SETTLED_SECONDS:
                self._leave_unsettled(path, path.parent, self._root)  # maybe by another process
            return digest
        is_new = not path.parent.exists()
        path.parent.mkdir(exist_ok=True)
        incoming.replace(path)  # new, or a replacement of a damaged file
        self._leave_unsettled(path, path.parent, *([self._root] if is_new else []))
        return digest

    def _leave_unsettled(self, *paths: Path) -> None:
        with self._settling:
            self._unsettled.update(paths)

    def _path(self, digest: str) -> Path:
        # Folders with thousands of files are slow on some systems: the first two digits make 256 folders.
        return self._root / _checked(digest)[:2] / digest[2:]


class RemoteFiles:
    """Files below a URL, through fsspec."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._shown = shown(url)

    def put(self, path: Path) -> str:
        """Store a copy of the file at ``path``, and return its digest."""
        with disk_failures(path, "read"):
            digest, size = _digest_of(path), path.stat().st_size
        system, target = self._locate(digest)
        with disk_failures(self._shown, "written"):
            # Object stores show a file when it is complete. On other servers, a partial file has another
            # size. Nothing refers to it yet, and the next writer replaces it.
            if not (system.exists(target) and system.size(target) == size):
                system.makedirs(target.rpartition("/")[0], exist_ok=True)
                system.put_file(str(path), target)
        return digest

    @contextmanager
    def staged_file(self, name: str) -> Iterator[StagedFile]:
        """A file in a temporary folder."""
        with temporary_folder() as folder, StagedFile(Path(folder, name)) as file:
            yield file

    def settle(self) -> None:
        """Do nothing: the server is responsible for durability."""

    def get(self, digest: str, to: Path) -> None:
        """Copy the file with ``digest`` to ``to``."""
        system, path = self._locate(digest)
        place = f"{self._shown}/{digest[:2]}/{digest[2:]}"
        with disk_failures(self._shown, "read"):
            try:
                source = system.open(path, "rb")
            except FileNotFoundError as error:
                raise _missing(place) from error
        with source:
            _receive(source, digest, to, place)

    @contextmanager
    def reading(self, digest: str) -> Iterator[Path]:
        """A copy of the file with ``digest``."""
        with temporary_folder() as folder:
            copy = Path(folder, "file")
            self.get(digest, copy)
            yield copy

    def has(self, digest: str) -> bool:
        """Whether a file with ``digest`` exists: files that a server lists are complete."""
        system, path = self._locate(digest)
        with disk_failures(self._shown, "read"):
            return bool(system.exists(path))

    def _locate(self, digest: str) -> tuple[AbstractFileSystem, str]:
        import fsspec

        protocol = self._url.partition("://")[0]
        try:
            system, root = fsspec.url_to_fs(self._url)  # fsspec keeps one connection for each place
        except ImportError as error:
            module, install = _PROTOCOL_EXTRAS.get(protocol, (f"fsspec's {protocol}", f"fsspec[{protocol}]"))
            raise MissingExtraError(module, install) from error
        except ValueError as error:
            raise StoreError(
                f"store.artifacts cannot be at {self._shown}: fsspec knows no protocol {protocol!r}."
            ) from error
        return system, f"{root.rstrip('/')}/{_checked(digest)[:2]}/{digest[2:]}"


def _receive(source: BinaryIO, digest: str, to: Path, origin: Path | str) -> None:
    with disk_failures(to, "written"), _temporary(to.with_name(f".{secrets.token_hex(8)}.tmp")) as incoming:
        with incoming.open("xb") as target:
            if _copy(source, target) != digest:
                raise _changed(origin)
        incoming.replace(to)


def _copy(source: BinaryIO, target: BinaryIO) -> str:
    content = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        content.update(chunk)
        target.write(chunk)
    return content.hexdigest()


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checked(digest: str) -> str:
    if not _DIGEST.fullmatch(digest):
        raise StoreError(f"{digest!r} is not a digest. Expected 64 hex digits.")
    return digest


def _changed(place: Path | str) -> StoreError:
    return UnusableArtifactError(
        f"{place} has changed since it was stored. Restore it from a backup, or create its content again."
    )


def _missing(place: Path | str) -> StoreError:
    return UnusableArtifactError(
        f"{place} is missing. Restore it from a backup, or create its content again."
    )


@contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
