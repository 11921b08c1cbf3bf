"""The role of each column in a transformer, by its dtype and values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lolpop.data.frames import GREATEST_FEATURE, date_form, kind_of, to_floats, wrap
from lolpop.errors import DataError

if TYPE_CHECKING:
    import narwhals as nw

    from lolpop.data.frames import Frame


_LEARNED_FROM = ("numbers", "dates", "categories")
_LEFT_OUT = ("free_text", "empty", "not_tabular")


def columns_by_role(frame: Frame, max_categories: int, dates: Mapping[str, str]) -> Mapping[str, list[str]]:
    """The columns that are numbers, dates, categories, free_text, empty and not_tabular.

    ``dates`` are what people say of the form of dates, by column. Otherwise a text column holds dates if all
    its values are, in one of the usual forms. One with more than ``max_categories`` distinct values, or with
    more than half as many as there are rows, is free text. Raises DataError if no column is left to learn
    from.
    """
    columns: dict[str, list[str]] = {role: [] for role in (*_LEARNED_FROM, *_LEFT_OUT)}
    for column in wrap(frame).iter_columns():
        columns[_role(column, max_categories, dates.get(column.name))].append(column.name)
    if not any(columns[role] for role in _LEARNED_FROM):
        left_out = "; ".join(f"{role}: {', '.join(columns[role])}" for role in _LEFT_OUT if columns[role])
        raise DataError(f"No feature is left. {left_out or 'There are none'}.")
    return columns


def date_forms(frame: Frame, columns: Sequence[str], dates: Mapping[str, str]) -> dict[str, str]:
    """The form of dates of those of ``columns`` that hold them as text, by column."""
    rows = wrap(frame)
    forms = {name: date_form(rows.get_column(name), dates.get(name)) for name in columns}
    return {name: form.form for name, form in forms.items() if form is not None}


def left_out(columns: Mapping[str, list[str]]) -> list[tuple[str, str, list[str]]]:
    """The ``drop`` entries of a ColumnTransformer, each named by the reason."""
    return [(role, "drop", columns[role]) for role in _LEFT_OUT if columns[role]]


def _role(column: nw.Series[Any], max_categories: int, stated: str | None) -> str:
    kind = kind_of(column)
    if kind in {"string", "number"} and date_form(column, stated) is not None:
        return "dates"
    match kind:
        case "number":
            return "numbers" if _has_finite(column) else "empty"
        case "boolean" | "duration":
            return "numbers"
        case "datetime":
            return "dates"
        case "category":
            return "categories"
        case "string" | "mixed":
            values = column.drop_nulls()
            distinct = values.n_unique()
            return "free_text" if distinct > min(max_categories, max(2, len(values) // 2)) else "categories"
        case "empty":
            return "empty"
        case _:
            return "not_tabular"


def _has_finite(column: nw.Series[Any]) -> bool:
    # What encoders take for missing: of such values alone nothing can be imputed.
    import numpy as np

    return bool((np.abs(to_floats(column)) <= GREATEST_FEATURE).any())
