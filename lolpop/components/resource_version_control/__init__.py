"""Versions of data and models."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from lolpop.errors import DataError
from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.components.model_trainer import FittedModel, ModelTrainer
    from lolpop.data.frames import Frame
    from lolpop.data.manifests import Manifest
    from lolpop.resources import DatasetVersion, Experiment, ModelVersion, Resource

__all__ = ["ResourceVersionControl"]


class ResourceVersionControl(Component):
    """Stores every version of data and models, and loads them unchanged.

    Every method that takes a resource also takes its reference.
    """

    __slots__ = ()

    @abstractmethod
    def save_data(self, name: str, frame: Frame, *, parents: Sequence[Resource | str] = ()) -> DatasetVersion:
        """Store ``frame`` as a new version of dataset ``name``, unless the latest has the same content."""

    @abstractmethod
    def load_data(self, dataset_version: DatasetVersion | str) -> Frame:
        """The frame that was saved, with its dtypes and the order of its rows and columns."""

    def save_batches(
        self, name: str, frames: Iterable[Frame], *, parents: Sequence[Resource | str] = ()
    ) -> DatasetVersion:
        """Store the concatenated rows of all ``frames`` as ``save_data`` does.

        By default, all rows are held in memory. Raises DataError if the frames differ in columns or types.
        """
        from lolpop.data.batches import joined

        return self.save_data(name, joined(frames), parents=parents)

    def save_manifest(
        self, name: str, manifest: Manifest, *, parents: Sequence[Resource | str] = ()
    ) -> DatasetVersion:
        """Store the rows of ``manifest``, which stay where they are, as a new version of dataset ``name``.

        No new version is created if the latest has an equal manifest. Loading such a version reads the files
        of the manifest, and raises a LolpopError if their content has changed. Raises DataError if rows
        cannot stay in place, as by default.
        """
        del name, parents
        raise DataError(
            f"{type(self).__name__} copies all rows, also those of {manifest.source}. Unset data.in_place."
        )

    def load_batches(self, dataset_version: DatasetVersion | str) -> Iterator[Frame]:
        """The rows that were saved, in their order, in batches. The batch size is that of the storage."""
        yield self.load_data(dataset_version)

    def batch_sizes(self, dataset_version: DatasetVersion | str) -> Sequence[int]:
        """The number of rows of each batch of ``load_batches``. By default, all of them are read."""
        return [len(rows) for rows in self.load_batches(dataset_version)]

    def load_part(self, dataset_version: DatasetVersion | str, start: int, stop: int) -> Iterator[Frame]:
        """The batches from ``start`` up to, but not including, ``stop``. Earlier ones may be read, too."""
        yield from islice(self.load_batches(dataset_version), start, stop)

    @abstractmethod
    def save_model(self, experiment: Experiment | str, model: FittedModel, trainer: ModelTrainer) -> None:
        """Store ``model`` as the model of ``experiment``, with the trainer's ``save``.

        Raises UntrustedTypeError if the current settings do not allow it to be loaded.
        """

    @abstractmethod
    def load_model(self, resource: Experiment | ModelVersion | str) -> FittedModel:
        """The model of an experiment, or of the winning experiment of a model version."""

    def open_model(self, resource: Experiment | ModelVersion | str) -> FittedModel:
        """The same model, possibly loaded lazily.

        An implementation may load it at first use. ``loaded`` returns the model itself.
        """
        return self.load_model(resource)

    def require(self, resource: DatasetVersion | Experiment | ModelVersion | str) -> None:
        """Raise a LolpopError if stored data or a stored model is lost or damaged.

        By default, it is loaded to find out.
        """
        from lolpop.resources import DatasetVersion, Experiment, ModelVersion, as_resource

        saved = as_resource(resource, DatasetVersion, Experiment, ModelVersion)
        if isinstance(saved, Experiment | ModelVersion):
            self.load_model(saved)
        else:
            self.load_data(saved.reference)
