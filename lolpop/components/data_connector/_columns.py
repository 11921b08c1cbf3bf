"""Deciding the type of a column of text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from lolpop.components.data_connector import _dates
from lolpop.components.data_connector._evidence import Evidence, Fields
from lolpop.components.data_connector._notations import NOTATIONS
from lolpop.components.data_connector._numbers import (
    PLAIN,
    NumberCounts,
    NumberStyle,
    without_plus,
)
from lolpop.components.data_connector._options import MISSING
from lolpop.components.data_connector._written import NumberForms
from lolpop.data.frames import count, listed
from lolpop.data.reading import ColumnSchema, Notice, WrittenForm
from lolpop.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

    from lolpop.components.data_connector._evidence import PieceKind
    from lolpop.components.data_connector._options import TextOptions
    from lolpop.data.reading import ColumnKind, ReadingSchema


ColumnType: TypeAlias = Literal["string", "int64", "uint64", "float64", "bool", "date", "empty"]

_KINDS: Mapping[ColumnType, ColumnKind] = {
    "string": "text",
    "int64": "integer",
    "uint64": "integer",
    "float64": "number",
    "bool": "boolean",
    "date": "date",
}
_ARROW: Mapping[ColumnType, str] = {"int64": "int64", "uint64": "uint64", "float64": "double"}
_WHOLE: Set[ColumnType] = {"int64", "uint64"}
_NUMBERS: Set[PieceKind] = {"int64", "uint64", "long", "number"}
# What every whole number of 64 bits has room for.
_DIGITS = 18
_REMEMBERED = 20


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """The plan by which fields of one column become values."""

    fields: Fields
    type: ColumnType
    style: NumberStyle = PLAIN
    forms: frozenset[_dates.DateForm] = frozenset()
    lenient: bool = False
    """Whether what is no number becomes a missing value."""
    others: tuple[str, ...] = ()
    """Some of those that do."""

    @property
    def schema(self) -> ColumnSchema | None:
        """How the column was read, for later readings; None if it has no values."""
        if self.type == "empty":
            return None
        return ColumnSchema(
            kind=_KINDS[self.type],
            decimal=self.style.decimal,
            thousands=self.style.thousands,
            missing=self.others,
        )

    def convert(self, values: pa.ChunkedArray) -> pa.ChunkedArray:
        """The fields ``values``, of which empty ones are null, as what they are."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self.type == "string":
            return self.fields.as_written(values)
        texts = self.fields.texts(values)
        match self.type:
            case "empty":
                return pa.chunked_array([pa.nulls(len(values), pa.float64())])
            case "bool":
                return pc.equal(pc.utf8_lower(texts), "true")
            case "date":
                return _dates.to_dates(texts, self.forms)
        if self.lenient:
            matched = pc.match_substring_regex(texts, self.style.pattern)
            texts = pc.if_else(matched, texts, pa.scalar(None, texts.type))
        plain = self.style.plain(texts)
        if self.type != "float64":
            plain = without_plus(plain)
        return pc.cast(plain, getattr(pa, self.type)())


class ColumnReader:
    """Decides what one column of the source ``shown`` is read as, when all of its fields were taken.

    ``schema`` is what its role is and how it was read before, ``options`` are what the settings say.
    """

    def __init__(self, name: str, schema: ReadingSchema, options: TextOptions, shown: str) -> None:
        self._name = name
        self._shown = shown
        self._expected = expected = schema.columns.get(name)
        self._kind = options.columns.get(name)
        self._is_strict = schema.strict
        self._is_identity = name in schema.identity
        self._is_label = name in schema.labels
        self._is_shared = expected is not None and expected.shared
        is_shared_text = self._is_shared and self._expected_kind == "text" and self._kind is None
        written = self._is_identity or self._is_label or is_shared_text
        missing = options.missing | frozenset(expected.missing if expected else ())
        style = options.style
        if expected is not None and expected.kind in {"integer", "number"}:
            style = NumberStyle(expected.decimal, expected.thousands)
        self.evidence = Evidence(Fields(frozenset() if written else missing, written), style)
        self._counts: NumberCounts | None = None
        self._misses_by_default = options.missing == frozenset(MISSING)
        self._numbers = NumberForms()
        if schema.joined and self._kind is None:
            self.evidence.on_numbers = self._numbers.add

    def add(self, values: pa.ChunkedArray) -> None:
        """Take the fields of some more rows; empty ones are null."""
        self.evidence.add(values)

    def wants_counts(self) -> bool:
        """Whether all fields have to be counted: those of text, some of which seem to be numbers."""
        if (
            self._expected_kind == "text"
            or self._is_identity
            or self._is_label
            or self._type_of_kinds() != "string"
            or self.evidence.kinds <= _NUMBERS
        ):
            return False
        self._counts = NumberCounts.of_sample(self.evidence.sample, self.evidence.style)
        return self._counts is not None

    def count(self, values: pa.ChunkedArray, file: str = "") -> None:
        """Count the numbers among the fields of some more rows, of the ``file`` if there are several."""
        if self._counts is not None:
            self._counts.add(self.evidence.fields.texts(values), file)

    def plan(self) -> ColumnPlan:
        """The plan for the column."""
        evidence, counts = self.evidence, self._counts
        if self._kind is not None:
            return self._declared_plan(self._kind, counts)
        if not evidence.kinds:
            return ColumnPlan(evidence.fields, self._empty_type(), evidence.style)
        if self._is_identity:
            read_as = self._type_of_kinds()
            plain = read_as in _WHOLE and evidence.canonical_integers and self._expected_kind != "text"
            return self._planned(read_as if plain else "string")
        if self._is_label:
            return self._planned(self._label_type())
        if self._expected_kind == "text":
            return self._planned("string")
        read_as = self._type_of_kinds()
        if self._is_shared and self._expected_kind == "number" and read_as in _WHOLE:
            return self._planned(read_as if evidence.beyond_floats else "float64")
        if counts is not None and read_as == "string" and (style := self._style(counts)) is not None:
            whole = style not in counts.fractions
            if not whole or counts.digits <= _DIGITS:
                others = tuple(counts.others.get(style, ()))[:_REMEMBERED]
                return ColumnPlan(
                    evidence.fields, "int64" if whole else "float64", style, lenient=True, others=others
                )
        return self._planned(read_as)

    def misses(self, plan: ColumnPlan) -> bool:
        """Whether some values are missing."""
        return self.evidence.any_missing or bool(plan.others)

    def is_beyond_floats(self, plan: ColumnPlan) -> bool:
        """Whether some values are whole numbers that are no floats."""
        lenient = plan.lenient and self._counts is not None and plan.style in self._counts.beyond_floats
        return self.evidence.beyond_floats or lenient

    def written(self, plan: ColumnPlan) -> WrittenForm | None:
        """How the values are written, as far as the type of ``plan`` does not keep it; None if it does."""
        if self._kind is not None:
            return None
        if plan.type == "string":
            missing = (text for text in self.evidence.missing if text)
            return WrittenForm(next(missing, None)) if self._misses_by_default else None
        words = (text for text in plan.others if any(map(str.isalnum, text)))
        return self._numbers.form.and_also(WrittenForm(next(words, None)))

    def convert(self, values: pa.ChunkedArray, plan: ColumnPlan) -> pa.ChunkedArray:
        """The fields ``values`` by ``plan``."""
        typed = self.evidence.typed(values)
        if typed is not None and not plan.lenient and str(typed.type) == _ARROW.get(plan.type):
            return typed
        return plan.convert(values)

    def notices(self, plan: ColumnPlan) -> Iterator[Notice]:
        """Notices about a column that is read by ``plan``."""
        counts = self._counts
        if self._kind is not None:
            return
        if counts is None:
            yield from self._without_zeros(plan)
            yield from self._with_marks(plan)
            return
        style = plan.style if plan.lenient else counts.best()
        if style is None or not (counts.are_nearly_all(style) or counts.are_half(style)):
            yield from self._with_marks(plan)
            return
        if counts.others.get(style):
            yield self._nearly(plan, counts, style)
        elif self._expected is not None and style != self.evidence.style != PLAIN:
            yield self._unlike(style)
        elif plan.lenient and style != self.evidence.style and style in counts.marked:
            yield self._marked(counts, style)

    @property
    def _expected_kind(self) -> ColumnKind | None:
        return self._kind or (self._expected.kind if self._expected else None)

    def _planned(self, read_as: ColumnType) -> ColumnPlan:
        evidence = self.evidence
        forms = frozenset(evidence.date_forms) if read_as == "date" else frozenset[_dates.DateForm]()
        return ColumnPlan(evidence.fields, read_as, evidence.style, forms)

    def _type_of_kinds(self) -> ColumnType:
        kinds = self.evidence.kinds
        if kinds == {"boolean"}:
            return "bool"
        if kinds == {"date"} and _dates.agree(self.evidence.date_forms):
            return "date"
        if kinds == {"int64"}:
            return "int64"
        if kinds == {"uint64"} or (kinds == {"int64", "uint64"} and not self.evidence.negative):
            return "uint64"
        return "float64" if "number" in kinds and kinds <= _NUMBERS else "string"

    def _label_type(self) -> ColumnType:
        evidence = self.evidence
        if self._expected_kind == "text":
            return "string"
        read_as = self._type_of_kinds()
        canonical = (
            read_as == "bool"
            or (read_as in _WHOLE and evidence.canonical_integers)
            or (read_as == "float64" and evidence.canonical_floats)
        )
        return read_as if canonical else "string"

    def _empty_type(self) -> ColumnType:
        for column_type, kind in _KINDS.items():
            if kind == self._expected_kind and kind in {"text", "boolean"}:
                return column_type
        return "empty"

    def _style(self, counts: NumberCounts) -> NumberStyle | None:
        style = counts.best()
        if style is None or not counts.are_nearly_all(style):
            return None
        if self._is_strict and (counts.others.get(style) or self.evidence.style == PLAIN):
            return None
        expected = self._expected is not None and self._expected.kind in {"integer", "number"}
        return style if expected or counts.reads_as_number(style) else None

    def _declared_plan(self, kind: ColumnKind, counts: NumberCounts | None) -> ColumnPlan:
        """What the settings say. Raises DataError if the fields cannot be read as that."""
        if kind == "text" or not self.evidence.kinds:
            return self._planned("string" if kind == "text" else "empty")
        read_as = self._type_of_kinds()
        if kind == "number" and read_as in _WHOLE | {"float64"}:
            return self._planned("float64")
        if _KINDS[read_as] == kind:
            return self._planned(read_as)
        example = ""
        if counts is not None and self.evidence.style in counts.first and kind in {"integer", "number"}:
            place, text = counts.first[self.evidence.style]
            example = f", and {place} is {text!r}"
        elif self.evidence.sample:
            example = f", such as {self.evidence.sample[0]!r}"
        raise DataError(
            f"{self._shown}: the settings declare the column {self._name!r} as {kind}, but its "
            f"values are {_KINDS[read_as]}{example}."
        )

    def _without_zeros(self, plan: ColumnPlan) -> Iterator[Notice]:
        text = self.evidence.zero
        is_settled = self._expected is not None and not self._is_shared
        if text is None or plan.type not in _WHOLE or is_settled:
            return
        yield Notice(
            f"{self._shown}: values of {self._name!r} such as {text!r} are read as numbers, without their "
            f"leading zeros. Set data_connector: {{columns: {{{self._name}: text}}}} if they are codes."
        )

    def _with_marks(self, plan: ColumnPlan) -> Iterator[Notice]:
        if plan.type != "string" or self._expected_kind == "text" or self._is_identity or self._is_label:
            return
        for notation, first_in in NOTATIONS.items():
            if (text := first_in(self.evidence.sample)) is not None:
                yield Notice(
                    f"{self._shown}: values of {self._name!r} are {notation}, such as {text!r}, "
                    "and are read as text. Write plain numbers, or convert them in data_transformer; set "
                    f"data_connector: {{columns: {{{self._name}: text}}}} if that is right.",
                    "warning",
                )
                return

    def _nearly(self, plan: ColumnPlan, counts: NumberCounts, style: NumberStyle) -> Notice:
        others = counts.others[style]
        place, text = counts.first[style]
        number = counts.numbers[style]
        message = f"{place} is {text!r}"
        if sum(others.values()) > 1:
            message += (
                f", and others are {listed(list(others)[1:], 3)}" if len(others) > 1 else ", as others are"
            )
        texts = f"missing_values: [{', '.join(_quoted(text_of_value) for text_of_value in list(others)[:5])}]"
        numbers = f"{number:,} of {counts.present:,} values of {self._name!r} are numbers, {message}"
        if not plan.lenient:
            advice = f"The column is read as text. If it holds numbers, set data_connector: {{{texts}}}"
        else:
            styled = f"{style.settings}, " if style.settings else ""
            advice = (
                f"All other values are read as missing. Set data_connector: {{{styled}{texts}}} if that is "
                f"right, or {{columns: {{{self._name}: text}}}} if the column holds text"
            )
        return Notice(f"{self._shown}: {numbers}. {advice}.", "warning")

    def _unlike(self, style: NumberStyle) -> Notice:
        sample, pattern = self.evidence.sample, self.evidence.style.pattern
        text = next((text for text in sample if not re.match(pattern, text)), sample[0])
        return Notice(
            f"{self._shown}: numbers of {self._name!r} such as {text!r} are written in another form than "
            f"those of the training rows ({self.evidence.style.settings}), and are read as "
            f"{float(style.plain_text(text)):.12g}. Write them in one form.",
            "warning",
        )

    def _marked(self, counts: NumberCounts, style: NumberStyle) -> Notice:
        place, text = counts.marked[style]
        plain = counts.numbers[PLAIN]
        message = (
            f"{self._shown}: {plain:,} of {counts.present:,} values of {self._name!r} are plain numbers, "
            f"{place} is {text!r}, which is read as {float(style.plain_text(text)):.12g}. "
            f"Set data_connector: {{{style.settings}}} if that is right"
        )
        other = counts.alternative(style)
        if other is not None:
            message += f", {{{other.settings}}} if it is {float(other.plain_text(text)):.12g}"
        return Notice(
            f"{message}, or {{columns: {{{self._name}: text}}}} if the column holds text.", "warning"
        )


def missing_notice(shown: str, missing: Mapping[str, Mapping[str, int]]) -> Iterator[Notice]:
    """The notice about texts that were read as missing values, with columns and counts."""
    totals: dict[str, dict[str, int]] = {}
    for name, counts in missing.items():
        for text, number in counts.items():
            if text:
                totals.setdefault(text, {})[name] = number
    if not totals:
        return
    parts = []
    for text, columns in list(totals.items())[:5]:
        named = ", ".join(f"{number:,} of {name!r}" for name, number in list(columns.items())[:3])
        further = f" and {count(len(columns) - 3, 'more column')}" if len(columns) > 3 else ""
        parts.append(f"{text!r} ({named}{further})")
    if len(totals) > 5:
        parts.append(f"{len(totals) - 5} more texts")
    yield Notice(
        f"{shown}: read as missing values: {', '.join(parts)}. data_connector.missing_values sets these texts"
    )


def _quoted(text: str) -> str:
    return f'"{text}"' if '"' not in text else f"'{text}'"
