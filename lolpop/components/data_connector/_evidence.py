"""What the fields of a column of text are: found out in one look, or batch by batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from lolpop.components.data_connector import _dates
from lolpop.components.data_connector._frames import is_beyond_floats
from lolpop.components.data_connector._numbers import PLAIN, NumberStyle

if TYPE_CHECKING:
    import pyarrow as pa


PieceKind: TypeAlias = Literal["int64", "uint64", "long", "number", "boolean", "date", "text"]

_SPACE = 0x20
_NINE = ord("9")
_SAMPLED = 1000
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
        low, high = byte_range(values)
        if low <= _SPACE:
            values = pc.ascii_trim_whitespace(values)
            values = pc.if_else(pc.equal(values, ""), pa.scalar(None, values.type), values)
        if self.missing and (high > _NINE or self._misses_numbers):
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
    """What is known of the fields of one column so far."""

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
        self.sample: list[str] = []

    def add(self, values: pa.ChunkedArray) -> None:
        """Take the fields of some more rows; empty ones are null."""
        import pyarrow.compute as pc

        texts = self.fields.texts(values)
        if texts.null_count > values.null_count:
            gone = values.filter(pc.and_(pc.is_null(texts), pc.is_valid(values)))
            counts = pc.value_counts(pc.ascii_trim_whitespace(gone))
            for each in counts.to_pylist():
                self.missing[each["values"]] += each["counts"]
        self.any_missing |= texts.null_count > 0
        present = texts.drop_null() if texts.null_count else texts
        if not len(present):
            return
        kind = self._kind(present)
        self.kinds.add(kind)
        self.sample += _spaced(present, _SAMPLED if kind == "text" else _SAMPLED // 10)
        if self.fields.written and kind not in {"text", "boolean", "date"}:
            self._look_at_form(present, kind)

    def _kind(self, present: pa.ChunkedArray) -> PieceKind:
        import pyarrow as pa
        import pyarrow.compute as pc

        _, high = byte_range(present)
        plain = present
        if self.style != PLAIN and _could_be_number(present[0].as_py()):
            if not pc.all(pc.match_substring_regex(present, self.style.pattern)).as_py():
                plain = pa.chunked_array([["-"]])  # what is no number of this style is none at all
            else:
                plain = self.style.plain(present)
        if high <= _NINE and (kind := self._whole_kind(plain)) is not None:
            return kind
        if cast_or_none(plain, pa.float64()) is not None:
            return "number"
        first = present[0].as_py()
        if first.lower() in {"true", "false"} and _are_booleans(present):
            return "boolean"
        forms = _dates.forms_of(present)
        if forms:
            self.date_forms |= forms
            return "date"
        return "text"

    def _whole_kind(self, plain: pa.ChunkedArray) -> PieceKind | None:
        import pyarrow as pa
        import pyarrow.compute as pc

        plain = without_plus(plain)
        if (whole := cast_or_none(plain, pa.int64())) is not None:
            self.negative |= pc.min(whole).as_py() < 0
            self.beyond_floats |= is_beyond_floats(whole)
            return "int64"
        if cast_or_none(plain, pa.uint64()) is not None:
            self.beyond_floats = True
            return "uint64"
        if pc.all(pc.match_substring_regex(plain, _DIGITS)).as_py():
            return "long"
        return None

    def _look_at_form(self, present: pa.ChunkedArray, kind: PieceKind) -> None:
        import pyarrow.compute as pc

        if self.canonical_integers:
            self.canonical_integers = kind in {"int64", "uint64"} and bool(
                pc.all(pc.match_substring_regex(present, _CANONICAL)).as_py()
            )
        if self.canonical_floats:
            self.canonical_floats = kind == "number" and _are_canonical(pc.unique(present).to_pylist())


def byte_range(values: pa.ChunkedArray) -> tuple[int, int]:
    """The least and the greatest byte in texts; (255, 0) if there are none."""
    import numpy as np

    low, high = 255, 0
    for chunk in values.chunks:
        _, offsets, data = chunk.buffers()
        if data is None or not len(chunk):
            continue
        places = np.frombuffer(offsets, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
        content = np.frombuffer(data, np.uint8)[places[0] : places[-1]]
        if len(content):
            low, high = min(low, int(content.min())), max(high, int(content.max()))
    return low, high


def cast_or_none(values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | None:
    """``values`` as ``kind``, or None if one of them is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        return pc.cast(values, kind)
    except pa.ArrowInvalid:
        return None


def without_plus(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whole numbers without the sign that Arrow does not take."""
    import pyarrow.compute as pc

    if not pc.any(pc.starts_with(texts, "+")).as_py():
        return texts
    return pc.replace_substring_regex(texts, r"^\+([0-9])", r"\1")


def _are_booleans(present: pa.ChunkedArray) -> bool:
    import pyarrow.compute as pc

    return {each.lower() for each in pc.unique(present).slice(0, 20).to_pylist()} <= {"true", "false"}


def _could_be_number(text: str) -> bool:
    return text[:1] in "+-.,0123456789"


def _are_canonical(texts: Iterable[str]) -> bool:
    try:
        return all(str(float(text)) == text for text in texts)
    except ValueError:
        return False


def _spaced(values: pa.ChunkedArray, most: int) -> list[str]:
    step = max(1, -(-len(values) // most))
    if step == 1:
        texts: list[str] = values.to_pylist()
        return texts
    import numpy as np

    spaced: list[str] = values.take(np.arange(0, len(values), step)).to_pylist()
    return spaced
