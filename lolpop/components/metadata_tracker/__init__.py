"""Tracking resources and their lineage."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lolpop._temporary import temporary_folder
from lolpop.errors import ReferenceNotFoundError, UnusableArtifactError
from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.resources import Resource

__all__ = ["MetadataTracker", "Record"]

R = TypeVar("R", bound="Resource")


@dataclass(frozen=True, slots=True)
class Record:
    """The metadata of a resource.

    Parameters
    ----------
    resource
        The resource.
    created_at
        When it was recorded, in UTC.
    run_id
        Id of the run that created it; None outside a run.
    task
        Path of the task that created it, such as ``train.train_model``; None outside a run.
    fields
        Facts about it, by name; values are JSON values.
    tags
        Labels that users set, by name.
    """

    resource: Resource
    created_at: datetime
    run_id: str | None = None
    task: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


class MetadataTracker(Component):
    """Stores resources, their lineage, artifacts and tags.

    Every method that takes a resource also takes its reference.
    """

    __slots__ = ()

    @abstractmethod
    def create(
        self,
        resource_type: type[R],
        name: str,
        *,
        fields: Mapping[str, Any] | None = None,
        parents: Sequence[Resource | str] = (),
        artifacts: Mapping[str, Path] | None = None,
    ) -> R:
        """Create a resource of ``resource_type`` named ``name``, made from ``parents``.

        A numbered resource gets the next number of its name. Other resources (Dataset, Model) exist once per
        name, and an existing one is returned. ``fields`` are JSON values. ``artifacts`` are files or folders,
        which are copied. The operation is atomic. The current run and task are recorded.
        """

    @abstractmethod
    def get(self, resource: Resource | str) -> Record:
        """The record of ``resource``. Raises ReferenceNotFoundError, with similar names, if there is none."""

    @abstractmethod
    def find(self, resource_type: type[R], name: str | None = None, *, run_id: str | None = None) -> list[R]:
        """Resources of a type, oldest first."""

    @abstractmethod
    def update(self, resource: Resource | str, fields: Mapping[str, Any]) -> None:
        """Set ``fields`` of ``resource``, and its external ids. Other fields are not changed."""

    @abstractmethod
    def tag(self, resource: Resource | str, tags: Mapping[str, str]) -> None:
        """Set ``tags`` of ``resource``. Other tags are not changed."""

    @abstractmethod
    def link(self, child: Resource | str, parents: Sequence[Resource | str]) -> None:
        """Record that ``child`` was made from ``parents``, by the current task of the current run."""

    @abstractmethod
    def parents(self, resource: Resource | str) -> list[Resource]:
        """The direct parents of ``resource``, in the order of recording."""

    @abstractmethod
    def children(self, resource: Resource | str) -> list[Resource]:
        """The direct children of ``resource``, in the order of recording."""

    @abstractmethod
    def save_artifact(self, resource: Resource | str, name: str, path: Path) -> None:
        """Store a copy of the file or folder at ``path`` as the artifact ``name`` of ``resource``."""

    @abstractmethod
    def load_artifact(self, resource: Resource | str, name: str, to: Path) -> None:
        """Copy the artifact ``name`` of ``resource`` to the path ``to``, which must not exist yet.

        Raises ReferenceNotFoundError if there is none, and StoreError if its content has changed since it
        was stored.
        """

    @contextmanager
    def reading_artifact(self, resource: Resource | str, name: str) -> Iterator[Path]:
        """The artifact ``name`` of ``resource`` as a read-only file, for the ``with`` block.

        The file is a copy, unless the tracker has local files. Raises the errors of ``load_artifact``.
        """
        with temporary_folder() as folder:
            copy = Path(folder, "file")
            self.load_artifact(resource, name, copy)
            yield copy

    def has_artifact(self, resource: Resource | str, name: str) -> bool:
        """Whether ``resource`` has the artifact ``name``, with its content unchanged."""
        try:
            with self.reading_artifact(resource, name):
                return True
        except (ReferenceNotFoundError, UnusableArtifactError):
            return False

    @abstractmethod
    def artifacts(self, resource: Resource | str) -> list[str]:
        """Names of the artifacts of ``resource``, sorted."""
