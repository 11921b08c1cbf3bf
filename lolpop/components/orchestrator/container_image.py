"""Flows as container images."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from lolpop.components.orchestrator import Orchestrator, Project
from lolpop.components.orchestrator._commands import text_block
from lolpop.graphs import FlowGraph

__all__ = ["ContainerImageOrchestrator"]

_IGNORED = (".git", ".venv", "venv", ".lolpop", "__pycache__", "*.pyc", ".env", "out")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class ContainerImageOrchestrator(Orchestrator):
    """Writes what makes the project's folder a build context: a Dockerfile and locked requirements.

    The image runs the flow unless it is told something else: every command of lolpop can follow
    ``docker run IMAGE``. Build it into the project's folder.

    Parameters
    ----------
    base_image : str
        The image that it is built on, with Python in it.
    packages : sequence of str
        Installed packages that are locked besides lolpop, such as those that your own code imports.
    """

    def __init__(self, base_image: str = "python:3.11-slim", packages: Sequence[str] = ()) -> None:
        self._base_image = base_image
        self._packages = packages

    def build(self, graph: FlowGraph, project: Project) -> Mapping[str, str]:
        """A Dockerfile, requirements and an ignore file."""
        del graph  # the image reads the flow itself
        command = ["flow", "run", project.runner, project.flow, *project.options]
        dockerfile = [
            "# docker build -t lolpop-project . && docker run -v lolpop-store:/app/.lolpop lolpop-project",
            f"FROM {self._base_image}",
            "WORKDIR /app",
            "COPY requirements.lock .",
            "RUN python -m pip install --no-cache-dir -r requirements.lock",
            "COPY . .",
            'ENTRYPOINT ["python", "-m", "lolpop"]',
            f"CMD {json.dumps(command)}",
        ]
        requirements = [
            "# The packages that the project runs with, in the versions that are installed here.",
            *sorted(_locked(["lolpop", *self._packages]), key=str.lower),
        ]
        ignored = [
            "# The store, the environment, secrets and results stay outside the image.",
            *_IGNORED,
        ]
        return {
            "Dockerfile": text_block(dockerfile),
            "requirements.lock": text_block(requirements),
            ".dockerignore": text_block(ignored),
        }


def _locked(names: Sequence[str]) -> Iterator[str]:
    """The installed versions of packages, and of all that they need here."""
    waiting, seen = list(names), set[str]()
    while waiting:
        name = waiting.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in seen:
            continue
        seen.add(key)
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            if name in names:
                raise ValueError(f"packages: {name!r} is not installed here.") from None
            continue
        yield f"{installed.metadata['Name']}=={installed.version}"
        waiting += _requirements(installed)


def _requirements(installed: Distribution) -> Iterator[str]:
    """What a package needs; extras too, as those of lolpop that are installed are in use."""
    for requirement in installed.requires or ():
        match = _NAME.match(requirement)
        if match is not None:
            marker = requirement.partition(";")[2]
            if "extra" not in marker or installed.metadata["Name"] == "lolpop":
                yield match[0]
