"""The build context of a container image, installed into a fresh environment as Docker would install it."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


class Image:
    """What the instructions of a Dockerfile make, with a virtual environment in place of the base image."""

    def __init__(self, context, folder):
        self.context, self.folder = context, folder
        self.work = folder / "app"
        self.entry, self.command = [], []
        subprocess.run([sys.executable, "-m", "venv", folder / "environment"], check=True)
        self.environ = {**os.environ, "PATH": f"{folder / 'environment' / 'bin'}:{os.environ['PATH']}"}
        for line in (context / "Dockerfile").read_text().splitlines():
            instruction, _, rest = line.partition(" ")
            if instruction not in ("#", "", "FROM"):
                getattr(self, instruction.lower())(rest)

    def workdir(self, rest):
        assert rest == "/app"
        self.work.mkdir()

    def copy(self, rest):
        *sources, target = rest.split()
        ignored = [
            line for line in (self.context / ".dockerignore").read_text().splitlines() if line[0] != "#"
        ]
        for source in sources:
            place = self.context / source
            if place.is_dir():
                ignore = shutil.ignore_patterns(*ignored)
                shutil.copytree(place, self.work / target, ignore=ignore, dirs_exist_ok=True)
            else:
                (self.work / target).mkdir(exist_ok=True)
                shutil.copy(place, self.work / target)

    def run(self, rest):
        subprocess.run(shlex.split(rest), cwd=self.work, env=self.environ, check=True, timeout=1500)

    def entrypoint(self, rest):
        self.entry = json.loads(rest)

    def cmd(self, rest):
        self.command = json.loads(rest)

    def start(self, *words):
        """What ``docker run IMAGE WORDS`` prints."""
        command = [*self.entry, *(words or self.command)]
        done = subprocess.run(
            command, cwd=self.work, env=self.environ, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def test_an_image_runs_the_flow(project, iris_project, lolpop_alone, tmp_path):
    """The context has requirements, settings, code, data and the entry point."""
    iris_project(project)
    (project / ".env").write_text("PASSWORD=secret")
    subprocess.run([lolpop_alone / "lolpop", "flow", "build", "container-image"], check=True)
    wheel = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", "wheels", REPOSITORY]
    subprocess.run([lolpop_alone / "python", *wheel], check=True)
    (tmp_path / "image").mkdir()
    image = Image(project, tmp_path / "image")
    assert not (image.work / ".env").exists()
    image.start()
    assert len((image.work / "predictions.csv").read_text().splitlines()) == 76
    runs = json.loads(image.start("runs", "ls", "--json"))
    assert {run["status"] for run in runs} == {"completed"}
    assert len({run["group"] for run in runs}) == 1
