"""Evidence about the type of a column of text, gathered at once or batch by batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from lolpop.components.data_connector import _dates
from lolpop.components.data_connector._frames import is_beyond_floats
from lolpop.components.data_connector._numbers import PLAIN, NumberStyle, without_plus

if TYPE_CHECKING:
    import pyarrow as pa


PieceKind: TypeAlias = Literal["int64", "uint64", "long", "number", "boolean", "date", "text"]

_SPACE = 0x20
_ASCII = 0x7F
_NINE = ord("9")
_SAMPLED = 200
_PLACES = 20
_WHOLE_KINDS: tuple[PieceKind, ...] = ("int64", "uint64")
_CANONICAL = r"^(?:0|-?[1-9][0-9]*)$"
_DIGITS = r"^[+-]?[0-9]+$"


@dataclass(frozen=True, slots=True)
class Fields:
    """Which fields of a column are missing values: the empty one, and those of ``missing``.

    So is a field with nothing but spaces in it, unless fields are to be taken as they are ``written``.
    """

    missing: frozenset[str]
    written: bool

    def texts(self, values: pa.ChunkedArray) -> pa.ChunkedArray:
        """``values``, of which empty ones are null, without spaces around them, null where missing."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self.written:
            return values
        content = Bytes(values)
        if content.low <= _SPACE or content.high > _ASCII:
            ascii_only = content.high <= _ASCII  # which takes less time
            values = pc.ascii_trim_whitespace(values) if ascii_only else pc.utf8_trim_whitespace(values)
            values = pc.if_else(pc.equal(values, ""), pa.scalar(None, values.type), values)
        if self.missing and (self._misses_numbers or content.has_words()):
            is_missing = pc.is_in(values, value_set=pa.array(sorted(self.missing), values.type))
            if pc.any(is_missing).as_py():
                return pc.if_else(is_missing, pa.scalar(None, values.type), values)
        return values

    def as_written(self, values: pa.ChunkedArray) -> pa.ChunkedArray:
        """``values`` as they are, null where they are missing."""
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = self.texts(values)
        if texts.null_count == values.null_count:
            return values
        return pc.if_else(pc.is_valid(texts), values, pa.scalar(None, values.type))

    @property
    def _misses_numbers(self) -> bool:
        return any(max(text.encode(), default=0) <= _NINE for text in self.missing if text)


class Evidence:
    """The evidence about the fields of one column so far."""

    def __init__(self, fields: Fields, style: NumberStyle) -> None:
        self.fields = fields
        self.style = style
        self.kinds: set[PieceKind] = set()
        self.date_forms: set[_dates.DateForm] = set()
        self.missing: Counter[str] = Counter()
        """How many fields are missing because of what is written in them."""
        self.canonical_integers = True
        """Whether all are whole numbers as Python writes them."""
        self.canonical_floats = True
        """Whether all are fractions as Python writes them."""
        self.negative = False
        self.any_missing = False
        self.beyond_floats = False
        """Whether there are whole numbers that are no floats."""
        self.zero: str | None = None
        """A whole number with a zero in front, if there is one; not looked for in fields as written."""
        self.sample: list[str] = []
        self.on_numbers: Callable[[pa.ChunkedArray], None] | None = None
        """What else looks at texts that are numbers."""
        self._typed: tuple[pa.ChunkedArray, pa.ChunkedArray] | None = None

    def add(self, values: pa.ChunkedArray) -> None:
        """Take the fields of some more rows; empty ones are null."""
        import pyarrow.compute as pc

        texts = self.fields.texts(values)
        if texts.null_count > values.null_count:
            dropped = values.filter(pc.and_(pc.is_null(texts), pc.is_valid(values)))
            counts = pc.value_counts(pc.utf8_trim_whitespace(dropped))
            for entry in counts.to_pylist():
                self.missing[entry["values"]] += entry["counts"]
        self.any_missing |= texts.null_count > 0
        if texts.null_count == len(texts):
            return
        kind = self._number_kind(texts, values)
        if kind is not None and self.on_numbers is not None:
            self.on_numbers(texts)
        present = texts.drop_null() if kind is None and texts.null_count else texts
        kind = kind or self._other_kind(present)
        self.kinds.add(kind)
        self.sample += _spaced(present)
        if self.fields.written and kind not in {"text", "boolean", "date"}:
            self._look_at_form(texts.drop_null(), kind)

    def typed(self, values: pa.ChunkedArray) -> pa.ChunkedArray | None:
        """The numbers that ``values``, the last fields that were taken, are; None if they are none."""
        return self._typed[1] if self._typed is not None and self._typed[0] is values else None

    def forget(self) -> None:
        """Forget the last fields, which are held for ``typed``."""
        self._typed = None

    def _number_kind(self, texts: pa.ChunkedArray, values: pa.ChunkedArray) -> PieceKind | None:
        import pyarrow as pa
        import pyarrow.compute as pc

        plain = texts
        if self.style != PLAIN:
            if not pc.all(pc.match_substring_regex(texts, self.style.pattern)).as_py():
                return None
            plain = self.style.plain(texts)
        content = Bytes(plain)
        if plain.null_count and (content.high > _NINE or content.has(".")):
            content = Bytes(plain.drop_null())  # a missing value may still have its text underneath
        if content.high <= _NINE and not content.has("."):
            if content.has("+"):
                plain = without_plus(plain)
            for kind in _WHOLE_KINDS:
                if (whole := cast_or_none(plain, getattr(pa, kind)())) is not None:
                    if self.zero is None and not self.fields.written:
                        self.zero = content.first_with_zero()
                    return self._whole(kind, whole, values)
            if pc.all(pc.match_substring_regex(plain, _DIGITS)).as_py():
                return "long"
        numbers = cast_or_none(plain, pa.float64())
        if numbers is None:
            return None
        self._typed = (values, numbers)
        return "number"

    def _whole(self, kind: PieceKind, whole: pa.ChunkedArray, values: pa.ChunkedArray) -> PieceKind:
        import pyarrow.compute as pc

        self.negative |= pc.min(whole).as_py() < 0
        self.beyond_floats |= is_beyond_floats(whole)
        self._typed = (values, whole)
        return kind

    def _other_kind(self, present: pa.ChunkedArray) -> PieceKind:
        if present[0].as_py().lower() in {"true", "false"} and _are_booleans(present):
            return "boolean"
        if forms := _dates.forms_of(present):
            self.date_forms |= forms
            return "date"
        return "text"

    def _look_at_form(self, present: pa.ChunkedArray, kind: PieceKind) -> None:
        import pyarrow.compute as pc

        if self.canonical_integers:
            self.canonical_integers = kind in {"int64", "uint64"} and bool(
                pc.all(pc.match_substring_regex(present, _CANONICAL)).as_py()
            )
        if self.canonical_floats:
            self.canonical_floats = kind == "number" and are_canonical_floats(pc.unique(present).to_pylist())


class Bytes:
    """The bytes of texts, which say much of them before any is parsed."""

    def __init__(self, values: pa.ChunkedArray) -> None:
        import numpy as np

        self._chunks = values.chunks
        self._parts = []
        for chunk in values.chunks:
            _, offsets, data = chunk.buffers()
            if data is None or not len(chunk):
                continue
            places = np.frombuffer(offsets, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
            if places[-1] > places[0]:
                self._parts.append(np.frombuffer(data, np.uint8)[places[0] : places[-1]])
        self.low = min((int(part.min()) for part in self._parts), default=255)
        self.high = max((int(part.max()) for part in self._parts), default=0)

    def has(self, character: str) -> bool:
        """Whether some text has the ``character`` of one byte."""
        return any((part == ord(character)).any() for part in self._parts)

    def first_with_zero(self) -> str | None:
        """The first text of several characters that starts with a zero."""
        import numpy as np

        for chunk in self._chunks:
            _, offsets, data = chunk.buffers()
            if data is None or not len(chunk):
                continue
            places = np.frombuffer(offsets, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
            several = np.flatnonzero(np.diff(places) > 1)
            zeros = several[np.frombuffer(data, np.uint8)[places[several]] == ord("0")]
            for at in zeros[:1]:
                text: str | None = chunk[int(at)].as_py()
                if text is not None:
                    return text
        return None

    def has_words(self) -> bool:
        """Whether some text has a letter that numbers do not have."""
        if self.high <= _NINE:
            return False
        exponents = ord("e"), ord("E")
        return any(
            ((part > _NINE) & (part != exponents[0]) & (part != exponents[1])).any() for part in self._parts
        )


def cast_or_none(values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | None:
    """``values`` as ``kind``, or None if one of them is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        return pc.cast(values, kind)
    except pa.ArrowInvalid:
        return None


def _are_booleans(present: pa.ChunkedArray) -> bool:
    import pyarrow.compute as pc

    return {value.lower() for value in pc.unique(present).slice(0, 20).to_pylist()} <= {"true", "false"}


def are_canonical_floats(texts: Iterable[str]) -> bool:
    """Whether all ``texts`` are fractions as Python writes them."""
    try:
        return all(str(float(text)) == text for text in texts)
    except ValueError:
        return False


def _spaced(values: pa.ChunkedArray) -> list[str]:
    """Some of the texts, from places that are evenly spaced."""
    step = max(1, len(values) // _PLACES)
    return [
        text
        for start in range(0, len(values), step)
        for text in values.slice(start, min(step, _SAMPLED // _PLACES)).to_pylist()
        if text is not None
    ]
