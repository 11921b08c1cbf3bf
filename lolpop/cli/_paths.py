"""Paths as people write them."""

from __future__ import annotations

from pathlib import Path


def shown_path(path: Path) -> str:
    """A path as a person at the current directory would write it."""
    path = path.absolute()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
