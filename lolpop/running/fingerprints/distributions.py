"""The versions of installed distributions, by the modules that they bring."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from lolpop import _distributions

__all__ = ["distribution_of", "framework_digest", "version_of"]

_OTHERWISE_NAMED = {
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
    "dateutil": "python-dateutil",
    "PIL": "pillow",
}
"""Distributions of common modules, which need not be looked for."""


@cache
def distribution_of(module: str) -> tuple[str, str] | None:
    """Name and version of the distribution of a top-level module; None for Python's own."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top == "__main__":
        return None
    name = _OTHERWISE_NAMED.get(top, top)
    if (version := _distributions.version_of(name)) is not None:
        return name, version
    names = _by_module().get(top)  # this reads all that is installed, and takes a while
    if not names:
        return top, str(getattr(sys.modules.get(top), "__version__", "unknown"))
    name = min(names)
    return name, _distributions.version_of(name) or "unknown"


def version_of(name: str) -> str:
    """The version of a distribution, by its name or by a module of it; ``not installed`` if it is not."""
    if (version := _distributions.version_of(name)) is not None:
        return version
    distribution = distribution_of(name)
    return "not installed" if distribution is None else distribution[1]


@cache
def _by_module() -> dict[str, list[str]]:
    from importlib import metadata

    return {top: list(names) for top, names in metadata.packages_distributions().items()}


_WITHOUT_EFFECT = frozenset({"__pycache__", "cli", "templates"})
"""Folders of lolpop whose code no task or workflow calls."""


@cache
def framework_digest() -> str:
    """The version of lolpop, and a digest of its files for changes without a new version. The digest uses
    sizes and times, since reading all files takes longer than most tasks.
    """
    import lolpop

    folder = Path(lolpop.__file__).parent
    version = _distributions.version_of("lolpop") or "unknown"
    if folder.parent.name in {"site-packages", "dist-packages"}:
        return version
    files = sorted(_python_files(str(folder)))
    return f"{version}+{hashlib.sha256(repr(files).encode()).hexdigest()[:12]}"


def _python_files(folder: str) -> Iterator[tuple[str, int, int]]:
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    status = entry.stat()
                    yield entry.path, status.st_size, status.st_mtime_ns
                elif entry.name not in _WITHOUT_EFFECT and entry.is_dir():
                    waiting.append(entry.path)
