"""Where settings come from: files, profiles, variables, overrides and flags, weakest first."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from lolpop._names import did_you_mean, one_of
from lolpop.errors import Finding, Origin, SettingsError
from lolpop.settings.nodes import Layer, Node
from lolpop.settings.overrides import flag_layer, override_layer
from lolpop.settings.toml import read_toml
from lolpop.settings.variables import (
    GROUP,
    PROFILE,
    Variable,
    environment,
    read_dotenv,
    variable_layer,
)
from lolpop.settings.yaml import read_yaml

__all__ = ["Sources", "collect"]

SETTINGS_FILE = "lolpop.yaml"
PROJECT_FILE = "pyproject.toml"
VARIABLES_FILE = ".env"

_YAML = (".yaml", ".yml")
_SUFFIXES = (*_YAML, ".toml")
T = TypeVar("T")

_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Sources:
    """What every source of settings says, and what was read beside the settings."""

    layers: tuple[Layer, ...] = ()
    """Weakest first; only of sources that say something."""
    folder: Path = Path()
    """What relative paths in settings are relative to."""
    profile: str | None = None
    group: str | None = None
    """What joins the runs of several processes."""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Of the environment and, weaker, of ``.env``: what ``${env:NAME}`` reads."""


def collect(
    files: Sequence[str | os.PathLike[str]] = (),
    *,
    profile: str | None = None,
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
        Reads ``x.<profile>.yaml`` over each ``x.yaml``; if None, the variable ``LOLPOP_PROFILE`` names it.
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
    collector = _Collector(Path(cwd).absolute())
    return collector.collect([Path(file) for file in files], profile, environ, overrides, flags)


class _Profile(NamedTuple):
    name: str
    origin: Origin | None


@dataclass
class _Collector:
    """Reads sources and keeps what is wrong with them, so that all of it is told at once."""

    cwd: Path
    findings: list[Finding] = field(default_factory=list)

    def collect(
        self,
        files: Sequence[Path],
        profile: str | None,
        environ: Mapping[str, str],
        overrides: Mapping[str, Any],
        flags: Sequence[str],
    ) -> Sources:
        paths = [self.cwd / file for file in files or (PROJECT_FILE, SETTINGS_FILE)]
        folder = paths[0].parent
        dotenv = self._dotenv(folder / VARIABLES_FILE)
        given = environment(environ)
        variables = {variable.name: variable.value for variable in (*dotenv, *given)}
        chosen = _profile(profile, (*given, *dotenv))
        layers = [
            *self._files(paths, chosen, required=bool(files)),
            self._checked(variable_layer(self._shown(folder / VARIABLES_FILE), dotenv)),
            self._checked(variable_layer("environment", given)),
            self._checked(override_layer(overrides)),
            self._checked(flag_layer(flags)),
        ]
        if self.findings:
            raise SettingsError(self.findings)
        return Sources(
            layers=tuple(layer for layer in layers if layer is not None),
            folder=folder,
            profile=chosen.name if chosen else None,
            group=variables.get(GROUP) or None,
            variables=variables,
        )

    def _files(
        self, paths: Sequence[Path], profile: _Profile | None, *, required: bool
    ) -> Iterator[Layer | None]:
        profiles: dict[str, Path] = {}
        for path in paths:
            beside = _profiles(path) if profile else {}
            profiles |= beside
            if required or path.exists():
                yield self._file(path)
            if profile and profile.name in beside:
                yield self._file(beside[profile.name])
        if profile and profile.name not in profiles:
            names = ", ".join(self._shown(path) for path in paths if path.suffix in _YAML)
            message = f"there is no profile {profile.name!r} of {names or 'a YAML file'}"
            known = f"Profiles: {', '.join(sorted(profiles)) or 'none'}."
            near = did_you_mean(profile.name, profiles)
            hint = f"{near} {known}" if near else known
            self.findings.append(Finding("", message, origin=profile.origin, hint=hint))

    def _file(self, path: Path) -> Layer | None:
        name = self._shown(path)
        if path.suffix not in _SUFFIXES:
            hint = f"Settings files end in {', '.join(_SUFFIXES)}."
            self._report(name, "is not a settings file", hint)
            return None
        text = self._text(path)
        if text is None:
            return None
        if path.suffix in _YAML:
            root: Node | None = self._checked(read_yaml(text, name))
        elif path.name == PROJECT_FILE:
            root = self._checked(read_toml(text, name, ("tool", "lolpop")))
        else:
            root = self._checked(read_toml(text, name))
        return Layer(name, root) if root is not None else None

    def _dotenv(self, path: Path) -> list[Variable]:
        # A folder of this name is a virtual environment.
        text = self._text(path) if path.is_file() else None
        return [] if text is None else self._checked(read_dotenv(text, self._shown(path)))

    def _text(self, path: Path) -> str | None:
        """The text of a file; None, and a finding, if it cannot be read."""
        name = self._shown(path)
        content = b""
        try:
            content = path.read_bytes()
            return content.decode("utf-8-sig")
        except FileNotFoundError:
            self._report(name, "there is no such file", _there(path))
        except IsADirectoryError:
            self._report(name, "is a folder, not a file", _there(path / SETTINGS_FILE))
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            column = error.start - content.rfind(b"\n", 0, error.start)
            origin = Origin(name, line, column)
            self.findings.append(Finding("", "is not UTF-8", origin=origin, hint="Save it as UTF-8."))
        except OSError as error:
            self._report(name, f"cannot be read: {error.strerror}", "See that it is there to be read.")
        return None

    def _report(self, name: str, message: str, hint: str) -> None:
        self.findings.append(Finding("", message, origin=Origin(name), hint=hint))

    def _checked(self, read: tuple[T, list[Finding]]) -> T:
        result, findings = read
        self.findings.extend(findings)
        return result

    def _shown(self, path: Path) -> str:
        """What a person calls a file: its path from the current directory, where it is below that."""
        return path.relative_to(self.cwd).as_posix() if path.is_relative_to(self.cwd) else str(path)


def _profile(given: str | None, variables: Iterable[Variable]) -> _Profile | None:
    """The profile that was asked for: by the caller, else by the first of ``variables`` to name one."""
    asked = [_Profile(given, None)] if given else []
    asked += [_Profile(value, origin) for name, value, origin in variables if name == PROFILE and value]
    return asked[0] if asked else None


def _profiles(path: Path) -> dict[str, Path]:
    """The profiles of a YAML file by name: ``x.<name>.yaml`` beside ``x.yaml``, which need not exist."""
    if path.suffix not in _YAML:
        return {}
    beside = sorted(path.parent.glob(f"{glob.escape(path.stem)}.*{path.suffix}"))
    return {file.name[len(path.stem) + 1 : -len(path.suffix)]: file for file in beside}


def _there(path: Path) -> str:
    """What there is in place of a file."""
    if not path.parent.is_dir():
        return f"Nor is there a folder {path.parent}."
    names = [file.name for file in path.parent.iterdir() if file.suffix in _SUFFIXES]
    return one_of(path.name, names, what="Settings files there")
