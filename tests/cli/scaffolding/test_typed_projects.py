"""What type checkers see of a project that uses lolpop as an installed package."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lolpop.cli.scaffolding.project import project_values
from lolpop.cli.scaffolding.templates import render
from lolpop.cli.scaffolding.writing import write_files

PARTS = (
    ("component", "model_trainer", "own"),
    ("component", "geocoder", "offline", "--new-type"),
    ("pipeline", "report"),
    ("runner", "nightly"),
    ("container", "strict"),
    ("command", "publish"),
)

USES = """
from typing import assert_type

from churn.containers import ChurnContainer, ChurnTrainContainer
from lolpop import Problem
from lolpop.components.model_trainer import FittedModel, ModelTrainer


def use(container: ChurnContainer, model: FittedModel) -> None:
    assert_type(container.train, ChurnTrainContainer)
    assert_type(container.train.model_trainer(), ModelTrainer)
    with ChurnContainer.load(overrides={"seed": 3}) as loaded:
        assert_type(loaded, ChurnContainer)
    problem: Problem = container.problem()
    print(problem.target)
"""

MISUSES = """
from churn.containers import ChurnContainer


def misuse(container: ChurnContainer) -> None:
    container.train.model_trainr()
    container.train.model_trainer().fitt()
    container.clock()
"""


def checker(name):
    """The command that checks the types of the folders after it, with the packages of this environment."""
    program = shutil.which(name, path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip(f"{name} is not installed")
    words = {
        "mypy": [program, "--strict", "--python-executable", sys.executable],
        "pyright": [program, "--pythonpath", sys.executable],
    }

    def call(*folders):
        return subprocess.run([*words[name], *folders], capture_output=True, text=True, timeout=300)

    return call


@pytest.mark.parametrize("name", ["mypy", "pyright"])
def test_types_of_a_new_project_are_known(churn, lolpop, name):
    """A misspelt provider or method is the only error of types in a project that has every part."""
    check = checker(name)
    for words in PARTS:
        assert lolpop("new", *words).code == 0, words
    (churn / "src/churn/uses.py").write_text(USES)
    (churn / "src/churn/misuses.py").write_text(MISUSES)
    done = check("src") if name == "mypy" else check("src", "tests", "data")
    errors = re.findall(r"([^/\s]+\.py:\d+):.*? error: ", done.stdout)
    assert errors == ["misuses.py:6", "misuses.py:7", "misuses.py:8"], done.stdout + done.stderr


@pytest.mark.parametrize("task", ["regression", "forecasting"])
def test_the_other_templates_have_no_errors_of_types(folder, task):
    """Pyright, which knows the types of more libraries, finds no error in them."""
    check = checker("pyright")
    rendered = render("project", {**project_values("sales", "sales"), "task": task, "ci": "none"})
    write_files(rendered.files, folder, dry_run=False)
    done = check("src", "tests", "data")
    assert done.returncode == 0, done.stdout
