"""The versions of packages that are installed here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lolpop._distributions import canonical, field_of, origin_of, repository_of, version_of

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
        seen.add(canonical(project))
        waiting += _requirements(project)  # none if it is run from its folder
    while waiting:
        name = waiting.pop()
        key = canonical(name)
        if key in seen:
            continue
        seen.add(key)
        version = version_of(name)
        if version is not None:
            yield _locked(key, version)
            waiting += _requirements(name)
        elif name in names:
            raise ValueError(f"packages: {name!r} is not installed here.")


def _locked(key: str, version: str) -> LockedPackage:
    name = next(iter(field_of(key, "Name")), key)
    origin = origin_of(key) or {}
    if (repository := repository_of(origin)) is not None:
        return LockedPackage(key, f"{name} @ {repository}")
    is_local = str(origin.get("url", "")).startswith("file:")
    return LockedPackage(key, f"{name}=={version}", is_local)


def _requirements(name: str) -> Iterator[str]:
    """What a package needs; extras too, as those of lolpop that are installed are in use."""
    for requirement in field_of(name, "Requires-Dist"):
        match = _NAME.match(requirement)
        if match is not None:
            marker = requirement.partition(";")[2]
            if "extra" not in marker or canonical(name) == "lolpop":
                yield match[0]
