"""Versions of datasets, told apart by the digests of their content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lolpop.resources import Dataset, DatasetVersion

if TYPE_CHECKING:
    from lolpop.components.metadata_tracker import MetadataTracker
    from lolpop.resources import Resource


def latest_version(name: str, digest: str, metadata_tracker: MetadataTracker) -> DatasetVersion | None:
    """The latest version of the dataset ``name`` if its content has this ``digest``."""
    versions = metadata_tracker.find(DatasetVersion, name)
    if versions and metadata_tracker.get(versions[-1]).fields.get("digest") == digest:
        return versions[-1]
    return None


def new_version(
    name: str,
    fields: Mapping[str, Any],
    parents: Sequence[Resource | str],
    artifacts: Mapping[str, Path],
    metadata_tracker: MetadataTracker,
) -> DatasetVersion:
    """A new version of the dataset ``name``, which is recorded if it is the first."""
    metadata_tracker.create(Dataset, name)
    return metadata_tracker.create(DatasetVersion, name, fields=fields, parents=parents, artifacts=artifacts)
