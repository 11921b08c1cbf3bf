"""A JSON Schema of the settings of a container, so that editors complete and check its YAML."""

from __future__ import annotations

from collections import abc
from typing import TYPE_CHECKING, Any

from lolpop import registry
from lolpop.errors import WiringError
from lolpop.kernel.framework import FRAMEWORK_PARAMETER
from lolpop.kernel.providers.cells import cell_of
from lolpop.kernel.providers.nesting import Nested
from lolpop.providers import Component, Components, Mapping, Pipeline, Runner, Settings
from lolpop.settings.framework import FRAMEWORK
from lolpop.signatures import Parameter, signature_of

if TYPE_CHECKING:
    from lolpop.kernel.scopes import Scope


_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_LINK = {"type": "string", "pattern": r"\$\{[^{}]+\}"}
_IMPORT_PATH = {"type": "string", "pattern": "^[^:]+:[^:]+$"}
_REFERENCE = "#/$defs/"


def schema_of(root: Scope, title: str) -> dict[str, Any]:
    """The schema of the settings of a whole tree of containers.

    Nothing is required: what one file leaves out, another source may give. A section without ``use`` is of
    the implementation that is in use.
    """
    builder = _Builder()
    section = builder.section(root)
    section["properties"][FRAMEWORK] = builder.framework()
    section["patternProperties"] = {"^x-": {}}
    return {"$schema": _DIALECT, "title": title, **section, "$defs": builder.definitions}


class _Builder:
    """Builds schemas of sections; what they refer to is gathered in ``definitions``."""

    def __init__(self) -> None:
        self.definitions: dict[str, Any] = {}

    def framework(self) -> dict[str, Any]:
        """The schema of the framework's own section."""
        schema = self._gathered(_schema_of_type(FRAMEWORK_PARAMETER), FRAMEWORK)
        schema.pop("description", None)  # a docstring, with its parameters
        return {**schema, "additionalProperties": False}

    def section(self, scope: Scope) -> dict[str, Any]:
        """The schema of a container's section."""
        properties: dict[str, Any] = {}
        for name, provider in scope.providers.items():
            if isinstance(provider, Pipeline | Runner):
                properties |= {"use": _IMPORT_PATH, **self._settings(cell_of(provider).plan.implementation)}
            elif isinstance(provider, Nested) and provider.scope_inside is not None:
                properties[name] = self.section(provider.scope_inside)
            elif isinstance(provider, Component):
                properties[name] = self._component(provider.interface, cell_of(provider).plan.use)
            elif isinstance(provider, Components):
                properties[name] = {"type": "array", "items": self._component(provider.interface, "")}
            elif isinstance(provider, Mapping):
                elements = map(cell_of, cell_of(provider).elements)
                element_schemas = {
                    element.name.rpartition(".")[2]: self._removable(provider.interface, element.plan.use)
                    for element in elements
                }
                other = self._removable(provider.interface, "")
                properties[name] = {
                    "type": "object",
                    "properties": element_schemas,
                    "additionalProperties": other,
                }
            elif isinstance(provider, Settings):
                name_of_type = getattr(provider.type, "__name__", name)
                properties[name] = self._value(Parameter(name, provider.type), name_of_type)
        return _closed(properties)

    def _removable(self, interface: Any, used: str) -> dict[str, Any]:
        """The schema of an element that may be left out by ``null``."""
        return {"anyOf": [*self._component(interface, used)["anyOf"], {"type": "null"}]}

    def _component(self, interface: Any, used: str) -> dict[str, Any]:
        names = sorted(registry.registered(registry.group_of(interface)))
        uses = dict.fromkeys([*names, *([used] if used else [])])
        forms = [self._implementation(interface, name, named=name != used) for name in uses]
        # Of a class that the settings name, the keys are known: it is none of the others.
        path = {**_IMPORT_PATH, "not": {"const": used}} if ":" in used else _IMPORT_PATH
        other = {"type": "object", "properties": {"use": path}, "required": ["use"]}
        named = [{"enum": names}] if names else []
        return {"anyOf": [*named, _IMPORT_PATH, *forms, other]}

    def _implementation(self, interface: Any, use: str, *, named: bool) -> dict[str, Any]:
        """The section of one implementation, which has to be ``named`` where it is not the one in use."""
        try:
            settings = self._settings(registry.resolve(interface, use))
        except WiringError:
            settings = {}  # that it cannot be imported is for verification to tell
        schema = _closed({"use": {"const": use}, **settings})
        return {**schema, "required": ["use"]} if named else schema

    def _settings(self, implementation: type | None) -> dict[str, Any]:
        """The schemas of an implementation's settings by name."""
        if implementation is None:
            return {}
        signature = signature_of(implementation)
        described = signature.descriptions()
        return {
            name: self._value(parameter, implementation.__name__, described.get(name))
            for name, parameter in signature.settings.items()
        }

    def _value(self, parameter: Parameter, owner: str, description: str | None = None) -> dict[str, Any]:
        """The schema of one value, which may be a link in place of what its type asks for."""
        schema = self._gathered(_schema_of_type(parameter), owner)
        annotations = {"description": description or schema.pop("description", None)}
        if not parameter.required:
            annotations["default"] = parameter.adapter.dump_python(
                parameter.default, mode="json", fallback=repr, warnings=False
            )
        described = {key: value for key, value in annotations.items() if value is not None}
        return {"anyOf": [schema, _LINK], **described} if schema else described

    def _gathered(self, schema: dict[str, Any], owner: str) -> dict[str, Any]:
        """The schema with its definitions moved to the root, under names that no other type has."""
        for name, definition in schema.pop("$defs", {}).items():
            self.definitions[f"{owner}.{name}"] = _renamed(definition, owner)
        renamed: dict[str, Any] = _renamed(schema, owner)
        return renamed


def _schema_of_type(parameter: Parameter) -> dict[str, Any]:
    from pydantic.errors import PydanticInvalidForJsonSchema

    try:
        return parameter.adapter.json_schema()
    except PydanticInvalidForJsonSchema:
        return {}  # a type of Python's own that JSON knows nothing of


def _renamed(schema: Any, owner: str) -> Any:
    if isinstance(schema, abc.Mapping):
        return {key: _renamed(value, owner) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_renamed(value, owner) for value in schema]
    if isinstance(schema, str) and schema.startswith(_REFERENCE):
        return f"{_REFERENCE}{owner}.{schema.removeprefix(_REFERENCE)}"
    return schema


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}
