"""Numbers in text: which texts are numbers, and in which style."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from lolpop.components.data_connector._frames import is_beyond_floats

if TYPE_CHECKING:
    import pyarrow as pa


_FEW = 20
_FLOAT_DIGITS, _INTEGER_DIGITS = 15, 18  # that all floats, and integers of 64 bits, have room for
_REMEMBERED = 1000
_PLACEHOLDER = re.compile(r"[^\w\s]+")
_CODE = re.compile(r"[A-Za-z][0-9]+|[0-9]+[A-JLN-Za-jln-z]|[0-9]{5}-[0-9]{4}")  # 5k and 5M are numbers
_LETTER = re.compile(r"[A-Za-z]")
_PLACEHOLDERS = 3  # different texts that stand for a missing value

NEARLY = 0.9
"""The least share of numbers in a numeric column."""

_WITH_PLACEHOLDERS = 0.5  # where all other texts are such as '?' or '--'


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """How numbers are written: the mark before fractions, and the one between groups of three digits."""

    decimal: str = "."
    thousands: str = ""

    @property
    def settings(self) -> str:
        """The settings that say so."""
        shown = {"decimal": self.decimal, "thousands": self.thousands}
        return ", ".join(
            f'{name}: "{mark.encode("unicode_escape").decode()}"'
            for name, mark in shown.items()
            if mark != _DEFAULTS[name]
        )

    @property
    def pattern(self) -> str:
        """A regular expression that all of the text matches."""
        return _pattern(self.decimal, self.thousands)

    def plain(self, texts: pa.ChunkedArray) -> pa.ChunkedArray:
        """Numbers of this style in the style of Python; only for texts that match the pattern."""
        import pyarrow.compute as pc

        if self.thousands:
            texts = pc.replace_substring(texts, self.thousands, "")
        return texts if self.decimal == "." else pc.replace_substring(texts, self.decimal, ".")

    def plain_text(self, text: str) -> str:
        """A number of this style in the style of Python."""
        return (text.replace(self.thousands, "") if self.thousands else text).replace(self.decimal, ".")


_DEFAULTS = {"decimal": ".", "thousands": ""}

PLAIN = NumberStyle()

STYLES = (
    PLAIN,
    NumberStyle(".", ","),
    NumberStyle(",", ""),
    NumberStyle(",", "."),
    NumberStyle(".", " "),
    NumberStyle(",", " "),
    NumberStyle(".", "\u00a0"),
    NumberStyle(",", "\u00a0"),
    NumberStyle(".", "\u202f"),
    NumberStyle(",", "\u202f"),
    NumberStyle(".", "'"),
)
"""The styles that are looked for, the first of those that fit alike is taken."""


@cache
def _pattern(decimal: str, thousands: str) -> str:
    whole = r"[0-9]+"
    if thousands:
        whole = rf"(?:[0-9]+|[1-9][0-9]{{0,2}}(?:{re.escape(thousands)}[0-9]{{3}})+)"
    mark = re.escape(decimal)
    number = rf"(?:{whole}(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+-]?[0-9]+)?"
    return rf"^[+-]?(?:{number}|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?)$"


def without_plus(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whole numbers without the sign that Arrow does not take."""
    import pyarrow.compute as pc

    if not pc.any(pc.starts_with(texts, "+")).as_py():
        return texts
    return pc.replace_substring_regex(texts, r"^\+([0-9])", r"\1")


@dataclass(slots=True)
class NumberCounts:
    """How many of the texts of a column are numbers in each of several styles."""

    styles: Sequence[NumberStyle]
    present: int = 0
    rows: int = 0
    numbers: Counter[NumberStyle] = field(default_factory=Counter)
    others: dict[NumberStyle, Counter[str]] = field(default_factory=dict)
    """The texts that are no numbers, some of them where they are very many."""
    first: dict[NumberStyle, tuple[str, str]] = field(default_factory=dict)
    """The first text that is no number, after its place, such as ``row 7 of b.csv``."""
    marked: dict[NumberStyle, tuple[str, str]] = field(default_factory=dict)
    """The first text that is a number in this style alone, not in the plain one, after its place."""
    fractions: set[NumberStyle] = field(default_factory=set)
    """The styles in which some of the numbers have a fraction, or an exponent."""
    digits: int = 0
    """The greatest number of digits of a whole number."""
    beyond_floats: set[NumberStyle] = field(default_factory=set)
    """The styles in which some of the whole numbers are no floats."""
    distinct: set[str] = field(default_factory=set)
    file: str = ""
    """The file of the rows, if there are several."""

    @classmethod
    def of_sample(cls, sample: Sequence[str], style: NumberStyle) -> NumberCounts | None:
        """Counts of the styles that some texts of the column let expect; None if they are no numbers."""
        if not sample:
            return None
        candidates = []
        alike = [candidate for candidate in STYLES if candidate.decimal == style.decimal]
        for candidate in dict.fromkeys((style, *alike, *STYLES)):
            pattern = re.compile(candidate.pattern)
            if sum(pattern.match(text) is not None for text in sample) >= _WITH_PLACEHOLDERS * len(sample):
                candidates.append(candidate)
        return cls(list(dict.fromkeys((*candidates, PLAIN)))) if candidates else None

    def add(self, texts: pa.ChunkedArray, file: str = "") -> None:
        """Take the texts of some more rows, without spaces around them; missing ones are null."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if file != self.file:
            self.file, self.rows = file, 0
        self.present += len(texts) - texts.null_count
        plain = pc.match_substring_regex(texts, PLAIN.pattern)
        for style in self.styles:
            is_number = pc.fill_null(pc.match_substring_regex(texts, style.pattern), True)
            others_in_chunk = texts.filter(pc.invert(is_number))
            self.numbers[style] += len(texts) - texts.null_count - len(others_in_chunk)
            if len(others_in_chunk) and style not in self.first:
                at = pc.index(is_number, pa.scalar(False)).as_py()
                self.first[style] = (self._place(at), texts[at].as_py())
            self._measure(texts.filter(is_number), style)
            others = self.others.setdefault(style, Counter())
            if len(others_in_chunk) and len(others) < _REMEMBERED:
                for entry in pc.value_counts(others_in_chunk)[:_REMEMBERED].to_pylist():
                    others[entry["values"]] += entry["counts"]
            if style not in self.marked:
                alone = pc.and_(is_number, pc.invert(pc.fill_null(plain, True)))
                at = pc.index(alone, pa.scalar(True)).as_py()
                if at >= 0:
                    self.marked[style] = (self._place(at), texts[at].as_py())
        if len(self.distinct) <= _FEW:
            self.distinct |= set(pc.unique(texts.drop_null()).slice(0, 2 * _FEW).to_pylist())
        self.rows += len(texts)

    def _place(self, at: int) -> str:
        of_file = f" of {self.file}" if self.file else ""
        return f"row {self.rows + at + 1:,}{of_file}"

    def _measure(self, numbers: pa.ChunkedArray, style: NumberStyle) -> None:
        import pyarrow.compute as pc

        plain = style.plain(numbers.drop_null())
        whole = pc.match_substring_regex(plain, r"^[+-]?[0-9]+$")
        if not pc.all(whole, min_count=0).as_py():  # of no numbers, none has a fraction
            self.fractions.add(style)
        whole_numbers = plain.filter(whole)
        digits = pc.max(pc.utf8_length(whole_numbers)).as_py() or 0
        self.digits = max(self.digits, digits)
        if _FLOAT_DIGITS < digits <= _INTEGER_DIGITS and is_beyond_floats(
            pc.cast(without_plus(whole_numbers), "int64")
        ):
            self.beyond_floats.add(style)

    def best(self) -> NumberStyle | None:
        """The style in which most texts are numbers, the first of those alike."""
        return max(self.styles, key=lambda style: self.numbers[style], default=None)

    def alternative(self, best: NumberStyle) -> NumberStyle | None:
        """The style in which the same texts are other numbers, if there is one: 1,234 may be 1.234."""
        for style in self.styles:
            if style.decimal == best.thousands and self.numbers[style] == self.numbers[best]:
                return style
        return None

    def are_nearly_all(self, style: NumberStyle) -> bool:
        """Whether the column is numeric, despite some other texts."""
        share = self.numbers[style] / self.present if self.present else 0.0
        return share >= NEARLY or (
            share >= _WITH_PLACEHOLDERS and self._are_placeholders(self.others.get(style, {}))
        )

    def are_half(self, style: NumberStyle) -> bool:
        """Whether most values are numbers, and not few different ones, beside a few other texts."""
        few = len(self.others.get(style, {})) <= _PLACEHOLDERS and len(self.distinct) > _FEW
        return few and self.numbers[style] >= _WITH_PLACEHOLDERS * self.present

    def reads_as_number(self, style: NumberStyle) -> bool:
        """Whether it is better read as numbers: not if they are codes, or so few that they are categories."""
        others = self.others.get(style, Counter())
        if others and style not in self.fractions and self._are_codes(others):
            return False
        return not others or self._are_placeholders(others) or len(self.distinct) > _FEW

    @staticmethod
    def _are_codes(others: Mapping[str, int]) -> bool:
        are_letters = len(others) > _PLACEHOLDERS and all(map(_LETTER.fullmatch, others))
        return are_letters or all(map(_CODE.fullmatch, others))

    @staticmethod
    def _are_placeholders(others: Mapping[str, int]) -> bool:
        return len(others) <= _PLACEHOLDERS and all(_PLACEHOLDER.fullmatch(text) for text in others)
