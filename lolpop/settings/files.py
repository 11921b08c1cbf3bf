"""The source of settings files: YAML and TOML, each with its profiles."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from lolpop._names import did_you_mean, one_of
from lolpop.errors import Finding, Origin
from lolpop.settings.limits import LARGEST
from lolpop.settings.links import has_link
from lolpop.settings.nodes import Layer, Node
from lolpop.settings.protocol import Profile, Project, Reading
from lolpop.settings.toml import read_toml
from lolpop.settings.variables import Variable, read_dotenv
from lolpop.settings.yaml import read_yaml

__all__ = ["PROJECT_FILE", "SETTINGS_FILE", "FileReader", "SettingsFiles"]

SETTINGS_FILE = "lolpop.yaml"
PROJECT_FILE = "pyproject.toml"
INCLUDE = "include"
"""The root key of the files that a file includes."""

_YAML = (".yaml", ".yml")
_SUFFIXES = (*_YAML, ".toml")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SettingsFiles:
    """The source of settings files and of their profiles.

    Parameters
    ----------
    paths
        The files, weakest first; none for the ``pyproject.toml`` and ``lolpop.yaml`` of the current
        directory, which need not exist.
    """

    paths: tuple[Path, ...] = ()

    def read(self, project: Project) -> Reading:
        """Read each file, followed by its profiles."""
        reader = FileReader(project)
        if not self.paths:
            reader.report_misnamed()
        layers = tuple(reader.layers(self._named(project), required=bool(self.paths)))
        return Reading(layers, tuple(reader.findings), tuple(reader.included))

    def files(self, project: Project) -> list[Path]:
        """The files with those of all profiles; not all of them need to exist."""
        named = self._named(project)
        return [*named, *(profile for path in named for profile in _profiles(path).values())]

    def _named(self, project: Project) -> tuple[Path, ...]:
        return self.paths or tuple(project.cwd / name for name in (PROJECT_FILE, SETTINGS_FILE))


@dataclass
class FileReader:
    """Reads files of a project and collects what is wrong with them."""

    project: Project
    findings: list[Finding] = field(default_factory=list)
    included: list[Path] = field(default_factory=list)
    """The files that others include."""

    def layers(self, paths: Sequence[Path], *, required: bool) -> Iterator[Layer]:
        """The layer of each file, followed by those of its profiles, weakest first."""
        profiles = self.project.profiles
        existing: dict[str, Path] = {}
        for path in paths:
            beside = _profiles(path) if profiles else {}
            existing |= beside
            if required or path.exists():
                yield from self._file(path)
            for profile in profiles:
                if profile.name in beside:
                    yield from self._file(beside[profile.name])
        for profile in profiles:
            if profile.name not in existing:
                self._report_profile(profile, paths, existing)

    def _report_profile(self, profile: Profile, paths: Sequence[Path], existing: Mapping[str, Path]) -> None:
        names = ", ".join(self.project.name_of(path) for path in paths if path.suffix in _YAML)
        message = f"there is no profile {profile.name!r} for {names or 'a YAML file'}"
        profiles = f"Profiles: {', '.join(sorted(existing)) or 'none'}."
        near = did_you_mean(profile.name, existing)
        hint = f"{near} {profiles}" if near else profiles
        self.findings.append(Finding("", message, origin=profile.origin, hint=hint))

    def report_misnamed(self) -> None:
        """Report a ``lolpop.yml`` of the current directory, which lolpop does not read."""
        other = self.project.cwd / SETTINGS_FILE.replace(".yaml", ".yml")
        if other.exists() and not (self.project.cwd / SETTINGS_FILE).exists():
            self._report(other.name, "is not read automatically", f"Rename it to {SETTINGS_FILE}.")

    def _file(self, path: Path, within: tuple[Path, ...] = ()) -> Iterator[Layer]:
        """The layers of the files that a file includes, and its own, which is stronger."""
        name = self.project.name_of(path)
        if path.suffix not in _SUFFIXES:
            hint = f"Settings files end in {', '.join(_SUFFIXES)}."
            self._report(name, "is not a settings file", hint)
        elif (text := self._text(path)) is not None:
            root: Node | None
            if path.suffix in _YAML:
                root = self._checked(read_yaml(text, name))
            else:
                table = ("tool", "lolpop") if path.name == PROJECT_FILE else ()
                root = self._checked(read_toml(text, name, table))
            if root is not None:
                included, root = _without_include(root)
                for node in included:
                    yield from self._included(node, path, within)
                yield Layer(name, root)

    def _included(self, node: Node, path: Path, within: tuple[Path, ...]) -> Iterator[Layer]:
        if not isinstance(node.value, str) or not node.value:
            message = "should be the path of a settings file, or a list of such paths"
            self.findings.append(Finding(INCLUDE, message, origin=node.origin))
            return
        file = Path(os.path.normpath(path.parent / Path(node.value).expanduser()))
        chain = (*within, path)
        if file in chain:
            circle = " -> ".join(map(self.project.name_of, (*chain[chain.index(file) :], file)))
            message = f"the file includes itself: {circle}"
            self.findings.append(Finding(INCLUDE, message, origin=node.origin, hint="Remove one of them."))
        elif has_link(node):
            message = f"links are not resolved in the names of files (got {node.value!r})"
            hint = "Select files with profiles, or by their names in load(…) or --config."
            self.findings.append(Finding(INCLUDE, message, origin=node.origin, hint=hint))
        elif file.is_dir():
            message = f"{self.project.name_of(file)} is a folder, not a file"
            self.findings.append(
                Finding(INCLUDE, message, origin=node.origin, hint=_there(file / SETTINGS_FILE))
            )
        elif not file.is_file():
            message = f"there is no file {self.project.name_of(file)}"
            hint = f"Paths start from the folder of {path.name}. {_there(file)}"
            self.findings.append(Finding(INCLUDE, message, origin=node.origin, hint=hint))
        else:
            self.included.append(file)
            yield from self._file(file, chain)

    def dotenv(self, path: Path) -> list[Variable]:
        """The variables that a ``.env`` file sets; none if there is no such file."""
        # A folder named .env is a virtual environment.
        text = self._text(path) if path.is_file() else None
        return [] if text is None else self._checked(read_dotenv(text, self.project.name_of(path)))

    def _text(self, path: Path) -> str | None:
        """The text of a file; None, and a finding, if it cannot be read."""
        name = self.project.name_of(path)
        content = b""
        try:
            with path.open("rb") as file:
                content = file.read(LARGEST + 1)
            if len(content) > LARGEST:
                hint = "Keep data in separate files, and name these in the settings."
                self._report(name, f"is larger than {LARGEST:,} bytes", hint)
                return None
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
            self._report(
                name, f"cannot be read: {error.strerror}", "Check that the file exists and is readable."
            )
        return None

    def _report(self, name: str, message: str, hint: str) -> None:
        self.findings.append(Finding("", message, origin=Origin(name), hint=hint))

    def _checked(self, read: tuple[T, list[Finding]]) -> T:
        result, findings = read
        self.findings.extend(findings)
        return result


def _profiles(path: Path) -> dict[str, Path]:
    """The profiles of a YAML file by name: ``x.<name>.yaml`` beside ``x.yaml``, which need not exist."""
    if path.suffix not in _YAML:
        return {}
    beside = sorted(path.parent.glob(f"{glob.escape(path.stem)}.*{path.suffix}"))
    return {file.name[len(path.stem) + 1 : -len(path.suffix)]: file for file in beside}


def _without_include(root: Node) -> tuple[Sequence[Node], Node]:
    """The files that a file includes, weakest first, and what else is in it."""
    if not isinstance(root.value, Mapping) or INCLUDE not in root.value:
        return (), root
    included = root.value[INCLUDE]
    others = {key: child for key, child in root.value.items() if key != INCLUDE}
    return included.value if isinstance(included.value, tuple) else (included,), replace(root, value=others)


def _there(path: Path) -> str:
    """A hint about similar files in the folder of a missing one."""
    if not path.parent.is_dir():
        return f"Nor is there a folder {path.parent}."
    names = [file.name for file in path.parent.iterdir() if file.suffix in _SUFFIXES]
    return one_of(path.name, names, what="Settings files there")
