"""A cache of files beside the store, or in any place that fsspec knows."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import PositiveFloat

from lolpop._temporary import temporary_folder
from lolpop.components.cache_manager import CachedResult, CacheManager
from lolpop.components.cache_manager._entries import Entries, packed, unpacked
from lolpop.components.cache_manager._values import read_value, write_value
from lolpop.components.store import Store
from lolpop.data.places import Place
from lolpop.errors import CacheError, LolpopError

if TYPE_CHECKING:
    from lolpop.components.model_trainer import ModelTrainer

__all__ = ["LocalCacheManager"]

_ROOT = ".lolpop/cache"
_GIGABYTE = 1_000_000_000
_SHARE = 0.9
"""The share of the limit that eviction leaves, so that not every new entry evicts again."""


class LocalCacheManager(CacheManager):
    """Stores results as files by their content, and removes the least recently used ones.

    Frames are stored as Arrow files, fitted models in the format of their trainer, everything else as JSON.
    A value that would not come back unchanged is not stored. Entries are written atomically, and their
    content is compared with its digest at each reading.

    Parameters
    ----------
    root : str, optional
        A path, or any URL that fsspec knows, such as ``s3://bucket/cache``, which a team may share. Without
        it, ``.lolpop/cache``. Relative paths start where the settings are.
    max_gigabytes : float
        Size limit of the cache. Behind a URL, the oldest results are removed first.
    """

    def __init__(
        self,
        root: str | None = None,
        max_gigabytes: PositiveFloat = 10.0,
        *,
        store: Store,
        folder: Path | None = None,
    ) -> None:
        if root is not None and not root.strip():
            raise ValueError(f"root must be a path or a URL but got {root!r}.")
        if max_gigabytes <= 0:
            raise ValueError(f"max_gigabytes must be positive but got {max_gigabytes}.")
        self._entries = Entries(root or _ROOT, folder or Path())
        self._limit = int(max_gigabytes * _GIGABYTE)
        self._store = store
        self._size: int | None = None
        self._sizing = threading.Lock()

    @classmethod
    def claimed_places(cls, settings: Mapping[str, Any], injected: Mapping[str, Any]) -> Iterable[Place]:
        """The folder of the entries."""
        folder = Path(injected.get("folder") or "").absolute()
        root = settings.get("root") or _ROOT
        yield Place(
            "root", root if "://" in root else str(folder / root), "kept", True, "the folder of the cache"
        )

    def get(self, key: str) -> CachedResult | None:
        """The result that is stored under ``key``; None if there is none."""
        try:
            entry = self._entries.record(key)
            if entry is None:
                return None
            with self._entries.value(entry) as file, temporary_folder() as temporary:
                unpacked(file, Path(temporary))
                return CachedResult(read_value(Path(temporary)), entry.task_id)
        except CacheError:
            self._entries.remove(key)
            raise
        except (
            LolpopError,
            TypeError,
            ValueError,
            KeyError,
            AttributeError,
            OSError,
            zipfile.BadZipFile,
        ) as error:
            self._entries.remove(key)
            raise CacheError(
                f"the entry {key[:12]} in {self._entries.shown} cannot be read: {error}"
            ) from error

    def maker(self, key: str) -> str | None:
        """The id of the task whose result is kept under ``key``, whose value is not read."""
        try:
            entry = self._entries.record(key)
        except CacheError:
            return None
        return None if entry is None else entry.task_id

    def put(self, key: str, result: CachedResult, trainers: Sequence[ModelTrainer] = ()) -> None:
        """Store ``result`` under ``key``."""
        with temporary_folder() as temporary:
            folder, file = Path(temporary, "value"), Path(temporary, "packed")
            folder.mkdir()
            write_value(result.value, folder, trainers)
            packed(folder, file)
            if file.stat().st_size > self._limit:
                return  # it would push out everything else, and itself
            self._make_room(file.stat().st_size)
            self._entries.put(key, file, result.task_id)

    def lock(self, key: str) -> AbstractContextManager[None]:
        """Lock ``key`` inside the ``with`` block, by a lock of the store."""
        return self._store.lock(f"cache {key}")

    def _make_room(self, size: int) -> None:
        with self._sizing:
            if self._size is None:
                self._size = self._entries.size()
            self._size += size
            if self._size > self._limit:
                self._entries.shrink(int(self._limit * _SHARE) - size)
                self._size = self._entries.size() + size
