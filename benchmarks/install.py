"""What the base install brings: how many packages, how many megabytes."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from benchmarks.budget import Budget


def budgets() -> Iterator[Budget]:
    names = _closure("lolpop") - {"lolpop"}
    size = sum(_size(metadata.distribution(name)) for name in names)
    yield Budget("packages of the base install", len(names), 50, "packages")
    yield Budget("size of the base install", size / 2**20, 560, "MB")


def _closure(name: str) -> set[str]:
    packages: set[str] = set()
    waiting = [name]
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in packages:
            continue
        packages.add(name)
        for text in metadata.requires(name) or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return packages


def _size(distribution: metadata.Distribution) -> int:
    paths = (Path(str(distribution.locate_file(file))) for file in distribution.files or [])
    # What is counted is what is installed: bytecode that was compiled since is left out.
    return sum(path.stat().st_size for path in paths if path.suffix != ".pyc" and path.is_file())
