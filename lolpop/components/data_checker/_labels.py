"""The classes of rows: how many rows each has, and rows that contradict each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lolpop.components.data_checker._repeats import that_may_repeat
from lolpop.data.frames import counted

if TYPE_CHECKING:
    import narwhals as nw


def class_sizes(target: nw.Series[Any]) -> Mapping[Any, int]:
    """The number of rows of each class, rarest first."""
    values = counted(target)
    pairs = zip(values.get_column("value").to_list(), values.get_column("count").to_list(), strict=True)
    return {value: int(count) for value, count in sorted(pairs, key=lambda pair: pair[1])}


def conflicting_rows(features: Sequence[nw.Series[Any]], target: nw.Series[Any]) -> int:
    """The number of rows whose ``features`` equal those of a row with another ``target``."""
    import narwhals as nw

    at = that_may_repeat(features)
    if not len(at):
        return 0
    # Columns get names of their own, for a feature may be called as the counts are.
    named = [series[at].alias(f"feature_{number}") for number, series in enumerate(features)]
    rows = named[0].to_frame().with_columns(*named[1:], target[at].alias("target"))
    keys = [series.name for series in named]
    groups = rows.group_by(keys).agg(nw.col("target").n_unique().alias("labels"), nw.len().alias("rows"))
    return int(groups.filter(nw.col("labels") > 1).get_column("rows").sum())
