"""The protocol of sources of settings: anything that reads layers for a project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from lolpop.errors import Finding, Origin
from lolpop.settings.nodes import Layer

__all__ = ["Profile", "Project", "Reading", "SettingsSource"]


class Profile(NamedTuple):
    """The name of a profile, and the origin that selects it; None for code or a flag."""

    name: str
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class Project:
    """What sources know of the project before they read."""

    cwd: Path
    """The current directory."""
    folder: Path
    """The folder of the settings files, which relative paths start from."""
    profiles: tuple[Profile, ...] = ()
    """Weakest first."""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The variables of ``.env`` and of the environment, which is stronger; they may hold secrets."""

    def name_of(self, path: Path) -> str:
        """The name of a file in messages: its path from the current directory, if it is below that."""
        return path.relative_to(self.cwd).as_posix() if path.is_relative_to(self.cwd) else str(path)


@dataclass(frozen=True, slots=True)
class Reading:
    """The layers of a source, and findings about it."""

    layers: tuple[Layer, ...] = ()
    """Weakest first."""
    findings: tuple[Finding, ...] = ()
    files: tuple[Path, ...] = ()
    """Files that were read besides those that the source was constructed with."""


class SettingsSource(Protocol):
    """A source of settings: files, variables, a parameter store.

    ``lolpop.settings.overrides.Overrides`` is a source of values by dotted path, for sources of your own to
    build on.
    """

    def read(self, project: Project) -> Reading:
        """Read the source once. Expected errors are findings, so that a person sees all errors at once."""
        ...
