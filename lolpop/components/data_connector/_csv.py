"""CSV, read honestly: rows of another length than the header, and bytes that are no text, are errors."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Literal

from lolpop.components.data_connector._dtypes import typed_pandas, typed_polars
from lolpop.data.frames import count, listed
from lolpop.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from lolpop.components.data_connector._locations import Location
    from lolpop.data.frames import Frame


_SEPARATORS = (";", "\t", "|", ",")
_CHUNK = 1 << 20

# What pandas takes for a missing value, so that polars does too.
MISSING = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>",
    "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip


def read_csv(location: Location, kind: Literal["pandas", "polars"], separator: str) -> Frame:
    """All rows. Raises DataError, with the line where it is known, if they are no table of text."""
    separator = location.options.get("separator", separator)
    names = column_names(location, separator)
    # Short rows are filled with missing values, so that there is one in the last column.
    if kind == "polars":
        frame = _read_polars(location, separator, names)
        suspicious = frame.height > 0 and frame[:, -1].has_nulls()
        result: Frame = typed_polars(frame)
    else:
        pandas = _read_pandas(location, separator)
        suspicious = bool(pandas.iloc[:, -1].isna().any())
        result = typed_pandas(pandas)
    if suspicious:
        check_csv(location, separator)
    return result


def write_csv(
    frame: Frame, file: IO[bytes], location: Location, separator: str, *, header: bool = True
) -> None:
    """Write a header and the rows; a pandas index is left out."""
    import pandas as pd

    separator = location.options.get("separator", separator)
    encoding = location.options.get("encoding", "utf-8")
    if isinstance(frame, pd.DataFrame):
        frame.to_csv(file, header=header, index=False, sep=separator, encoding=encoding)
        return
    polars: pl.DataFrame = frame  # type: ignore[assignment]  # what is not pandas is polars
    # A line without anything in it is no row.
    missing = '""' if polars.width == 1 else ""
    written = partial(polars.write_csv, include_header=header, separator=separator, null_value=missing)
    if encoding == "utf-8":
        written(file)
    else:
        file.write(written().encode(encoding))


def check_csv(location: Location, separator: str) -> None:
    """Raise DataError, with its line, for the first row that has not as many fields as the header."""
    separator = location.options.get("separator", separator)
    width = len(_header(location, separator))
    if _is_regular(location, separator):
        return
    with _text(location) as lines:
        for start, end, row in _rows(lines, location, separator):
            if len(row) != width:
                raise _ragged(location, start, end, len(row), width)


def column_names(location: Location, separator: str) -> list[str]:
    """The names in the header; columns without one are named by their position, as pandas does.

    Raises DataError if there are none, two are the same, or what follows them is no table.
    """
    separator = location.options.get("separator", separator)
    return [name or f"Unnamed: {place}" for place, name in enumerate(_header(location, separator))]


def _rows(lines: IO[str], location: Location, separator: str) -> Iterator[tuple[int, int, list[str]]]:
    """The rows that are not empty, each with its first and its last line."""
    rows = csv.reader(lines, delimiter=separator)
    while True:
        start = rows.line_num + 1
        try:
            row = next(rows, None)
        except csv.Error as error:  # a value of more characters than Python's csv module takes
            raise DataError(f"{location}:{start}: {error}. Is a quote opened here, and closed?") from error
        if row is None:
            return
        if row:
            yield start, rows.line_num, row


def _ragged(location: Location, start: int, end: int, fields: int, width: int) -> DataError:
    found = f"has {count(fields, 'field')}, the header has {width}."
    if start == end:
        return DataError(f"{location}:{start}: this line {found}")
    return DataError(
        f"{location}:{start}: the row that starts here goes on to line {end} inside a quote, and {found} "
        f"Is the quote closed?"
    )


def _header(location: Location, separator: str) -> list[str]:
    with _text(location) as lines:
        rows = _rows(lines, location, separator)
        _, _, names = next(rows, (0, 0, list[str]()))
        if not names:
            raise DataError(f"{location} is empty.")
        if len(names) == 1 and "separator" not in location.options:
            _check_separator(location, names[0])
        start, end, first = 0, 0, names
        with suppress(DataError):  # a value that is long, and for those to judge who read all rows
            start, end, first = next(rows, (0, 0, names))
        if len(first) > len(names):
            # pandas would take the first values of the rows for an index.
            raise _ragged(location, start, end, len(first), len(names))
    # Columns without a name are named by their position.
    named = [name for name in names if name]
    if twice := sorted({name for name in named if named.count(name) > 1}):
        raise DataError(f"{location}: several columns have the same name: {listed(twice)}.")
    return names


def _check_separator(location: Location, name: str) -> None:
    """Raise DataError if ``name``, that of the only column, looks like those of several."""
    for separator in _SEPARATORS:
        if separator in name:
            shown = "\\t" if separator == "\t" else separator
            raise DataError(
                f"{location} has one column only, {name!r}. Are its values separated by '{shown}'? Then say "
                f'so: {{path: …, separator: "{shown}"}}.'
            )


def _read_pandas(location: Location, separator: str) -> pd.DataFrame:
    import pandas as pd

    with utf8(location) as file:
        try:
            return pd.read_csv(file, sep=separator, low_memory=False)
        except pd.errors.ParserError as error:
            check_csv(location, separator)
            reason = str(error).strip().removeprefix("Error tokenizing data. ").removeprefix("C error: ")
            raise DataError(f"{location} cannot be read: {reason}.") from error


def _read_polars(location: Location, separator: str, names: list[str]) -> pl.DataFrame:
    import polars as pl

    read = partial(pl.read_csv, separator=separator, null_values=list(MISSING), new_columns=names)
    # A look at the first rows is fast and mostly right. Where it is wrong, all rows are looked at.
    for length in (10_000, None):
        with utf8(location) as file:
            try:
                frame = read(file, infer_schema_length=length)
            except pl.exceptions.PolarsError:
                continue
        if frame.height and not all(column.has_nulls() for column in frame):
            return frame
        break  # a row without values may have been a blank line
    else:
        with _text(location) as lines:
            for _ in lines:  # polars does not say which line is no text
                pass
        check_csv(location, separator)
    with plain(location, separator) as file:
        try:
            return read(file, infer_schema_length=None)
        except pl.exceptions.PolarsError as error:
            check_csv(location, separator)
            raise DataError(f"{location} cannot be read: {str(error).splitlines()[0]}") from error


def _is_regular(location: Location, separator: str) -> bool:
    # Arrow counts the fields of all rows in a fraction of the time that parsing takes.
    import pyarrow as pa
    import pyarrow.csv

    with utf8(location) as file:
        try:
            batches = pa.csv.open_csv(
                file,
                parse_options=pa.csv.ParseOptions(delimiter=separator, newlines_in_values=True),
                convert_options=pa.csv.ConvertOptions(include_columns=["-"], include_missing_columns=True),
            )
            for _ in batches:
                pass
        except pa.ArrowInvalid:
            return False
    return True


@contextmanager
def plain(location: Location, separator: str) -> Iterator[str | IO[bytes]]:
    """The file as UTF-8, written anew where polars would read other rows than pandas does."""
    if not _is_odd(location, separator):
        with utf8(location) as file:
            yield file
        return
    with TemporaryDirectory(prefix="lolpop-") as folder:
        path = Path(folder) / "rows.csv"
        with path.open("w", encoding="utf-8", newline="") as rewritten, _text(location) as lines:
            rows = csv.writer(rewritten, delimiter=separator, lineterminator="\n")
            rows.writerows(row for _, _, row in _rows(lines, location, separator))
        yield str(path)


def _is_odd(location: Location, separator: str) -> bool:
    """Whether there are blank lines, carriage returns alone, or quotes within values.

    For polars blank lines are rows, carriage returns end no line, and such quotes are errors.
    """
    around = re.escape(f'{separator}\r\n"'.encode())
    quote_within = re.compile(rb'"(?<=[^%b]")(?=[^%b])' % (around, around))
    last = b"\n"
    for chunk in _chunks(location):
        text = last + chunk
        if b"\n\n" in text or quote_within.search(text):
            return True
        if b"\r" in text and (b"\n\r\n" in text or text[:-1].count(b"\r") > text.count(b"\r\n")):
            return True
        last = text[-3:]
    return False


def _chunks(location: Location) -> Iterator[bytes]:
    with ExitStack() as stack:
        file = stack.enter_context(utf8(location))
        opened = stack.enter_context(Path(file).open("rb")) if isinstance(file, str) else file
        yield from iter(partial(opened.read, _CHUNK), b"")


@contextmanager
def utf8(location: Location) -> Iterator[str | IO[bytes]]:
    """The file as UTF-8, in the form that libraries read fastest."""
    encoding = location.options.get("encoding", "utf-8")
    try:
        if encoding == "utf-8":
            with location.readable() as file:
                yield file
        else:
            with location.opened() as file:
                yield io.BytesIO(file.read().decode(encoding).encode())
    except UnicodeDecodeError as error:
        raise _undecodable(location, encoding, error) from error


@contextmanager
def _text(location: Location) -> Iterator[IO[str]]:
    encoding = location.options.get("encoding", "utf-8")
    try:
        with location.opened() as file:
            # A byte order mark is no part of the first name.
            yield io.TextIOWrapper(file, "utf-8-sig" if encoding == "utf-8" else encoding, newline="")
    except UnicodeDecodeError as error:
        raise _undecodable(location, encoding, error) from error


def _undecodable(location: Location, encoding: str, error: UnicodeDecodeError) -> DataError:
    hint = "Save the file as UTF-8, or name its encoding: {path: …, encoding: latin-1}."
    if encoding == "utf-8":
        with location.opened() as file:
            for number, line in enumerate(file, start=1):
                if number == 1 and line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                    return DataError(f"{location} looks like UTF-16. {hint.replace('latin-1', 'utf-16')}")
                try:
                    line.decode()
                except UnicodeDecodeError as found:
                    byte = line[found.start]
                    place = f"{location}:{number}:{found.start + 1}"
                    return DataError(f"{place}: the byte 0x{byte:02x} is not UTF-8. {hint}")
    return DataError(f"{location} is not {encoding}: {error.reason}. {hint}")
