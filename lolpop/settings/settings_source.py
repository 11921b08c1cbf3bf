"""The same settings for classes of pydantic-settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from lolpop.errors import Finding, LolpopError, SettingsError
from lolpop.settings.fields import declared_keys
from lolpop.settings.links import Links
from lolpop.settings.nodes import Node
from lolpop.settings.sources import Sources
from lolpop.settings.tree import Tree, expanded

__all__ = ["LolpopSettingsSource"]


class LolpopSettingsSource(PydanticBaseSettingsSource):
    """Reads the fields of a settings class from lolpop's files, profiles, variables and flags.

    Parameters
    ----------
    settings_cls
        The class, as ``settings_customise_sources`` gets it.
    sources
        What ``lolpop.settings.sources.collect`` read.
    section
        The dotted path of the section that the fields are in; by default the root.

    Examples
    --------
    ::

        class Warehouse(BaseSettings):
            url: SecretStr

            @classmethod
            def settings_customise_sources(cls, settings_cls, init_settings, **others):
                sources = collect(environ=os.environ, cwd=Path.cwd())
                return init_settings, LolpopSettingsSource(settings_cls, sources, "warehouse")
    """

    def __init__(self, settings_cls: type[BaseSettings], sources: Sources, section: str = "") -> None:
        super().__init__(settings_cls)
        self._tree = Tree(sources.layers)
        self._links = Links(self._tree, sources.variables)
        self._section = tuple(section.split(".")) if section else ()

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Read one field: its value (None if unset) and the key under which the class takes it."""
        key = field.validation_alias if isinstance(field.validation_alias, str) else field_name
        path = (*self._section, key)
        strongest = self._tree.node(path)
        if strongest is None:
            return None, key, False
        if strongest.text and not self.field_is_complex(field):
            return self._scalar(strongest, path), key, False
        section = self._tree.merged(path, known_keys=lambda below: declared_keys(field.annotation, below))
        return self._plain(section.root, path), key, False

    def __call__(self) -> dict[str, Any]:
        """Read every field that a source sets; other settings are ignored."""
        read = (self.get_field_value(field, name) for name, field in self.settings_cls.model_fields.items())
        return {key: value for value, key, _ in read if value is not None}

    def _plain(self, node: Node, path: tuple[str, ...]) -> Any:
        node = expanded(node)
        if isinstance(node.value, Mapping):
            return {key: self._plain(child, (*path, key)) for key, child in node.value.items()}
        if isinstance(node.value, tuple):
            return [self._plain(child, (*path, str(index))) for index, child in enumerate(node.value)]
        return self._scalar(node, path)

    def _scalar(self, node: Node, path: tuple[str, ...]) -> Any:
        if not isinstance(node.value, str) or "${" not in node.value:
            return node.value
        try:
            return self._links.resolve(node)
        except LolpopError as error:
            raise SettingsError([Finding(".".join(path), str(error), origin=node.origin)]) from error
