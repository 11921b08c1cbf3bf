"""Which edits make a cached run call a task again, that plans say so before, and that nothing is stale."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

APP = """
import os
from dataclasses import dataclass
from pathlib import Path

import narwhals
import pandas as pd

import helpers
from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow

SHIFT = lambda number: number + 1


def note(name):
    with Path("calls.txt").open("a") as file:
        file.write(name + " ")


class Scaler(Component):
    def __init__(self, factor: int = 2):
        self.factor = factor


class Cleaner(Component):
    def __init__(self, offset: int = 1, *, scaler: Scaler):
        self.offset, self.scaler = offset, scaler

    def clean(self, number):
        return number * self.scaler.factor + self.offset


class OtherCleaner(Cleaner):
    def clean(self, number):
        return super().clean(number) + 100


class Other(Component):
    def __init__(self, secret: str = ""):
        self.secret = secret


class Unrelated(Component):
    def __init__(self, level: int = 1):
        self.level = level


class Base(Pipeline):
    def _base(self, number):
        return number + 7


@dataclass
class Options:
    depth: int = 3


class Steps(Base):
    def __init__(self, *, cleaner: Cleaner, other: Other, unrelated: Unrelated, seed: int):
        self.cleaner, self.other, self.unrelated, self.seed = cleaner, other, unrelated, seed

    @task
    def helper(self, frame: pd.DataFrame) -> pd.DataFrame:
        note("helper")
        return frame + helpers.inner(1)

    @task
    def base(self, frame: pd.DataFrame) -> int:
        note("base")
        total = int(frame["x"].sum())
        return self._base(total)

    @task
    def shifted(self, number: int) -> int:
        # A comment.
        note("shifted")
        return SHIFT(number)

    @task
    def decorated(self, number: int) -> float:
        note("decorated")
        return helpers.wrapped(number)

    @task
    def optional(self, number: int) -> dict:
        note("optional")
        return {"depth": Options().depth, "number": number}

    @task
    def cleaned(self, number: int) -> list:
        note("cleaned")
        return [self.cleaner.clean(number)]

    @task
    def seeded(self, number: int) -> tuple:
        note("seeded")
        return number, self.seed

    @task
    def linked(self, number: int) -> str:
        note("linked")
        return str(number) + self.other.secret

    @task(reads=["table.txt"])
    def declared(self, number: int) -> int:
        note("declared")
        return number + len(Path("table.txt").read_text())

    @task
    def versioned(self, number: int) -> int:
        note("versioned")
        return number + len(narwhals.__name__)

    @task(effects=True)
    def write(self, number: int) -> int:
        note("write")
        Path("out.txt").write_text(str(number))
        return number


class App(Runner):
    def __init__(self, *, steps: Steps):
        self.steps = steps

    @workflow
    def run(self) -> str:
        steps, frame = self.steps, pd.read_csv("rows.csv")
        framed = [steps.helper(frame).to_dict("list"), steps.base(frame)]
        values = [
            step(5)
            for step in (steps.shifted, steps.decorated, steps.optional, steps.cleaned, steps.seeded,
                         steps.linked, steps.declared, steps.versioned, steps.write)
        ]
        return repr([framed, values])


class StepsContainer(PipelineContainer):
    scaler = providers.Component(Scaler, default=Scaler)
    cleaner = providers.Component(Cleaner, default=Cleaner)
    other = providers.Component(Other, default=Other)
    unrelated = providers.Component(Unrelated, default=Unrelated)
    pipeline = providers.Pipeline(Steps)


class AppContainer(RunnerContainer):
    steps = providers.nested(StepsContainer)
    runner = providers.Runner(App)
"""
FILES = {
    "app.py": APP,
    "helpers.py": """
import functools
from deep import CONSTANT, innermost


def inner(number):
    return innermost(number) + CONSTANT


def doubled(function):
    @functools.wraps(function)
    def wrapper(number):
        return function(number) * 2
    return wrapper


@doubled
def wrapped(number):
    return number / 4
""",
    "deep.py": "CONSTANT = 10\n\n\ndef innermost(number):\n    result = number + 1\n    return result\n",
    "rows.csv": "x,y\n1,2\n3,4\n",
    "table.txt": "1, 2, 3",
    "lolpop.yaml": "lolpop: {cache: true}\nsteps: {other: {secret: '${env:SECRET}'}}\n",
}

SCRIPT = """
import json, os, sys
from pathlib import Path
sys.path.insert(0, os.getcwd())
import app
from lolpop.containers import load
from lolpop.kernel.scopes import scope_of
from lolpop.running.caching import is_in_cache
from lolpop.running.planning import plan_calls

flags = sys.argv[1:]
Path("calls.txt").write_text("")
with load(app.AppContainer, flags=flags, recorded=True) as container:
    runs = container.store().runs()
    plan = {}
    if runs:
        container.runner()
        store, scope = container.store(), scope_of(container)
        planned = plan_calls(scope, store.tasks(runs[0].run_id), store.fingerprint_parts,
                             is_cached=lambda fingerprint: is_in_cache(scope, fingerprint), run=runs[0])
        plan = {call.path.partition(".")[2]: call.status for call in planned}
    cached = container.runner().run()
    called = Path("calls.txt").read_text().split()
    reused = sum(task.reused_from is not None for task in container.store().tasks(container.store().runs()[0].run_id))
with load(app.AppContainer, flags=[*flags, "lolpop.cache=false"]) as container:
    print(json.dumps([called, plan, cached, container.runner().run(), reused]))
"""

ALL = ["helper", "base", "shifted", "decorated", "optional", "cleaned", "seeded", "linked", "declared", "versioned"]  # fmt: skip

EDITS: dict[str, tuple[Any, set[str]]] = {
    "body of a helper": (("helpers.py", "innermost(number) + CONSTANT", "innermost(number) - CONSTANT"), {"helper"}),
    "body of a helper's helper in another module": (("deep.py", "number + 1", "number + 2"), {"helper"}),
    "a constant that it reads": (("deep.py", "CONSTANT = 10", "CONSTANT = 11"), {"helper"}),
    "a method of a base class": (("app.py", "number + 7", "number + 8"), {"base"}),
    "a lambda": (("app.py", "lambda number: number + 1", "lambda number: number + 2"), {"shifted"}),
    "a decorator": (("helpers.py", "function(number) * 2", "function(number) * 3"), {"decorated"}),
    "a dataclass default": (("app.py", "depth: int = 3", "depth: int = 4"), {"optional"}),
    "a setting of the component": ("steps.cleaner.offset=5", {"cleaned"}),
    "a setting of a component that is injected into it": ("steps.scaler.factor=5", {"cleaned"}),
    "another implementation": ("steps.cleaner=app:OtherCleaner", {"cleaned"}),
    "the seed": ("seed=5", {"seeded"}),
    "a file that is declared": (("table.txt", "3", "33"), {"declared"}),
    "a variable that a setting links to": ("SECRET", {"linked"}),
    "one byte of the input": (("rows.csv", "1,2", "1,3"), {"helper", "base"}),
    "row order of the input": (("rows.csv", "1,2\n3,4", "3,4\n1,2"), {"helper", "base"}),
    "a library's version": ("library", {"versioned"}),
    "a comment": (("app.py", "# A comment.", "# Another comment."), set()),
    "formatting": (("helpers.py", "return number / 4", "return (\n        number / 4\n    )"), set()),
    "a renamed local variable": (("deep.py", "result", "outcome"), set()),
    "a setting of an unrelated component": ("steps.unrelated.level=5", set()),
    "touching the files' dates": ("touch", set()),
}  # fmt: skip


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def perform(folder: Path, *flags: str, **environ: str) -> Any:
    variables = {**os.environ, "SECRET": "hunter2", "PYTHONDONTWRITEBYTECODE": "1", **environ}
    command = [sys.executable, "-c", SCRIPT, *flags]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def edit(folder: Path, names: list[str]) -> Any:
    """What a fresh process says of the project after some of the edits."""
    flags, environ = [], {}
    for name in names:
        change = EDITS[name][0]
        if name == "a library's version":
            (folder / "narwhals-0.1.dist-info").mkdir()  # what is first on the path is what is imported
        elif change == "SECRET":
            environ["SECRET"] = "swordfish"
        elif change == "touch":
            for file in folder.glob("*.*"):
                os.utime(file, (1, 1))
        elif isinstance(change, str):
            flags.append(change)
        else:
            file, old, new = change
            text = (folder / file).read_text()
            assert old in text, name
            (folder / file).write_text(text.replace(old, new))
    return perform(folder, *flags, **environ)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose first run has filled the cache."""
    folder = write(tmp_path_factory.mktemp("first"), FILES)
    called, _, cached, uncached, _ = perform(folder)
    assert called == [*ALL, "write"]
    assert cached == uncached
    return folder


def groups() -> list[list[str]]:
    """The edits in groups: no edit is in the same groups as another, and at most one of a group is on a task."""
    packed: list[tuple[set[str], list[str]]] = []
    for name, (_, tasks) in EDITS.items():
        for taken, names in packed:
            if tasks and not taken & tasks:
                taken |= tasks
                names.append(name)
                break
        else:
            if tasks:
                packed.append((set(tasks), [name]))
    return [names for _, names in packed] + [[name for name, (_, tasks) in EDITS.items() if not tasks]]


@pytest.mark.parametrize("names", groups(), ids=lambda names: "; ".join(names))
def test_an_edit_repeats_the_tasks_that_depend_on_it(first, tmp_path, names):
    """Each edit repeats its task and no other; plans say so; no result is stale."""
    folder = shutil.copytree(first, tmp_path / "project")
    expected = set().union(*(EDITS[name][1] for name in names))
    called, plan, cached, uncached, reused = edit(folder, names)
    assert cached == uncached
    assert set(called) == expected | {"write"}
    assert reused == len(ALL) - len(expected)
    assert {task for task, status in plan.items() if status == "runs"} <= set(called)
    assert not {task for task, status in plan.items() if status == "reused"} & set(called)
    waiting = {task for task, status in plan.items() if status == "unknown"}
    assert set(called) <= waiting | {task for task, status in plan.items() if status == "runs"}


def test_uncached_values_are_reported_once(first, tmp_path):
    """Values that no cache stores, damaged entries, and a read-only root are no failures."""
    folder = shutil.copytree(first, tmp_path / "project")
    text = FILES["app.py"].replace("return number, self.seed", "return number, lambda: 1")
    write(folder, {"app.py": text.replace("step(5)", "bool(step(5))")})
    for file in (folder / ".lolpop" / "cache" / "values").rglob("*"):
        if file.is_file():
            file.write_bytes(b"damage")
    called, *_ = perform(folder)
    assert set(called) == {*ALL, "write"}
    called, *_ = perform(folder, "steps.unrelated.level=2")
    assert set(called) == {"seeded", "write"}
    called, *_ = perform(folder, "cache_manager.root=table.txt")
    assert set(called) == {*ALL, "write"}


FORKS = """
import os, random, signal, sys, time
from pathlib import Path
sys.path.insert(0, os.getcwd())
import app
from lolpop.containers import load


def run(*flags):
    with load(app.AppContainer, flags=flags, recorded=True) as container:
        return container.runner().run()


def forked(work):
    child = os.fork()
    if child:
        return child
    try:
        work()
    finally:
        os._exit(0)


def write_result():
    result = run()
    Path(f"result-{os.getpid()}").write_text(result)


uncached = run("lolpop.cache=false")
Path("calls.txt").unlink()
if sys.argv[1] == "together":
    for child in [forked(write_result) for _ in range(8)]:
        os.waitpid(child, 0)
else:
    began = time.monotonic()
    run("cache_manager.root=elsewhere")
    lifetime = time.monotonic() - began
    for seed in range(int(sys.argv[2])):
        child = forked(run)
        time.sleep(random.Random(seed).uniform(0, lifetime))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    write_result()
results = {path.read_text() for path in Path().glob("result-*")}
assert results == {uncached}, (results, uncached)
"""


def fork(folder: Path, *words: str) -> None:
    """Let processes that share one cache work at once, or be killed one after the other."""
    variables = {**os.environ, "SECRET": "hunter2"}
    command = [sys.executable, "-c", FORKS, *words]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_cache_is_an_interceptor_too(first, tmp_path):
    """In the list of interceptors, once or several times, it works at its place."""
    folder = shutil.copytree(first, tmp_path / "project")
    caches = '[{"use": "cache", "on": "steps.s*"}, {"use": "cache", "on": "*.shifted"}]'
    called, *_ = perform(folder, "lolpop.cache=false", f"interceptors={caches}")
    assert set(called) == {*ALL, "write"} - {"shifted", "seeded"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks its processes")
def test_processes_with_one_cache_make_a_call_once(tmp_path):
    """Eight processes have right results, and wait for each other instead of repeating calls."""
    folder = write(tmp_path, FILES)
    fork(folder, "together")
    called = (folder / "calls.txt").read_text().split()
    assert len(list(folder.glob("result-*"))) == 8
    assert {task: called.count(task) for task in ALL} == dict.fromkeys(ALL, 1)
    assert called.count("write") == 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks its processes")
def test_a_process_that_is_killed_leaves_no_wrong_entry(tmp_path):
    """After a kill at any moment, the next run equals an uncached one."""
    fork(write(tmp_path, FILES), "killed", "5")
