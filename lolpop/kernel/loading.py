"""Loading: an instance of a container with its settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lolpop.annotations import REQUIRED, is_base_settings
from lolpop.errors import DEFAULT, SettingsError
from lolpop.kernel.providers import Settings
from lolpop.kernel.providers.main_slots import MainSlot, has_section
from lolpop.kernel.providers.traversal import broken_links, declared_cells
from lolpop.kernel.scopes import Configuration, Scope, scope_of
from lolpop.settings.links import Links
from lolpop.settings.nodes import Layer, node_of
from lolpop.settings.tree import Tree

if TYPE_CHECKING:
    from lolpop.settings.sources import Sources

__all__ = ["check_links", "configured", "settings_keys"]


def configured(
    container: type[Any],
    layers: Sequence[Layer],
    sources: Sources,
    *,
    profile: str | None = None,
    lenient: bool = False,
) -> Any:
    """An instance of ``container`` with the settings of ``layers``, and the folder and variables of
    ``sources``.
    """
    instance = container()
    scope = scope_of(instance)
    if layers is sources.layers:
        layers = _with_settings_classes(scope, sources)
    scope.configuration = Configuration(
        tree=Tree(tuple(layers)),
        links=Links(Tree((_defaults(scope), *layers)), sources.variables, lenient),
        folder=sources.folder,
        profile=profile or sources.profile,
        files=sources.files,
    )
    return instance


def _with_settings_classes(root: Scope, sources: Sources) -> Sequence[Layer]:
    """The layers with those of the settings classes that are sections, which are weaker than variables.

    Raises SettingsError if a file of theirs cannot be read.
    """
    declared = [
        (provider.type, (*scope.path, name))
        for scope in root.walk()
        for name, provider in scope.providers.items()
        if isinstance(provider, Settings) and is_base_settings(provider.type)
    ]
    if not declared or sources.project is None:
        return sources.layers
    from lolpop.settings.base_settings import ClassVariables

    readings = [
        ClassVariables(settings, section, sources.environ).read(sources.project)
        for settings, section in declared
    ]
    if findings := [finding for reading in readings for finding in reading.findings]:
        raise SettingsError(findings)
    own = (layer for reading in readings for layer in reading.layers)
    return (*sources.layers[: sources.weak], *own, *sources.layers[sources.weak :])


def settings_keys(container: type[Any]) -> list[str]:
    """The root keys that the settings of a container class may have."""
    root = scope_of(container())
    keys = [name for name, provider in root.providers.items() if has_section(provider)]
    main = (cell for cell in declared_cells(root) if isinstance(cell.slot, MainSlot))
    return [*keys, *(name for cell in main for name in cell.plan.settings)]


def check_links(container: Any) -> None:
    """Raise SettingsError with the broken links, if there are any."""
    broken = broken_links(scope_of(container))
    if errors := [finding for finding in broken if finding.severity == "error"]:
        raise SettingsError(errors)


def _defaults(root: Scope) -> Layer:
    """The defaults of ``providers.Settings`` as a layer, so that links can lead to them."""
    values: dict[str, Any] = {}
    for scope in root.walk():
        for name, provider in scope.providers.items():
            if isinstance(provider, Settings) and provider.default is not REQUIRED:
                branch = values
                for step in scope.path:
                    branch = branch.setdefault(step, {})
                branch[name] = provider.default
    return Layer("defaults", node_of(values, DEFAULT))
