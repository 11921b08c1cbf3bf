"""The schemas by which dataset versions were read, so that later rows are read alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lolpop.data.reading import ColumnKind, ColumnSchema, Schemas

if TYPE_CHECKING:
    from lolpop.components.metadata_tracker import MetadataTracker
    from lolpop.resources import DatasetVersion

_FIELD = "schemas"

_KINDS: Mapping[type, ColumnKind] = {bool: "boolean", int: "integer", float: "number", str: "text"}


def keep_schemas(
    dataset_version: DatasetVersion, schemas: Schemas, metadata_tracker: MetadataTracker
) -> None:
    """Record with ``dataset_version`` how its rows were read."""
    record = schemas.model_dump(mode="json", exclude_defaults=True)
    if record and metadata_tracker.get(dataset_version).fields.get(_FIELD) != record:
        metadata_tracker.update(dataset_version, {_FIELD: record})


def kept_schemas(dataset_version: DatasetVersion, metadata_tracker: MetadataTracker) -> Schemas:
    """How the rows of ``dataset_version`` were read; empty if that was not recorded."""
    return Schemas.model_validate(metadata_tracker.get(dataset_version).fields.get(_FIELD, {}))


def schema_of_labels(target: str, classes: Sequence[Any]) -> dict[str, ColumnSchema]:
    """The schema for labels that are to be compared with ``classes`` (JSON values); numbers if there are
    none.
    """
    kinds: Iterable[ColumnKind] = {_KINDS[type(label)] for label in classes} or {"number"}
    kind: ColumnKind = next(iter(kinds)) if len(set(kinds)) == 1 else "text"
    return {target: ColumnSchema(kind=kind)}
