"""Reading one text as both kinds of frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl

from lolpop.components.data_connector.file import FileDataConnector
from lolpop.data import Data
from lolpop.data.frames import kind_of, wrap
from lolpop.data.reading import Reading, ReadingSchema
from lolpop.errors import DataError

KINDS = ("pandas", "polars")


def connector(
    folder: Path, kind: Any, *, batch_rows: int | None = None, **settings: Any
) -> FileDataConnector:
    return FileDataConnector(
        **settings, data=Data(train="-", frame=kind, batch_rows=batch_rows), folder=folder
    )


def reading(
    folder: Path, content: str | bytes, kind: str, schema: ReadingSchema | None = None, **settings: Any
) -> Reading[Any]:
    """What a file of ``content`` is read as."""
    (folder / "rows.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    source = settings.pop("source", "rows.csv")
    return connector(folder, kind, **settings).read_as(source, schema or ReadingSchema())


def columns(frame: Any) -> dict[str, tuple[str, list[Any]]]:
    """Each column of a frame: what it is to a model, and its values, the same for both kinds of frame."""
    return {
        name: (kind_of(wrap(frame).get_column(name)), _values(wrap(frame).get_column(name)))
        for name in wrap(frame).columns
    }


def both(folder: Path, content: str | bytes, schema: ReadingSchema | None = None, **settings: Any) -> Any:
    """Columns and notices of a file, or the error that it is, which have to be the same for both kinds."""
    results = []
    for kind in KINDS:
        try:
            result = reading(folder, content, kind, schema, **settings)
        except DataError as error:
            results.append(str(error))
        else:
            results.append((columns(result.rows), result.notices, result.columns))
    assert results[0] == results[1]
    return results[0]


def _values(series: Any) -> list[Any]:
    values = series.to_list()
    if isinstance(series.to_native(), pl.Series) and series.dtype.is_temporal():
        values = series.to_pandas().tolist()
    return [None if pd.isna(value) else _plain(value) for value in values]


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return (
        float(value)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
        else value
    )
