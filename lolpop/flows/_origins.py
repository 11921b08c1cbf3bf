"""Places in the files of flows."""

from __future__ import annotations

import os

from lolpop.errors import Origin


def origin_in(path: str, line: int | None, column: int | None = None) -> Origin:
    """A place in a file, which is named from the current folder if it is below that."""
    relative = os.path.relpath(path)
    return Origin(path if relative.startswith("..") else relative, line, column)
