"""Locations of files: on a disk, or behind a URL."""

from __future__ import annotations

import difflib
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from glob import has_magic
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from lolpop._advisory_locks import locked, remove_abandoned
from lolpop._names import one_of, with_article
from lolpop.components._disk import sync
from lolpop.errors import DataError, LolpopError
from lolpop.runs import redacted
from lolpop.settings.secrets import mask_urls

if TYPE_CHECKING:
    from lolpop.data.sources import Source


T = TypeVar("T")

_END: Any = object()
_KEYS = (
    "path", "format", "separator", "encoding", "missing_values", "decimal", "thousands", "columns",
)  # fmt: skip
_LOCAL = ("file", "local")
# The spellings of a URL of this machine that name the host, or leave out the slashes before it.
_FILE_URL = re.compile(r"file:(?://localhost)?(?P<path>/(?!/).*)", re.IGNORECASE | re.DOTALL)
_SLASHES = ("/", os.sep)
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst")
TEMPORARY = ".lolpop-*.tmp"
"""The pattern of the names that ``temporary_in`` makes."""

# What a library raises for what it cannot do is anybody's guess, save for these.
_OURS = (AssertionError, NameError, AttributeError, MemoryError)


@dataclass(frozen=True, slots=True)
class Location:
    """A file as its source names it: ``path`` of a local file, ``url`` of any other."""

    shown: str
    """The name of the file in messages: as the user wrote it, without a password."""

    url: str
    path: Path | None
    options: Mapping[str, Any] = field(default_factory=dict)
    """What a source says besides its path: format, separator, encoding."""

    named: bool = True
    """Whether the source itself names it; else it is one of the files that the source stands for."""

    def __str__(self) -> str:
        return self.shown

    @property
    def format_name(self) -> str:
        """What the source, or else the suffix of its name, says of the format; empty if nothing."""
        if "format" in self.options:
            return str(self.options["format"])
        suffixes = [suffix.lower() for suffix in PurePosixPath(self.url.split("?")[0]).suffixes]
        if suffixes and suffixes[-1] in _COMPRESSED:
            suffixes.pop()
        return suffixes[-1].removeprefix(".") if suffixes else ""

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of files: one that is there, or one whose name ends with a slash."""
        return self.url.endswith("/") or (self.path is not None and os.path.isdir(self.path))  # noqa: PTH112  (a name may be too long)

    @property
    def is_pattern(self) -> bool:
        """Whether it stands for all files that match it."""
        if not self.named:
            return False
        if self.path is None:
            return "*" in self.url
        return has_magic(str(self.path)) and not self.path.exists()

    @property
    def is_many(self) -> bool:
        """Whether it stands for many files."""
        return self.is_pattern or self.is_folder

    @property
    def absolute(self) -> str:
        """The location from the root on: an absolute path, or the URL."""
        return self.url if self.path is None else str(self.path.absolute())

    @property
    def size(self) -> int:
        """Bytes of a local file as it is on the disk; 0 of any other."""
        return self.path.stat().st_size if self.path is not None else 0

    @property
    def compressed(self) -> bool:
        """Whether the suffix says that the file is compressed."""
        return self.url.lower().endswith(_COMPRESSED)

    def require(self) -> None:
        """Raise DataError if there is no such file, or it is empty."""
        with self.explained("read"):  # a name may be too long
            if self.path is None:
                self._require_remote()
            elif self.path.is_dir():
                raise DataError(f"{self} is a folder. Name a file in it.")
            elif not self.path.exists():
                raise DataError(f"{self}: there is no such file{self._near()}")
            elif self.path.stat().st_size == 0:
                raise DataError(f"{self} is empty.")

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """The bytes of the file, uncompressed. Raises DataError if they cannot be read."""
        with self.explained("read"), self._open() as file:
            yield file

    @contextmanager
    def readable(self) -> Iterator[str | IO[bytes]]:
        """What libraries read fastest: the path of a local file that is not compressed, else the bytes."""
        if self.path is None or self.compressed:
            with self.opened() as file:
                yield file
        else:
            with self.explained("read"):
                yield str(self.path)

    @contextmanager
    def replaced(self, permit: Callable[[], None]) -> Iterator[IO[bytes]]:
        """A file to write to, compressed on its way, that takes the place of this one if all goes well.

        ``permit`` raises DataError where this file may not be replaced; it is asked before anything is
        written, and once more before the end. A link stays what it is, and leads to what was written.
        """
        permit()
        target = Path(os.path.realpath(self.path)) if self.path else None
        folder = target.parent if target else Path(tempfile.gettempdir())
        temporary = temporary_in(folder)
        with ExitStack() as opened:
            try:
                with self.explained("written"):
                    folder.mkdir(parents=True, exist_ok=True)
                    remove_abandoned(folder.glob(TEMPORARY))  # of processes that were killed
                    file = opened.enter_context(self._create(temporary))
                    opened.enter_context(locked(temporary))
                yield file
                with self.explained("written"):
                    opened.close()
                    permit()
                    self._take(temporary, target)
            finally:
                with suppress(Exception):  # the first error is reported
                    opened.close()
                with suppress(OSError):
                    temporary.unlink(missing_ok=True)

    @contextmanager
    def explained(self, done: str) -> Iterator[None]:
        """Let what libraries raise in the ``with`` block be a DataError: the file cannot be ``done``."""
        try:
            yield
        except (LolpopError, UnicodeDecodeError):
            raise
        except ImportError as error:
            raise DataError(f"{self} cannot be {done}: {mask_urls(str(error))}") from error
        except BaseException as error:
            if not is_refusal(error):
                raise
            raise DataError(f"{self} cannot be {done}: {_reason(error)}") from error

    def explained_items(self, items: Iterator[T]) -> Iterator[T]:
        """``items`` of the file, as they are read: what libraries raise then is a DataError."""
        while True:
            with self.explained("read"):
                item = next(items, _END)
            if item is _END:
                return
            yield item

    def _open(self) -> AbstractContextManager[IO[bytes]]:
        if self.path is not None and not self.compressed:
            return self.path.open("rb")
        import fsspec

        remote: AbstractContextManager[IO[bytes]] = fsspec.open(self.url, "rb", compression="infer")
        return remote

    def _create(self, temporary: Path) -> AbstractContextManager[IO[bytes]]:
        if not self.compressed:
            return temporary.open("wb")
        import fsspec

        compression = fsspec.utils.infer_compression(self.url)
        compressed: AbstractContextManager[IO[bytes]] = fsspec.open(
            str(temporary), "wb", compression=compression
        )
        return compressed

    def _take(self, temporary: Path, target: Path | None) -> None:
        if target is None:
            import fsspec

            system, path = fsspec.core.url_to_fs(self.url)
            system.makedirs(path.rpartition("/")[0], exist_ok=True)
            system.put_file(str(temporary), path)
            return
        sync(temporary)
        if target.exists():
            temporary.chmod(stat.S_IMODE(target.stat().st_mode))
        temporary.replace(target)
        sync(target.parent)

    def _require_remote(self) -> None:
        import fsspec

        system, path = fsspec.core.url_to_fs(self.url)
        if not system.exists(path):
            raise DataError(f"{self}: there is no such file, or it cannot be reached.")
        if system.isdir(path):
            raise DataError(f"{self} is a folder. Name a file in it.")
        if system.size(path) == 0:
            raise DataError(f"{self} is empty.")

    def _near(self) -> str:
        assert self.path is not None  # noqa: S101  (only local files are looked for)
        folder = self.path.parent
        if redacted(str(folder)) == str(folder) and redacted(str(self.path)) != str(self.path):
            return "."  # what is shown as a link is not to be shown in part
        if not folder.is_dir():
            return f", and no folder {folder}."
        near = difflib.get_close_matches(self.path.name, [entry.name for entry in folder.iterdir()], n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        return f" in {folder.resolve()}.{hint}"


def temporary_in(folder: Path) -> Path:
    """A new name in ``folder`` for what is written before it replaces a file or a folder."""
    return folder / f".lolpop-{uuid4().hex}.tmp"


def located(source: Source, folder: Path | None) -> Location:
    """The location that ``source`` names; relative paths are relative to ``folder``, or here.

    Raises DataError if it names none.
    """
    if not isinstance(source, str | os.PathLike | Mapping):
        raise DataError(
            f"A source must be a path, a URL or a mapping, not {with_article(type(source).__name__)}."
        )
    options = dict(source) if isinstance(source, Mapping) else {"path": source}
    for key in options:
        if key not in _KEYS:
            hint = one_of(key, _KEYS, what="Expected")
            raise DataError(f"The source {_shown(source)} has an unknown key {key!r}. {hint}")
    separator = options.get("separator", ",")
    if not isinstance(separator, str) or len(separator) != 1:
        raise DataError(
            f"The source {_shown(source)} has the separator {separator!r}. Expected one character."
        )
    path = options.pop("path", None)
    if not isinstance(path, str | os.PathLike) or not str(path):
        raise DataError(f"The source {_shown(source)} names no file. Expected a path, or {{path: …}}.")
    text = os.fspath(path)
    shown = mask_urls(text)
    scheme, separated, rest = text.partition("://")
    is_local = bool(separated) and scheme.lower() in _LOCAL
    if match := _FILE_URL.match(text):
        is_local, rest = True, match["path"]
    if separated and not is_local:
        return Location(shown, text, None, options)
    try:
        local = Path(rest if is_local else text).expanduser()
    except RuntimeError as error:
        raise DataError(
            f"The source {_shown(source)} starts with the home folder of an unknown user."
        ) from error
    local = folder / local if folder else local
    return Location(shown, f"{local}/" if text.endswith(_SLASHES) else str(local), local, options)


def is_refusal(error: BaseException) -> bool:
    """Whether ``error`` is how a library says that it cannot do something; a panic of Rust is, too."""
    if isinstance(error, Exception):
        return not isinstance(error, _OURS)
    return type(error).__name__ == "PanicException"  # which is no Exception, and in no module


def _shown(source: object) -> str:
    return mask_urls(repr(source))


def _reason(error: BaseException) -> str:
    # An OSError's own text repeats the path, and with it a password that a URL may hold.
    if isinstance(error, FileExistsError | NotADirectoryError):
        return "its folder is a file"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return mask_urls(text.splitlines()[0] if text else type(error).__name__)
