"""Options of reading fields of text, from the settings or a source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import TypeAdapter, ValidationError

from lolpop.components.data_connector._numbers import NumberStyle
from lolpop.data.reading import ColumnKind
from lolpop.errors import DataError

MISSING = (
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>",
    "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
"""The texts that pandas takes for missing values, besides the empty one."""

_MARKS = ".,;' \u00a0\u202f_"


@dataclass(frozen=True, slots=True)
class TextOptions:
    """Which texts are missing, how numbers are written, and columns whose kind is not to be guessed."""

    missing: frozenset[str]
    style: NumberStyle
    columns: Mapping[str, ColumnKind]

    @classmethod
    def of(
        cls, missing: tuple[str, ...], decimal: str, thousands: str, columns: Mapping[str, ColumnKind]
    ) -> Self:
        """Options by settings. Raises ValueError for marks that numbers cannot have."""
        if len(decimal) != 1 or decimal not in _MARKS:
            raise ValueError(f"decimal should be one mark such as '.' or ',' (got {decimal!r}).")
        if len(thousands) > 1 or (thousands and thousands not in _MARKS):
            raise ValueError(f"thousands should be one mark such as ',', or empty (got {thousands!r}).")
        if decimal == thousands:
            raise ValueError(f"thousands should be another mark than decimal (both are {decimal!r}).")
        return cls(
            frozenset(text.strip() for text in missing), NumberStyle(decimal, thousands), dict(columns)
        )

    def overridden(self, options: Mapping[str, Any], shown: str) -> TextOptions:
        """These options with what a source says of its own. Raises DataError if it says what cannot be."""
        own = {name: options[name] for name in _SETTINGS if name in options}
        if not own:
            return self
        try:
            values = {
                name: TypeAdapter(_SETTINGS[name]).validate_python(value) for name, value in own.items()
            }
            return TextOptions.of(
                values.get("missing_values", tuple(self.missing)),
                values.get("decimal", self.style.decimal),
                values.get("thousands", self.style.thousands),
                {**self.columns, **values.get("columns", {})},
            )
        except ValidationError as error:
            wrong = error.errors()[0]
            raise DataError(f"The source {shown}: {wrong['msg']} (got {wrong['input']!r}).") from error
        except ValueError as error:
            raise DataError(f"The source {shown}: {error}") from error


_SETTINGS: Mapping[str, Any] = {
    "missing_values": tuple[str, ...],
    "decimal": str,
    "thousands": str,
    "columns": Mapping[str, ColumnKind],
}
