"""Dataset versions whose rows stay in their files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from lolpop._temporary import temporary_folder
from lolpop.components.resource_version_control._versions import latest_version, new_version
from lolpop.data.manifests import Manifest
from lolpop.errors import DataError, UnusableArtifactError
from lolpop.resources import DatasetVersion, Resource

if TYPE_CHECKING:
    import pyarrow as pa

    from lolpop.components.data_connector import DataConnector
    from lolpop.components.metadata_tracker import MetadataTracker
    from lolpop.components.store import Store
    from lolpop.data.frames import Frame

_ARTIFACT = "manifest"


class InPlaceVersions:
    """Stores manifests instead of rows, and reads the rows by them."""

    def __init__(
        self, store: Store, metadata_tracker: MetadataTracker, data_connector: DataConnector | None
    ) -> None:
        self._store = store
        self._metadata_tracker = metadata_tracker
        self._data_connector = data_connector
        self._manifests: dict[str, Manifest | None] = {}

    def save(self, name: str, manifest: Manifest, parents: Sequence[Resource | str]) -> DatasetVersion:
        """Store ``manifest`` as a new version of the dataset ``name``, unless the latest is equal."""
        from lolpop.data import tables

        frames = self._connector(manifest).scan_manifest(manifest, 0, 1)
        first = next(tables.as_stored(frames))
        schema = _with_types_of_files(first.schema, manifest)
        dtypes = tables.dtypes_of(tables.unpack(first.slice(0, 0)))
        manifest = manifest.model_copy(update={"stored": schema.serialize().to_pybytes()})
        digest = manifest.digest(list(dtypes.items()))
        fields = {
            "rows": manifest.rows,
            "columns": len(dtypes),
            "dtypes": dtypes,
            "digest": digest,
            "files": len(manifest.files),
        }
        with self._store.lock(f"dataset {name}"), temporary_folder() as folder:
            path = Path(folder, "manifest.json")
            path.write_text(manifest.model_dump_json(), encoding="utf-8")
            version = latest_version(name, digest, self._metadata_tracker)
            if version is not None:
                # The rows are the same, but their files may have other times now, or the manifest was lost.
                self._metadata_tracker.save_artifact(version, _ARTIFACT, path)
                self._metadata_tracker.link(version, parents)
                self._manifests.pop(version.reference, None)
                return version
            return new_version(name, fields, parents, {_ARTIFACT: path}, self._metadata_tracker)

    def manifest(self, dataset_version: DatasetVersion) -> Manifest | None:
        """The manifest of ``dataset_version``; None if its rows are stored."""
        reference = dataset_version.reference
        if reference not in self._manifests:
            manifest = None
            if _ARTIFACT in self._metadata_tracker.artifacts(dataset_version):
                with self._metadata_tracker.reading_artifact(dataset_version, _ARTIFACT) as path:
                    manifest = _parsed(path, dataset_version)
            self._manifests[reference] = manifest
        return self._manifests[reference]

    def tables(
        self, dataset_version: DatasetVersion, manifest: Manifest, start: int = 0, stop: int | None = None
    ) -> Iterator[pa.Table]:
        """Batches as they would be stored.

        Raises UnusableArtifactError if a file has changed, before its rows are used.
        """
        import pyarrow as pa

        from lolpop.data import tables

        schema = None
        if manifest.stored is not None:
            schema = pa.ipc.read_schema(pa.BufferReader(manifest.stored))
        rows = sum(batch.rows for batch in manifest.batches[:start])
        frames = self._connector(manifest).scan_manifest(manifest, start, stop)
        yield from tables.as_stored(_explained_frames(frames, dataset_version), schema, rows)

    def require(self, dataset_version: DatasetVersion, manifest: Manifest) -> None:
        """Raise UnusableArtifactError if a file has changed or is gone."""
        connector = self._connector(manifest)
        with _explained(dataset_version):
            connector.require_manifest(manifest)

    def _connector(self, manifest: Manifest) -> DataConnector:
        if self._data_connector is None:
            raise DataError(
                f"The rows of {manifest.source} stayed in place, and no data connector reads them: "
                "resource_version_control needs the data_connector of the container."
            )
        return self._data_connector


def _with_types_of_files(schema: pa.Schema, manifest: Manifest) -> pa.Schema:
    """``schema``, the one of the first rows, where those do not say what the type of a column is.

    Their values may all be missing, or be decimals with fewer digits than later ones.
    """
    import pyarrow as pa

    types = pa.ipc.read_schema(pa.BufferReader(manifest.types))
    for place, field in enumerate(schema):
        vague = pa.types.is_null(field.type) or pa.types.is_decimal(field.type)
        if vague and (at := types.get_field_index(field.name)) >= 0:
            schema = schema.set(place, field.with_type(types.field(at).type))
    return schema


@contextmanager
def _explained(dataset_version: DatasetVersion) -> Iterator[None]:
    try:
        yield
    except DataError as error:
        raise UnusableArtifactError(
            f"The rows of {dataset_version} cannot be read where they are: {error}"
        ) from error


def _explained_frames(frames: Iterator[Frame], dataset_version: DatasetVersion) -> Iterator[Frame]:
    while True:
        with _explained(dataset_version):
            frame = next(frames, None)
        if frame is None:
            return
        yield frame


def _parsed(path: Path, dataset_version: DatasetVersion) -> Manifest:
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise UnusableArtifactError(
            f"The manifest of {dataset_version} cannot be read, it may be of a newer lolpop: "
            f"{error.errors()[0]['msg']}."
        ) from error
