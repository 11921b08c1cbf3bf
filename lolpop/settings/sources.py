"""Where settings come from: files, profiles, variables, overrides and flags, weakest first."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lolpop.errors import Origin, SettingsError
from lolpop.settings.files import PROJECT_FILE, SETTINGS_FILE, Files, Profile
from lolpop.settings.nodes import Layer
from lolpop.settings.overrides import flag_layer, override_layer
from lolpop.settings.variables import GROUP, PROFILE, Variable, environment, variable_layer

__all__ = ["Sources", "collect"]

VARIABLES_FILE = ".env"

_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Sources:
    """What every source of settings says, and what was read beside the settings."""

    layers: tuple[Layer, ...] = ()
    """Weakest first; only of sources that say something."""
    folder: Path = Path()
    """What relative paths in settings are relative to."""
    profile: str | None = None
    """The name of the profile; the names of several in their order, with commas between them."""
    group: str | None = None
    """What joins the runs of several processes."""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Of the environment and, weaker, of ``.env``: what ``${env:NAME}`` reads."""


def collect(
    files: Sequence[str | os.PathLike[str]] = (),
    *,
    profile: str | Sequence[str] | None = None,
    environ: Mapping[str, str] = _NONE,
    overrides: Mapping[str, Any] = _NONE,
    flags: Sequence[str] = (),
    cwd: Path,
) -> Sources:
    """Read every source.

    Parameters
    ----------
    files
        Settings files, weaker first, in place of the ``pyproject.toml`` and ``lolpop.yaml`` of ``cwd``.
    profile
        Reads ``x.<profile>.yaml`` over each ``x.yaml``; of several profiles, a later one is stronger. If
        it is None, the variable ``LOLPOP_PROFILE`` names it, or several with commas between them.
    environ
        The variables of the environment.
    overrides
        Values by dotted path.
    flags
        What followed each ``--set``: ``path=value``. The strongest of all.
    cwd
        What relative ``files`` are relative to.

    Raises
    ------
    SettingsError
        With everything that is wrong with any source.
    """
    reader = Files(Path(cwd).absolute())
    paths = [reader.cwd / file for file in files or (PROJECT_FILE, SETTINGS_FILE)]
    folder = paths[0].parent
    if not files:
        reader.misnamed()
    dotenv = reader.dotenv(folder / VARIABLES_FILE)
    given = environment(environ)
    variables = {variable.name: variable.value for variable in (*dotenv, *given)}
    chosen = _profiles(profile, (*given, *dotenv))
    layers = list(reader.layers(paths, chosen, required=bool(files)))
    findings = reader.findings
    for layer, problems in (
        variable_layer(reader.shown(folder / VARIABLES_FILE), dotenv),
        variable_layer("environment", given),
        override_layer(overrides),
        flag_layer(flags),
    ):
        layers.append(layer)
        findings.extend(problems)
    if findings:
        raise SettingsError(findings)
    return Sources(
        layers=tuple(layer for layer in layers if layer is not None),
        folder=folder,
        profile=",".join(profile.name for profile in chosen) or None,
        group=variables.get(GROUP) or None,
        variables=variables,
    )


def _profiles(asked: str | Sequence[str] | None, variables: Iterable[Variable]) -> list[Profile]:
    """The profiles that were asked for: by the caller, else by the first of ``variables`` to name one."""
    if asked:
        return _named(",".join([asked] if isinstance(asked, str) else asked), None)
    named = (variable for variable in variables if variable.name == PROFILE and variable.value)
    variable = next(named, None)
    return [] if variable is None else _named(variable.value, variable.origin)


def _named(names: str, origin: Origin | None) -> list[Profile]:
    stripped = (name.strip() for name in names.split(","))
    return [Profile(name, origin) for name in dict.fromkeys(stripped) if name]
