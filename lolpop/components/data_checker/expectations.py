"""Expectations of rows: derived from training rows, stored with them, and checked on later ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict

from lolpop.components.data_profiler.profiles import ValueCount
from lolpop.data.frames import Kind

if TYPE_CHECKING:
    from lolpop.components.data_profiler.profiles import ColumnProfile, Numbers, Profile

__all__ = ["Expectation", "ExpectedColumn", "ExpectedNumbers"]

# Kinds that may replace each other without harm.
_ALIKE: tuple[frozenset[Kind], ...] = (frozenset({"number", "boolean"}), frozenset({"string", "category"}))


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ExpectedNumbers(_Value):
    """The range of a column of numbers.

    Parameters
    ----------
    least
        The smallest number.
    median
        The median.
    greatest
        The greatest number.
    whole
        Whether all numbers are whole.
    """

    least: float
    median: float
    greatest: float
    whole: bool


class ExpectedColumn(_Value):
    """What a column is expected to hold.

    Parameters
    ----------
    name
        Name of the column.
    kind
        Kind of its values, such as ``number`` or ``string``.
    missing
        Share of the rows without a value, from 0 to 1.
    numbers
        The range, of a column of numbers.
    values
        All values that the column had; empty if they are too many to be a set of categories.
    """

    name: str
    kind: Kind
    missing: float
    numbers: ExpectedNumbers | None = None
    values: tuple[ValueCount, ...] = ()

    def is_of(self, kind: Kind) -> bool:
        """Whether ``kind`` is the kind of the column, or equivalent."""
        return kind == self.kind or any({kind, self.kind} <= alike for alike in _ALIKE)


class Expectation(_Value):
    """What rows are expected to be: the types, ranges, categories and missing values of their columns.

    Parameters
    ----------
    rows
        How many rows it was made of.
    columns
        What each column is expected to hold.
    """

    rows: int
    columns: tuple[ExpectedColumn, ...] = ()

    @classmethod
    def of(cls, profile: Profile) -> Self:
        """The expectation for rows like those of ``profile``."""
        return cls(
            rows=profile.rows,
            columns=tuple(_expected(column, profile.rows) for column in profile.columns),
        )


def _expected(column: ColumnProfile, rows: int) -> ExpectedColumn:
    named = column.all_values and column.kind in {"string", "category", "boolean"}
    return ExpectedColumn(
        name=column.name,
        kind=column.kind,
        missing=column.missing / rows if rows else 0.0,
        numbers=None if column.numbers is None else _range(column.numbers),
        values=column.values if named else (),
    )


def _range(numbers: Numbers) -> ExpectedNumbers:
    numbers_of_profile = (numbers.min, numbers.max, *numbers.quartiles, *numbers.bins.edges)
    return ExpectedNumbers(
        least=numbers.min,
        median=numbers.quartiles[1],
        greatest=numbers.max,
        whole=all(number.is_integer() for number in numbers_of_profile),
    )
