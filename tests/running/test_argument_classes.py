"""Objects as arguments: what a task calls of them is code that it depends on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

APP = """
import enum
import json
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import BaseModel

import shapes
from lolpop import Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.containers import load


class Unused:
    def size(self):
        return 99


class Steps(Pipeline):
    @task
    def of_one(self, shape: object) -> int:
        return shape.size()

    @task
    def of_many(self, boxes: dict[str, list[object]]) -> int:
        return sum(shape.size() for shapes in boxes.values() for shape in shapes)

    @task
    def of_none(self, number: int) -> int:
        return number


class App(Runner):
    def __init__(self, *, steps: Steps) -> None:
        self.steps = steps

    @workflow
    def run(self) -> list[int]:
        made = [shapes.Square(2), shapes.Model(side=3), shapes.Pair(1, 2), shapes.Kind.small]
        return [*map(self.steps.of_one, made), self.steps.of_many({"all": made}), self.steps.of_none(1)]


class StepsContainer(PipelineContainer):
    pipeline = providers.Pipeline(Steps)


class AppContainer(RunnerContainer):
    steps = providers.nested(StepsContainer)
    runner = providers.Runner(App)
"""
SHAPES = """
import enum
from dataclasses import dataclass
from typing import NamedTuple

from areas import area
from pydantic import BaseModel


class Sized:
    def size(self):
        return area(self.side) * 1


@dataclass
class Square(Sized):
    side: int


class Model(BaseModel):
    side: int

    def size(self):
        return self.side * 2


class Pair(NamedTuple):
    first: int
    second: int

    def size(self):
        return self.first + self.second


class Kind(enum.Enum):
    small = 1

    def size(self):
        return self.value * 5


class Other:
    def size(self):
        return 7
"""
FILES = {"app.py": APP, "shapes.py": SHAPES, "areas.py": "def area(side):\n    return side * side\n"}

SCRIPT = """
import json, os, sys
sys.path.insert(0, os.getcwd())
import app
with app.load(app.AppContainer, recorded=True, cache=True) as container:
    cached = container.runner().run()
    store = container.store()
    called = [task.reused_from is None for task in store.tasks(store.runs()[0].run_id)]
with app.load(app.AppContainer) as container:
    print(json.dumps([cached, container.runner().run(), called]))
"""

EDITS = {
    "a method of a base class of a dataclass": (
        "shapes.py",
        "area(self.side) * 1",
        "area(self.side) * 3",
        {0, 4},
    ),
    "a helper of that, in another module": ("areas.py", "side * side", "side + side + 1", {0, 4}),
    "a method of a pydantic model": ("shapes.py", "self.side * 2", "self.side * 4", {1, 4}),
    "a method of a named tuple": (
        "shapes.py",
        "self.first + self.second",
        "self.first - self.second",
        {2, 4},
    ),
    "a method of an enum": ("shapes.py", "self.value * 5", "self.value * 6", {3, 4}),
    "a class that is no argument's": ("shapes.py", "return 7", "return 8", set()),
}


def perform(folder: Path) -> tuple[list[int], list[int], list[bool]]:
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=folder, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return tuple(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(("file", "old", "new", "expected"), EDITS.values(), ids=EDITS)
def test_methods_of_arguments_count(tmp_path, file, old, new, expected):
    """An edit of a method that a task calls of its argument repeats that task only."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    assert perform(tmp_path)[2] == [True] * 6
    assert old in FILES[file]
    (tmp_path / file).write_text(FILES[file].replace(old, new))
    cached, uncached, called = perform(tmp_path)
    assert cached == uncached
    assert {place for place, was_called in enumerate(called) if was_called} == expected
