"""Versions of data and models."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.components.model_trainer import FittedModel, ModelTrainer
    from lolpop.data.frames import Frame
    from lolpop.resources import DatasetVersion, Experiment, ModelVersion, Resource

__all__ = ["ResourceVersionControl"]


class ResourceVersionControl(Component):
    """Keeps every version of data and models, and gives them back as they were.

    Whatever takes a resource takes its reference as well.
    """

    __slots__ = ()

    @abstractmethod
    def save_data(self, name: str, frame: Frame, *, parents: Sequence[Resource | str] = ()) -> DatasetVersion:
        """Keep ``frame`` as a version of the dataset ``name``; the latest one if its content is the same."""

    @abstractmethod
    def load_data(self, dataset_version: DatasetVersion | str) -> Frame:
        """The frame that was saved, with its dtypes and the order of its rows and columns."""

    def save_batches(
        self, name: str, frames: Iterable[Frame], *, parents: Sequence[Resource | str] = ()
    ) -> DatasetVersion:
        """Keep the rows of all ``frames``, taken one after the other, as ``save_data`` keeps them in one.

        All are held in memory, unless an implementation can do better. Raises DataError if they differ in
        columns or types.
        """
        from lolpop.data.batches import joined

        return self.save_data(name, joined(frames), parents=parents)

    def load_batches(self, dataset_version: DatasetVersion | str) -> Iterator[Frame]:
        """The rows that were saved, in their order, in batches of whatever size they are kept in."""
        yield self.load_data(dataset_version)

    def count_batches(self, dataset_version: DatasetVersion | str) -> int:
        """How many batches ``load_batches`` gives; by itself it reads them all."""
        return sum(1 for _ in self.load_batches(dataset_version))

    def load_part(self, dataset_version: DatasetVersion | str, start: int, stop: int) -> Iterator[Frame]:
        """The batches from number ``start`` on, before number ``stop``; earlier ones may be read, too."""
        yield from islice(self.load_batches(dataset_version), start, stop)

    @abstractmethod
    def save_model(self, experiment: Experiment | str, model: FittedModel, trainer: ModelTrainer) -> None:
        """Keep ``model`` as what ``experiment`` fitted, through the trainer's own ``save``.

        Raises UntrustedTypeError if it could not be loaded again with the settings as they are.
        """

    @abstractmethod
    def load_model(self, resource: Experiment | ModelVersion | str) -> FittedModel:
        """The model of an experiment, or of the winning experiment of a model version."""

    def open_model(self, resource: Experiment | ModelVersion | str) -> FittedModel:
        """The same model, for who may not need it after all.

        An implementation may load it when it is first used: then ``loaded`` gives the model itself.
        """
        return self.load_model(resource)

    def require(self, resource: DatasetVersion | Experiment | ModelVersion | str) -> None:
        """Raise a LolpopError if data or a model that was saved is lost or damaged.

        It is loaded to know that, unless an implementation can do better.
        """
        from lolpop.resources import DatasetVersion, Experiment, ModelVersion, as_resource

        saved = as_resource(resource, DatasetVersion, Experiment, ModelVersion)
        if isinstance(saved, Experiment | ModelVersion):
            self.load_model(saved)
        else:
            self.load_data(saved.reference)
