"""The origin of the rows of a dataset: one source, or several tables by name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from lolpop.data.frames import count
from lolpop.data.sources import Data, Source
from lolpop.errors import DataError
from lolpop.settings.secrets import mask

if TYPE_CHECKING:
    from lolpop.components.data_connector import DataConnector

__all__ = ["Origin", "Table", "origin_of", "require_apart"]

Purpose: TypeAlias = Literal["train", "predict"]
"""The purpose of rows."""


@dataclass(frozen=True, slots=True)
class Table:
    """One of several sources, and the name of the dataset that it is tracked as."""

    source: Source
    dataset: str
    shared: bool
    """Whether training reads it too."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A source, its tables if there are several, and the name of its dataset."""

    source: Source
    tables: Mapping[str, Table]
    dataset: str

    def batched(self) -> str:
        """The table whose rows come in batches. Raises DataError unless exactly one is not shared."""
        own = [name for name, table in self.tables.items() if not table.shared]
        if len(own) != 1:
            raise DataError(
                f"{count(len(own), 'source')} of rows to predict differ from training, but "
                "data.batch_rows supports exactly one: its rows are read in batches."
            )
        return own[0]


def origin_of(source: Source | None, purpose: Purpose, data: Data, problem: str) -> Origin:
    """The origin of ``source``, or of the source that ``data`` names for ``purpose``, for the named problem.

    Raises DataError if there is none, or if it is not a source.
    """
    if purpose not in get_args(Purpose):
        raise DataError(f"Expected the purpose train or predict, not {purpose!r}.")
    if source is None:
        source = data.train if purpose == "train" else data.predict
    if isinstance(source, os.PathLike):
        source = os.fspath(source)
    if source is None and purpose == "predict":
        raise DataError("There is no source of rows to predict: set data.predict, or name a source.")
    try:
        sources = data.tables(source)
    except ValueError as error:
        raise DataError(f"The source {mask(source)!r} cannot be read: {error}.") from error
    read = sources or source
    assert read is not None  # noqa: S101  (data has either train or sources)
    tables = {}
    for name, location in (sources or {}).items():
        # A source that training shares is the same dataset in prediction.
        shared = purpose == "train" or location == (data.sources or {})[name]
        tables[name] = Table(location, f"{problem}_{name}" if shared else f"{problem}_predict_{name}", shared)
    return Origin(read, tables, f"{problem}_{purpose}")


def require_apart(data: Data, sources: Iterable[object], data_connector: DataConnector) -> None:
    """Raise DataError if an output of ``data`` would replace one of ``sources``, or a table of one."""
    tables = [
        table
        for source in sources
        for table in (source, *(source.values() if isinstance(source, Mapping) else ()))
        if isinstance(table, str | Mapping)
    ]
    for name in ("predictions", "explanations"):
        target = getattr(data, name)
        for source in tables:
            if target is not None and data_connector.is_same(source, target):
                raise DataError(
                    f"data.{name} would overwrite {mask(source)}, a source of the rows. Name another file."
                )
