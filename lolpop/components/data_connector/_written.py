"""How numbers are written, of columns that may be keys of a join."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lolpop.components.data_connector._evidence import Bytes
from lolpop.data.reading import WrittenForm

if TYPE_CHECKING:
    import pyarrow as pa


# Leading zeros, a plus sign before a whole number, and such as 12e3, which programs write as 12e+3 or 1.2E4.
_CODE = r"^(?:[+-]?0[0-9]|\+[0-9]+$|[0-9]+[eE][0-9]+$)"
_PLAIN_FRACTION = r"^[+-]?[0-9]*\.[0-9]+$"
_PADDED = r"\.[0-9]+0$"


class NumberForms:
    """The written form of the numbers of one column so far."""

    def __init__(self) -> None:
        self.form = WrittenForm()

    def add(self, texts: pa.ChunkedArray) -> None:
        """Take some more numbers, without spaces around them; missing ones are null."""
        import pyarrow.compute as pc

        texts = texts.drop_null()
        content = Bytes(texts)
        if content.high <= ord("9") and not any(
            map(content.has, ".+-")
        ):  # digits alone, which takes less time
            self.form = self.form.and_also(WrittenForm(content.first_with_zero()))
            return
        code = None if self.form.code else _first(texts, _CODE)
        padded, places = None, None
        if content.has("."):
            fractions = texts.filter(pc.match_substring_regex(texts, _PLAIN_FRACTION))
            lengths = pc.utf8_length(pc.replace_substring_regex(fractions, r"^[^.]*\.", ""))
            ends = pc.min_max(lengths).as_py()
            places = (ends["min"], ends["max"]) if len(fractions) else None
            padded = None if self.form.padded else _first(fractions, _PADDED)
        self.form = self.form.and_also(WrittenForm(code, padded, places))


def _first(texts: pa.ChunkedArray, pattern: str) -> str | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    at = pc.index(pc.match_substring_regex(texts, pattern), pa.scalar(True)).as_py()
    return None if at < 0 else str(texts[at])
