"""Sources of a ``BaseSettings`` class of pydantic-settings, read by lolpop so that origins are known."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lolpop.errors import Finding, Origin, WiringError
from lolpop.settings.files import FileReader
from lolpop.settings.nodes import Layer, Node, SettingPath, mapping_of, node_of
from lolpop.settings.protocol import Project, Reading
from lolpop.settings.variables import Variable, environment

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from pydantic_settings import BaseSettings

__all__ = ["ClassVariables", "SettingsObject", "unread_findings"]


class ClassVariables:
    """The variables and ``.env`` files that a settings class names by its prefix, its aliases and its files.

    Parameters
    ----------
    settings
        The class.
    section
        The path of the section that it is.
    environ
        The variables of the environment.
    """

    def __init__(self, settings: Any, section: SettingPath, environ: Mapping[str, str]) -> None:
        self._settings, self._section, self._environ = settings, section, environ

    def read(self, project: Project) -> Reading:
        """One layer for each file and one for the environment, weakest first."""
        reader = FileReader(project)
        named = self._settings.model_config.get("env_file") or ()
        files = [named] if isinstance(named, str | os.PathLike) else list(named)
        layers = [
            self._layer(project.name_of(path), reader.dotenv(path))
            for path in (project.folder / Path(file).expanduser() for file in files)
        ]
        layers.append(self._layer(f"environment of {self._settings.__name__}", environment(self._environ)))
        return Reading(tuple(filter(None, layers)), tuple(reader.findings))

    def _layer(self, name: str, variables: Iterable[Variable]) -> Layer | None:
        nodes = list(self._nodes(variables))
        section = tuple(step.lower() for step in self._section)
        below = [((*section, *path), node) for path, node in nodes]
        return Layer(name, mapping_of(below, Origin(name)), case_insensitive=True) if below else None

    def _nodes(self, variables: Iterable[Variable]) -> Iterator[tuple[SettingPath, Node]]:
        config = self._settings.model_config
        delimiter = config.get("env_nested_delimiter") or ""
        fold = str if config.get("case_sensitive") else str.lower
        by_name = {fold(variable.name): variable for variable in variables}
        if config.get("env_ignore_empty"):
            by_name = {name: variable for name, variable in by_name.items() if variable.value}
        for field_name, field in self._settings.model_fields.items():
            for name in map(fold, self._names(field_name, field)):
                if (variable := by_name.get(name)) is not None:
                    yield (field_name.lower(),), _node(variable)
                for other, variable in by_name.items() if delimiter else ():
                    head = f"{name}{fold(delimiter)}"
                    if other.startswith(head) and len(other) > len(head):
                        below = other.removeprefix(head).lower().split(delimiter.lower())
                        yield (field_name.lower(), *below), _node(variable)

    def _names(self, name: str, field: FieldInfo) -> list[str]:
        """The variables that a field is read from, the strongest last."""
        alias = field.validation_alias
        choices = [alias] if isinstance(alias, str) else getattr(alias, "choices", None)
        if choices:
            return [choice for choice in reversed(choices) if isinstance(choice, str)]
        return [f"{self._settings.model_config.get('env_prefix', '')}{name}"]


class SettingsObject:
    """The values of a settings object: ``Container.load(settings=AppSettings())``.

    Parameters
    ----------
    settings
        The object.
    keys
        The root keys that the container has; other fields of the object are the application's own.
    """

    def __init__(self, settings: BaseSettings, keys: Sequence[str]) -> None:
        if isinstance(settings, type) or not hasattr(type(settings), "model_fields"):
            description = f"the class {settings.__name__}" if isinstance(settings, type) else repr(settings)
            raise WiringError(
                f"settings must be an object of a settings class of pydantic, but got {description}",
                "Write load(settings=AppSettings()); a mapping is given as overrides.",
            )
        self._settings, self._keys = settings, frozenset(keys)

    def read(self, project: Project) -> Reading:
        """One layer; the origin of each value names the class and the field."""
        del project
        name = type(self._settings).__name__
        fields = type(self._settings).model_fields
        nodes = [
            ((key,), node_of(_plain(getattr(self._settings, key)), Origin(f"{name}.{key}")))
            for key in fields
            if key in self._keys and not self._is_unset(key)
        ]
        return Reading((Layer(name, mapping_of(nodes, Origin(name))),) if nodes else ())

    def _is_unset(self, key: str) -> bool:
        return key not in self._settings.model_fields_set and getattr(self._settings, key) is None


def unread_findings(settings: Any, path: str) -> Iterator[Finding]:
    """Sources of a settings class that lolpop does not read."""
    from pydantic_settings import BaseSettings

    config, name = settings.model_config, settings.__name__
    unread = [key for key in ("secrets_dir", "yaml_file", "toml_file", "json_file") if config.get(key)]
    own = settings.settings_customise_sources.__func__
    default: Any = BaseSettings.settings_customise_sources
    if own is not default.__func__:
        unread.append("settings_customise_sources()")
    if unread:
        message = f"the {' and '.join(unread)} of {name} is not read, only its prefix, aliases and env_file"
        yield Finding(path, message, "warning", hint="Pass the values by Container.load(sources=[…]).")


def _node(variable: Variable) -> Node:
    return Node(variable.value, variable.origin, variable.origin, text=True)


def _plain(value: Any) -> Any:
    """A value with models as mappings; secrets stay objects of pydantic's secret types."""
    if hasattr(type(value), "model_fields"):
        return {key: _plain(getattr(value, key)) for key in type(value).model_fields}
    if isinstance(value, Mapping):
        return {key: _plain(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(child) for child in value]
    return value
