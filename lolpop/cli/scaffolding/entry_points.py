"""Adding entry points to a pyproject.toml, whose other text stays as it is."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from lolpop.cli._failures import UsageError

__all__ = ["with_entry_point"]

_FILE = "pyproject.toml"
_GAP = re.compile(r"^(?:\s*$|\[)", re.MULTILINE)


def with_entry_point(folder: Path, group: str, name: str, value: str) -> str:
    """The text of the folder's pyproject.toml with one more entry point.

    Raises UsageError if the name is taken, or the file is written in a form that cannot be added to.
    """
    text = (folder / _FILE).read_text(encoding="utf-8")
    before = tomllib.loads(text)
    existing = before.get("project", {}).get("entry-points", {}).get(group, {})
    if name in existing:
        raise UsageError(f"{_FILE} registers {name!r} in {group} already, as {existing[name]}")
    key = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)
    line = f"{key} = {json.dumps(value)}\n"
    header = re.compile(
        rf'^\[\s*project\.entry-points\.(["\']){re.escape(group)}\1\s*\][^\n]*\n', re.MULTILINE
    )
    if text and not text.endswith("\n"):
        text += "\n"
    if (match := header.search(text)) is not None:
        # The table ends where an empty line, or another table, begins.
        end = next((gap.start() for gap in _GAP.finditer(text, match.end())), len(text))
        changed = f"{text[:end]}{line}{text[end:]}"
    else:
        changed = f'{text}\n[project.entry-points."{group}"]\n{line}'
    before.setdefault("project", {}).setdefault("entry-points", {}).setdefault(group, {})[name] = value
    try:
        fits = tomllib.loads(changed) == before
    except tomllib.TOMLDecodeError:
        fits = False
    if not fits:
        raise UsageError(f'add this to {_FILE} by hand: [project.entry-points."{group}"] {line.strip()}')
    return changed
