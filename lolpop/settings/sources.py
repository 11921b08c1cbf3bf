"""All sources of settings, weakest first: files, sources of extensions, variables, overrides and flags."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lolpop import registry
from lolpop.errors import Finding, LolpopError, Origin, SettingsError
from lolpop.settings.files import FileReader, SettingsFiles
from lolpop.settings.flags import Flags
from lolpop.settings.nodes import Layer
from lolpop.settings.overrides import Overrides
from lolpop.settings.protocol import Profile, Project, Reading, SettingsSource
from lolpop.settings.variables import GROUP, PROFILE, Variable, Variables, environment

__all__ = ["Sources", "collect"]

VARIABLES_FILE = ".env"

_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Sources:
    """The layers of every source of settings, and what else was read."""

    layers: tuple[Layer, ...] = ()
    """Weakest first; sources without settings have no layer."""
    folder: Path = Path()
    """The folder that relative paths in settings start from."""
    profile: str | None = None
    """The name of the profile; the names of several in their order, with commas between them."""
    group: str | None = None
    """The group that joins runs of several processes."""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The variables that ``${env:NAME}`` reads: those of the environment and, weaker, of ``.env``."""
    files: tuple[Path, ...] = ()
    """The files that settings and variables were read from, those of profiles included."""
    weak: int = 0
    """How many of the layers are weaker than variables."""
    environ: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """The variables of the environment."""
    project: Project | None = field(default=None, repr=False, compare=False)
    """The project, for sources that are read later because they depend on the container."""


def collect(
    files: Sequence[str | os.PathLike[str]] = (),
    *,
    profile: str | Sequence[str] | None = None,
    sources: Sequence[SettingsSource] = (),
    environ: Mapping[str, str] = _NONE,
    overrides: Mapping[str, Any] = _NONE,
    flags: Sequence[str] = (),
    cwd: Path,
) -> Sources:
    """Read every source. Raises SettingsError with all findings of all sources.

    Parameters
    ----------
    files, cwd
        Settings files, weaker first, in place of the ``pyproject.toml`` and ``lolpop.yaml`` of ``cwd``,
        where relative paths start.
    profile
        Reads ``x.<profile>.yaml`` over each ``x.yaml``; of several profiles, a later one is stronger. If
        it is None, the variable ``LOLPOP_PROFILE`` names it, or several with commas between them.
    sources
        Sources of the application, such as a parameter store: stronger than files, weaker than variables.
    environ, overrides, flags
        The variables of the environment; values by dotted path; and the arguments of each ``--set``,
        ``path=value``, which are the strongest of all.
    """
    cwd = Path(cwd).absolute()
    paths = tuple(cwd / file for file in files)
    folder = paths[0].parent if paths else cwd
    reader = FileReader(Project(cwd, folder))
    dotenv, process = reader.dotenv(folder / VARIABLES_FILE), environment(environ)
    variables = {variable.name: variable.value for variable in (*dotenv, *process)}
    project = Project(cwd, folder, _profiles(profile, (*process, *dotenv)), variables)
    extensions, findings = _registered()
    findings.extend(reader.findings)
    settings_files = SettingsFiles(paths)
    of_variables = (
        Variables(project.name_of(folder / VARIABLES_FILE), tuple(dotenv)),
        Variables("environment", tuple(process)),
    )
    weaker = _readings((settings_files, *extensions, *sources), project)
    stronger = _readings((*of_variables, Overrides(overrides), Flags(tuple(flags))), project)
    readings = (*weaker, *stronger)
    findings.extend(finding for reading in readings for finding in reading.findings)
    if findings:
        raise SettingsError(findings)
    included = [file for reading in readings for file in reading.files]
    read_files = (*settings_files.files(project), *included, folder / VARIABLES_FILE)
    return Sources(
        layers=tuple(layer for reading in readings for layer in reading.layers),
        weak=sum(len(reading.layers) for reading in weaker),
        project=project,
        environ=environ,
        folder=folder,
        profile=",".join(profile.name for profile in project.profiles) or None,
        group=variables.get(GROUP) or None,
        variables=variables,
        files=tuple(file for file in read_files if file.is_file()),
    )


def _readings(sources: Iterable[SettingsSource], project: Project) -> list[Reading]:
    return [source.read(project) for source in sources]


def _registered() -> tuple[list[SettingsSource], list[Finding]]:
    """The sources of installed extensions, in the order of their names, and those that cannot be made."""
    sources: list[SettingsSource] = []
    findings = []
    for name, path in sorted(registry.registered(registry.SETTINGS_SOURCES).items()):
        try:
            sources.append(registry.import_object(path)())
        except LolpopError as error:
            findings.append(Finding("", f"the settings source {name!r} of an extension: {error}"))
    return sources, findings


def _profiles(profile: str | Sequence[str] | None, variables: Iterable[Variable]) -> tuple[Profile, ...]:
    """The profiles that the caller names, else those of the first variable that names any."""
    if profile:
        return _split(",".join([profile] if isinstance(profile, str) else profile), None)
    chosen = next((variable for variable in variables if variable.name == PROFILE and variable.value), None)
    return () if chosen is None else _split(chosen.value, chosen.origin)


def _split(names: str, origin: Origin | None) -> tuple[Profile, ...]:
    stripped = (name.strip() for name in names.split(","))
    return tuple(Profile(name, origin) for name in dict.fromkeys(stripped) if name)
