"""Rows that stay in their files: their manifest, and reading them by it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from lolpop._processors import processors
from lolpop.components.data_connector._common_schema import CommonSchema
from lolpop.components.data_connector._file_states import (
    digest_of,
    has_same_content,
    require_unchanged,
    settled_state_of,
    state_of,
)
from lolpop.components.data_connector._folders import RowsFile
from lolpop.components.data_connector._formats import FORMATS
from lolpop.components.data_connector._frames import WholeColumns
from lolpop.components.data_connector._locations import Location
from lolpop.components.data_connector._options import TextOptions
from lolpop.components.data_connector._typed_files import CommonRows, RowsRange, TypedFile
from lolpop.data.frames import wrap
from lolpop.data.manifests import Batch, FileState, Manifest, ManifestFile
from lolpop.data.reading import Reading, ReadingSchema
from lolpop.errors import DataError
from lolpop.runs import redacted

if TYPE_CHECKING:
    from lolpop.data.frames import Frame
    from lolpop.data.sources import FrameKind

_CONVERT = "Convert the rows to Parquet, or unset data.in_place"
_TEXT = TextOptions.of((), ".", "", {})


def obstacle_in_place(location: Location) -> str | None:
    """Why the rows of ``location`` cannot stay in place; None if they can."""
    if location.path is None:
        return f"{location} is not on a disk. Mount it, or unset data.in_place"
    if location.compressed:
        return f"{location} is compressed as a whole, so no part of it can be read alone. {_CONVERT}"
    if redacted(str(location.path)) != str(location.path):
        return (
            f"the path of {redacted(location.shown)} came by a variable or has a secret, and the store would "
            "show it. Name the path in the settings, or unset data.in_place"
        )
    if location.format_name in FORMATS and not issubclass(FORMATS[location.format_name], TypedFile):
        return f"{location} is text, so the types of its columns are a guess. {_CONVERT}"
    return None


def require_in_place(location: Location) -> None:
    """Raise DataError if the rows of ``location`` cannot stay in place."""
    if obstacle := obstacle_in_place(location):
        raise DataError(f"Rows to predict cannot stay in place: {obstacle}.")


class InPlaceReader:
    """Makes and follows manifests of files. Relative paths in them start at ``folder``, or here."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def manifest(
        self,
        location: Location,
        files: Sequence[RowsFile],
        schema: ReadingSchema,
        frame: FrameKind,
        batch_rows: int,
    ) -> Reading[Manifest]:
        """The manifest of the rows of ``files``, for which ``location`` stands, and notices about the rows.

        Raises DataError if one is written meanwhile.
        """
        name = files[0].location.format_name
        form = _typed(name)
        states = [settled_state_of(_path(file.location)) for file in files]
        reader = form(location, schema, _TEXT, files)
        common = reader.common(frame, batch_rows)
        batches = [
            Batch(file=number, **asdict(part))
            for number, file in enumerate(files)
            for part in form.ranges(file.location, batch_rows)
        ]
        with ThreadPoolExecutor(processors()) as threads:
            records = list(threads.map(self._record, files, states))
        manifest = Manifest(
            source=redacted(location.shown),
            format=name,
            frame=frame,
            columns=tuple(reader.first_columns(frame)),
            identity=tuple(sorted(schema.identity)),
            types=reader.types(common).serialize().to_pybytes(),
            floats=tuple(sorted(common.whole.floats)) if common.whole else (),
            exact=tuple(sorted(common.whole.exact)) if common.whole else (),
            files=tuple(records),
            batches=tuple(batches),
        )
        return Reading(manifest, {}, reader.notices())

    def frames(self, manifest: Manifest, start: int, stop: int | None) -> Iterator[Frame]:
        """The batches of ``manifest`` from ``start`` on, before ``stop``.

        Raises DataError if a file has other content than it had, before its rows are read, and after that.
        """
        common = _common(manifest)
        schema = ReadingSchema(identity=frozenset(manifest.identity))
        batches = manifest.batches[start:stop]
        for number, parts in itertools.groupby(batches, key=lambda batch: batch.file):
            record = manifest.files[number]
            state = self._require(record)
            file = self._rows_file(record, manifest.format)
            ranges = [RowsRange(part.group, part.offset, part.rows) for part in parts]
            reader = _typed(manifest.format)(file.location, schema, _TEXT)
            frames = reader.frames_of(file, ranges, manifest.frame, common)
            for part in ranges:
                rows = wrap(self._next(frames, record, state))
                if len(rows) != part.rows:
                    raise DataError(f"{record.path} has other rows than its manifest says.")
                yield rows.select(manifest.columns).to_native()

    def require(self, manifest: Manifest) -> None:
        """Raise DataError if a file of ``manifest`` has other content than it had, or is gone."""
        for file in manifest.files:
            self._require(file)

    def _record(self, file: RowsFile, state: FileState) -> ManifestFile:
        path = _path(file.location)
        with file.location.explained("read"):
            digest = digest_of(path)
            if state_of(path) != state:
                raise DataError(
                    f"{file.location} was written while it was read. Try again once it is complete."
                )
        return ManifestFile(path=self._recorded(path), digest=digest, state=state, partition=file.partition)

    def _recorded(self, path: Path) -> str:
        """The path as it is recorded: relative to the folder if it is in there, so that both can move."""
        absolute = path.absolute()
        if self._folder is not None and absolute.is_relative_to(self._folder.absolute()):
            return absolute.relative_to(self._folder.absolute()).as_posix()
        return str(absolute)

    def _rows_file(self, file: ManifestFile, form: str) -> RowsFile:
        path = self._absolute(file)
        return RowsFile(
            Location(file.path, str(path), path, {"format": form}, named=False), dict(file.partition)
        )

    def _absolute(self, file: ManifestFile) -> Path:
        return self._folder / file.path if self._folder is not None else Path(file.path)

    def _require(self, file: ManifestFile) -> FileState:
        return require_unchanged(self._absolute(file), file.path, file.state, file.digest)

    def _next(self, frames: Iterator[Frame], file: ManifestFile, state: FileState) -> Frame:
        """The next of ``frames``. Raises DataError if ``file`` was written since it was in ``state``."""
        try:
            return next(frames)
        except StopIteration:
            raise DataError(f"{file.path} has other rows than its manifest says.") from None
        finally:  # this explains what else was raised, too
            if not has_same_content(self._require(file), state):
                raise DataError(f"{file.path} was replaced while it was read. Predict the rows again.")


def _common(manifest: Manifest) -> CommonRows:
    import pyarrow as pa

    schema = pa.ipc.read_schema(pa.BufferReader(manifest.types)) if len(manifest.files) > 1 else None
    whole = WholeColumns(missing=(*manifest.floats, *manifest.exact), beyond=manifest.exact)
    return CommonRows(
        None if schema is None else CommonSchema(schema), whole if manifest.frame == "pandas" else None
    )


def _typed(name: str) -> type[TypedFile]:
    form = FORMATS[name]
    assert issubclass(form, TypedFile)  # noqa: S101  (others cannot stay in place)
    return form


def _path(location: Location) -> Path:
    assert location.path is not None  # noqa: S101  (a URL cannot stay in place)
    return location.path
