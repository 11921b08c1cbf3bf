"""Which edits of a project's code count for what a class reaches, and which do not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MAIN = '''
import json
import re
import textwrap
from dataclasses import dataclass, field
from functools import lru_cache, partial

import features
import numpy as np
from features import clean, Base
from deep import constants as c

LIMIT = 3
NAMES = {"a": 1, "b": [2, 3]}
PATTERN = re.compile("a+")
TABLE = np.arange(3)
SHORT = lambda text: text[:LIMIT]
LONG = lambda text: text[LIMIT:]
TWICE = partial(features.times, 2)


def logged(function):
    def wrapper(value):
        return function(value)
    return wrapper


@dataclass
class Options:
    size: int = 1
    names: list = field(default_factory=list)


class Unrelated:
    def method(self):
        return 1


class Transformer(Base):
    rate = 0.5

    def transform(self, text):
        """Clean a text."""
        total = 0
        for letter in text:
            total += len(letter)
        return clean(text), SHORT(text), LONG(text), TWICE(total), self.shout(text), Options(), NAMES, TABLE

    def shout(self, text):
        return [PATTERN.sub("b", word) for word in text.split()], decorated(text), cached(text), lazy(text)


@logged
def decorated(value):
    return value


@lru_cache
def cached(value):
    return c.FACTOR * value


def lazy(value):
    from deep.late import later
    return later(value)
'''
FILES = {
    "main.py": MAIN,
    "features.py": """
from helpers import strip


def clean(text, mode="plain"):
    # Leading blanks say nothing.
    return strip(text)


def times(number, value):
    return number * value


def unused(text):
    return text * 3


class Base:
    def prepare(self):
        return 1
""",
    "helpers.py": """
import json
BLANKS = " \\t"


def strip(text):
    return json.dumps(text.strip(BLANKS))
""",
    "deep/__init__.py": "",
    "deep/constants.py": "FACTOR = 2\nOTHER = 5\n",
    "deep/late.py": "def later(value):\n    return value + 1\n",
}

SCRIPT = """
import json, sys
sys.path.insert(0, {folder!r})
import main
from lolpop.running.fingerprints.code import code_of
code = code_of([main.Transformer])
print(json.dumps([{{name: part.digest for name, part in code.parts.items()}}, code.versions,
                  {{name: [part.place, part.caller] for name, part in code.parts.items()}}]))
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def code_parts(folder: Path) -> tuple[dict[str, str], dict[str, str], dict[str, list[str]]]:
    """The parts of the project's code in a fresh process: digests, versions of libraries, places."""
    command = [sys.executable, "-B", "-c", SCRIPT.format(folder=str(folder))]
    parts, versions, places = json.loads(
        subprocess.run(command, check=True, capture_output=True, text=True).stdout
    )
    return parts, versions, places


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return code_parts(write(tmp_path_factory.mktemp("project"), FILES))[0]


COUNTS = {
    "body of a helper": ("features.py", "return strip(text)", "return strip(text).lower()"),
    "body of a helper's helper in another module": ("helpers.py", "text.strip(BLANKS)", "text.rstrip(BLANKS)"),
    "a constant that a helper reads": ("helpers.py", '" \\t"', '" "'),
    "a constant of another module": ("deep/constants.py", "FACTOR = 2", "FACTOR = 3"),
    "a method of a base class": ("features.py", "return 1", "return 2"),
    "a lambda": ("main.py", "text[:LIMIT]", "text[:LIMIT + 1]"),
    "the other lambda": ("main.py", "text[LIMIT:]", "text[LIMIT + 1:]"),
    "what a lambda reads": ("main.py", "LIMIT = 3", "LIMIT = 4"),
    "an argument of a partial": ("main.py", "features.times, 2", "features.times, 3"),
    "the function of a partial": ("features.py", "number * value", "number + value"),
    "a decorator": ("main.py", "return function(value)", "return function(value + value)"),
    "a decorated function": ("main.py", "def decorated(value):\n    return value", "def decorated(value):\n    return -value"),
    "a cached function": ("main.py", "c.FACTOR * value", "c.FACTOR + value"),
    "a default of a dataclass": ("main.py", "size: int = 1", "size: int = 2"),
    "a field of a dataclass": ("main.py", "size: int = 1", "size: int = 1\n    depth: int = 1"),
    "a default factory": ("main.py", "default_factory=list", "default_factory=dict"),
    "an attribute of the class": ("main.py", "rate = 0.5", "rate = 0.6"),
    "a default of a parameter": ("features.py", 'mode="plain"', 'mode="fancy"'),
    "the name of a parameter": ("features.py", 'mode="plain"', 'kind="plain"'),
    "a value in a nested constant": ("main.py", "[2, 3]", "[2, 4]"),
    "a pattern": ("main.py", '"a+"', '"a*"'),
    "an array": ("main.py", "np.arange(3)", "np.arange(4)"),
    "a function that is imported late": ("deep/late.py", "value + 1", "value + 2"),
    "a true that was one": ("deep/constants.py", "FACTOR = 2", "FACTOR = 2.0"),
    "a keyword of a call": ("main.py", "clean(text)", 'clean(text, mode="bold")'),
    "another keyword of a call": ("features.py", "strip(text)", "strip(text=text)"),
    "two values that change places": ("main.py", "SHORT(text), LONG(text)", "LONG(text), SHORT(text)"),
}  # fmt: skip

DOES_NOT_COUNT = {
    "a comment": ("features.py", "# Leading blanks say nothing.", "# Blanks say nothing."),
    "a docstring": ("main.py", '"""Clean a text."""', '"""Clean a text, whatever it says."""'),
    "no docstring": ("main.py", '        """Clean a text."""\n', ""),
    "formatting": ("features.py", "return number * value", "return (\n        number\n        * value\n    )"),
    "a renamed local variable": ("main.py", "total", "length"),
    "a function that nothing calls": ("features.py", "text * 3", "text * 4"),
    "a constant that nothing reads": ("deep/constants.py", "OTHER = 5", "OTHER = 6"),
    "a class that nothing uses": ("main.py", "class Unrelated:\n    def method(self):\n        return 1", "class Unrelated:\n    def method(self):\n        return 2"),
    "a blank line": ("helpers.py", "BLANKS", "\nBLANKS"),
}  # fmt: skip


def edited(folder: Path, edit: tuple[str, str, str]) -> Path:
    file, old, new = edit
    assert old in FILES[file]
    return write(folder, FILES | {file: FILES[file].replace(old, new)})


@pytest.mark.parametrize("edit", COUNTS.values(), ids=COUNTS)
def test_an_edit_of_what_is_reached_counts(before, tmp_path, edit):
    """Every direct or indirect dependency of the class changes a part of its code."""
    assert code_parts(edited(tmp_path, edit))[0] != before


@pytest.mark.parametrize("edit", DOES_NOT_COUNT.values(), ids=DOES_NOT_COUNT)
def test_an_edit_that_changes_nothing_does_not_count(before, tmp_path, edit):
    """Comments, formatting, and unreached code change no part."""
    assert code_parts(edited(tmp_path, edit))[0] == before


def test_parts_say_where_they_stand_and_who_uses_them(tmp_path):
    """A part has its file and line, and its first user; libraries have versions."""
    _, versions, places = code_parts(write(tmp_path, FILES))
    assert places["helpers.strip"] == ["helpers.py:6", "features.clean"]
    assert places["features.clean"] == ["features.py:5", "main.Transformer.transform"]
    assert set(versions) == {"numpy"}


@pytest.mark.parametrize(
    "code",
    [
        "def call(name):\n    return importlib.import_module(name).run()",
        "def call(name):\n    return __import__(name).run()",
        "def call(name):\n    return eval(name)",
        "def call(name):\n    return getattr(plugin, name)()",
        "def call(name):\n    return globals()[name]()",
    ],
)
def test_code_that_runs_other_code_by_name_falls_back_to_modules(tmp_path, code):
    """Code that cannot be followed counts as a whole."""
    files = {
        "main.py": f"import importlib\nimport plugin\nfrom plugin import run\n{code}\n\n\nclass Transformer:\n    method = call\n",
        "plugin.py": "def run():\n    return 1\n",
    }
    before = code_parts(write(tmp_path / "before", files))[0]
    files["plugin.py"] = "def run():\n    return 2\n"
    assert code_parts(write(tmp_path / "after", files))[0] != before
