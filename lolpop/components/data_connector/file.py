"""Rows in files, local or wherever fsspec reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lolpop.components.data_connector import DataConnector
from lolpop.components.data_connector._formats import FORMATS, Format
from lolpop.components.data_connector._locations import Location, located
from lolpop.data.batches import SameColumns
from lolpop.data.frames import as_frame, wrap
from lolpop.data.sources import Data, FrameKind
from lolpop.errors import DataError

if TYPE_CHECKING:
    from lolpop.data.frames import Frame
    from lolpop.data.sources import Source

__all__ = ["FileDataConnector"]

_BATCH_ROWS = 100_000


class FileDataConnector(DataConnector):
    """CSV, Parquet, JSON lines and Feather files, by the suffix of their names.

    A source is a path or any URL that fsspec knows, or a mapping: ``{path: …, format: csv}`` where the
    suffix says nothing, and for CSV also ``separator`` and ``encoding``. CSV and JSON lines may be
    compressed (``.csv.gz``).

    The dtype of a CSV column is decided by the whole column, as ``pandas.read_csv`` does, besides that
    columns of ISO 8601 dates become dates.

    Frames are of the kind that ``data.frame`` says, batches of as many rows as ``data.batch_rows``.
    """

    def __init__(self, *, data: Data | None = None, folder: Path | None = None) -> None:
        self._frame: FrameKind = data.frame if data else "pandas"
        self._batch_rows = (data.batch_rows if data else None) or _BATCH_ROWS
        self._folder = folder

    def read(self, source: Source) -> Frame:
        """All rows of ``source``.

        Raises DataError if there is no such file, it cannot be parsed, or it has no rows.
        """
        location = self._open(source)
        frame = _format(location).read(self._frame)
        if len(wrap(frame)) == 0:
            raise DataError(f"{location} has a header but no rows.")
        return frame

    def write(self, frame: Frame, target: Source) -> None:
        """Write ``frame`` to ``target``, whole or not at all; folders are made where they are missing.

        Raises DataError if it cannot be written.
        """
        native = as_frame(frame)
        with self.writing(target) as write:
            write(native)

    def scan(self, source: Source) -> Iterator[Frame]:
        """Rows of ``source`` in batches of at most ``data.batch_rows``, in order.

        Raises DataError as ``read`` does, once it comes to what is wrong.
        """
        location = self._open(source)
        empty = True
        for frame in _format(location).scan(self._frame, self._batch_rows):
            if len(wrap(frame)):
                empty = False
                yield frame
        if empty:
            raise DataError(f"{location} has a header but no rows.")

    @contextmanager
    def writing(self, target: Source) -> Iterator[Callable[[Frame], None]]:
        """A function that writes the rows of frames to ``target`` as they come.

        Raises DataError if they cannot be written, or frames differ in their columns or types.
        """
        location = located(target, self._folder)
        form, same_columns = _format(location), SameColumns()
        with location.replaced() as file, form.writing(file) as write_frame:

            def write(frame: Frame) -> None:
                native = same_columns(as_frame(frame))
                with location.explained("written"):
                    write_frame(native)

            yield write

    def _open(self, source: Source) -> Location:
        location = located(source, self._folder)
        location.require()
        return location


def _format(location: Location) -> Format:
    name = location.format_name
    if name in FORMATS:
        return FORMATS[name](location)
    expected = (
        f"Expected one of {', '.join(sorted(FORMATS))}, as the suffix of the file or in a mapping: "
        f"{{path: …, format: csv}}."
    )
    if name:
        raise DataError(f"{location}: the format {name!r} is not known. {expected}")
    raise DataError(f"{location} has no suffix that says its format. {expected}")
