"""How the columns of a source are read: by their role, and by how the rows of a training were read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, Literal, Self, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from lolpop.problem import ISO, ForecastingProblem, Problem

__all__ = ["ColumnKind", "ColumnSchema", "Notice", "Reading", "ReadingSchema", "Schemas"]

T = TypeVar("T")

ColumnKind: TypeAlias = Literal["text", "integer", "number", "boolean", "date"]
"""What the fields of a column of text are read as."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ColumnSchema(_Value):
    """What the fields of a column are read as, and how its numbers are written."""

    kind: ColumnKind
    decimal: str = "."
    thousands: str = ""
    missing: tuple[str, ...] = ()
    """Texts in it that were read as missing values, besides those that the settings name."""


class ReadingSchema(_Value):
    """What is known of the columns of a source before it is read."""

    identity: frozenset[str] = Field(
        default=frozenset(), description="Columns that tell rows apart: their fields are text, as written."
    )
    labels: frozenset[str] = Field(
        default=frozenset(), description="Columns of class labels: of their fields only the empty is missing."
    )
    columns: Mapping[str, ColumnSchema] = Field(
        default={}, description="How columns of that name were read before."
    )
    strict: bool = Field(
        default=False,
        description="Whether a column with anything that is no number is no column of numbers: in rows to "
        "predict, what a model cannot use is an error, and no missing value.",
    )

    @classmethod
    def of(cls, problem: Problem, columns: Mapping[str, ColumnSchema] | None = None) -> Self:
        """The roles that ``problem`` gives to columns, and how ``columns`` were read before."""
        identity = {problem.index} if problem.index else set[str]()
        if isinstance(problem, ForecastingProblem) and problem.series is not None:
            identity.add(problem.series)
        labels = {problem.target} if problem.type == "classification" else set[str]()
        # Dates are parsed by the form that people have stated, and would lose a zero as numbers.
        stated = {name: ColumnSchema(kind="text") for name, form in problem.dates.items() if form != ISO}
        return cls(
            identity=frozenset(identity), labels=frozenset(labels), columns={**(columns or {}), **stated}
        )

    def with_identity(self, names: frozenset[str]) -> Self:
        """The same schema, in which the columns ``names`` tell rows apart too."""
        return self.model_copy(update={"identity": self.identity | names})


class Schemas(_Value):
    """How the columns of several tables were read, by the name of the table; ``""`` where there is one."""

    tables: Mapping[str, Mapping[str, ColumnSchema]] = {}

    def columns(self, table: str = "") -> Mapping[str, ColumnSchema]:
        """How the columns of ``table`` were read; none if that is not known."""
        return self.tables.get(table, {})

    def before(self, later: Schemas) -> Schemas:
        """These, and for columns that are not in these what ``later`` says."""
        names = {*self.tables, *later.tables}
        return Schemas(tables={name: {**later.columns(name), **self.columns(name)} for name in names})


@dataclass(frozen=True, slots=True)
class Notice:
    """What people should know of how a source was read."""

    message: str
    level: Literal["info", "warning"] = "info"


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """The rows of a source, a frame or an iterator of frames, and how they were read."""

    rows: T
    columns: Mapping[str, ColumnSchema]
    """What the columns were read as; empty where their types are the source's own."""
    notices: tuple[Notice, ...] = ()
