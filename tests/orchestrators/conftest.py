"""Environments of orchestrators, and what runs in them."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
# Where environments are made, by the folder in which pytest began: tests change theirs.
ENVIRONMENTS = Path(os.environ["TEST_ENVIRONMENTS"]).absolute() if "TEST_ENVIRONMENTS" in os.environ else None
REQUIREMENTS = {
    "airflow": ["apache-airflow>=3.3,<3.4", "lazy-loader>=0.4"],
    "prefect": ["prefect>=3.8,<3.9", "fastapi>=0.115,<0.150", "lazy-loader>=0.4"],
    "dagster": ["dagster>=1.13,<1.14", "lazy-loader>=0.4"],
    "metaflow": ["metaflow>=2.19,<2.20", "lazy-loader>=0.4", "pydantic>=2.14"],
    "lolpop": ["--editable", str(REPOSITORY)],
}
"""Each in an environment of its own: they agree neither with one another nor with what lolpop is tested with.

lazy-loader is what lolpop needs besides pydantic, where a flow is written by hand.
"""


@dataclass(frozen=True)
class Environment:
    """Where an orchestrator is installed, and where it keeps its own records."""

    place: str
    home: Path

    def run(self, *words, code=0, **environ):
        """Run a command that is installed there; return what it printed."""
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            timeout=900,
            env={**self.environ, **environ},
        )
        assert done.returncode == code, done.stdout[-8000:] + done.stderr[-8000:]
        return done.stdout

    def python(self, program):
        """Run a program by the interpreter there; return what it printed last, read as JSON."""
        return json.loads(self.run("python", "-c", program).splitlines()[-1])

    @property
    def environ(self):
        """Variables that let the orchestrator write below its home only, and call nobody."""
        return {
            **os.environ,
            "PATH": f"{self.place}:{os.environ['PATH']}",
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.home / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "PREFECT_HOME": str(self.home),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "300",
            "DO_NOT_TRACK": "1",
            "DAGSTER_HOME": str(self.home),
            "METAFLOW_USER": "miller",
            "METAFLOW_HOME": str(self.home),
        }


@pytest.fixture
def environment(tmp_path):
    """The environment of an orchestrator.

    ``TEST_AIRFLOW_BIN`` names the folder of its commands; ``TEST_ENVIRONMENTS`` a folder in which environments
    are made that are not there yet.
    """

    def find(orchestrator):
        variable = f"TEST_{orchestrator.upper()}_BIN"
        place = os.environ.get(variable) or str(Path(sys.executable).parent)
        if shutil.which(orchestrator, path=place) is None:
            if ENVIRONMENTS is None:
                pytest.skip(f"{orchestrator} is not installed: {variable} or TEST_ENVIRONMENTS says where")
            place = str(made(ENVIRONMENTS, orchestrator))
        home = tmp_path / "home"
        (home / "dags").mkdir(parents=True)
        return Environment(place, home)

    return find


@pytest.fixture
def lolpop_alone():
    """An environment with lolpop and what it requires, and nothing else."""
    if ENVIRONMENTS is None:
        pytest.skip("TEST_ENVIRONMENTS says where environments are made")
    return made(ENVIRONMENTS, "lolpop")


def made(folder, name):
    """The commands of an environment with an orchestrator, or with lolpop alone, which is made once."""
    environment = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        marker = environment / "installed.txt"
        requirements = "\n".join(REQUIREMENTS[name])
        if not marker.exists() or marker.read_text() != requirements:
            shutil.rmtree(environment, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", environment], check=True)
            pip = [environment / "bin" / "python", "-m", "pip", "install", "--quiet"]
            subprocess.run([*pip, *REQUIREMENTS[name]], check=True)
            marker.write_text(requirements)
    return environment / "bin"


@pytest.fixture
def lolpop():
    """The command line of lolpop, in a process of its own, as JSON where it prints that."""

    def call(*words):
        done = subprocess.run(
            [sys.executable, "-m", "lolpop", *map(str, words)], capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if re.match(r"[\[{]", done.stdout) else done.stdout

    return call


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty folder as the current one, without settings by variables."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith("LOLPOP_")]:
        monkeypatch.delenv(name)
    return folder
