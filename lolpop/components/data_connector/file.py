"""Rows in files, local or wherever fsspec reaches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import PositiveInt

from lolpop.components.data_connector import DataConnector
from lolpop.components.data_connector._formats import FORMATS, Format
from lolpop.components.data_connector._locations import Location, located
from lolpop.errors import DataError, Finding, MissingExtraError
from lolpop.frames import as_frame, wrap
from lolpop.registry import missing_modules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from lolpop.data import Source
    from lolpop.frames import Frame

__all__ = ["FileDataConnector"]


class FileDataConnector(DataConnector):
    """CSV, Parquet, JSON lines and Feather files, by the suffix of their names.

    A source is a path or any URL that fsspec knows, or a mapping: ``{path: …, format: csv}`` where the
    suffix says nothing, and for CSV also ``separator`` and ``encoding``. CSV and JSON lines may be
    compressed (``.csv.gz``).

    The dtype of a CSV column is decided by the whole column, as ``pandas.read_csv`` does, besides that
    columns of ISO 8601 dates become dates.

    Parameters
    ----------
    frame : pandas or polars
        Kind of dataframe that is read: pandas, or polars (an extra).
    batch_size : int
        Rows in one batch of scan.
    """

    def __init__(
        self,
        frame: Literal["pandas", "polars"] = "pandas",
        batch_size: PositiveInt = 100_000,
        *,
        folder: Path | None = None,
    ) -> None:
        self._frame = frame
        self._batch_size = batch_size
        self._folder = folder

    @classmethod
    def check_settings(cls, settings: Mapping[str, Any]) -> Iterable[Finding]:
        """Find a kind of dataframe that is not installed."""
        if settings.get("frame") == "polars" and missing_modules(("polars",)):
            yield Finding(
                "frame", "polars is not installed", hint="Install it with: pip install 'lolpop[polars]'"
            )

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
        location = located(target, self._folder)
        form, native = _format(location), as_frame(frame)
        with location.replaced() as file:
            form.write(native, file)

    def scan(self, source: Source) -> Iterator[Frame]:
        """Rows of ``source`` in batches of at most ``batch_size``, in order."""
        location = self._open(source)
        empty = True
        for frame in _format(location).scan(self._frame, self._batch_size):
            empty = False
            yield frame
        if empty:
            raise DataError(f"{location} has a header but no rows.")

    def _open(self, source: Source) -> Location:
        if self._frame == "polars" and missing_modules(("polars",)):
            raise MissingExtraError("polars", "lolpop[polars]")
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
