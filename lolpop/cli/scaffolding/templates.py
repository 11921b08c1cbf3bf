"""Templates, rendered by copier."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lolpop.cli._failures import UsageError
from lolpop.registry import missing_modules

__all__ = ["Rendered", "render"]

_TEMPLATES = Path(__file__).parents[2] / "templates"


@dataclass(frozen=True, slots=True)
class Rendered:
    """The files of a template, and the answers that they were made with."""

    files: Mapping[Path, bytes]
    """By path, relative to the folder that they belong into."""
    answers: Mapping[str, Any]


def render(template: str, values: Mapping[str, Any], *, ask: bool = False) -> Rendered:
    """The files of ``template``, made with ``values``.

    Questions that ``values`` do not answer are asked if ``ask`` is true and somebody is there to answer;
    otherwise their defaults count. Raises UsageError if copier is not installed.
    """
    if missing_modules(("copier",)):
        raise UsageError("templates need copier. Install it: pip install 'lolpop[new]'")
    import copier

    ask = ask and sys.stdin.isatty() and sys.stdout.isatty()
    with tempfile.TemporaryDirectory() as folder:
        worker = copier.run_copy(
            str(_TEMPLATES / template), folder, data=dict(values), defaults=not ask, quiet=True
        )
        made = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        files = {path.relative_to(folder): _tidied(path) for path in made}
    questions = worker.template.questions_data
    answers = {name: value for name, value in worker.answers.combined.items() if name in questions}
    return Rendered(files, answers)


def _tidied(path: Path) -> bytes:
    """The content of a file; Python without the empty lines that conditions of a template leave."""
    content = path.read_bytes()
    if path.suffix != ".py":
        return content
    return re.sub(rb"\n{4,}", b"\n\n\n", content).rstrip(b"\n") + b"\n"
