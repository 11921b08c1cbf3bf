"""Loading: an instance of a container with its settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lolpop.annotations import REQUIRED
from lolpop.errors import DEFAULT, SettingsError
from lolpop.kernel.providers import Settings
from lolpop.kernel.providers.traversal import broken_links
from lolpop.kernel.scopes import Configuration, Scope, scope_of
from lolpop.settings.links import Links
from lolpop.settings.nodes import Layer, node_of
from lolpop.settings.tree import Tree

if TYPE_CHECKING:
    from lolpop.settings.sources import Sources

__all__ = ["check_links", "configured"]


def configured(
    container: type[Any],
    layers: Sequence[Layer],
    sources: Sources,
    *,
    profile: str | None = None,
    lenient: bool = False,
) -> Any:
    """An instance of ``container`` set by ``layers``, with the folder and variables of ``sources``."""
    instance = container()
    scope = scope_of(instance)
    scope.configuration = Configuration(
        tree=Tree(tuple(layers)),
        links=Links(Tree((_defaults(scope), *layers)), sources.variables, lenient),
        folder=sources.folder,
        profile=profile or sources.profile,
        files=sources.files,
    )
    return instance


def check_links(container: Any) -> None:
    """Raise SettingsError with the links that lead nowhere."""
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
