"""Rows in local files, and in any file system of fsspec."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lolpop.components.data_connector import DataConnector
from lolpop.components.data_connector._file_states import digest_of
from lolpop.components.data_connector._folders import (
    RowsFile,
    files_of,
    part_name,
    require_replaceable,
    staged_folder,
)
from lolpop.components.data_connector._format import Format
from lolpop.components.data_connector._formats import FORMATS
from lolpop.components.data_connector._in_place import InPlaceReader, obstacle_in_place, require_in_place
from lolpop.components.data_connector._locations import Location, located
from lolpop.components.data_connector._options import MISSING, TextOptions
from lolpop.components.data_connector._targets import require_reachable, require_writable
from lolpop.data.batches import ColumnAligner, joined
from lolpop.data.frames import as_frame, wrap
from lolpop.data.places import Access, Place, Places
from lolpop.data.reading import ColumnKind, Reading, ReadingSchema
from lolpop.data.sources import Data, FrameKind
from lolpop.errors import DataError, Finding

if TYPE_CHECKING:
    from lolpop.data.frames import Frame
    from lolpop.data.manifests import Manifest
    from lolpop.data.sources import Source

__all__ = ["FileDataConnector"]

_BATCH_ROWS = 100_000


class FileDataConnector(DataConnector):
    """CSV, Parquet, JSON lines and Feather files, by the suffix of their names.

    A source is a path or any URL that fsspec knows, or a mapping: ``{path: …, format: csv}`` where the suffix
    says nothing, for CSV also ``separator``, ``encoding`` and the parameters below, where they differ from
    those of the connector. CSV and JSON lines may be compressed (``.csv.gz``).

    A folder, or a pattern such as ``rows/*.parquet``, stands for all of its files, in the order of their
    names. Folders named ``country=DE`` give their rows a column. Columns have the same type in all files. A
    target that ends with a slash is a folder: each frame that is written makes a Parquet file in it,
    unless a mapping names another format.

    The type of a CSV column is decided by all of its fields, equally for pandas and polars: whole numbers,
    numbers, booleans, ISO 8601 dates, or else text. Columns that identify rows (index, series) are text as
    written, unless all fields are plain whole numbers; so are class labels. Once a model is trained, columns
    are read like its training rows.

    Frames are of the kind that ``data.frame`` says, batches of as many rows as ``data.batch_rows``.

    Parameters
    ----------
    missing_values : list of str
        Texts that are missing values in CSV, besides the empty field; not in columns of identity or labels.
    decimal : str
        The mark before the fraction of a number in CSV.
    thousands : str
        The mark between groups of three digits of a number in CSV, if there is one.
    columns : dict of str to str, optional
        Types of CSV columns by name, instead of guessing them: text, integer, number, boolean or date.
    """

    def __init__(
        self,
        missing_values: tuple[str, ...] = MISSING,
        decimal: str = ".",
        thousands: str = "",
        columns: Mapping[str, ColumnKind] | None = None,
        *,
        data: Data | None = None,
        folder: Path | None = None,
        claimed_places: Places | None = None,
    ) -> None:
        self._options = TextOptions.of(missing_values, decimal, thousands, columns or {})
        self._frame: FrameKind = data.frame if data else "pandas"
        self._batch_rows = (data.batch_rows if data else None) or _BATCH_ROWS
        self._folder = folder
        self._claimed = claimed_places

    @classmethod
    def check_settings(
        cls, settings: Mapping[str, Any], values: Mapping[str, Any] = MappingProxyType({})
    ) -> Iterable[Finding]:
        """Check the decimal and thousands marks."""
        del values
        try:
            TextOptions.of((), settings.get("decimal", "."), settings.get("thousands", ""), {})
        except ValueError as error:
            name, _, message = str(error).partition(" ")
            yield Finding("decimal" if name == "decimal" else "thousands", message.rstrip("."))

    @classmethod
    def check_injected(cls, injected: Mapping[str, Any]) -> Iterable[Finding]:
        """Check the formats of sources, and whether targets can be written."""
        for setting, source, access in _named_by(injected.get("data")):
            own = FileDataConnector
            methods = (own.write, own.writing) if access == "written" else (own.read, own.scan)
            if any(getattr(cls, method.__name__) is not method for method in methods):
                continue  # a subclass does that in its own way
            try:
                location = located(source, injected.get("folder"))
                if not location.is_many:
                    _format_of(location)
                elif access == "written":
                    _part_suffix(location)
                TextOptions.of((), ".", "", {}).overridden(location.options, str(location))
                if access == "written":
                    require_writable(location)
                    if location.is_folder:
                        require_replaceable(location)
                    continue
                require_reachable(location)
            except DataError as error:
                message, separated, hint = str(error).rstrip(".").rpartition(". ")
                if separated:
                    yield Finding(f"data.{setting}", message, hint=f"{hint}.")
                else:
                    yield Finding(f"data.{setting}", hint)

    @classmethod
    def claimed_places(cls, settings: Mapping[str, Any], injected: Mapping[str, Any]) -> Iterable[Place]:
        """The files that ``data`` names."""
        del settings
        for setting, source, access in _named_by(injected.get("data")):
            try:
                location = located(source, injected.get("folder"))
            except DataError:
                continue  # what is wrong with it is told by the checks
            name = f"the folder of data.{setting}" if location.is_folder else ""
            is_pattern = location.is_pattern and access == "read"
            yield Place(
                f"data.{setting}",
                location.absolute,
                access,
                location.is_folder,
                name,
                is_pattern=is_pattern,
            )

    @classmethod
    def header_of(cls, source: Source, folder: Path | None) -> Sequence[str] | None:
        """The columns of a local file that has a header or a schema."""
        if cls.read is not FileDataConnector.read:
            return None  # a subclass reads in its own way
        try:
            location = located(source, folder)
            form = _format_of(location)
            is_file = location.path is not None and _is_file(location.path)
            return form.columns(location) if is_file else None
        except DataError:
            return None  # what is wrong with it is told by reading it

    def version(self, source: Source) -> str | None:
        """A digest of the file and of how it is to be read; None if it is not on a disk of this machine."""
        try:
            location = located(source, self._folder)
        except DataError:
            return None
        if location.path is None:
            return None
        if not location.is_many:
            return digest_of(location.path) if _is_file(location.path) else None
        digests = hashlib.sha256()
        try:
            for file in files_of(location):
                assert file.location.path is not None  # noqa: S101  (files of a local folder are local)
                digests.update(f"{file.location.path} {digest_of(file.location.path)}\n".encode())
        except (DataError, OSError):
            return None
        return digests.hexdigest()

    def is_same(self, source: Source, other: Source) -> bool:
        """Whether two sources are the same file, by whatever spelling or link, or one is in the other."""
        try:
            one, another = (located(place, self._folder) for place in (source, other))
        except DataError:
            return False
        places = [
            Place("", place.absolute, "read", place.is_folder, is_pattern=place.is_pattern)
            for place in (one, another)
        ]
        return places[0].holds(another.absolute) or places[1].holds(one.absolute)

    def read(self, source: Source) -> Frame:
        """All rows of ``source``.

        Raises DataError if there is no such file, it cannot be parsed, or it has no rows.
        """
        return self._read(source, ReadingSchema()).rows

    def read_as(self, source: Source, schema: ReadingSchema) -> Reading[Frame]:
        """All rows of ``source``, read by what ``schema`` knows of its columns. Raises as ``read`` does."""
        if type(self).read is not FileDataConnector.read:
            return super().read_as(source, schema)  # a subclass reads in its own way
        return self._read(source, schema)

    def scan(self, source: Source) -> Iterator[Frame]:
        """Rows of ``source`` in batches of at most ``data.batch_rows``, in order.

        Raises DataError as ``read`` does, once it comes to what is wrong.
        """
        yield from self._scan(source, ReadingSchema()).rows

    def scan_as(self, source: Source, schema: ReadingSchema) -> Reading[Iterator[Frame]]:
        """Batches of ``source``, read by what ``schema`` knows of its columns. Raises as ``read`` does."""
        if type(self).scan is not FileDataConnector.scan:
            return super().scan_as(source, schema)
        return self._scan(source, schema)

    @classmethod
    def obstacle_in_place(cls, source: Source, folder: Path | None) -> str | None:
        """Why the rows of ``source`` cannot stay in place; None if they can, or are no rows at all."""
        if cls.scan is not FileDataConnector.scan:
            return f"{cls.__name__} reads rows in its own way. Unset data.in_place"
        try:
            location = located(source, folder)
            return obstacle_in_place(files_of(location)[0].location if location.is_many else location)
        except DataError:
            return None  # what is wrong with it is told by reading it

    def manifest(self, source: Source, schema: ReadingSchema) -> Reading[Manifest]:
        """The files of ``source``, their digests, and the batches of at most ``data.batch_rows``.

        Raises DataError if their format is text, or they cannot be read.
        """
        if type(self).scan is not FileDataConnector.scan:
            return super().manifest(source, schema)
        location = located(source, self._folder)
        files = files_of(location) if location.is_many else [RowsFile(location, {})]
        for file in files:
            file.location.require()
            _format_of(file.location)
            require_in_place(file.location)
        reading = InPlaceReader(self._folder).manifest(location, files, schema, self._frame, self._batch_rows)
        if not reading.rows.batches:
            raise _without_rows(location)
        return reading

    def scan_manifest(self, manifest: Manifest, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """The batches of ``manifest`` from number ``start`` on, before number ``stop``.

        Raises DataError, naming the file, if its content has changed, or changes while it is read.
        """
        return InPlaceReader(self._folder).frames(manifest, start, stop)

    def require_manifest(self, manifest: Manifest) -> None:
        """Raise DataError if a file of ``manifest`` has changed or is gone. No rows are read."""
        InPlaceReader(self._folder).require(manifest)

    def write(self, frame: Frame, target: Source) -> None:
        """Write ``frame`` to ``target``, whole or not at all; folders are made where they are missing.

        Raises DataError if it cannot be written.
        """
        native = as_frame(frame)
        with self.writing(target) as write:
            write(native)

    @contextmanager
    def writing(self, target: Source) -> Iterator[Callable[[Frame], None]]:
        """A function that writes the rows of frames to ``target`` as they come.

        Raises DataError if they cannot be written, or frames differ in their columns or types.
        """
        location, same_columns = located(target, self._folder), ColumnAligner()
        if location.is_folder:
            with self.writing_parts(target) as part:
                numbers = itertools.count()
                yield lambda frame: self.write(same_columns(as_frame(frame)), part(next(numbers)))
            return
        form = self._format(location, ReadingSchema())
        permit = partial(self._permit, location)
        with location.replaced(permit) as file, form.writing(file) as write_frame:

            def write(frame: Frame) -> None:
                native = same_columns(as_frame(frame))
                with location.explained("written"):
                    write_frame(native)

            yield write

    def writes_parts(self, target: Source) -> bool:
        """Whether ``target`` is a folder: its name ends with a slash."""
        return located(target, self._folder).is_folder

    @contextmanager
    def writing_parts(self, target: Source) -> Iterator[Callable[[int], Source]]:
        """What gives the file of each part of the folder ``target`` by its number.

        Raises DataError if the folder cannot be written, or has files that are no parts.
        """
        location = located(target, self._folder)
        suffix = _part_suffix(location)
        with staged_folder(location, partial(self._permit, location)) as staging:
            yield lambda number: {**location.options, "path": str(staging / part_name(number, suffix))}

    def _permit(self, location: Location) -> None:
        """Raise DataError if a file at ``location`` may not be written."""
        require_writable(location)
        place = None if self._claimed is None else self._claimed.protecting(location.absolute)
        if place is not None:
            raise DataError(f"{location} cannot be written: it is {place.shown}.")

    def _read(self, source: Source, schema: ReadingSchema) -> Reading[Frame]:
        location = located(source, self._folder)
        if location.is_many:
            reading = self._scan_many(location, schema)
            return Reading(joined(reading.rows), reading.columns, reading.notices, reading.written)
        location.require()
        with location.explained("read"):
            whole = self._format(location, schema).read(self._frame)
        if len(wrap(whole.rows)) == 0:
            raise _without_rows(location)
        return whole

    def _scan(self, source: Source, schema: ReadingSchema) -> Reading[Iterator[Frame]]:
        location = located(source, self._folder)
        if location.is_many:
            return self._scan_many(location, schema)
        location.require()
        with location.explained("read"):
            reading = self._format(location, schema).scan(self._frame, self._batch_rows)
        rows = _with_rows(location.explained_items(reading.rows), location)
        return Reading(rows, reading.columns, reading.notices, reading.written)

    def _scan_many(self, location: Location, schema: ReadingSchema) -> Reading[Iterator[Frame]]:
        """The rows of many files, one after the other; types are decided by the rows of all of them."""
        files = files_of(location)
        for file in files:
            file.location.require()
        form = _format_of(files[0].location)
        options = self._options.overridden(location.options, str(location))
        reading = form(location, schema, options, files).scan(self._frame, self._batch_rows)
        rows = map(ColumnAligner(), reading.rows)
        return Reading(_with_rows(rows, location), reading.columns, reading.notices, reading.written)

    def _format(self, location: Location, schema: ReadingSchema) -> Format:
        options = self._options.overridden(location.options, str(location))
        return _format_of(location)(location, schema, options)


def _named_by(data: Data | None) -> Iterator[tuple[str, Source, Access]]:
    """The sources and targets that ``data`` names: each by its path in the section."""
    if data is None:
        return
    for name, table in (data.sources or {}).items():
        yield f"sources.{name}", table, "read"
    for name in ("train", "predict", "truth"):
        source = getattr(data, name)
        if name == "predict" and data.sources and isinstance(source, Mapping):
            for table_name, table in source.items():
                yield f"predict.{table_name}", table, "read"
        elif source is not None:
            yield name, source, "read"
    for name in ("predictions", "explanations"):
        if (target := getattr(data, name)) is not None:
            yield name, target, "written"


def _with_rows(frames: Iterator[Frame], location: Location) -> Iterator[Frame]:
    """Those of ``frames`` that have rows. Raises DataError if there are none."""
    empty = True
    for frame in frames:
        if len(wrap(frame)):
            empty = False
            yield frame
    if empty:
        raise _without_rows(location)


def _without_rows(location: Location) -> DataError:
    return DataError(f"{location} has a header but no rows.")


def _is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113  (a name may be too long)


def _part_suffix(location: Location) -> str:
    """The suffix of the files in a folder that is written."""
    form = location.format_name or "parquet"
    if form not in FORMATS:
        _format_of(location)
    return form


def _format_of(location: Location) -> type[Format]:
    name = location.format_name
    if name in FORMATS:
        return FORMATS[name]
    expected = (
        f"Expected one of {', '.join(sorted(FORMATS))}, as the suffix of the file or in a mapping: "
        f"{{path: …, format: csv}}."
    )
    if name:
        raise DataError(f"{location}: unknown format {name!r}. {expected}")
    raise DataError(f"{location} has no suffix, so its format is unknown. {expected}")
