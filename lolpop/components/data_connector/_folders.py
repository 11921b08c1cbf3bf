"""Rows in many files: a folder, a partitioned dataset, or all files that match a pattern."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from glob import glob
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from lolpop._advisory_locks import locked, remove_abandoned
from lolpop.components._disk import sync
from lolpop.components.data_connector._locations import TEMPORARY, Location, temporary_in
from lolpop.data.frames import count, listed, wrap
from lolpop.errors import DataError

if TYPE_CHECKING:
    import narwhals as nw

    from lolpop.data.frames import Frame

_PART = re.compile(r"part-\d{5,}\.[a-z0-9.]+")
_PARTITION = re.compile(r"([^=/]+)=([^=/]*)")
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})")
_EXACT_DIGITS = 15  # of whole numbers that floats hold
_MISSING = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, slots=True)
class RowsFile:
    """One of many files, and what the folders that it is in say of its rows: ``country=DE/2026.parquet``."""

    location: Location
    partition: dict[str, str | int | float | None]

    def with_partition(self, frame: Frame) -> Frame:
        """``frame`` with a column for each part of the name of its folders.

        Raises DataError if the file itself has such a column, with other values.
        """
        if not self.partition:
            return frame
        rows = wrap(frame)
        for name, value in self.partition.items():
            if name in rows.columns and set(map(str, rows.get_column(name).to_list())) - {str(value)}:
                raise DataError(
                    f"{self.location}: the column {name!r} differs from the name of the folder, "
                    f"{name}={value}. Rename one of them."
                )
        columns = [_constant(value).alias(name) for name, value in self.partition.items()]
        partitioned: Frame = rows.with_columns(*columns).to_native()
        return partitioned


def _constant(value: str | int | float | None) -> nw.Expr:
    import narwhals as nw

    if value is None:
        return nw.lit(None, nw.String)
    return nw.lit(value) if value == value else nw.lit(None, nw.Float64)


def require_same_columns(names: Sequence[str], first: Sequence[str], file: Location, other: Location) -> None:
    """Raise DataError unless ``file`` has the columns ``first`` of an ``other`` file, in any order."""
    if lacking := [name for name in first if name not in names]:
        raise DataError(f"{file} lacks the columns {listed(lacking)} of {other}.")
    if unexpected := [name for name in names if name not in first]:
        raise DataError(f"{file} has the columns {listed(unexpected)}, which {other} lacks.")


def files_of(location: Location) -> list[RowsFile]:
    """The files of a folder or pattern, in the order of their names. Raises DataError if there are none.

    Hidden files, and those whose names begin with an underscore, are left out.
    """
    paths = _remote_paths(location) if location.path is None else _local_paths(location)
    if not paths:
        kind = "no file matches it" if location.is_pattern else "the folder has no files of rows"
        raise DataError(f"{location}: {kind}.")
    files = [RowsFile(_file(location, path), {}) for path in paths]
    formats = sorted({file.location.format_name or "none" for file in files})
    if len(formats) > 1:
        raise DataError(
            f"{location} has files of several formats: {', '.join(formats)}. Name those of one, such as "
            f"*.{formats[0]}."
        )
    return _partitioned(files, location)


@contextmanager
def staged_folder(location: Location, permit: Callable[[], None]) -> Iterator[Path]:
    """A folder to write parts to, which takes the place of the one at ``location`` if all goes well.

    Raises DataError if that has anything in it but such parts.
    """
    permit()
    require_replaceable(location)
    assert location.path is not None  # noqa: S101  (a URL is not replaceable)
    target = Path(os.path.realpath(location.path))
    staging = temporary_in(target.parent)
    try:
        with location.explained("written"):
            target.parent.mkdir(parents=True, exist_ok=True)
            remove_abandoned(target.parent.glob(TEMPORARY))  # of processes that were killed
            staging.mkdir()
        with locked(staging):
            yield staging
            permit()
            require_replaceable(location)
            with location.explained("written"):
                for leftover in staging.glob(TEMPORARY):  # of workers that were killed
                    leftover.unlink()
                _take(staging, target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def part_name(number: int, suffix: str) -> str:
    """What the part of that number is called."""
    return f"part-{number:05}.{suffix}"


def _take(staging: Path, target: Path) -> None:
    sync(staging)
    former = temporary_in(target.parent)
    if target.exists():
        target.rename(former)
    try:
        staging.rename(target)
    except OSError:
        if former.exists():
            former.rename(target)
        raise
    shutil.rmtree(former, ignore_errors=True)
    sync(target.parent)


def require_replaceable(location: Location) -> None:
    """Raise DataError if a folder at ``location`` has anything in it but parts, or is behind a URL."""
    if location.path is None:
        raise DataError(
            f"{location} is a folder behind a URL, which cannot be replaced as a whole. Name a single file."
        )
    if not location.path.is_dir():
        return
    others = [entry.name for entry in location.path.iterdir() if not _PART.fullmatch(entry.name)]
    if others:
        raise DataError(
            f"{location} has {count(len(others), 'other file')} in it, such as {min(others)}: only a "
            "folder of parts is replaced. Name another folder."
        )


def _local_paths(location: Location) -> list[str]:
    assert location.path is not None  # noqa: S101  (what is not local is not asked for here)
    root = str(location.path)
    if location.is_pattern:
        matching = glob(root, recursive=True)  # noqa: PTH207  (a path takes no absolute pattern)
        return sorted(path for path in matching if Path(path).is_file())
    return sorted(
        str(path)
        for path in location.path.rglob("*")
        if path.is_file() and _is_shown(path.relative_to(location.path).parts)
    )


def _remote_paths(location: Location) -> list[str]:
    import fsspec

    with location.explained("read"):
        system, root = fsspec.core.url_to_fs(location.url)
        names = system.glob(root) if location.is_pattern else system.find(root)
        start = len(PurePosixPath(root).parts)
        return sorted(
            system.unstrip_protocol(name)
            for name in names
            if location.is_pattern or _is_shown(PurePosixPath(name).parts[start:])
        )


def _is_shown(parts: Sequence[str]) -> bool:
    return not any(part.startswith((".", "_")) for part in parts)


def _file(location: Location, path: str) -> Location:
    return replace(
        location, shown=path, url=path, path=None if location.path is None else Path(path), named=False
    )


def _partitioned(files: list[RowsFile], location: Location) -> list[RowsFile]:
    root = location.url.split("*")[0]
    partitions = [_partition(file.location.url.removeprefix(root)) for file in files]
    if len({tuple(partition) for partition in partitions}) > 1:
        raise DataError(f"{location} is partitioned in different ways: by {_ways(partitions)}.")
    columns = {name: _typed([partition[name] for partition in partitions]) for name in partitions[0]}
    return [
        RowsFile(file.location, {name: values[place] for name, values in columns.items()})
        for place, file in enumerate(files)
    ]


def _typed(values: Sequence[str | None]) -> Sequence[str | int | float | None]:
    """The values of one column that the names of folders have, as numbers if all of them are whole."""
    texts = [value for value in values if value is not None]
    if not texts or not all(map(_INTEGER.fullmatch, texts)):
        return values
    if len(texts) == len(values):
        return [int(text) for text in texts]
    if max(map(len, texts)) > _EXACT_DIGITS:
        return values
    return [float("nan") if value is None else float(value) for value in values]


def _partition(path: str) -> dict[str, str | None]:
    """What the names of the folders in ``path`` say of the rows in them."""
    matches = map(_PARTITION.fullmatch, path.split("/")[:-1])
    return {
        unquote(match[1]): None if match[2] == _MISSING else unquote(match[2])
        for match in matches
        if match is not None
    }


def _ways(partitions: Sequence[dict[str, str | None]]) -> str:
    ways = sorted({", ".join(partition) or "nothing" for partition in partitions})
    return " and ".join(ways)
