"""Reading and writing rows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from lolpop.data.reading import Reading
from lolpop.errors import DataError
from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.data.frames import Frame
    from lolpop.data.manifests import Manifest
    from lolpop.data.reading import ReadingSchema
    from lolpop.data.sources import Source

__all__ = ["DataConnector"]


class DataConnector(Component):
    """Reads frames from sources, and writes them to targets."""

    __slots__ = ()

    reads_outside: ClassVar[frozenset[str]] = frozenset({"read", "read_as", "scan", "scan_as", "manifest"})

    acts_outside: ClassVar[frozenset[str]] = frozenset({"write", "writing"})

    @abstractmethod
    def read(self, source: Source) -> Frame:
        """All rows of ``source``.

        Raises DataError if there is no such source, it cannot be parsed (with the line where that is
        known), or it has no rows.
        """

    @abstractmethod
    def write(self, frame: Frame, target: Source) -> None:
        """Write ``frame`` to ``target``, whole or not at all. Raises DataError if it cannot be written."""

    @abstractmethod
    def scan(self, source: Source) -> Iterator[Frame]:
        """Rows of ``source`` in batches, in order, each small enough to be held in memory."""

    def read_as(self, source: Source, schema: ReadingSchema) -> Reading[Frame]:
        """All rows of ``source``, and how they were read, by the ``schema`` of its columns.

        Workflows call this method. By default it calls ``read``; a connector that guesses types can do better
        with ``schema``: leave identity as written, and read rows like earlier ones.
        """
        del schema
        return Reading(self.read(source), {})

    def scan_as(self, source: Source, schema: ReadingSchema) -> Reading[Iterator[Frame]]:
        """``read_as`` for batches; by default, it calls ``scan``."""
        del schema
        return Reading(self.scan(source), {})

    @classmethod
    def obstacle_in_place(cls, source: Source, folder: Path | None) -> str | None:
        """Why the rows of ``source`` cannot stay where they are, with what to do; None if they can.

        Called before anything is built. Relative paths start at ``folder``.
        """
        del source, folder
        return f"{cls.__name__} copies the rows that it reads. Unset data.in_place"

    def manifest(self, source: Source, schema: ReadingSchema) -> Reading[Manifest]:
        """The files of ``source`` with the digests of their content, and the batches of ``scan_as``.

        The rows stay where they are, and ``scan_manifest`` reads them later. Raises DataError if they cannot,
        with the message of ``obstacle_in_place``, or if they cannot be read.
        """
        del schema
        obstacle = self.obstacle_in_place(source, None)
        raise DataError(f"Rows to predict cannot stay in place: {obstacle}.")

    def scan_manifest(self, manifest: Manifest, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """The batches of ``manifest`` from number ``start`` on, before number ``stop``.

        They equal those of ``scan_as`` when the manifest was made. Raises DataError, naming the file, if its
        content has changed since then or changes while it is read.
        """
        del start, stop
        raise DataError(f"{type(self).__name__} cannot read the rows of {manifest.source} in place.")

    def require_manifest(self, manifest: Manifest) -> None:
        """Raise DataError if the content of a file of ``manifest`` has changed, or the file is gone."""
        for _ in self.scan_manifest(manifest):
            pass

    def version(self, source: Source) -> str | None:
        """A digest of what ``source`` holds now; None where that cannot be determined without reading it."""
        del source
        return None

    def is_same(self, source: Source, other: Source) -> bool:
        """Whether two sources are the same place, so that writing to one destroys the other."""
        return source == other

    @classmethod
    def header_of(cls, source: Source, folder: Path | None) -> Sequence[str] | None:
        """The columns of a local ``source``, as its header names them; None if that takes more than a look.

        Called before anything is built. Relative paths start at ``folder``.
        """
        del source, folder
        return None

    @contextmanager
    def writing(self, target: Source) -> Iterator[Callable[[Frame], None]]:
        """A function that writes the rows of frames to ``target``, one frame after the other.

        The target is written when the ``with`` block ends, and not at all if an error leaves it. By default,
        all rows are held in memory until then. Raises DataError if they cannot be written, or frames differ
        in their columns.
        """
        from lolpop.data.batches import joined

        frames: list[Frame] = []
        yield frames.append
        self.write(joined(frames), target)

    def writes_parts(self, target: Source) -> bool:
        """Whether ``target`` is a folder, of which several processes can write a part each."""
        del target
        return False

    @contextmanager
    def writing_parts(self, target: Source) -> Iterator[Callable[[int], Source]]:
        """What gives the source of each part of ``target`` by its number; any process may ``write`` it.

        The parts are there when the ``with`` block ends, and none of them is if an error leaves it. Only for
        a target that ``writes_parts``.
        """
        raise DataError(f"{target} cannot be written in parts.")
        yield  # pragma: no cover  (what makes it a generator)
