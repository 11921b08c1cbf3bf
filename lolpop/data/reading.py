"""How the columns of a source are read: by their roles, and as in the training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, Self, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from lolpop.problem import ISO, ForecastingProblem, Problem

__all__ = ["ColumnKind", "ColumnSchema", "Notice", "Reading", "ReadingSchema", "Schemas", "WrittenForm"]

T = TypeVar("T")

ColumnKind: TypeAlias = Literal["text", "integer", "number", "boolean", "date"]
"""The type that the fields of a column of text are read as."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ColumnSchema(_Value):
    """The type of a column, and the format of its numbers."""

    kind: ColumnKind
    decimal: str = "."
    thousands: str = ""
    missing: tuple[str, ...] = ()
    """Texts that were read as missing values, besides those of the settings."""
    shared: bool = False
    """Whether several tables have the column: it has this type in each of them, and text is as written."""


class ReadingSchema(_Value):
    """The knowledge about the columns of a source before it is read."""

    identity: frozenset[str] = Field(
        default=frozenset(), description="Columns that identify rows: their fields are read as text."
    )
    labels: frozenset[str] = Field(
        default=frozenset(), description="Columns of class labels: only their empty fields are missing."
    )
    columns: Mapping[str, ColumnSchema] = Field(
        default={}, description="How columns of the same name were read before."
    )
    strict: bool = Field(
        default=False,
        description="Whether one value that is no number makes a column text: in rows to predict, a value "
        "that the model cannot use is an error, not a missing value.",
    )
    joined: bool = Field(
        default=False,
        description="Whether there are other tables, so that columns may be keys of a join: how their values "
        "are written is a part of the reading.",
    )

    @classmethod
    def of(cls, problem: Problem, columns: Mapping[str, ColumnSchema] | None = None) -> Self:
        """The schema of the roles in ``problem``, with the earlier reading of ``columns``."""
        identity = {problem.index} if problem.index else set[str]()
        if isinstance(problem, ForecastingProblem) and problem.series is not None:
            identity.add(problem.series)
        labels = {problem.target} if problem.type == "classification" else set[str]()
        # Dates with a stated format stay text until they are parsed: as numbers they would lose leading
        # zeros.
        stated = {name: ColumnSchema(kind="text") for name, form in problem.dates.items() if form != ISO}
        return cls(
            identity=frozenset(identity), labels=frozenset(labels), columns={**(columns or {}), **stated}
        )

    def with_identity(self, names: frozenset[str]) -> Self:
        """The same schema, in which the columns ``names`` identify rows too."""
        return self.model_copy(update={"identity": self.identity | names})


class Schemas(_Value):
    """How the columns of several tables were read, by table; the name of an only table is ``""``."""

    tables: Mapping[str, Mapping[str, ColumnSchema]] = {}

    def columns(self, table: str = "") -> Mapping[str, ColumnSchema]:
        """How the columns of ``table`` were read; empty if unknown."""
        return self.tables.get(table, {})

    def before(self, later: Schemas) -> Schemas:
        """These, completed with columns of ``later``."""
        names = {*self.tables, *later.tables}
        return Schemas(tables={name: {**later.columns(name), **self.columns(name)} for name in names})


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice about how a source was read."""

    message: str
    level: Literal["info", "warning"] = "info"


@dataclass(frozen=True, slots=True)
class WrittenForm:
    """How the values of a column are written, as far as its type does not keep it."""

    code: str | None = None
    """A value that looks like a code, such as 01 among numbers."""
    padded: str | None = None
    """A number whose fraction ends with a zero, such as 1.10."""
    places: tuple[int, int] | None = None
    """The least and the most decimal places of the numbers that have any."""

    @property
    def text(self) -> str | None:
        """A value that is probably meant as it is written, if there is one.

        No program pads some numbers with zeros and not others.
        """
        if self.code is None and self.places is not None and self.places[0] < self.places[1]:
            return self.padded
        return self.code

    def and_also(self, other: WrittenForm) -> WrittenForm:
        """The form of both."""
        places = [length for form in (self, other) if form.places is not None for length in form.places]
        return WrittenForm(
            self.code or other.code,
            self.padded or other.padded,
            (min(places), max(places)) if places else None,
        )


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """The rows of a source: a frame, an iterator of frames or a manifest, and how they were read."""

    rows: T
    columns: Mapping[str, ColumnSchema]
    """How the columns were read; empty if the source itself has types."""
    notices: tuple[Notice, ...] = ()
    written: Mapping[str, WrittenForm] = field(default_factory=dict)
    """How the values of columns of text were written; only if the schema says that tables are joined."""
