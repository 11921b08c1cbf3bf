"""JSON lines as dataframes, whole or in batches of one schema."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any

from lolpop._names import shortened
from lolpop.components.data_connector import _dates
from lolpop.components.data_connector._frames import EXACT, WholeColumns, is_beyond_floats, to_frame
from lolpop.components.data_connector._json_tokens import JsonTokens, lines_of
from lolpop.components.data_connector._text import undecodable, utf8_bytes
from lolpop.data.reading import ColumnSchema, Reading
from lolpop.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

    from lolpop.components.data_connector._folders import RowsFile
    from lolpop.components.data_connector._locations import Location
    from lolpop.components.data_connector._options import TextOptions
    from lolpop.data.frames import Frame
    from lolpop.data.reading import ReadingSchema
    from lolpop.data.sources import FrameKind


_BLOCK = 16 << 20
_LONGEST = 38  # digits that an Arrow decimal has room for
_GREATEST = {"int64": (-(1 << 63), (1 << 63) - 1), "uint64": (0, (1 << 64) - 1)}


class JsonFrames:
    """The rows of ``files`` of JSON lines as dataframes of one ``kind``.

    ``schema`` says which texts are no dates, whatever they look like.
    """

    def __init__(
        self, files: Sequence[RowsFile], kind: FrameKind, schema: ReadingSchema, options: TextOptions
    ) -> None:
        self._files = files
        self._kind = kind
        texts = {name for name, column in schema.columns.items() if column.kind == "text"}
        texts |= {name for name, kind in options.columns.items() if kind == "text"}
        self._texts = frozenset(texts) | schema.identity | schema.labels
        self._tokens = JsonTokens(schema, frozenset(texts))

    def read(self) -> Reading[Frame]:
        """All rows of a single file."""
        (file,) = self._files
        fields = _Fields()
        with utf8_bytes(file.location) as stream:
            table = self._parsed(stream, None, file)
        fields.add(table)
        if fields.needs_schema:
            fields.settle(self._values(fields.great))
            with utf8_bytes(file.location) as stream:
                table = self._parsed(stream, fields.schema, file)
        self._tokens.settle(fields.types, self._lines())
        table = self._tokens.put_in(table, self._lines())
        dates = _Dates(self._texts)
        dates.add(table)
        typed = self._typed(table, dates)
        return Reading(to_frame(typed, self._kind), dates.schemas(typed.schema))

    def scan(self, batch_rows: int) -> Reading[Iterator[Frame]]:
        """All rows in batches, after a first look at all of them."""
        fields = _Fields()
        for file, stream in self._streams(batch_rows):
            fields.add(self._parsed(stream, None, file))
        fields.settle(self._values(fields.great))
        self._tokens.settle(fields.types, self._lines())
        dates = _Dates(self._texts)
        if fields.texts - self._texts:
            for file, stream in self._streams(batch_rows):
                dates.add(self._parsed(stream, fields.schema, file))
        schemas = dates.schemas(self._tokens.schema(fields.schema))
        return Reading(self._frames(batch_rows, fields, dates), schemas)

    def _frames(self, batch_rows: int, fields: _Fields, dates: _Dates) -> Iterator[Frame]:
        whole = WholeColumns(fields.missing, fields.beyond)
        for file, stream in self._streams(batch_rows):
            table = self._tokens.put_in(self._parsed(stream, fields.schema, file), lines_of(stream))
            table = self._typed(table, dates)
            yield file.with_partition(to_frame(table, self._kind, whole))

    def _typed(self, table: pa.Table, dates: _Dates) -> pa.Table:
        import pyarrow as pa

        for place, field in enumerate(table.schema):
            if pa.types.is_decimal(field.type):  # whole numbers of more than 64 bits
                table = table.set_column(place, field.name, table.column(place).cast(pa.string()))
            elif forms := dates.forms(field.name):
                values = _dates.to_dates(table.column(place), forms)
                if self._kind == "pandas" and pa.types.is_date32(values.type):
                    values = values.cast(pa.timestamp("us"))
                table = table.set_column(place, field.name, values)
        return table

    def _streams(self, batch_rows: int) -> Iterator[tuple[RowsFile, IO[bytes]]]:
        for file in self._files:
            with utf8_bytes(file.location) as lines_of_file:
                while lines := list(itertools.islice(lines_of_file, batch_rows)):
                    if any(line.strip() for line in lines):
                        yield file, BytesIO(b"".join(lines))

    def _parsed(self, stream: IO[bytes], schema: pa.Schema | None, file: RowsFile) -> pa.Table:
        import pyarrow as pa
        import pyarrow.json

        try:
            table = pa.json.read_json(
                stream,
                read_options=pa.json.ReadOptions(block_size=_BLOCK),
                parse_options=pa.json.ParseOptions(explicit_schema=schema),
            )
            table.validate(full=True)
        except pa.ArrowInvalid as error:
            if "UTF8" in str(error):
                raise undecodable(file.location) from error
            raise self._located(file.location) or DataError(
                f"{file.location} cannot be read: {error}"
            ) from error
        return table

    def _values(self, names: frozenset[str]) -> Iterator[dict[str, Any]]:
        """The objects of all lines, where some of their values have to be looked at one by one."""
        return map(json.loads, self._lines() if names else ())

    def _lines(self) -> Iterator[bytes]:
        """The lines of all files that are not empty."""
        for file in self._files:
            with utf8_bytes(file.location) as lines:
                yield from (line for line in lines if line.strip())

    def _located(self, location: Location) -> DataError | None:
        """The error that names the first line that is no JSON object, or has a field of another type."""
        kinds: dict[str, str] = {}
        with utf8_bytes(location) as file:
            for number, line in enumerate(file, start=1):
                try:
                    value: Any = json.loads(line) if line.strip() else {}
                except ValueError as error:
                    return DataError(f"{location}:{number}: this line is not JSON: {error}")
                place = f"{location}:{number}"
                if not isinstance(value, dict):
                    text = shortened(line.decode(errors="replace").strip(), 40)
                    return DataError(f"{place}: expected one JSON object a line, not {text}")
                for name, field in value.items():
                    if (
                        field is not None
                        and kinds.setdefault(name, _KINDS[type(field)]) != _KINDS[type(field)]
                    ):
                        return DataError(
                            f"{place}: {name!r} has {_KINDS[type(field)]} here, such as "
                            f"{shortened(repr(field), 40)}, and {kinds[name]} above. Write them as one type."
                        )
        return None


_KINDS: Mapping[type, str] = MappingProxyType(
    {str: "text", int: "numbers", float: "numbers", bool: "booleans", list: "lists", dict: "objects"}
)


class _Fields:
    """The types that the values of each field have in all batches."""

    def __init__(self) -> None:
        self._types: dict[str, pa.DataType] = {}
        self.missing: set[str] = set()
        self.beyond: set[str] = set()
        self._great: set[str] = set()
        self._rows = 0
        self._seen: dict[str, int] = {}

    def add(self, table: pa.Table) -> None:
        """Take the types of some more rows."""
        import pyarrow as pa

        for field, values in zip(table.schema, table.columns, strict=True):
            name = field.name
            if values.null_count or self._seen.get(name, 0) < self._rows:
                self.missing.add(name)
            self._seen[name] = self._rows + len(table)
            if pa.types.is_floating(field.type) and _is_great(values):
                self._great.add(name)
            if pa.types.is_integer(field.type) and is_beyond_floats(values):
                self.beyond.add(name)
                self._great.add(name)
            self._types[name] = _common(self._types.get(name), field.type, name)
        self._rows += len(table)
        self.missing |= {name for name, seen in self._seen.items() if seen < self._rows}

    @property
    def types(self) -> Mapping[str, pa.DataType]:
        """The type of each field."""
        return self._types

    @property
    def great(self) -> frozenset[str]:
        """Fields with numbers that floats may have lost digits of."""
        import pyarrow as pa

        return frozenset(name for name in self._great if pa.types.is_floating(self._types[name]))

    @property
    def texts(self) -> frozenset[str]:
        """Fields of text, which may be dates."""
        import pyarrow as pa

        return frozenset(name for name, kind in self._types.items() if _is_text(kind, pa))

    @property
    def needs_schema(self) -> bool:
        """Whether values are not read as they are unless the types are said."""
        import pyarrow as pa

        return bool(self.great) or any(pa.types.is_timestamp(kind) for kind in self._types.values())

    def settle(self, objects: Iterator[dict[str, Any]]) -> None:
        """Give great numbers, of the ``objects`` of all lines, a type that holds them if they are whole."""
        import pyarrow as pa

        great = self.great
        ends: dict[str, tuple[int, int]] = {}
        fractions: set[str] = set()
        for values in objects:
            for name in great - fractions:
                value = values.get(name)
                if isinstance(value, float):
                    fractions.add(name)
                elif isinstance(value, int):
                    low, high = ends.get(name, (value, value))
                    ends[name] = min(low, value), max(high, value)
        for name, (low, high) in ends.items():
            if name in fractions:
                continue
            fits = [kind for kind, (least, most) in _GREATEST.items() if least <= low and high <= most]
            if fits:
                self._types[name] = getattr(pa, fits[0])()
                self.beyond.add(name)
            elif len(str(max(abs(low), abs(high)))) <= _LONGEST:
                self._types[name] = pa.decimal128(_LONGEST, 0)

    @property
    def schema(self) -> pa.Schema:
        """The fields with their types, texts as texts even if they look like dates."""
        import pyarrow as pa

        return pa.schema(
            [
                pa.field(name, pa.string() if pa.types.is_timestamp(kind) else kind)
                for name, kind in self._types.items()
            ]
        )


class _Dates:
    """Which columns of text, besides those of ``texts``, are dates, and in which forms."""

    def __init__(self, texts: frozenset[str]) -> None:
        self._texts = texts
        self._forms: dict[str, set[_dates.DateForm]] = {}
        self._others: set[str] = set()

    def add(self, table: pa.Table) -> None:
        """Take the texts of some more rows."""
        import pyarrow as pa

        for field, values in zip(table.schema, table.columns, strict=True):
            name = field.name
            if name in self._others | self._texts or not pa.types.is_string(field.type):
                continue
            present = values.drop_null()
            if not len(present):
                continue
            forms = _dates.forms_of(present)
            self._forms.setdefault(name, set()).update(forms)
            if not forms or not _dates.agree(self._forms[name]):
                self._others.add(name)

    def schemas(self, schema: pa.Schema) -> dict[str, ColumnSchema]:
        """What the columns of text are read as; the others have types of their own."""
        import pyarrow as pa

        return {
            field.name: ColumnSchema(kind="date" if self.forms(field.name) else "text")
            for field in schema
            if pa.types.is_string(field.type) or self.forms(field.name)
        }

    def forms(self, name: str) -> frozenset[_dates.DateForm]:
        """The forms of a column that is one of dates; none of another."""
        return frozenset() if name in self._others else frozenset(self._forms.get(name, ()))


def _is_great(values: pa.ChunkedArray) -> bool:
    import pyarrow.compute as pc

    ends = pc.min_max(values).as_py()
    return any(end is not None and abs(end) >= EXACT for end in ends.values())


def _is_text(kind: pa.DataType, pa: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_timestamp(kind))


def _common(common: pa.DataType | None, kind: pa.DataType, name: str) -> pa.DataType:
    """The type of values of both. Raises DataError if there is none."""
    import pyarrow as pa

    if common is None or common == kind or pa.types.is_null(common):
        return kind
    if _is_text(common, pa) and _is_text(kind, pa):
        return pa.string()
    try:
        schemas = [pa.schema([pa.field(name, type_of_field)]) for type_of_field in (common, kind)]
        return pa.unify_schemas(schemas, promote_options="permissive").field(0).type
    except pa.ArrowException as error:
        raise DataError(
            f"The values of {name!r} are {common} in some rows and {kind} in others. Use one type."
        ) from error
