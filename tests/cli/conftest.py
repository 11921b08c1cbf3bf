import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from lolpop.cli import main

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """The JSON that was printed last."""
        lines = self.out.splitlines()
        start = max(at for at, line in enumerate(lines) if line[:1] in "{[")
        return json.loads("\n".join(lines[start:]))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty current directory, whose modules are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in [name for name in os.environ if name.startswith("LOLPOP_")]:
        monkeypatch.delenv(name)
    modules = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - modules:
        file = getattr(sys.modules[name], "__file__", None)
        if file and Path(file).is_relative_to(tmp_path):
            del sys.modules[name]


@pytest.fixture
def project(folder):
    """A current directory with nothing but the greeter's app.py."""
    (folder / "app.py").write_text((HERE / "greeter.py").read_text())
    return folder


@pytest.fixture
def lolpop(capsys):
    """The command line, called in this process."""

    def call(*words):
        capsys.readouterr()
        code = main([str(word) for word in words])
        done = capsys.readouterr()
        return Done(code, done.out, done.err)

    return call


@pytest.fixture
def shell():
    """A command in a process of its own, from the current directory."""

    def call(command, **environ):
        done = subprocess.run(
            command.replace("lolpop", f"{sys.executable} -m lolpop", 1),
            shell=True,
            executable="/bin/bash",
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, **environ},
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return call
