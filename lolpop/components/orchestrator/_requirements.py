"""The versions of packages that are installed here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """An installed package in its version."""

    name: str
    """In lower case, with dashes."""
    requirement: str
    is_local: bool = False
    """Whether it is installed from a folder or a file, where nobody else can get it."""


def locked_packages(names: Sequence[str], *, project: str | None = None) -> Iterator[LockedPackage]:
    """The installed versions of packages, and of all that they need here.

    What ``project`` needs is among them, but not that one itself. Raises ValueError for a name that is not
    installed.
    """
    waiting, seen = list(names), set[str]()
    if project is not None:
        seen.add(_key(project))
        with suppress(PackageNotFoundError):  # it may be run from its folder
            waiting += _requirements(distribution(project))
    while waiting:
        name = waiting.pop()
        key = _key(name)
        if key in seen:
            continue
        seen.add(key)
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            if name in names:
                raise ValueError(f"packages: {name!r} is not installed here.") from None
            continue
        yield _locked(key, installed)
        waiting += _requirements(installed)


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _locked(key: str, installed: Distribution) -> LockedPackage:
    name = installed.metadata["Name"]
    origin = json.loads(installed.read_text("direct_url.json") or "{}")
    if "vcs_info" in origin:
        commit = origin["vcs_info"]["commit_id"]
        return LockedPackage(key, f"{name} @ {origin['vcs_info']['vcs']}+{origin['url']}@{commit}")
    is_local = str(origin.get("url", "")).startswith("file:")
    return LockedPackage(key, f"{name}=={installed.version}", is_local)


def _requirements(installed: Distribution) -> Iterator[str]:
    """What a package needs; extras too, as those of lolpop that are installed are in use."""
    for requirement in installed.requires or ():
        match = _NAME.match(requirement)
        if match is not None:
            marker = requirement.partition(";")[2]
            if "extra" not in marker or installed.metadata["Name"] == "lolpop":
                yield match[0]
