"""What code reaches through objects: registries, settings, attributes that stand in the place of methods."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

APP = """
import enum
import functools
from dataclasses import dataclass
from pathlib import Path

import helpers
import plugins
from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.containers import load


class Mode(enum.Enum):
    fast = "fast"
    def apply(self, number):
        return number + 1


@dataclass
class Options:
    depth: int = 3

    def total(self):
        return self.depth + 1


class Scaler(Component):
    def __init__(self, mode: Mode = Mode.fast):
        self.mode = mode

    def scale(self, number):
        return self.mode.apply(number)


class Label(Component):
    def __init__(self, text: str = "one"):
        self.text = text


class Base(Pipeline):
    def rounded(self, number):
        return number


class Steps(Base):
    def __init__(self, *, scaler: Scaler):
        self.scaler, self.options = scaler, Options()

    def _rounded(self, number, by):
        return number + by

    rounded = functools.partialmethod(_rounded, by=1)

    @task
    def hooked(self, number: int) -> list:
        return [hook(number) for hook in helpers.HOOKS]

    @task
    def registered(self, number: int) -> int:
        return helpers.REGISTRY.call("plugin", number)

    @task
    def default(self, number: int) -> int:
        return helpers.REGISTRY.call("none", number)

    @task
    def scaled(self, number: int) -> int:
        return self.scaler.scale(number)

    @task
    def optional(self, number: int) -> int:
        return self.options.total() + number

    @task
    def partial(self, number: int) -> int:
        return self.rounded(number)

    @task
    def bound(self, number: int) -> int:
        return helpers.BOUND(number)

    @task
    def decorated(self, number: int) -> int:
        return helpers.decorated(number)

    @task
    def mapped(self, number: int) -> float:
        return float(helpers.mapped(number))

    @task
    def item(self, number: int) -> int:
        return helpers.second([number, number + 1, number + 2])

    @task
    def validated(self, number: int) -> str:
        return helpers.validated(number)

    @task
    def matched(self, number: int) -> bool:
        return helpers.MATCH("aab") is not None

    @task
    def plain(self, number: int) -> int:
        return number


class Shadowed(Pipeline):
    def __init__(self, *, label: Label, other: Label, seed: int):
        self.score = helpers.score
        self.seed = seed + 40
        self.ordered = [label, other]
        self.named = {"first": label, "second": other}

    def score(self, number):
        return number

    @task
    def shadowed(self, number: int) -> int:
        return self.score(number)

    @task
    def seeded(self, number: int) -> int:
        return number + self.seed

    @task
    def ordered_by(self, number: int) -> list:
        return [label.text for label in self.ordered]

    @task
    def named_by(self, number: int) -> dict:
        return {name: label.text for name, label in self.named.items()}


class App(Runner):
    def __init__(self, *, steps: Steps, shadowed: Shadowed):
        self.steps, self.shadowed = steps, shadowed

    @workflow
    def run(self) -> dict:
        names = [
            "hooked", "registered", "default", "scaled", "optional", "partial", "bound", "decorated", "mapped", "item",
            "validated", "matched", "plain",
        ]
        results = {name: getattr(self.steps, name)(5) for name in names}
        names = ["shadowed", "seeded", "ordered_by", "named_by"]
        return {**results, **{name: getattr(self.shadowed, name)(5) for name in names}}


class StepsContainer(PipelineContainer):
    scaler = providers.Component(Scaler, default=Scaler)
    pipeline = providers.Pipeline(Steps)


class ShadowedContainer(PipelineContainer):
    label = providers.Component(Label, default=Label)
    other = providers.Component(Label, default=Label)
    pipeline = providers.Pipeline(Shadowed)


class AppContainer(RunnerContainer):
    steps = providers.nested(StepsContainer)
    shadowed = providers.nested(ShadowedContainer)
    runner = providers.Runner(App)
"""
FILES = {
    "app.py": APP,
    "helpers.py": """
import operator
import re

import numpy as np
from pydantic import validate_call

HOOKS = []


def fallback(number):
    return number + 70


class Registry:
    def __init__(self):
        self.functions = {}
        self.default = fallback

    def add(self, name, function):
        self.functions[name] = function

    def call(self, name, number):
        return self.functions.get(name, self.default)(number)


REGISTRY = Registry()


def hook(function):
    HOOKS.append(function)
    return function


@hook
def first(number):
    return number + 10


def score(number):
    return number + 20


class Template:
    def whole(self, number):
        return self.step(number)


class Special(Template):
    def step(self, number):
        return number + 50


BOUND = Special().whole


class Adder:
    def __init__(self, by):
        self.by = by

    def __call__(self, function):
        return lambda number: function(number) + self.by


@Adder(60)
def decorated(number):
    return number


def mapped(number, operation=np.negative):
    return operation(number)


def calling(function):
    return lambda value: function(value)


second = calling(operator.itemgetter(1))


MATCH = re.compile("a+b$").match


@validate_call
def validated(number: int):
    return type(number).__name__
""",
    "plugins.py": "import helpers\n\n\ndef added(number):\n    return number + 30\n\n\n"
    'helpers.REGISTRY.add("plugin", added)\n',
}
EDITS = {
    "hooked": ("helpers.py", "number + 10", "number + 11"),
    "shadowed": ("helpers.py", "number + 20", "number + 21"),
    "registered": ("plugins.py", "number + 30", "number + 31"),
    "default": ("helpers.py", "number + 70", "number + 71"),
    "scaled": ("app.py", "return number + 1\n", "return number + 2\n"),
    "optional": ("app.py", "self.depth + 1", "self.depth + 2"),
    "partial": ("app.py", "by=1", "by=2"),
    "bound": ("helpers.py", "number + 50", "number + 51"),
    "decorated": ("helpers.py", "Adder(60)", "Adder(61)"),
    "mapped": ("helpers.py", "np.negative", "np.square"),
    "item": ("helpers.py", "itemgetter(1)", "itemgetter(2)"),
    "validated": ("helpers.py", "number: int", "number: float"),
    "matched": ("helpers.py", "a+b$", "b+$"),
    "seeded": ("app.py", "seed + 40", "seed + 41"),
    "ordered_by": ("app.py", "[label, other]", "[other, label]"),
    "named_by": ("app.py", '"first": label, "second": other', '"first": other, "second": label'),
}
"""Of each task, an edit of something that it reaches."""

SCRIPT = """
import json, os, sys
sys.path.insert(0, os.getcwd())
import app
flags = ["shadowed.other.text=two"]
with app.load(app.AppContainer, flags=flags, recorded=True, cache=True) as container:
    cached = container.runner().run()
    store = container.store()
    tasks = store.tasks(store.runs()[0].run_id)
    called = [task.path.partition(".")[2] for task in tasks if task.reused_from is None]
with app.load(app.AppContainer, flags=flags) as container:
    print(json.dumps([called, cached, container.runner().run()]))
"""


def perform(folder: Path) -> Any:
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_what_is_reached_through_objects_counts(tmp_path):
    """Functions in registries, methods of settings and of attributes, and what stands in a method's place."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    assert set(perform(tmp_path)[0]) == {*EDITS, "plain"}
    assert perform(tmp_path)[0] == []
    for file, old, new in EDITS.values():
        text = (tmp_path / file).read_text()
        assert old in text
        (tmp_path / file).write_text(text.replace(old, new))
    called, cached, uncached = perform(tmp_path)
    assert cached == uncached
    assert set(EDITS) <= set(called)
