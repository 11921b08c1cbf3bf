"""Arrow tables as dataframes, without loss of digits or columns."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from lolpop.data.frames import Frame
    from lolpop.data.sources import FrameKind


EXACT = 1 << 53
"""Whole numbers beyond are not all floats."""

_LEVEL = re.compile(r"__index_level_\d+__")


class WholeColumns:
    """Which columns of whole numbers have missing values, and which of them are too great for floats."""

    def __init__(self, missing: Collection[str] = (), beyond: Collection[str] = ()) -> None:
        self._missing = set(missing)
        self._beyond = set(beyond)

    def add(self, table: pa.Table) -> None:
        """Take some more rows."""
        import pyarrow as pa

        for field, values in zip(table.schema, table.columns, strict=True):
            if values.null_count:
                self._missing.add(field.name)
            if pa.types.is_integer(field.type) and is_beyond_floats(values):
                self._beyond.add(field.name)

    @property
    def exact(self) -> frozenset[str]:
        """The columns that floats do not hold."""
        return frozenset(self._missing & self._beyond)

    @property
    def floats(self) -> frozenset[str]:
        """The columns that floats hold."""
        return frozenset(self._missing - self._beyond)


def to_frame(table: pa.Table, kind: FrameKind, whole: WholeColumns | None = None) -> Frame:
    """``table``, all rows unless what is known of the ``whole`` says otherwise, as a dataframe.

    pandas has floats for whole numbers beside missing values. Greater ones than floats hold are of its dtype
    ``Int64``, so that every digit is kept.
    """
    if kind == "polars":
        import polars as pl

        frame = pl.DataFrame(table)
        frame.columns = table.column_names  # polars gives names to columns that have none
        return frame
    return _to_pandas(table, whole)


def _to_pandas(table: pa.Table, whole: WholeColumns | None) -> pd.DataFrame:
    import pyarrow as pa

    if whole is None:
        whole = WholeColumns()
        whole.add(table)
    exact = {}
    for place, field in enumerate(table.schema):
        if pa.types.is_integer(field.type) and field.name in whole.floats:
            table = table.set_column(place, field.name, table.column(place).cast(pa.float64()))
        elif pa.types.is_integer(field.type) and field.name in whole.exact:
            exact[place] = table.column(place)
    pandas: pd.DataFrame = table.to_pandas()
    for place, values in exact.items():
        pandas.isetitem(place, _nullable(values))
    return pandas


def is_beyond_floats(values: pa.ChunkedArray) -> bool:
    """Whether there are whole numbers that are no floats among ``values``."""
    import pyarrow.compute as pc

    ends = pc.min_max(values).as_py()
    return any(end is not None and abs(end) > EXACT for end in ends.values())


def without_index(table: pa.Table, first_row: int = 0) -> pa.Table:
    """``table`` with what pandas kept aside as its index: a column if it has a name, else left out.

    An index that is a column too is that column. ``first_row`` is the number of the first row in its file,
    by which a numbered index goes on.
    """
    import pyarrow as pa

    metadata = dict(table.schema.metadata or {})
    if b"pandas" not in metadata:
        return table
    pandas: dict[str, Any] = json.loads(metadata[b"pandas"])
    names = {column.get("field_name"): column.get("name") for column in pandas.get("columns", [])}
    first: dict[str, Any] = {}
    for index in pandas.get("index_columns", []):
        if isinstance(index, dict):
            name, values = index.get("name"), None
            if name is not None:
                numbers = range(index["start"], index["stop"], index["step"])
                values = pa.array(numbers[first_row : first_row + len(table)], pa.int64())
        elif index in table.column_names:
            name = names.get(index, index)
            values = table.column(index)
            table = table.drop_columns([index])
        else:
            continue
        if name is not None and not _LEVEL.fullmatch(str(name)) and str(name) not in table.column_names:
            first[str(name)] = values
    for place, (name, values) in enumerate(first.items()):
        table = table.add_column(place, name, values)
    metadata[b"pandas"] = json.dumps(_without_index(pandas, table.column_names)).encode()
    return table.replace_schema_metadata(metadata)


def is_numbered(schema: pa.Schema) -> bool:
    """Whether pandas kept aside an index that numbers the rows, and has a name."""
    pandas: dict[str, Any] = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    return any(
        isinstance(index, dict) and index.get("name") is not None for index in pandas.get("index_columns", [])
    )


def _without_index(pandas: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    columns = {}
    for column in pandas.get("columns", []):
        name = column.get("field_name") or column.get("name")
        if _LEVEL.fullmatch(str(name)):
            name = column.get("name")
        if name in names and name not in columns:
            columns[name] = {**column, "name": name, "field_name": name}
    return {**pandas, "index_columns": [], "column_indexes": [], "columns": list(columns.values())}


def _nullable(values: pa.ChunkedArray) -> Any:
    import pandas as pd

    dtype = pd.api.types.pandas_dtype(str(values.type).replace("int", "Int").replace("uI", "UI"))
    return values.to_pandas(types_mapper={values.type: dtype}.get).array
