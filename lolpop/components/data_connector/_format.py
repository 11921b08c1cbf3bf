"""The interface of a file format: reading whole, reading in batches, and writing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import IO, TYPE_CHECKING, TypeAlias

from lolpop.components.data_connector._folders import RowsFile

if TYPE_CHECKING:
    from lolpop.components.data_connector._locations import Location
    from lolpop.components.data_connector._options import TextOptions
    from lolpop.data.frames import Frame
    from lolpop.data.reading import Reading, ReadingSchema
    from lolpop.data.sources import FrameKind

WriteFrame: TypeAlias = "Callable[[Frame], None]"


class Format(ABC):
    """A file of one format, or several ``files`` that ``location`` stands for.

    ``schema`` is what is known of its columns before, ``options`` say how fields of text are read.
    """

    def __init__(
        self,
        location: Location,
        schema: ReadingSchema,
        options: TextOptions,
        files: Sequence[RowsFile] = (),
    ) -> None:
        self._location = location
        self._files = files or (RowsFile(location, {}),)
        self._schema = schema
        self._options = options

    @classmethod
    def columns(cls, location: Location) -> list[str] | None:
        """The columns as the beginning or the end of the file names them; None if only its rows do."""
        del location
        return None

    @abstractmethod
    def read(self, kind: FrameKind) -> Reading[Frame]:
        """All rows of a single file."""

    @abstractmethod
    def scan(self, kind: FrameKind, batch_rows: int) -> Reading[Iterator[Frame]]:
        """All rows in batches, in order."""

    @abstractmethod
    def writing(self, file: IO[bytes]) -> AbstractContextManager[WriteFrame]:
        """A function that writes the rows of pandas or polars frames that have the same columns."""
