"""Writing rendered files, never over anything that exists."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lolpop.cli._failures import UsageError
from lolpop.cli._output import say
from lolpop.cli._paths import shown_path

__all__ = ["check_free", "write_files"]


def check_free(files: Mapping[Path, bytes], folder: Path) -> None:
    """Raise UsageError, naming them, if any of the files exists."""
    existing = [shown_path(folder / path) for path in files if (folder / path).exists()]
    if existing:
        raise UsageError(f"these files exist, and nothing was written: {', '.join(existing)}")
    for path in files:
        parent = next(parent for parent in (folder / path).parents if parent.exists())
        if not parent.is_dir():
            raise UsageError(f"{shown_path(parent)} is a file, where a folder is needed")


def write_files(files: Mapping[Path, bytes], folder: Path, *, dry_run: bool) -> None:
    """Write the files, or only say which they are. Raises UsageError if any of them exists."""
    check_free(files, folder)
    for path, content in files.items():
        say(f"{'would create' if dry_run else 'created'}  {shown_path(folder / path)}")
        if not dry_run:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            with (folder / path).open("xb") as file:
                file.write(content)
