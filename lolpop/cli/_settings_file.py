"""The settings of a container as a file that can be loaded again."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lolpop.kernel.framework import framework_plan
from lolpop.kernel.linked import linked_value
from lolpop.kernel.providers.cells import Cell, cell_of
from lolpop.kernel.providers.groups import GroupCell
from lolpop.kernel.providers.mappings import MappingCell
from lolpop.kernel.providers.traversal import declared_cells
from lolpop.providers import Component, Settings
from lolpop.settings.framework import FRAMEWORK
from lolpop.settings.secrets import MASK

if TYPE_CHECKING:
    from lolpop.kernel.scopes import Scope


def as_yaml(root: Scope, *, resolved: bool) -> str:
    """Every setting in force, defaults included, as YAML that gives the same settings again.

    Links stay links unless they are to be ``resolved``; those to variables always do. Secrets that are no
    links are left out, and named in a comment.
    """
    from ruamel.yaml import YAML

    writer = _Writer(root, resolved)
    document = writer.document()
    head = "# Relative paths start from the folder of this file: keep it where the settings are.\n"
    for path in writer.hidden:
        head += f"# {path} is a secret, and is left out.\n"
    text = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 100
    yaml.dump(document, text)
    return head + text.getvalue()


@dataclass(slots=True)
class _Writer:
    """Writes the settings of a tree of containers into one mapping."""

    root: Scope
    resolved: bool
    hidden: list[str] = field(default_factory=list)
    """Paths of what is not shown."""

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {}
        configuration = self.root.configuration
        framework = framework_plan(configuration.tree, configuration.links)
        if (setting := framework.settings.get("")) is not None and setting.is_given:
            document[FRAMEWORK] = self._value(FRAMEWORK, setting.shown)
        for scope in self.root.walk():
            for cell in declared_cells(scope):
                path = tuple(cell.plan.path.split(".")) if cell.plan.path else ()
                _put(document, path, self._of_cell(cell))
        return document

    def _of_cell(self, cell: Cell) -> Any:
        if isinstance(cell, MappingCell):
            elements = zip(cell.keys, map(cell_of, cell.elements), strict=True)
            return {key: self._integration(element) for key, element in elements}
        if isinstance(cell, GroupCell):
            return [self._integration(element) for element in map(cell_of, cell.elements)]
        if isinstance(cell.slot, Settings):
            setting = cell.plan.settings.get("")
            return None if setting is None else self._value(cell.path, setting.shown)
        return self._integration(cell)

    def _integration(self, cell: Cell) -> dict[str, Any]:
        written: dict[str, Any] = {}
        plan = cell.plan
        is_named = plan.section.use is not None or (isinstance(cell.slot, Component) and ":" not in plan.use)
        if plan.use and is_named:
            written["use"] = plan.use
        for name, setting in plan.settings.items():
            path = ".".join(part for part in (plan.path, name) if part)
            value = self._value(path, setting.shown)
            if value is not _HIDDEN:
                written[name] = value
        return written

    def _value(self, path: str, shown: Any) -> Any:
        """A value without what is hidden, and without links if they are resolved."""
        if isinstance(shown, Mapping):
            children = {str(key): self._value(f"{path}.{key}", child) for key, child in shown.items()}
            return {key: child for key, child in children.items() if child is not _HIDDEN}
        if (isinstance(shown, str) and MASK in shown) or (isinstance(shown, list) and MASK in shown):
            self.hidden.append(path)
            return _HIDDEN
        if self.resolved and (linked := linked_value(self.root, shown)) is not None:
            return linked
        return shown


_HIDDEN: Any = object()


def _put(document: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Put a value at a path; a section is merged with what others say of it."""
    if value is None or value is _HIDDEN or (value == {} and not path):
        return
    for step in path[:-1]:
        document = document.setdefault(step, {})
    if not path:
        document.update(value)
    elif isinstance(value, dict) and isinstance(existing := document.get(path[-1]), dict):
        existing.update(value)
    elif value != {}:
        document[path[-1]] = value
