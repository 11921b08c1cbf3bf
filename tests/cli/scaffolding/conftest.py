import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("copier", reason="copier is not installed: pip install 'lolpop[new]'")


@pytest.fixture
def churn(folder, lolpop, monkeypatch):
    """A new project in the current directory."""
    assert lolpop("new", "project", "churn", "--yes").code == 0
    monkeypatch.chdir(folder / "churn")
    return folder / "churn"


@pytest.fixture
def make():
    """`make TARGET` in the current directory, with the environment of these tests instead of one of its own."""

    def call(*words):
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environ = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            ["make", *words, "VENV="], env=environ, capture_output=True, text=True, timeout=300
        )

    return call
