"""Columns that several tables have, such as keys of a join: they are read as one type."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lolpop.data.frames import listed, wrap
from lolpop.data.reading import ColumnSchema, Notice, WrittenForm

if TYPE_CHECKING:
    import narwhals as nw

    from lolpop.data.frames import Frame
    from lolpop.data.reading import ColumnKind

_NUMBERS: frozenset[ColumnKind] = frozenset({"integer", "number"})


@dataclass(frozen=True, slots=True)
class TableReading:
    """How a table was read: ``columns`` and ``written`` of its reading, and some of its ``rows``."""

    rows: Frame
    columns: Mapping[str, ColumnSchema]
    written: Mapping[str, WrittenForm]

    def kind(self, name: str) -> ColumnKind | None:
        """The type of a column; None if it has no values."""
        schema = self.columns.get(name)
        return schema.kind if schema is not None else _kind_of(wrap(self.rows).get_column(name))


@dataclass(frozen=True, slots=True)
class SharedColumn:
    """A column of several tables, and the type that it should have in all of them."""

    name: str
    kinds: Mapping[str, ColumnKind]
    """Its types so far, by table."""
    common: ColumnKind
    changed: frozenset[str] = field(default=frozenset())
    """The tables that have to be read anew."""
    notice: Notice | None = None

    @property
    def is_unlike(self) -> bool:
        """Whether joins by the column find no rows; all numbers are alike."""
        kinds = set(self.kinds.values())
        return len(kinds) > 1 and not kinds <= _NUMBERS

    def schema(self, table: str, former: ColumnSchema) -> ColumnSchema:
        """How the column is to be read in ``table``, which read it as ``former``."""
        if table not in self.changed:
            return former.model_copy(update={"shared": self.kinds[table] == self.common})
        former = former if self.common in _NUMBERS else ColumnSchema(kind="text")
        return former.model_copy(update={"kind": self.common, "shared": True})


def shared_columns(
    tables: Mapping[str, TableReading],
    settled: Mapping[str, Mapping[str, ColumnSchema]],
    others: Set[str] = frozenset(),
) -> list[SharedColumn]:
    """The columns, besides ``others``, that several of ``tables`` have values of.

    ``settled`` is how columns were read in the training: if that says it for all tables, numbers stay numbers
    however they are written.
    """
    names = dict.fromkeys(name for table in tables.values() for name in wrap(table.rows).columns)
    columns = []
    for name in names:
        having = {key: table for key, table in tables.items() if name in wrap(table.rows).columns}
        kinds = {key: kind for key, table in having.items() if (kind := table.kind(name)) is not None}
        if len(kinds) > 1 and name not in others:
            is_settled = all(name in settled.get(key, {}) for key in kinds)
            columns.append(_shared(name, {key: having[key] for key in kinds}, kinds, is_settled))
    return columns


def unlike_notice(column: SharedColumn) -> Notice:
    """The notice about a column that cannot be read as one type."""
    return Notice(
        f"{column.name!r} is {_kinds(column.kinds)}: a join on it finds no rows, or fails. Write one type to "
        "all tables, or convert it in data_transformer; rename one of the columns if they differ.",
        "warning",
    )


def _shared(
    name: str, tables: Mapping[str, TableReading], kinds: Mapping[str, ColumnKind], is_settled: bool
) -> SharedColumn:
    forms = {key: table.written[name] for key, table in tables.items() if name in table.written}
    codes = {key: text for key, form in forms.items() if (text := form.text) is not None}
    typed_numbers = any(name not in table.columns and kinds[key] in _NUMBERS for key, table in tables.items())
    of_numbers = kinds.keys() and set(kinds.values()) <= _NUMBERS
    if of_numbers and (not codes or is_settled or typed_numbers):
        common: ColumnKind = "number" if "number" in kinds.values() else "integer"
        changed = frozenset(
            key for key, kind in kinds.items() if kind != common and name in tables[key].columns
        )
        return SharedColumn(name, kinds, common, changed, _same_number(name, forms, is_settled))
    if len(set(kinds.values())) == 1 and not codes:
        return SharedColumn(name, kinds, next(iter(kinds.values())))
    changed = frozenset(
        key
        for key, kind in kinds.items()
        if name in tables[key].columns and (kind != "text" or (key in codes and not is_settled))
    )
    if not changed:
        return SharedColumn(name, kinds, "text")
    return SharedColumn(name, kinds, "text", changed, _as_text(name, kinds, codes))


def _same_number(name: str, forms: Mapping[str, WrittenForm], is_settled: bool) -> Notice | None:
    whole = WrittenForm()
    for form in forms.values():
        whole = whole.and_also(form)
    if whole.text is None or whole.padded is None or is_settled:
        return None
    return Notice(
        f"{name!r} is a column of {listed(list(forms))}, with numbers such as {whole.padded!r}: "
        f"{whole.padded} and {float(whole.padded):.12g} are the same. Set data_connector: "
        f"{{columns: {{{name}: text}}}} if they are codes."
    )


def _as_text(name: str, kinds: Mapping[str, ColumnKind], codes: Mapping[str, str]) -> Notice:
    if len(set(kinds.values())) > 1:
        reason = f"{name!r} is {_kinds(kinds)}"
    else:
        reason = f"{name!r} is a column of {listed(list(kinds))}"
    if codes:
        table, text = next(iter(codes.items()))
        reason = f"{reason}, and {table} has values such as {text!r}"
    advice = (
        "Set data_connector: {missing_values: […]} if such values are missing ones"
        if set(kinds.values()) == {"text"}
        else f"Set data_connector: {{columns: {{{name}: number}}}} if it holds numbers"
    )
    return Notice(
        f"{reason}: its values are read as text in all tables, as they are written, so that tables can be "
        f"joined by them. {advice}."
    )


def _kinds(kinds: Mapping[str, ColumnKind]) -> str:
    by_kind: dict[str, list[str]] = {}
    for table, kind in kinds.items():
        by_kind.setdefault(kind, []).append(table)
    return " and ".join(f"{kind} in {listed(tables)}" for kind, tables in by_kind.items())


def _kind_of(values: nw.Series[Any]) -> ColumnKind | None:
    dtype, present = values.dtype, values.drop_nulls()
    if not len(present):
        return None
    if dtype.is_integer():
        return "integer"
    if dtype.is_float():
        # pandas has floats for whole numbers beside missing values.
        is_whole = values.implementation.is_pandas() and bool((present % 1 == 0).all())
        return "integer" if is_whole else "number"
    if dtype.is_decimal():
        return "number"
    if dtype.is_temporal():
        return "date"
    return "boolean" if dtype.is_boolean() else "text"
