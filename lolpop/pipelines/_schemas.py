"""The schemas by which dataset versions were read, so that later rows are read alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lolpop.data.reading import ColumnKind, ColumnSchema, Schemas
from lolpop.pipelines.drift import trained_on
from lolpop.resources import ModelVersion

if TYPE_CHECKING:
    from lolpop.components.metadata_tracker import MetadataTracker
    from lolpop.resources import DatasetVersion, PredictionJob

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


def schema_of_truth(
    prediction_job: PredictionJob, target: str, metadata_tracker: MetadataTracker
) -> dict[str, ColumnSchema]:
    """The schema of true labels: of the kind of the predicted classes, or of the numbers of the training."""
    classes: Sequence[Any] = metadata_tracker.get(prediction_job).fields.get("classes", ())
    if not classes:
        return {target: _trained_schema(prediction_job, target, metadata_tracker)}
    kinds: set[ColumnKind] = {_KINDS[type(label)] for label in classes}
    return {target: ColumnSchema(kind=kinds.pop() if len(kinds) == 1 else "text")}


def _trained_schema(
    prediction_job: PredictionJob, target: str, metadata_tracker: MetadataTracker
) -> ColumnSchema:
    for parent in metadata_tracker.parents(prediction_job):
        if isinstance(parent, ModelVersion) and (rows := trained_on(parent, metadata_tracker)):
            for columns in kept_schemas(rows, metadata_tracker).tables.values():
                schema = columns.get(target)
                if schema is not None and schema.kind in {"integer", "number"}:
                    return schema
    return ColumnSchema(kind="number")
