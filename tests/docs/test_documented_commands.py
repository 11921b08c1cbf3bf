"""The commands that the documentation shows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lolpop.cli._late import LateCommand
from lolpop.cli.app import root_command

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("examples/*/README.md"))]
_CONSOLE = re.compile(r"^```(?:console|shell|bash)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def documented() -> Iterator[tuple[str, list[str]]]:
    """Each line of a page that calls lolpop, with its words."""
    for page in PAGES:
        for block in _CONSOLE.findall(page.read_text(encoding="utf-8")):
            for line in block.replace("\\\n", " ").splitlines():
                words = shlex.split(line.removeprefix("$ "), comments=True) if line.startswith("$ ") else []
                for command in _commands(words):
                    yield str(page.relative_to(ROOT)), command


def _commands(words: list[str]) -> Iterator[list[str]]:
    """The words after ``lolpop`` of each command of a line."""
    command: list[str] = []
    for word in [*words, "&&"]:
        if word in {"&&", "|", "||", ";", ">", "2>&1"} or word.startswith(">"):
            while command and "=" in command[0] and command[0].partition("=")[0].isupper():
                command.pop(0)
            if command[:1] == ["lolpop"]:
                yield command[1:]
            command = []
        else:
            command.append(word)


OF_EXTENSIONS = {"sample"}
"""Commands of the extension that is an example; a test of its own installs it."""

LINES = sorted(
    {(page, " ".join(words)) for page, words in documented() if words and words[0] not in OF_EXTENSIONS}
)


@pytest.mark.parametrize(("page", "line"), LINES)
def test_a_documented_command_exists_with_its_options(page: str, line: str) -> None:
    """Each documented command exists and has the options that are shown."""
    command: Any = root_command()
    words, context = shlex.split(line), command.context_class(command, info_name="lolpop")
    while hasattr(command, "get_command") and words and not words[0].startswith("-"):
        name = words.pop(0)
        below = command.get_command(context, name)
        assert below is not None, f"{page}: there is no command {name!r} in 'lolpop {line}'"
        below = below.load() if isinstance(below, LateCommand) else below
        command, context = below, command.context_class(below, info_name=name, parent=context)
    context.ignore_unknown_options = bool(command.context_settings.get("ignore_unknown_options"))
    command.make_parser(context).parse_args(words)


def test_the_lines_are_found() -> None:
    """The pages about commands have many examples, so that the other test checks some."""
    assert len(LINES) > 60
    assert ("docs/index.md", "models ls") in LINES
