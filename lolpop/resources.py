"""Tracked things as values: frozen, small, serialisable, with a string form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, ClassVar, Self, TypeVar, overload

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from lolpop._html import html_table
from lolpop.errors import LolpopError

__all__ = [
    "Dataset",
    "DatasetVersion",
    "Deployment",
    "Experiment",
    "Model",
    "ModelVersion",
    "PredictionJob",
    "Resource",
    "Run",
    "as_resource",
    "find_resource",
    "holds_resource",
    "parse_reference",
]

R = TypeVar("R", bound="Resource")
S = TypeVar("S", bound="Resource")

_REFERENCE = re.compile(r"(?P<kind>[a-z_]+):(?P<name>[^@:\s]+)(?:@(?P<number>[1-9][0-9]*))?")


class Resource(BaseModel):
    """A tracked thing, identified by its kind and name.

    A resource holds no store and no data. The metadata tracker knows its fields, tags, lineage and artifacts.
    Two resources are equal if their references are.

    Parameters
    ----------
    name
        Name of the resource: text without ``@``, ``:`` and spaces.
    external_ids
        Ids of the same thing in other systems, such as an MLflow run, by system.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: ClassVar[str] = "resource"

    name: str = Field(pattern=r"^[^@:\s]+$")
    external_ids: Mapping[str, str] = Field(default_factory=dict, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _from_reference(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if (fields := _fields(cls, value)) is None:
            raise ValueError(_unlike(value, cls))
        return fields

    @classmethod
    def parse(cls, reference: str) -> Self:
        """The resource that ``reference`` names, such as ``dataset_version:titanic_train@3``.

        Raises LolpopError if the text is no reference of this kind.
        """
        return as_resource(reference, cls)

    @property
    def reference(self) -> str:
        """The string form, accepted wherever the resource is."""
        return f"{self.kind}:{self.name}"

    def __str__(self) -> str:
        return self.reference

    def _repr_html_(self) -> str:
        """Return the table that notebooks show."""
        rows = {name: str(value) for name, value in self.model_dump(exclude={"external_ids"}).items()}
        return html_table(self.reference, {**rows, **self.external_ids})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Resource) and self.reference == other.reference

    def __hash__(self) -> int:
        return hash(self.reference)


class Numbered(Resource):
    """A resource of which one name has many, numbered from 1.

    Parameters
    ----------
    number
        The number, from 1.
    """

    number: PositiveInt

    @property
    def reference(self) -> str:
        """The string form, ``kind:name@number``."""
        return f"{self.kind}:{self.name}@{self.number}"


class Run(Resource):
    """One execution of a workflow; its name is the run's id."""

    kind: ClassVar[str] = "run"


class Dataset(Resource):
    """Some data, whose rows change over time."""

    kind: ClassVar[str] = "dataset"


class DatasetVersion(Numbered):
    """One instance of a dataset."""

    kind: ClassVar[str] = "dataset_version"


class Model(Resource):
    """A production use case, independent of the algorithm."""

    kind: ClassVar[str] = "model"


class ModelVersion(Numbered):
    """The experiments that were run for a model in one run."""

    kind: ClassVar[str] = "model_version"


class Experiment(Numbered):
    """One fit of one algorithm on one dataset version, numbered through all versions of its model."""

    kind: ClassVar[str] = "experiment"


class PredictionJob(Numbered):
    """One batch of predictions by a model version, numbered through all versions of its model."""

    kind: ClassVar[str] = "prediction_job"


class Deployment(Numbered):
    """A model version put to use, numbered through all versions of its model."""

    kind: ClassVar[str] = "deployment"


RESOURCE_TYPES: Mapping[str, type[Resource]] = {
    resource.kind: resource
    for resource in (
        Run, Dataset, DatasetVersion, Model, ModelVersion, Experiment, PredictionJob, Deployment,
    )
}  # fmt: skip


def find_resource(reference: str) -> Resource | None:
    """The resource that ``reference`` names, of whatever kind; None if it is no reference."""
    kind = RESOURCE_TYPES.get(reference.partition(":")[0])
    return None if kind is None else _named(kind, reference)


def parse_reference(reference: str) -> Resource:
    """The resource that ``reference`` names, of whatever kind. Raises LolpopError if it is none."""
    return as_resource(reference, Resource)


@overload
def as_resource(value: Resource | str, kind: type[R], /) -> R: ...
@overload
def as_resource(value: Resource | str, kind: type[R], other: type[S], /) -> R | S: ...
@overload
def as_resource(value: Resource | str, /, *kinds: type[Resource]) -> Resource: ...
def as_resource(value: Resource | str, /, *kinds: type[Resource]) -> Resource:
    """The resource that ``value`` is, or names by its reference; ``Resource`` among ``kinds`` is any of them.

    Functions that take a resource use this to accept its reference. The kind may be left out if only one of
    ``kinds`` fits, as in ``churn@2``. Raises LolpopError, which says what was expected, if ``value`` is
    anything else.
    """
    if isinstance(value, kinds):
        return value
    if isinstance(value, str):
        for kind in kinds:
            resource = find_resource(value) if kind is Resource else _named(kind, value)
            if resource is not None:
                return resource
        if (short := _short(value, kinds)) is not None:
            return short
    raise LolpopError(_unlike(value, *kinds))


def holds_resource(value: Any) -> bool:
    """Whether ``value`` is a resource, or a collection, a dataclass or a pydantic model with one in it."""
    if isinstance(value, Resource):
        return True
    if isinstance(value, str | bytes):
        return False
    if isinstance(value, Mapping):
        return any(map(holds_resource, value)) or any(map(holds_resource, value.values()))
    if isinstance(value, list | tuple | set | frozenset):
        return any(map(holds_resource, value))
    if isinstance(value, BaseModel):
        return any(holds_resource(item) for _, item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return any(holds_resource(getattr(value, field.name, None)) for field in fields(value))
    return False


def _fields(resource: type[Resource], reference: str) -> dict[str, Any] | None:
    """The fields of a resource of this type that ``reference`` names; None if it has another form."""
    numbered = issubclass(resource, Numbered)
    match = _REFERENCE.fullmatch(reference)
    if match is None or match["kind"] != resource.kind or (match["number"] is not None) is not numbered:
        return None
    return {"name": match["name"], "number": int(match["number"])} if numbered else {"name": match["name"]}


def _named(kind: type[Resource], reference: str) -> Resource | None:
    """The resource of this type that ``reference`` names; None if it has another form."""
    fields = _fields(kind, reference)
    return None if fields is None else kind.model_validate(fields)


def _short(text: str, kinds: tuple[type[Resource], ...]) -> Resource | None:
    """The resource that a reference without a kind names, such as ``churn@2``, if only one kind fits."""
    named = (_named(kind, f"{kind.kind}:{text}") for kind in kinds if kind is not Resource)
    fitting = [resource for resource in named if resource is not None]
    return fitting[0] if len(fitting) == 1 and Resource not in kinds else None


def _unlike(value: object, *kinds: type[Resource]) -> str:
    # Only the type of a frame, or of another value that may be large, is shown.
    small = value is None or isinstance(value, Resource | str | int | float)
    shown = (str(value) if isinstance(value, Resource) else repr(value)) if small else type(value).__name__
    return f"{shown} is not a reference of the form {' or '.join(map(_form, kinds))}."


def _form(kind: type[Resource]) -> str:
    if kind is Resource:
        return f"kind:name or kind:name@number, kind one of {', '.join(RESOURCE_TYPES)}"
    return f"{kind.kind}:name{'@number' if issubclass(kind, Numbered) else ''}"
