"""Which edits make a resumed run call a workflow again, and that the plan says so before."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest

from lolpop.running.fingerprints.parts import Part, Parts, differences

APP = """
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from helpers import clean, logged, note
from lolpop import (
    Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
)
from lolpop.components.notifier import Notifier
from lolpop.resources import DatasetVersion, ModelVersion


def numbered(*values):
    return 1 + zlib.crc32(repr(values).encode()) % 10_000


class Settings(BaseModel):
    target: str = "y"
    output: str = "out.csv"


class Scaler(Component):
    def __init__(self, factor: int = 2):
        self.factor = factor

    def scale(self, value):
        return value * self.factor


class Cleaner(Component):
    def __init__(self, mode: str = "plain", *, scaler: Scaler):
        self.mode = mode
        self.scaler = scaler

    def clean(self, text):
        return self.scaler.scale(clean(text) + self.mode)


class UpperCleaner(Cleaner):
    def clean(self, text):
        return super().clean(text).upper()


class Fitter(Component):
    def __init__(self, rate: float = 0.5, password: str = "", *, seed: int):
        self._state = (rate, seed, password)

    def fit(self, number):
        return numbered(self._state, number)


@dataclass
class Options:
    depth: int = 3


class Prepare(Pipeline):
    def __init__(self, *, cleaner: Cleaner, notifiers: list[Notifier] = ()):
        self.cleaner = cleaner
        self.notifiers = notifiers

    @task
    def prepare(self, text):
        return self.cleaner.clean(text)


class Fit(Pipeline):
    limit = 10

    def __init__(self, share: float = 0.1, *, fitter: Fitter):
        self.share = share
        self.fitter = fitter

    @task
    def fit(self, number):
        return self._rounded(self.fitter.fit(number)) + Options().depth + self.limit

    def _rounded(self, value):
        return (lambda number: number + 1)(value)

    def unused(self):
        return 1


def sources(runner, **arguments):
    return {"words.txt": str(zlib.crc32(Path("words.txt").read_bytes()))}


class AppRunner(Runner):
    def __init__(self, fails: bool = False, *, settings: Settings, prepare: Prepare, fit: Fit, seed: int):
        self.fails = fails
        self.settings = settings
        self.prepare = prepare
        self.fit = fit
        self.seed = seed

    @workflow(reads=sources)
    def prepare_data(self):
        note("prepare_data")
        text = self.prepare.prepare(Path("words.txt").read_text())
        return DatasetVersion(name="words", number=numbered(text, self.settings.target))

    @workflow(reads=["table.txt"])
    def fit_model(self, dataset_version: DatasetVersion):
        note("fit_model")
        number = self.fit.fit(dataset_version.number) + len(Path("table.txt").read_text())
        return ModelVersion(name="words", number=number + self._bonus())

    @logged
    def _bonus(self):
        return 5

    @workflow
    def run(self):
        model_version = self.fit_model(self.prepare_data())
        if self.fails:
            raise RuntimeError(f"it fails, and {self.settings.output} is not written")
        return model_version.reference


class PrepareContainer(PipelineContainer):
    scaler = providers.Component(Scaler, default=Scaler)
    cleaner = providers.Component(Cleaner, default=Cleaner)
    pipeline = providers.Pipeline(Prepare)


class FitContainer(PipelineContainer):
    fitter = providers.Component(Fitter, default=Fitter)
    pipeline = providers.Pipeline(Fit)


class AppContainer(RunnerContainer):
    settings = providers.Settings(Settings, default={})
    notifiers = providers.Components(Notifier, default=["console"])
    prepare = providers.nested(PrepareContainer)
    fit = providers.nested(FitContainer)
    runner = providers.Runner(AppRunner)
"""
FILES = {
    "app.py": APP,
    "helpers.py": """
import functools
from deep import BLANKS, strip


def clean(text):
    # Blanks say nothing.
    stripped = strip(text)
    return stripped


def logged(function):
    @functools.wraps(function)
    def wrapper(self):
        return function(self) * 2
    return wrapper


def note(name):
    from pathlib import Path
    with Path("calls.txt").open("a") as file:
        file.write(name + " ")
""",
    "deep.py": 'BLANKS = " \\t"\n\n\ndef strip(text):\n    return text.strip(BLANKS)\n',
    "words.txt": " some words, \t\n and more ",
    "table.txt": "1, 2, 3",
    "lolpop.yaml": "fails: true\nfit: {fitter: {password: '${env:PASSWORD}'}}\n",
}

SCRIPT = """
import json, os, sys
from pathlib import Path
sys.path.insert(0, os.getcwd())
import app
from lolpop.containers import load
from lolpop.kernel.scopes import scope_of
from lolpop.running.open_runs import RunOptions, runs_of
from lolpop.running.planning import plan_calls
from lolpop.running.resuming import completed_by


def resumed(flags):
    Path("calls.txt").write_text("")
    with load(app.AppContainer, flags=[*flags, "fails=false"], recorded=True) as container:
        store = container.store()
        run = store.runs()[-1]
        tasks = store.tasks(run.run_id)
        planned = plan_calls(scope_of(container), tasks, store.fingerprint_parts)
        plan = {call.path: [call.status, *call.reasons] for call in planned}
        runs_of(scope_of(container)).options = RunOptions(recorded=True, resumes=completed_by(run, tasks, store.fingerprint_parts))
        result = container.runner().run()
        called = Path("calls.txt").read_text().split()
    with load(app.AppContainer, flags=[*flags, "fails=false"]) as container:
        return plan, called, result, container.runner().run()


if sys.argv[1:]:
    print(json.dumps([resumed(flags) for flags in json.loads(sys.argv[1])]))
else:
    with load(app.AppContainer, recorded=True) as container:
        try:
            container.runner().run()
        except RuntimeError:
            pass
"""


def write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)


def perform(folder: Path, *words: str, **environ: str) -> str:
    variables = {**os.environ, "PASSWORD": "hunter2", "PYTHONDONTWRITEBYTECODE": "1", **environ}
    command = [sys.executable, "-c", SCRIPT, *words]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def resume(folder: Path, *flags: str, **environ: str) -> Any:
    """The plan, the workflows that were called, what came of it, and what comes of it in a new run."""
    (resumed,) = json.loads(perform(folder, json.dumps([flags]), **environ))
    return resumed


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project, with the record of a run that failed after both of its workflows."""
    folder = tmp_path_factory.mktemp("failed")
    write(folder, FILES)
    perform(folder)
    return folder


BOTH, PREPARE, FIT, NONE = {"prepare_data", "fit_model"}, {"prepare_data"}, {"fit_model"}, set()

EDITS = {
    "body of a helper": ("helpers.py", "return stripped", "return stripped + '!'", BOTH),
    "body of a helper's helper": ("deep.py", "text.strip(BLANKS)", "text.rstrip(BLANKS)", BOTH),
    "a constant that it reads": ("deep.py", '" \\t"', '" s"', BOTH),
    "a method of a base class": ("app.py", "clean(text) + self.mode", "self.mode + clean(text)", BOTH),
    "the other workflow's code": ("app.py", "number + self._bonus()", "number - self._bonus()", FIT),
    "a private method": ("app.py", "return 5", "return 6", FIT),
    "a lambda": ("app.py", "number + 1)", "number + 2)", FIT),
    "a decorator": ("helpers.py", "function(self) * 2", "function(self) * 3", FIT),
    "a dataclass default": ("app.py", "depth: int = 3", "depth: int = 4", FIT),
    "a constant of the class": ("app.py", "limit = 10", "limit = 11", FIT),
    "a setting's default": ("app.py", "rate: float = 0.5", "rate: float = 0.6", FIT),
    "one byte of the input": ("words.txt", "some", "same", BOTH),
    "row order of the input": ("words.txt", "words, \t\n and more", "and more, \t\n words", BOTH),
    "a file that is declared": ("table.txt", "3", "33", FIT),
}  # fmt: skip

SETTINGS = {
    "a setting of the component": (["fit.fitter.rate=0.7"], FIT),
    "a setting that repeats the default": (["fit.fitter.rate=0.5"], NONE),
    "a setting of a component that is injected into it": (["prepare.scaler.factor=3"], BOTH),
    "a setting of an unrelated component": (["notifiers=[]"], NONE),
    "a setting that is not read": (["settings.output=other.csv"], NONE),
    "a field that is read": (["settings.target=z"], BOTH),
    "a setting of a pipeline that is not read": (["fit.share=0.2"], NONE),
    "another implementation": (["prepare.cleaner=app:UpperCleaner"], BOTH),
    "the seed": (["seed=5"], FIT),
}


def check(resumed: Any, expected: set[str]) -> dict[str, list[str]]:
    plan, called, result, anew = resumed
    assert result == anew, "a result of the earlier run is stale"
    assert set(called) == expected, plan
    workflows = {path: status[0] for path, status in plan.items() if "." not in path}
    assert {path for path, status in workflows.items() if status == "runs"} <= expected
    assert not expected & {path for path, status in workflows.items() if status == "reused"}
    return plan


@pytest.mark.parametrize(("file", "old", "new", "expected"), EDITS.values(), ids=EDITS)
def test_an_edit_repeats_the_workflows_that_depend_on_it(failed, tmp_path, file, old, new, expected):
    """Repeated calls give the result of an uncached run; independent ones are not called."""
    folder = copy(failed, tmp_path)
    assert old in FILES[file]
    write(folder, {file: FILES[file].replace(old, new)})
    check(resume(folder), expected)


def test_edits_that_change_nothing_repeat_nothing(failed, tmp_path):
    """Comments, formatting, names of local variables and uncalled methods do not count."""
    folder = copy(failed, tmp_path)
    for file, old, new in (
        ("helpers.py", "# Blanks say nothing.", "# Blanks say little."),
        ("helpers.py", "stripped", "short"),
        ("deep.py", "text.strip(BLANKS)", "text.strip(\n        BLANKS\n    )"),
        ("app.py", "def unused(self):\n        return 1", "def unused(self):\n        return 2"),
    ):
        text = (folder / file).read_text()
        assert old in text
        write(folder, {file: text.replace(old, new)})
    check(resume(folder), NONE)


def test_a_setting_repeats_the_workflows_that_read_it(failed, tmp_path):
    """Whether its value or only its source changed."""
    folder = copy(failed, tmp_path)
    flags = json.dumps([flags for flags, _ in SETTINGS.values()])
    for (case, (_, expected)), resumed in zip(
        SETTINGS.items(), json.loads(perform(folder, flags)), strict=True
    ):
        assert set(resumed[1]) == expected, case
        check(resumed, expected)


def test_a_date_is_no_content(failed, tmp_path):
    """Changing the dates of files repeats nothing."""
    folder = copy(failed, tmp_path)
    for file in folder.glob("*.*"):
        os.utime(file, (1, 1))
    check(resume(folder), NONE)


def test_a_variable_counts_and_is_not_stored(failed, tmp_path):
    """The value behind a link counts, and is not stored, not even as a plain digest."""
    folder = copy(failed, tmp_path)
    plan = check(resume(folder, PASSWORD="swordfish"), FIT)
    assert plan["fit_model"] == ["runs", "fit.fitter.password: content (lolpop.yaml:2:26)"]
    stored = b"".join(file.read_bytes() for file in (folder / ".lolpop").rglob("*") if file.is_file())
    assert b"swordfish" not in stored
    assert hashlib.sha256(b"hunter2").hexdigest().encode() not in stored


def test_a_library_of_another_version_counts():
    """The plan names both versions."""
    old, new = Parts([Part("library", "numpy", "1", "1")]), Parts([Part("library", "numpy", "2", "2")])
    assert differences(old, new) == ["numpy 1 → 2"]


def test_the_plan_names_what_differs(failed, tmp_path):
    """Code with file, line and caller; settings with values and place; files by content."""
    folder = copy(failed, tmp_path)
    write(folder, {"deep.py": FILES["deep.py"].replace("text.strip", "text.rstrip")})
    plan = resume(folder, "fit.fitter.rate=0.7", "prepare.scaler.factor=3")[0]
    assert plan["prepare_data"] == [
        "runs", "prepare.scaler.factor: 2 → 3 (--set prepare.scaler.factor)", "deep.py:4 deep.strip, called by helpers.clean"
    ]  # fmt: skip
    assert plan["fit_model"] == ["runs", "fit.fitter.rate: 0.5 → 0.7 (--set fit.fitter.rate)"]
    assert plan["prepare.prepare"][0] == "runs"


def test_what_waits_for_an_input_is_unknown(failed, tmp_path):
    """A call that depends on a repeated one is planned as unknown."""
    folder = copy(failed, tmp_path)
    write(folder, {"words.txt": "others"})
    plan = check(resume(folder), BOTH)
    versions = [zlib.crc32(text.encode()) for text in (FILES["words.txt"], "others")]
    assert plan["prepare_data"] == ["runs", f"words.txt: {versions[0]} → {versions[1]}"]
    assert plan["fit_model"] == ["unknown", "dataset_version waits for prepare_data"]
    assert plan["fit.fit"] == ["unknown", "as a part of fit_model"]


def copy(project: Path, to: Path) -> Path:
    return shutil.copytree(project, to / "project")
