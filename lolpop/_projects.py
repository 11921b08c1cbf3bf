"""The project that one works in: what it declares, and what nobody has installed yet."""

from __future__ import annotations

from pathlib import Path


def installation_hint(group: str, name: str) -> str | None:
    """What to do about a name that the project of the current folder registers; None if it does not.

    For names that were looked up in vain: an entry point is there once its project is installed.
    """
    import tomllib

    folders = (Path.cwd(), *Path.cwd().parents)
    try:
        file = next(file for folder in folders if (file := folder / "pyproject.toml").is_file())
        names = tomllib.loads(file.read_text(encoding="utf-8"))["project"]["entry-points"][group]
    except (StopIteration, OSError, ValueError, KeyError, TypeError):
        return None  # what is wrong with the file is for others to say
    if name not in names:
        return None
    return "The pyproject.toml of this project registers it. Install the project: pip install -e ."
