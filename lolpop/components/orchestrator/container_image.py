"""Flows as container images."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lolpop.components.orchestrator import Orchestrator, Project
from lolpop.components.orchestrator._commands import text_block
from lolpop.components.orchestrator._requirements import LockedPackage, locked_packages
from lolpop.graphs import FlowGraph

__all__ = ["ContainerImageOrchestrator"]

_IGNORED = (".git", ".venv", "venv", ".lolpop", "__pycache__", "*.pyc", ".env", "out")
_SYSTEM_PACKAGES = {"lightgbm": "libgomp1"}
"""What slim images lack of what packages need."""


class ContainerImageOrchestrator(Orchestrator):
    """Writes what makes the project's folder a build context: a Dockerfile and locked requirements.

    By default the image runs the flow; every command of lolpop can follow ``docker run IMAGE``. Build it into
    the project's folder. A project with a pyproject.toml is installed in the image, and what it requires is
    locked too.

    Parameters
    ----------
    base_image : str, optional
        The image that it is built on, with Python in it; by default the slim image of the Python that runs
        here.
    packages : sequence of str
        Installed packages that are locked besides lolpop, such as those that your own code imports.
    system_packages : sequence of str
        Packages of Debian that are installed in the image.
    """

    def __init__(
        self,
        base_image: str | None = None,
        packages: Sequence[str] = (),
        system_packages: Sequence[str] = (),
    ) -> None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        self._base_image = base_image or f"python:{version}-slim"
        self._packages = packages
        self._system_packages = system_packages

    def build(self, graph: FlowGraph, project: Project) -> Mapping[str, str]:
        """A Dockerfile, requirements and an ignore file."""
        del graph  # the image reads the flow itself
        own = _project_name(project.folder)
        packages = list(locked_packages(["lolpop", *self._packages], project=own))
        installed = own is not None
        return {
            "Dockerfile": text_block(list(self._dockerfile(project, packages, installed=installed))),
            "requirements.lock": text_block(list(_requirements(packages))),
            ".dockerignore": text_block(
                ["# The store, the environment, secrets and results stay outside the image.", *_IGNORED]
            ),
        }

    def _dockerfile(
        self, project: Project, packages: Sequence[LockedPackage], *, installed: bool
    ) -> Iterator[str]:
        yield "# docker build -t lolpop-project . && docker run -v lolpop-store:/app/.lolpop lolpop-project"
        yield f"FROM {self._base_image}"
        needed = [_SYSTEM_PACKAGES[package.name] for package in packages if package.name in _SYSTEM_PACKAGES]
        if system := " ".join(sorted({*needed, *self._system_packages})):
            install = f"apt-get install -y --no-install-recommends {system}"
            yield f"RUN apt-get update && {install} && rm -rf /var/lib/apt/lists/*"
        yield "WORKDIR /app"
        if any(package.is_local for package in packages):
            yield "COPY requirements.lock wheels/ ./wheels/"
            yield "RUN python -m pip install --no-cache-dir --find-links wheels -r wheels/requirements.lock"
        else:
            yield "COPY requirements.lock ."
            yield "RUN python -m pip install --no-cache-dir -r requirements.lock"
        yield "COPY . ."
        if installed:
            yield "RUN python -m pip install --no-cache-dir --no-deps ."
        yield 'ENTRYPOINT ["python", "-m", "lolpop"]'
        yield f"CMD {json.dumps(['flow', 'run', project.runner, project.flow, *project.options])}"


def _requirements(packages: Sequence[LockedPackage]) -> Iterator[str]:
    yield "# The packages that the project runs with, in the versions that are installed here."
    local = [package.name for package in packages if package.is_local]
    if local:
        yield f"# Installed from a folder here: {', '.join(local)}. Put wheels of such packages into wheels/:"
        yield "# python -m pip wheel --no-deps --wheel-dir wheels FOLDER"
    yield from sorted((package.requirement for package in packages), key=str.lower)


def _project_name(folder: Path) -> str | None:
    """The name of the package that the project is; None if it is none."""
    path = folder / "pyproject.toml"
    if not path.is_file():
        return None
    with path.open("rb") as file:
        name: str | None = tomllib.load(file).get("project", {}).get("name")
    return name
