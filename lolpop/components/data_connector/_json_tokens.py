"""Numbers and booleans of JSON as they are written, for columns that are text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any

from lolpop.components.data_connector._evidence import are_canonical_floats

if TYPE_CHECKING:
    import pyarrow as pa

    from lolpop.data.reading import ReadingSchema


class JsonTokens:
    """The columns of numbers or booleans that are read as the text in the file.

    These are the columns of text by ``schema``, or among ``texts``; booleans that identify rows; and ids and
    labels that are fractions in another form than Python writes.
    """

    def __init__(self, schema: ReadingSchema, texts: frozenset[str]) -> None:
        self._identity = schema.identity
        self._labels = schema.labels
        self._texts = texts
        self._names: frozenset[str] = frozenset()

    def settle(self, types: Mapping[str, pa.DataType], lines: Iterable[bytes]) -> None:
        """Choose the columns by their ``types``, and those of fractions by all ``lines``."""
        import pyarrow as pa

        plain = {
            name: kind
            for name, kind in types.items()
            if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
        }
        names = plain.keys() & self._texts
        names |= {name for name in plain.keys() & self._identity if pa.types.is_boolean(plain[name])}
        written = plain.keys() & (self._identity | self._labels) - names
        if fractions := {name for name in written if pa.types.is_floating(plain[name])}:
            values = _tokens(lines, fractions)
            names |= {name for name in fractions if not are_canonical_floats(filter(None, values[name]))}
        self._names = frozenset(names)

    def schema(self, schema: pa.Schema) -> pa.Schema:
        """``schema`` with the columns as text."""
        import pyarrow as pa

        return pa.schema(
            [pa.field(field.name, pa.string()) if field.name in self._names else field for field in schema]
        )

    def put_in(self, table: pa.Table, lines: Iterable[bytes]) -> pa.Table:
        """``table``, the rows of ``lines``, with the columns as text."""
        import pyarrow as pa

        if not self._names:
            return table
        for name, values in _tokens(lines, self._names).items():
            place = table.schema.get_field_index(name)
            if place >= 0:
                table = table.set_column(place, name, pa.chunked_array([pa.array(values, pa.string())]))
        return table


def lines_of(stream: IO[bytes]) -> Iterator[bytes]:
    """The lines of ``stream`` from its beginning that have an object."""
    stream.seek(0)
    return (line for line in stream if line.strip())


def _tokens(lines: Iterable[bytes], names: Iterable[str]) -> dict[str, list[str | None]]:
    tokens: dict[str, list[str | None]] = {name: [] for name in names}
    for line in lines:
        values = json.loads(line, parse_float=str, parse_int=str, parse_constant=str)
        for name, column in tokens.items():
            column.append(_token(values.get(name)))
    return tokens


def _token(value: Any) -> str | None:
    return json.dumps(value) if isinstance(value, bool) else value
