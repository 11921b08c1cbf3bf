"""Strict CSV: rows of another length than the header, and bytes that are not text, are errors.

All fields are read as text first, for every kind of frame, so that the result does not depend on it.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import IO, TYPE_CHECKING, Any

from lolpop.components.data_connector._evidence import Bytes
from lolpop.components.data_connector._text import binary, encoding_of, text, undecodable, utf8, with_nul
from lolpop.data.frames import count, listed
from lolpop.errors import DataError

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from lolpop.components.data_connector._locations import Location
    from lolpop.data.frames import Frame


_SEPARATORS = (";", "\t", "|", ",")
# Bytes that are parsed at a time: a row has to fit in them, or in the greater ones.
_BLOCKS = (1 << 22, 1 << 30)
_SCANNED_BLOCKS = (1 << 20, 1 << 30)  # several of which are held in memory
_PARALLEL = 16 << 20
_EXCELS = re.compile(r"(?i)sep=.?")
_NO_ROOM = "straddling object"
_LONGEST = _BLOCKS[-1]  # characters of a value


def read_fields(location: Location, separator: str) -> pa.Table:
    """All fields as text, empty ones as null; columns without a name are named by their position.

    Raises DataError, with the line where it is known, if they are no table of text.
    """
    import pyarrow as pa
    import pyarrow.csv

    names = column_names(location, separator)
    last: pa.ArrowInvalid | None = None
    for block in _BLOCKS:
        with utf8(location) as file:
            try:
                table = pa.csv.read_csv(file, **_options(location, names, separator, block))
            except pa.ArrowInvalid as error:
                last = error
                if _NO_ROOM in str(error):
                    continue
                break
        table = table.slice(1)
        _require_text(table, location)
        _require_closed(table, location, separator)
        return table
    assert last is not None  # noqa: S101  (what did not return has raised)
    raise _wrong(location, separator, last) from last


def scan_fields(
    location: Location, separator: str, batch_rows: int, columns: list[str] | None = None
) -> Iterator[pa.Table]:
    """All fields, or only those of some ``columns``, as ``read_fields`` has them, in batches.

    Raises DataError as that does, once it comes to what is wrong.
    """
    import pyarrow as pa

    names = column_names(location, separator)
    done = 0
    for block in _SCANNED_BLOCKS:
        start = 0
        try:
            for table in _batches(_blocks(location, names, separator, block, columns), batch_rows):
                if start >= done:  # those before were yielded when there was no room for a later row
                    done += len(table)
                    yield table
                start += len(table)
        except pa.ArrowInvalid as error:
            if _NO_ROOM in str(error) and block != _SCANNED_BLOCKS[-1]:
                continue
            raise _wrong(location, separator, error) from error
        return


def write_csv(
    frame: Frame, file: IO[bytes], location: Location, separator: str, *, header: bool = True
) -> None:
    """Write a header and the rows; a pandas index is left out."""
    import pandas as pd

    encoding = encoding_of(location)
    if isinstance(frame, pd.DataFrame):
        frame.to_csv(file, header=header, index=False, sep=separator, encoding=encoding)
        return
    polars = _as_pandas_writes(frame)  # type: ignore[arg-type]  # what is not pandas is polars
    # A line without anything in it is no row.
    missing = '""' if polars.width == 1 else ""
    written = partial(polars.write_csv, include_header=header, separator=separator, null_value=missing)
    if encoding == "utf-8":
        written(file)
    else:
        file.write(written().encode(encoding))


def _as_pandas_writes(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with booleans and times as the text that pandas writes, so that both write the same files."""
    import polars as pl

    worded = frame.select(pl.selectors.boolean() | pl.selectors.temporal() - pl.selectors.date())
    texts = []
    for column in worded.iter_columns():
        lines = column.to_pandas().to_csv(index=False, header=False).splitlines()
        texts.append(pl.Series(column.name, [None if line == '""' else line for line in lines], pl.String))
    return frame.with_columns(texts)


def check_csv(location: Location, separator: str) -> None:
    """Raise DataError, with its line, for the first row that has not as many fields as the header."""
    width = len(_header(location, separator))
    with text(location) as lines:
        for start, end, row in _rows(lines, location, separator):
            if len(row) != width:
                raise _ragged(location, start, end, len(row), width)


def column_names(location: Location, separator: str) -> list[str]:
    """The names in the header; columns without one are named by their position, as pandas does.

    Raises DataError if there are none, two are the same, or what follows them is no table.
    """
    names = [name or f"Unnamed: {place}" for place, name in enumerate(_header(location, separator))]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"{location}: several columns have the same name: {listed(repeated)}.")
    return names


def _blocks(
    location: Location, names: list[str], separator: str, block: int, columns: list[str] | None
) -> Iterator[pa.Table]:
    """The fields block by block, without the header."""
    import pyarrow as pa
    import pyarrow.csv

    last: pa.Table | None = None
    wrong: pa.ArrowInvalid | None = None
    with utf8(location) as file:
        try:
            for batch in pa.csv.open_csv(file, **_options(location, names, separator, block, columns)):
                table = pa.Table.from_batches([batch]).slice(1 if last is None else 0)
                _require_text(table, location)
                last = table if len(table) or last is None else last
                yield table
        except pa.ArrowInvalid as error:
            wrong = error
    if wrong is not None:  # which is looked into where the file is not open
        raise wrong
    if last is not None:
        _require_closed(last, location, separator)


def _batches(blocks: Iterator[pa.Table], batch_rows: int) -> Iterator[pa.Table]:
    """The rows of ``blocks`` in tables of ``batch_rows``, the last one of fewer."""
    import pyarrow as pa

    waiting: list[pa.Table] = []
    for block in blocks:
        waiting.append(block)
        if sum(map(len, waiting)) < batch_rows:
            continue
        whole = pa.concat_tables(waiting)
        full = len(whole) - len(whole) % batch_rows
        for start in range(0, full, batch_rows):
            yield whole.slice(start, batch_rows)
        waiting = [whole.slice(full)]
    if any(map(len, waiting)):
        yield pa.concat_tables(waiting)


def _options(
    location: Location, names: list[str], separator: str, block: int, columns: list[str] | None = None
) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.csv

    return {
        "read_options": pa.csv.ReadOptions(
            column_names=names, block_size=block, use_threads=location.size > _PARALLEL
        ),
        "parse_options": pa.csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        "convert_options": pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=columns,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    }


def _require_text(table: pa.Table, location: Location) -> None:
    for values in table.columns:
        if Bytes(values).low == 0:
            raise with_nul(location)


def _require_closed(table: pa.Table, location: Location, separator: str) -> None:
    """Raise DataError if the last row goes on to the end of the file inside a quote."""
    last = table.column(table.num_columns - 1)[-1].as_py() if len(table) else None
    if last is None or not ("\n" in last or "\r" in last or _ends_with_a_quote(location)):
        return
    sentinel = "the end"
    with text(location) as lines:
        # A row of its own, unless it is within a quote.
        rows = list(deque(_rows(itertools.chain(lines, [sentinel]), location, separator), maxlen=1))
    start, _, row = rows[0]
    if row != [sentinel]:
        raise DataError(
            f"{location}:{start}: the row that starts here has an open quote until the end of the file. "
            "Close the quote."
        )


def _ends_with_a_quote(location: Location) -> bool:
    """Whether there is a quote in the last line; not looked up where that is to read the whole file."""
    if location.path is None or location.compressed:
        return False
    with location.opened() as file:
        file.seek(max(0, location.size - 4096))
        last = file.read().rstrip(b"\r\n").replace(b"\r", b"\n")
    return b'"' in last.rpartition(b"\n")[2]


def _wrong(location: Location, separator: str, error: Exception) -> DataError:
    """The error that says where, of what Arrow says is wrong."""
    if "UTF8" in str(error):
        return undecodable(location)
    try:
        check_csv(location, separator)
    except DataError as located:
        return located
    return DataError(f"{location} cannot be read: {str(error).splitlines()[0]}.")


def _rows(
    lines: Iterator[str] | IO[str], location: Location, separator: str
) -> Iterator[tuple[int, int, list[str]]]:
    """The rows that are not empty, each with its first and its last line."""
    rows = csv.reader(lines, delimiter=separator)
    while True:
        start = rows.line_num + 1
        limit = csv.field_size_limit(_LONGEST)  # of the process
        try:
            row = next(rows, None)
        except csv.Error as error:  # a value of more characters than that
            raise DataError(f"{location}:{start}: {error}. Close the quote, if one is open here.") from error
        finally:
            csv.field_size_limit(limit)
        if row is None:
            return
        if row:
            yield start, rows.line_num, row


def _ragged(location: Location, start: int, end: int, fields: int, width: int) -> DataError:
    message = f"has {count(fields, 'field')}, the header has {width}."
    if start == end:
        return DataError(f"{location}:{start}: this line {message}")
    return DataError(
        f"{location}:{start}: the row that starts here has an open quote until line {end}, and {message} "
        f"Close the quote."
    )


def _header(location: Location, separator: str) -> list[str]:
    with text(location) as lines:
        rows = _rows(lines, location, separator)
        _, _, names = next(rows, (0, 0, list[str]()))
        if not names:
            raise DataError(f"{location} is empty.")
        if (error := binary(location, names[0].encode(errors="replace"))) is not None:
            raise error
        if any("\0" in name for name in names):
            raise with_nul(location)
        if _EXCELS.fullmatch(separator.join(names)):
            raise DataError(
                f"{location}:1: this line is a note of Excel about the separator, and no header. Remove it."
            )
        if len(names) == 1 and "separator" not in location.options:
            _check_separator(location, names[0])
        start, end, first = 0, 0, names
        with suppress(DataError):  # a value that is long, and for those to judge who read all rows
            start, end, first = next(rows, (0, 0, names))
        if len(first) > len(names):
            if len(names) == 1:
                raise DataError(
                    f"{location}:1: the header is {names[0]!r}, but the next row has {len(first)} fields. "
                    "Remove what stands above the names of the columns."
                )
            # Other readers would take the first values of the rows for an index.
            raise _ragged(location, start, end, len(first), len(names))
    return names


def _check_separator(location: Location, name: str) -> None:
    """Raise DataError if ``name``, that of the only column, looks like those of several."""
    for separator in _SEPARATORS:
        if separator in name:
            shown = "\\t" if separator == "\t" else separator
            raise DataError(
                f"{location} has one column only, {name!r}. If its values are separated by '{shown}', "
                f'set {{path: …, separator: "{shown}"}}.'
            )
