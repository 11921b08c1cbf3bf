"""The contract of data connectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

from lolpop.components.data_connector import DataConnector
from lolpop.data.manifests import Manifest
from lolpop.data.reading import ReadingSchema
from lolpop.data.sources import Source
from lolpop.errors import DataError
from lolpop.testing.contracts._expected import raised, require
from lolpop.testing.contracts._samples import frame_kinds, rows_of, sample
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["DataConnectorContract"]

Make: TypeAlias = Callable[[], DataConnector]
NewSource: TypeAlias = Callable[[], Source]


class DataConnectorContract(ComponentContract):
    """The checks that every data connector must pass.

    Fixtures: ``make()`` makes a connector; ``new_source()`` returns a source that does not exist yet, a new
    one at every call.
    """

    interface: ClassVar[type[Any]] = DataConnector

    def test_reads_what_it_wrote(self, make: Make, new_source: NewSource) -> None:
        """Written rows are read in the same order, with their columns and values, for every kind of frame."""
        frame = sample().frame.assign(number=lambda rows: rows["number"].where(rows["number"] > -1))
        for kind, convert in frame_kinds():
            source = new_source()
            make().write(convert(frame), source)
            read = make().read(source)
            require(list(read.columns) == list(frame.columns), f"columns of {kind}", list(read.columns))
            require(rows_of(read) == rows_of(frame), f"the rows that a {kind} frame had", "other rows")

    def test_replaces_what_was_there(self, make: Make, new_source: NewSource) -> None:
        """Writing to a source again replaces its rows."""
        connector, source = make(), new_source()
        connector.write(sample(rows=20).frame, source)
        connector.write(sample(rows=8).frame, source)
        rows = rows_of(connector.read(source))
        require(rows == rows_of(sample(rows=8).frame), "the 8 rows written last", f"{len(rows)} rows")

    def test_scans_the_rows_that_it_reads(self, make: Make, new_source: NewSource) -> None:
        """Concatenated batches are the rows of the source, in their order."""
        connector, source = make(), new_source()
        connector.write(sample().frame, source)
        scanned = [row for batch in connector.scan(source) for row in rows_of(batch)]
        require(scanned == rows_of(connector.read(source)), "the rows that read returns", "other rows")

    def test_writes_batches_whole_or_not_at_all(self, make: Make, new_source: NewSource) -> None:
        """All batches are written, or none after an error."""
        connector, source, broken = make(), new_source(), new_source()
        frame = sample().frame
        with connector.writing(source) as write:
            write(frame[:100])
            write(frame[100:])
        require(rows_of(connector.read(source)) == rows_of(frame), "the rows of both frames", "other rows")

        def fails() -> None:
            with connector.writing(broken) as write:
                write(frame)
                raise DataError("on purpose")

        raised(DataError, fails)
        raised(DataError, lambda: connector.read(broken))

    def test_rows_that_stay_in_place(self, make: Make, new_source: NewSource) -> None:
        """A manifest gives the scanned batches, until the rows change; or it is refused."""
        connector, source, schema = make(), new_source(), ReadingSchema()
        connector.write(sample().frame, source)
        if connector.obstacle_in_place(source, None) is not None:
            raised(DataError, lambda: connector.manifest(source, schema))
            return
        manifest = Manifest.model_validate_json(connector.manifest(source, schema).rows.model_dump_json())
        scanned = [rows_of(batch) for batch in make().scan_as(source, schema).rows]
        in_place = [rows_of(batch) for batch in make().scan_manifest(manifest)]
        require(in_place == scanned, "the batches that scan_as returns", "others")
        require(len(manifest.batches) == len(scanned), f"{len(scanned)} batches", len(manifest.batches))
        make().require_manifest(manifest)
        connector.write(sample(seed=1).frame, source)
        raised(DataError, lambda: make().require_manifest(manifest))
        raised(DataError, lambda: list(make().scan_manifest(manifest)))

    def test_missing_source_is_a_data_error(self, make: Make, new_source: NewSource) -> None:
        """Reading or scanning a missing source raises a DataError."""
        raised(DataError, lambda: make().read(new_source()))
        raised(DataError, lambda: list(make().scan(new_source())))

    def test_source_without_rows_is_a_data_error(self, make: Make, new_source: NewSource) -> None:
        """Reading a source with columns but no rows raises a DataError."""
        connector, source = make(), new_source()
        connector.write(sample().frame[:0], source)
        raised(DataError, lambda: connector.read(source))

    def test_version_follows_the_content(self, make: Make, new_source: NewSource) -> None:
        """The digest, if there is one, changes if and only if the content changes."""
        connector, source = make(), new_source()
        connector.write(sample().frame, source)
        first, second = connector.version(source), make().version(source)
        require(first == second, f"the digest {first} again", second)
        connector.write(sample(seed=1).frame, source)
        other = connector.version(source)
        require(first is None or first != other, "another digest of other rows", other)

    def test_tells_places_apart(self, make: Make, new_source: NewSource) -> None:
        """A source has the same place as itself, and another one than other sources."""
        connector, source, other = make(), new_source(), new_source()
        require(connector.is_same(source, source), "a source to be the place that it is", False)
        require(not connector.is_same(source, other), f"{source} and {other} to be two places", "one")

    def test_leaves_the_frame_as_it_is(self, make: Make, new_source: NewSource) -> None:
        """Writing does not change the frame."""
        frame = sample().frame
        make().write(frame, new_source())
        require(frame.equals(sample().frame), "the frame as it was", "another")
