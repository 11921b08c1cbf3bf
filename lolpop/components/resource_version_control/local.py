"""Versions of data and models in the store."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated, cast

from pydantic import Field

from lolpop._temporary import temporary_folder
from lolpop.components.data_connector import DataConnector
from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.model_trainer import FittedModel, ModelTrainer, folders
from lolpop.components.model_trainer.stored import StoredModel, loaded
from lolpop.components.resource_version_control import ResourceVersionControl
from lolpop.components.resource_version_control._in_place import InPlaceVersions
from lolpop.components.resource_version_control._versions import latest_version, new_version
from lolpop.components.store import Store
from lolpop.errors import ReferenceNotFoundError, UnusableArtifactError
from lolpop.registry import is_installed
from lolpop.resources import DatasetVersion, Experiment, ModelVersion, Resource, as_resource
from lolpop.runs import recall, remember

if TYPE_CHECKING:
    from lolpop.data.frames import Frame
    from lolpop.data.manifests import Manifest
    from lolpop.data.tables import Written

__all__ = ["LocalResourceVersionControl"]

_DATA = "data.arrow"
_DOTTED = r"[^\W\d]\w*(\.[^\W\d]\w*)*"
_TYPE = rf"^{_DOTTED}(:{_DOTTED})?$"


class LocalResourceVersionControl(ResourceVersionControl):
    """Stores data and models as artifacts of their resources.

    Data is stored as Arrow files. pandas and polars dataframes and pyarrow tables are loaded as the type that
    was saved. Rows that stay in place (``data.in_place``) are read by the data connector. Models are stored
    in the format of their trainer.

    Parameters
    ----------
    trusted_types : list of str
        Types that a stored model may contain besides those that its trainer trusts
        (``package.module.Class``), and trainers that are not registered (``package.module:Class``).
    """

    verified_parameters = frozenset({"data_connector"})

    def __init__(
        self,
        trusted_types: tuple[Annotated[str, Field(pattern=_TYPE)], ...] = (),
        *,
        store: Store,
        metadata_tracker: MetadataTracker,
        data_connector: DataConnector | None = None,
    ) -> None:
        for name in trusted_types:
            if not re.fullmatch(_TYPE, name):
                raise ValueError(
                    "trusted_types should name types as package.module.Class or package.module:Class "
                    f"but got {name!r}."
                )
        self._trusted_types = tuple(trusted_types)
        self._store = store
        self._metadata_tracker = metadata_tracker
        self._in_place = InPlaceVersions(store, metadata_tracker, data_connector)
        # Files that are read in parts: each is checked and fetched once.
        self._lock = Lock()
        self._reading = ExitStack()
        self._paths: dict[str, Path] = {}

    def save_data(self, name: str, frame: Frame, *, parents: Sequence[Resource | str] = ()) -> DatasetVersion:
        """Store ``frame`` as a new version of dataset ``name``, unless the latest has the same content.

        Raises DataError for a frame that cannot be restored exactly.
        """
        from lolpop.data import tables

        table = tables.pack(frame)
        written = tables.Written(len(frame), tables.dtypes_of(frame), tables.digest_of(table))
        with self._store.lock(f"dataset {name}"), ExitStack() as stack:

            def write() -> Path:
                file = stack.enter_context(self._store.staged_file(_DATA))
                tables.write(table, file)
                file.close()
                return file.path

            version = self._keep(name, written, write, parents)
        remember(frame, version)
        return version

    def save_batches(
        self, name: str, frames: Iterable[Frame], *, parents: Sequence[Resource | str] = ()
    ) -> DatasetVersion:
        """Store the rows of all ``frames`` one by one, unless the latest version has the same content.

        Categories are stored as plain values. A pandas index is stored as a column if it has a name, and
        dropped otherwise. Raises DataError and stores nothing if frames differ in columns or types.
        """
        from lolpop.data import tables
        from lolpop.data.batches import prefetched

        with self._store.staged_file(_DATA) as file:
            written = tables.write_batches(prefetched(frames), file)
            file.close()
            with self._store.lock(f"dataset {name}"):
                return self._keep(name, written, lambda: file.path, parents)

    def save_manifest(
        self, name: str, manifest: Manifest, *, parents: Sequence[Resource | str] = ()
    ) -> DatasetVersion:
        """Store ``manifest`` as a new version of dataset ``name``, unless the latest is equal.

        Raises DataError if its rows cannot be read.
        """
        return self._in_place.save(name, manifest, parents)

    def load_data(self, dataset_version: DatasetVersion | str) -> Frame:
        """The frame that was saved, with its dtypes, its index, and the order of its rows and columns."""
        from lolpop.data import tables

        dataset_version = as_resource(dataset_version, DatasetVersion)
        if (remembered := recall(dataset_version)) is not None:
            return cast("Frame", remembered)
        if (manifest := self._in_place.manifest(dataset_version)) is not None:
            import pyarrow as pa

            frame = tables.unpack(pa.concat_tables(self._in_place.tables(dataset_version, manifest)))
        else:
            with self._metadata_tracker.reading_artifact(dataset_version, "data") as path:
                frame = tables.unpack(tables.read(path))
        remember(frame, dataset_version)
        return frame

    def load_batches(self, dataset_version: DatasetVersion | str) -> Iterator[Frame]:
        """The rows that were saved, in their order, in the same batches."""
        from lolpop.data import tables

        dataset_version = as_resource(dataset_version, DatasetVersion)
        if (remembered := recall(dataset_version)) is not None:
            yield cast("Frame", remembered)
            return
        if (manifest := self._in_place.manifest(dataset_version)) is not None:
            yield from map(tables.unpack, self._in_place.tables(dataset_version, manifest))
            return
        with self._metadata_tracker.reading_artifact(dataset_version, "data") as path:
            yield from map(tables.unpack, tables.read_batches(path))

    def batch_sizes(self, dataset_version: DatasetVersion | str) -> Sequence[int]:
        """The number of rows of each batch of ``load_batches``, from the metadata of the file."""
        from lolpop.data import tables

        dataset_version = as_resource(dataset_version, DatasetVersion)
        if (remembered := recall(dataset_version)) is not None:
            return [len(cast("Frame", remembered))]
        if (manifest := self._in_place.manifest(dataset_version)) is not None:
            return [batch.rows for batch in manifest.batches]
        return tables.batch_sizes(self._path_of(dataset_version))

    def load_part(self, dataset_version: DatasetVersion | str, start: int, stop: int) -> Iterator[Frame]:
        """The batches from ``start`` up to, but not including, ``stop``. No others are read."""
        from lolpop.data import tables

        dataset_version = as_resource(dataset_version, DatasetVersion)
        if (manifest := self._in_place.manifest(dataset_version)) is not None:
            yield from map(tables.unpack, self._in_place.tables(dataset_version, manifest, start, stop))
            return
        path = self._path_of(dataset_version)
        yield from map(tables.unpack, tables.read_batches(path, start, stop))

    def close(self) -> None:
        """Release the files that were read in parts."""
        with self._lock:
            self._paths.clear()
            self._reading.close()

    def save_model(self, experiment: Experiment | str, model: FittedModel, trainer: ModelTrainer) -> None:
        """Store ``model`` as the model of ``experiment``, with the trainer's ``save``."""
        experiment = as_resource(experiment, Experiment)
        with temporary_folder() as temporary:
            folder = Path(temporary, "model")
            folders.save(model, trainer, folder)
            # Detect a model that cannot be loaded now, not when it is needed.
            folders.load(folder, self._trusted_types)
            self._metadata_tracker.save_artifact(experiment, "model", folder)
        remember(model, experiment, trainer.requires)

    def load_model(self, resource: Experiment | ModelVersion | str) -> FittedModel:
        """The model of an experiment, or of the winning experiment of a model version."""
        experiment = self._experiment(resource)
        if (remembered := recall(experiment)) is not None:
            return loaded(cast("FittedModel", remembered))
        model, requires = self._load_model(experiment)
        remember(model, experiment, requires)
        return model

    def open_model(self, resource: Experiment | ModelVersion | str) -> FittedModel:
        """The same model, loaded at first use."""
        experiment = self._experiment(resource)
        if (remembered := recall(experiment)) is not None:
            return cast("FittedModel", remembered)
        with temporary_folder() as temporary:
            folder = Path(temporary, "model")
            self._metadata_tracker.load_artifact(experiment, "model", folder)
            classes = folders.classes_in(folder)
            trainer = folders.trainer_in(folder, self._trusted_types)
            model: FittedModel
            if is_installed(sys.modules[trainer.__module__].__file__ or ""):
                model = StoredModel(lambda: self._load_model(experiment)[0], classes)
            else:  # the project's code of the model is part of the fingerprint, so it must be loaded
                model = folders.load(folder, self._trusted_types)
        remember(model, experiment, trainer.requires)
        return model

    def require(self, resource: DatasetVersion | Experiment | ModelVersion | str) -> None:
        """Raise a LolpopError if files of stored data or a stored model are lost or damaged."""
        saved = as_resource(resource, DatasetVersion, Experiment, ModelVersion)
        name, owner = "data", saved
        if isinstance(saved, Experiment | ModelVersion):
            name, owner = "model", self._experiment(saved)
        elif isinstance(saved, DatasetVersion) and (manifest := self._in_place.manifest(saved)) is not None:
            self._in_place.require(saved, manifest)
            return
        if recall(owner) is None and not self._metadata_tracker.has_artifact(owner, name):
            raise UnusableArtifactError(f"the {name} of {owner} is lost or damaged")

    def _load_model(self, experiment: Experiment) -> tuple[FittedModel, Sequence[str]]:
        """The model, and the modules that its trainer requires."""
        with temporary_folder() as temporary:
            folder = Path(temporary, "model")
            self._metadata_tracker.load_artifact(experiment, "model", folder)
            trainer = folders.trainer_in(folder, self._trusted_types)
            return folders.load(folder, self._trusted_types), trainer.requires

    def _experiment(self, resource: Experiment | ModelVersion | str) -> Experiment:
        resource = as_resource(resource, Experiment, ModelVersion)
        return self._winner(resource) if isinstance(resource, ModelVersion) else resource

    def _path_of(self, dataset_version: DatasetVersion) -> Path:
        """The file of ``dataset_version``, which stays open until ``close``."""
        with self._lock:
            reference = dataset_version.reference
            if reference not in self._paths:
                reading = self._metadata_tracker.reading_artifact(dataset_version, "data")
                self._paths[reference] = self._reading.enter_context(reading)
            return self._paths[reference]

    def _keep(
        self,
        name: str,
        written: Written,
        write: Callable[[], Path],
        parents: Sequence[Resource | str],
    ) -> DatasetVersion:
        """The version of data that ``write`` writes. The lock of ``name`` is held: concurrent saves of the
        same data return the same version.
        """
        version = latest_version(name, written.digest, self._metadata_tracker)
        if version is not None:
            if not self._metadata_tracker.has_artifact(version, "data"):
                # The stored file was lost: restore it.
                self._metadata_tracker.save_artifact(version, "data", write())
            self._metadata_tracker.link(version, parents)
            return version
        fields = {
            "rows": written.rows,
            "columns": len(written.dtypes),
            "dtypes": written.dtypes,
            "digest": written.digest,
        }
        return new_version(name, fields, parents, {"data": write()}, self._metadata_tracker)

    def _winner(self, model_version: ModelVersion) -> Experiment:
        winner = self._metadata_tracker.get(model_version).fields.get("winning_experiment")
        if winner is None:
            raise ReferenceNotFoundError(f"{model_version} has no winning experiment, hence no model.")
        return Experiment.parse(winner)
