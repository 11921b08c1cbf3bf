"""Examples as a newcomer meets them: a folder of files, and the command line."""

import json
import os
import runpy
import shutil
from pathlib import Path

import pytest

from lolpop.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def example(tmp_path, monkeypatch):
    """Copy an example's files into a folder of its own, go there, and make its data."""

    def example(name):
        folder = tmp_path / name
        made = shutil.ignore_patterns("data", "out", ".lolpop", "__pycache__")
        shutil.copytree(EXAMPLES / name, folder, ignore=made)
        monkeypatch.chdir(folder)
        for variable in [variable for variable in os.environ if variable.startswith("LOLPOP_")]:
            monkeypatch.delenv(variable)
        runpy.run_path("make_data.py", run_name="__main__")
        return folder

    return example


@pytest.fixture
def lolpop(monkeypatch, capsys):
    """Run ``lolpop run … --json`` with variables: the JSON it printed, and what it said to people."""

    def lolpop(*words, **environ):
        capsys.readouterr()
        with monkeypatch.context() as patch:
            for name, value in environ.items():
                patch.setenv(name, value)
            code = main(["run", *words, "--json"])
        printed = capsys.readouterr()
        assert code == 0, printed.err
        return json.loads(printed.out.splitlines()[-1]), printed.err

    return lolpop
