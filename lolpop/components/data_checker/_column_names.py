"""Checks of the names of columns."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from lolpop.components.data_checker._outcomes import outcome
from lolpop.data.frames import listed

if TYPE_CHECKING:
    from lolpop.checks import Check
    from lolpop.data.frames import Frame


# Names of unnamed columns in CSV files.
_NAMELESS = re.compile(r"|Unnamed: \d+")


def check_names(names: Sequence[str], dropped: Collection[str]) -> Check:
    """Whether all columns have names, except the ``dropped`` ones."""
    nameless = [name for name in names if _NAMELESS.fullmatch(name) and name not in dropped]
    if nameless:
        message = (
            f"unnamed columns: {listed(nameless)}. They may be an index that was written with the "
            "rows: leave them out, or list them in problem.drop"
        )
        return outcome("column_names", "warn", message, nameless)
    return outcome("column_names", "ok", "every column has a unique name")


def repeated_names(frame: Frame) -> Check | None:
    """An error if columns share a name: then nothing else can be checked."""
    names = [str(name) for name in getattr(frame, "columns", ())]
    if len(set(names)) == len(names):
        return None
    repeated = sorted({name for name in names if names.count(name) > 1})
    message = f"duplicate column names {listed(repeated)}: rename or drop all but one"
    return outcome("column_names", "error", message, repeated)
