"""Entries of a cache as files: small records by key, which name packed values by their content."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lolpop._temporary import temporary_folder
from lolpop._urls import mask_urls
from lolpop.components._drivers import FILE_SYSTEMS, errors_of
from lolpop.components.cache_manager._disk import INCOMING, Disk
from lolpop.errors import CacheError, MissingExtraError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


_EPOCH = (1980, 1, 1, 0, 0, 0)
_STALE_SECONDS = 24 * 60 * 60.0


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a key: the digest of a packed value, and the task that made it."""

    value: str
    size: int
    task_id: str


class Entries:
    """The entries below ``root``, a path or any URL that fsspec knows.

    A record is written after its value, each under a temporary name that is replaced: a process that is
    killed leaves whole files, or some that nothing names.
    """

    def __init__(self, root: str, folder: Path) -> None:
        self._is_local = "://" not in root
        self._root = str((folder / root).absolute()) if self._is_local else root
        self.shown = mask_urls(self._root)

    def record(self, key: str) -> Entry | None:
        """The record under ``key``; None if there is none. Raises CacheError if it is damaged."""
        system, path = self._locate(_record_path(key))
        with self._failures("read"):
            try:
                content = system.cat_file(path)
            except FileNotFoundError:
                return None
        digest, _, document = content.partition(b"\n")
        if hashlib.sha256(document).hexdigest().encode() != digest:
            raise CacheError(f"the entry {key[:12]} in {self.shown} is damaged")
        self._touch(system, path)
        return Entry(**json.loads(document))

    @contextmanager
    def value(self, entry: Entry) -> Iterator[Path]:
        """The packed value of an entry as a file. Raises CacheError if it is damaged or gone."""
        system, path = self._locate(_value_path(entry.value))
        with temporary_folder() as temporary:
            local = Path(path) if isinstance(system, Disk) else Path(temporary, "value")
            with self._failures("read"):
                try:
                    if not isinstance(system, Disk):
                        system.get_file(path, str(local))
                    with local.open("rb") as file:
                        digest = hashlib.file_digest(file, "sha256").hexdigest()
                except FileNotFoundError as error:
                    raise CacheError(f"the value {entry.value[:12]} in {self.shown} is missing") from error
            if digest != entry.value:
                raise CacheError(f"the value {entry.value[:12]} in {self.shown} is damaged")
            yield local

    def put(self, key: str, packed_value: Path, task_id: str) -> int:
        """Store a packed value under ``key``, and return its size in bytes."""
        with packed_value.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        entry = Entry(digest, packed_value.stat().st_size, task_id)
        document = json.dumps(asdict(entry)).encode()
        with self._failures("written"), temporary_folder() as temporary:
            record = Path(temporary, "record")
            record.write_bytes(hashlib.sha256(document).hexdigest().encode() + b"\n" + document)
            self._write(packed_value, _value_path(digest))
            self._write(record, _record_path(key))
        return entry.size

    def remove(self, key: str) -> None:
        """Remove the record under ``key``, if there is one."""
        with suppress(OSError, CacheError, *errors_of(FILE_SYSTEMS)):
            system, path = self._locate(_record_path(key))
            system.rm_file(path)

    def size(self) -> int:
        """The bytes that all values take."""
        return sum(info["size"] for info in self._listed("values").values())

    def shrink(self, limit: int) -> None:
        """Remove entries until ``limit`` bytes are left, the least recently used first.

        Values that no record names go too, unless they are new: their records may be about to be written.
        """
        values = self._listed("values")
        records = sorted(self._listed("records").items(), key=lambda item: _time_of(item[1]))
        named: dict[str, list[str]] = {}
        for path, _ in records:
            named.setdefault(self._value_named_by(path), []).append(path)
        size = sum(info["size"] for info in values.values())
        system, _ = self._locate("")
        by_digest = {"".join(path.split("/")[-2:]): path for path in values}
        unnamed = [
            digest
            for digest, path in by_digest.items()
            if digest not in named and time.time() - _time_of(values[path]) > _STALE_SECONDS
        ]
        for digest in (*unnamed, *named):  # in the order of their oldest record
            if size <= limit and digest not in unnamed:
                break
            value = by_digest.get(digest)
            with suppress(OSError, *errors_of(FILE_SYSTEMS)):
                for record in named.get(digest, ()):
                    system.rm_file(record)
                if value is not None:
                    size -= values[value]["size"]
                    system.rm_file(value)

    def _value_named_by(self, path: str) -> str:
        system, _ = self._locate("")
        try:
            document = system.cat_file(path).partition(b"\n")[2]
            return str(json.loads(document)["value"])
        except (OSError, ValueError, KeyError):
            return ""
        except errors_of(FILE_SYSTEMS):
            return ""

    def _listed(self, below: str) -> dict[str, Any]:
        system, path = self._locate(below)
        with self._failures("read"):
            try:
                infos: dict[str, Any] = system.find(path, detail=True)
            except FileNotFoundError:
                return {}
        return {name: info for name, info in infos.items() if f"/{INCOMING}" not in name}

    def _write(self, source: Path, name: str) -> None:
        system, path = self._locate(name)
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        system.put_file(str(source), path)  # object stores show a file when it is complete, and so does Disk

    def _touch(self, system: AbstractFileSystem, path: str) -> None:
        """Mark the record as just used, if the file system can do so without rewriting it."""
        del system
        if self._is_local:
            with suppress(OSError):
                os.utime(path)

    def _locate(self, name: str) -> tuple[AbstractFileSystem | Disk, str]:
        if self._is_local:
            return Disk(), f"{self._root}/{name}"
        import fsspec

        protocol = self._root.partition("://")[0]
        try:
            system, root = fsspec.url_to_fs(self._root)
        except ImportError as error:
            raise MissingExtraError(f"fsspec's {protocol}", f"fsspec[{protocol}]") from error
        except ValueError as error:
            raise CacheError(f"{self.shown} cannot be used: fsspec knows no protocol {protocol!r}") from error
        return system, f"{root.rstrip('/')}/{name}"

    @contextmanager
    def _failures(self, doing: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or mask_urls(str(error))
            raise CacheError(f"{self.shown} cannot be {doing}: {reason}") from error
        except errors_of(FILE_SYSTEMS) as error:
            raise CacheError(f"{self.shown} cannot be {doing}: {mask_urls(str(error))}") from error


def packed(folder: Path, to: Path) -> None:
    """Pack the files of ``folder`` into the file ``to``: the same files give the same bytes."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                info = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
                with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as target:
                    shutil.copyfileobj(source, target, 1 << 20)


def unpacked(file: Path, to: Path) -> None:
    """Unpack what ``packed`` made into the folder ``to``."""
    with zipfile.ZipFile(file) as archive:
        archive.extractall(to)  # its content was written by lolpop, and has the digest that it had then


def _record_path(key: str) -> str:
    return f"records/{key[:2]}/{key[2:]}"


def _value_path(digest: str) -> str:
    return f"values/{digest[:2]}/{digest[2:]}"


def _time_of(info: dict[str, Any]) -> float:
    """When a file was last used, as far as its file system says."""
    time_ = info.get("mtime") or info.get("LastModified") or info.get("created") or 0.0
    return float(time_.timestamp() if hasattr(time_, "timestamp") else time_)
