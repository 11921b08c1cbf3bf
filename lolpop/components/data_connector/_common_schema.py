"""The types of columns in files that have types: one for several files, and plain ones for identity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from lolpop.components.data_connector._folders import require_same_columns
from lolpop.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

    from lolpop.components.data_connector._locations import Location


class CommonSchema:
    """The columns of all files, of the types of ``schema``, which hold the values of each."""

    def __init__(self, schema: pa.Schema) -> None:
        self._types = {field.name: field.type for field in schema}

    @classmethod
    def of_files(cls, schemas: Sequence[tuple[Location, pa.Schema]]) -> Self:
        """The types that hold the values of all files of ``schemas``.

        Raises DataError, naming the file, if columns differ or there is no such type.
        """
        (first_location, first), *others = schemas
        common = cls(first)
        for location, schema in others:
            require_same_columns(schema.names, first.names, location, first_location)
            for field in schema:
                common._types[field.name] = common._common(field, location, first_location)
        return common

    @property
    def schema(self) -> pa.Schema:
        """The columns in the order of the first file."""
        import pyarrow as pa

        return pa.schema(list(self._types.items()))

    def cast(self, table: pa.Table, location: Location) -> pa.Table:
        """The rows ``table`` of ``location`` in this schema. Raises DataError if values would change."""
        import pyarrow as pa

        if {field.name: field.type for field in table.schema} == self._types:
            return table
        columns = []
        for name, kind in self._types.items():
            try:
                columns.append(table.column(name).cast(kind))
            except pa.ArrowException as error:
                raise DataError(
                    f"{location}: the column {name!r} has values that {kind}, the type of all files, "
                    f"cannot hold: {str(error).splitlines()[0]}. Write one type to all files."
                ) from error
        return pa.table(columns, names=list(self._types))

    def _common(self, field: pa.Field, location: Location, first: Location) -> pa.DataType:
        earlier = self._types[field.name]
        common = common_type(earlier, field.type)
        if common is None:
            raise DataError(
                f"{location}: the column {field.name!r} is {field.type}, and {earlier} in the files before, "
                f"such as {first}. Write one type to all files."
            )
        return common


def common_type(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """The type that holds values of both without loss, None if there is none."""
    import pyarrow as pa

    types = pa.types
    if one == other:
        return one
    pair = (one, other)
    if any(map(types.is_integer, pair)) and any(map(types.is_floating, pair)):
        return pa.float64()  # casts of greater numbers than it holds fail
    if any(map(types.is_date, pair)) and any(map(types.is_timestamp, pair)):
        return next((kind for kind in pair if types.is_timestamp(kind) and kind.tz is None), None)
    if all(map(types.is_timestamp, pair)) and None not in (one.tz, other.tz):
        return pa.timestamp("ns" if "ns" in (one.unit, other.unit) else "us", "UTC")
    if any(map(types.is_decimal, pair)) and any(map(types.is_floating, pair)):
        return pa.float64()
    texts = [_is_text(kind) for kind in pair]
    if any(texts):
        null = any(map(types.is_null, pair))
        return pa.large_string() if all(texts) or null else None
    try:
        schemas = [pa.schema([pa.field("", kind)]) for kind in pair]
        return pa.unify_schemas(schemas, promote_options="permissive").field(0).type
    except pa.ArrowException:
        return None


def plain_identity(values: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Values that identify rows; decimals, bytes of text and categories as text.

    Raises DataError if they are bytes that are no text.
    """
    import pyarrow as pa

    types, kind = pa.types, values.type
    if types.is_dictionary(kind):
        return plain_identity(values.cast(kind.value_type), name)
    if not (types.is_decimal(kind) or _is_bytes(kind)):
        return values
    try:
        return values.cast(pa.large_string() if types.is_large_binary(kind) else pa.string())
    except pa.ArrowInvalid as error:
        raise DataError(
            f"The column {name!r} identifies rows, but has bytes that are no text. Write them as text, such "
            "as hexadecimal digits."
        ) from error


def _is_bytes(kind: pa.DataType) -> bool:
    import pyarrow as pa

    types = pa.types
    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind))


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    types = pa.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))
