"""``lolpop migrate``: settings of the original lolpop, rewritten for this one."""

from __future__ import annotations

from dataclasses import asdict
from io import StringIO
from pathlib import Path
from typing import Any

from lolpop.cli._failures import UsageError
from lolpop.cli._output import print_error, print_json, say
from lolpop.cli.migration.former import FormerSettings
from lolpop.cli.migration.translation import Note, Translation, translate

__all__ = ["migrate"]


def migrate(file: Path, output: Path | None, *, as_json: bool) -> None:
    """Rewrite the settings in ``file``: to ``output``, which must not exist, or to standard output."""
    if output is not None and output.exists():
        raise UsageError(f"{output} exists, and is not overwritten. Name another file with -o.")
    translation = translate(FormerSettings.read(file))
    text = f"# Rewritten from {file.name} by lolpop migrate.\n{_yaml(translation.settings)}"
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
    if as_json:
        print_json(_document(translation))
        return
    if output is None:
        say(text.rstrip("\n"))
    _report(translation)
    if output is not None:
        say(f"{output} is written. Check it: lolpop verify -c {output}")


def _report(translation: Translation) -> None:
    for title, notes in (
        ("Not carried over", translation.left),
        ("No longer needed", translation.not_needed),
    ):
        if notes:
            print_error(f"{title}:")
            for note in notes:
                print_error(f"  {note.origin}  {note.path}: {note.reason}")


def _document(translation: Translation) -> dict[str, Any]:
    return {
        "settings": translation.settings,
        "left": [_plain(note) for note in translation.left],
        "not_needed": [_plain(note) for note in translation.not_needed],
    }


def _plain(note: Note) -> dict[str, Any]:
    return {"path": note.path, "origin": asdict(note.origin), "reason": note.reason}


def _yaml(settings: dict[str, Any]) -> str:
    from ruamel.yaml import YAML

    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None  # short mappings in one line
    yaml.sort_base_mapping_type_on_output = False
    yaml.width = 110
    stream = StringIO()
    yaml.dump(_short(settings), stream)
    return stream.getvalue()


def _short(settings: dict[str, Any]) -> dict[str, Any]:
    """``settings`` with ``{use: name}`` as ``name``."""
    shortened = {key: _short(value) if isinstance(value, dict) else value for key, value in settings.items()}
    return {
        key: value["use"] if isinstance(value, dict) and list(value) == ["use"] else value
        for key, value in shortened.items()
    }
