"""The wiring of a container as a run records it: what was used, how it was set, and where."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lolpop.providers import Components
from lolpop.providers.slots import Slot

if TYPE_CHECKING:
    from lolpop.scopes import Scope

__all__ = ["snapshot"]

_REQUIRED_NAME = re.compile(r"[\w.-]+")


def snapshot(root: Scope, *, full: bool = True) -> dict[str, Any]:
    """Per path, the implementation and its settings; links stay unresolved, secrets are masked.

    ``full`` adds the profile, the host, the git commit and the versions of the libraries, which take some
    milliseconds to find out.
    """
    wiring: dict[str, Any] = {"components": dict(_components(root))}
    if full:
        wiring |= {
            "profile": root.configuration.profile,
            "host": _host(),
            "git_commit": _git_commit(root.configuration.folder or Path.cwd()),
            "versions": _versions(),
        }
    return wiring


def _components(root: Scope) -> Any:
    for scope in root.walk():
        for provider in scope.providers.values():
            if not isinstance(provider, Slot):
                continue
            if provider.overridden_by:
                yield provider.path, {"use": "overridden"}
                continue
            for slot in provider.elements if isinstance(provider, Components) else [provider]:
                settings = {name: setting.shown for name, setting in slot.plan.settings.items()}
                if slot.plan.implementation is None and "" in settings:
                    yield slot.path, {"value": settings[""]}
                elif slot.plan.implementation is not None:
                    yield slot.path, {"use": slot.plan.use, "settings": settings}


def _host() -> str:
    import platform

    return platform.node()


def _git_commit(folder: Path) -> str | None:
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607  (git is wherever the user has it)
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None


def _versions() -> dict[str, str]:
    """The versions of lolpop and of what it requires, as far as they are installed."""
    required = map(_REQUIRED_NAME.match, metadata.requires("lolpop") or [])
    wanted = {"lolpop", *(_canonical(found[0]) for found in required if found)}
    versions: dict[str, str] = {}
    for folder in map(Path, sys.path):
        # The name of the folder says it; reading the metadata of each takes fifty times as long.
        for found in folder.glob("*.dist-info"):
            name, _, version = found.stem.partition("-")
            if (canonical := _canonical(name)) in wanted:
                versions.setdefault(canonical, version)
    return dict(sorted(versions.items()))


def _canonical(name: str) -> str:
    # PEP 503. The library that knows it parses whole requirements, and takes longer to import than to run.
    return re.sub(r"[-_.]+", "-", name).lower()
