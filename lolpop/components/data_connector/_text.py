"""Text files: their bytes as UTF-8, and errors for bytes that are not text."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING

from lolpop.errors import DataError

if TYPE_CHECKING:
    from lolpop.components.data_connector._locations import Location


_UTF8 = "utf-8"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BINARY = {
    b"PK\x03\x04": "a ZIP archive, as Excel workbooks are. Save it as CSV.",
    b"\xd0\xcf\x11\xe0": "an Excel workbook. Save it as CSV.",
    b"\x1f\x8b": "compressed by gzip. Add .gz to its name.",
    b"PAR1": "Parquet. Name its format: {path: …, format: parquet}.",
    b"ARROW1": "Feather. Name its format: {path: …, format: feather}.",
    b"SQLite format 3": "an SQLite database. Export the table as CSV.",
    b"%PDF": "a PDF document. Save its table as CSV.",
}
"""What files that are no text begin with, what they are, and what to do."""


def encoding_of(location: Location) -> str:
    """The encoding that the source names, by one name for all of its spellings; UTF-8 unless it does.

    Raises DataError if there is no such encoding of text.
    """
    name = location.options.get("encoding", _UTF8)
    try:
        codec = codecs.lookup(name)
        codec.decode(b"")[0].encode()
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise DataError(
            f"{location} cannot be read: unknown encoding: {name!r}. "
            "Expected such as utf-8, latin-1 or utf-16."
        ) from error
    return _UTF8 if codec.name in {"utf-8", "utf-8-sig"} else codec.name


@contextmanager
def utf8(location: Location) -> Iterator[str | IO[bytes]]:
    """The file as UTF-8, in the form that libraries read fastest."""
    encoding = encoding_of(location)
    try:
        if encoding == _UTF8:
            with location.readable() as file:
                yield file
        else:
            with location.opened() as file:
                text = file.read().decode(encoding)
            yield io.BytesIO(text.removeprefix("\ufeff").encode())
    except UnicodeError as error:
        raise undecodable(location, error) from error


@contextmanager
def utf8_bytes(location: Location) -> Iterator[IO[bytes]]:
    """The file as bytes of UTF-8."""
    with utf8(location) as file, ExitStack() as opened:
        yield opened.enter_context(location.opened()) if isinstance(file, str) else file


@contextmanager
def text(location: Location) -> Iterator[IO[str]]:
    """The file as text, without the mark that says how its bytes are ordered."""
    encoding = encoding_of(location)
    try:
        with location.opened() as file:
            decoded = io.TextIOWrapper(file, "utf-8-sig" if encoding == _UTF8 else encoding, newline="")
            if encoding != _UTF8 and decoded.seekable() and decoded.read(1) != "\ufeff":
                decoded.seek(0)
            yield decoded
    except UnicodeError as error:
        raise undecodable(location, error) from error


def binary(location: Location, beginning: bytes) -> DataError | None:
    """The error that says what a binary file with this ``beginning`` is; None if it may be text."""
    kinds = (kind for magic, kind in _BINARY.items() if beginning.startswith(magic))
    kind = next(kinds, None)
    return None if kind is None else DataError(f"{location} is not text; it looks like {kind}")


def undecodable(location: Location, error: UnicodeError | None = None) -> DataError:
    """The error that says where the file is no text of its encoding."""
    encoding = encoding_of(location)
    hint = "Save the file as UTF-8, or name its encoding: {path: …, encoding: latin-1}."
    if encoding == _UTF8:
        with location.opened() as file:
            for number, line in enumerate(file, start=1):
                if number == 1 and (problem := binary(location, line)) is not None:
                    return problem
                if number == 1 and line.startswith(_UTF16):
                    return DataError(f"{location} looks like UTF-16. {hint.replace('latin-1', 'utf-16')}")
                try:
                    line.decode()
                except UnicodeDecodeError as wrong:
                    place = f"{location}:{number}:{wrong.start + 1}"
                    return DataError(f"{place}: the byte 0x{line[wrong.start]:02x} is not UTF-8. {hint}")
    reason = error.reason if isinstance(error, UnicodeDecodeError) else error
    return DataError(f"{location} is not {location.options.get('encoding', encoding)}: {reason}. {hint}")


def with_nul(location: Location) -> DataError:
    """The error that says where there is a NUL, which no text has."""
    with text(location) as lines:
        for number, line in enumerate(lines, start=1):
            if "\0" in line:
                place = f"{location}:{number}:{line.index(chr(0)) + 1}"
                return DataError(
                    f"{place}: there is a NUL byte, which no text has. Is the file damaged, or is its "
                    "encoding another one: {path: …, encoding: utf-16}?"
                )
    return DataError(f"{location} contains a NUL byte, so it is not text.")
