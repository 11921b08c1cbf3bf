"""Scopes: the nesting of containers, in which names resolve."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from lolpop.kernel.lifetimes import Lifetime
from lolpop.settings.links import Links
from lolpop.settings.tree import Tree

if TYPE_CHECKING:
    from lolpop.data.places import Place
    from lolpop.integrations import Integration
    from lolpop.kernel.units import Unit
    from lolpop.settings.nodes import SettingPath

__all__ = ["Bound", "Configuration", "Runtime", "Scope", "scope_of"]


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings of a whole tree of containers, and where they came from."""

    tree: Tree = field(default_factory=Tree)
    links: Links = field(default_factory=lambda: Links(Tree(), {}))
    folder: Path | None = None
    """The folder of the first settings file; None for the current directory."""
    profile: str | None = None
    files: tuple[Path, ...] = ()
    """Files that settings are read from."""


class Runtime(Protocol):
    """What containers do besides wiring; the layers above the kernel implement it."""

    inherited: Collection[str]
    """The providers that every container of its kind has, whether or not anything uses them."""

    def verify(self, root: Scope) -> None:
        """Prove a tree of containers. Raises VerificationError if it is wired or set wrongly."""

    def places(self, root: Scope) -> Iterator[Place]:
        """The places that the settings of a tree of containers name."""

    def bind(self, integration: Integration, scope: Scope, provider: str, unit: Unit | None) -> None:
        """Bind the calls of a pipeline or runner that ``provider`` built to its container and unit."""


class Bound(Protocol):
    """A provider at its place in a scope."""

    def setting_values(self) -> Iterator[Any]:
        """The values of its settings, and of its overrides' settings, as far as they were read."""


class Scope:
    """One container in a tree of containers: its providers by name, and the scope around it."""

    __slots__ = (
        "_configuration",
        "_lifetime",
        "_runtime",
        "cells",
        "container",
        "name",
        "outer",
        "providers",
    )

    def __init__(self, container: Any, providers: Mapping[str, Any], runtime: Runtime) -> None:
        self.container = container
        self.providers = providers
        self.cells: dict[str, Bound] = {}
        """The bound providers by name."""
        self.name = ""
        self.outer: Scope | None = None
        self._lifetime = Lifetime()
        self._configuration = Configuration()
        self._runtime = runtime

    @property
    def declared_as(self) -> type:
        """The container class."""
        declared: type = self.container.declarative_parent or type(self.container)
        return declared

    @property
    def root(self) -> Scope:
        """The outermost scope."""
        scope = self
        while scope.outer is not None:
            scope = scope.outer
        return scope

    @property
    def path(self) -> SettingPath:
        """The names that lead here from the root; empty for the root."""
        return () if self.outer is None else (*self.outer.path, self.name)

    @property
    def lifetime(self) -> Lifetime:
        """The lifetime of the whole tree."""
        return self.root._lifetime

    @property
    def runtime(self) -> Runtime:
        """What the whole tree does besides wiring."""
        return self.root._runtime

    @property
    def configuration(self) -> Configuration:
        """The settings of the whole tree."""
        return self.root._configuration

    @configuration.setter
    def configuration(self, configuration: Configuration) -> None:
        self.root._configuration = configuration

    def path_of(self, name: str) -> str:
        """The dotted path of a provider here."""
        return ".".join((*self.path, name))

    def lookup(self, name: str) -> Any | None:
        """The provider of that name here, else in the scope around this one, and so on up."""
        scope: Scope | None = self
        while scope is not None:
            if (provider := scope.providers.get(name)) is not None:
                return provider
            scope = scope.outer
        return None

    def inner(self) -> Iterator[Scope]:
        """The scopes nested directly in this one."""
        for provider in self.providers.values():
            if not hasattr(type(provider), "scope_inside"):
                continue  # a Configuration would make an option of that name
            inner = provider.scope_inside
            if isinstance(inner, Scope):
                yield inner

    def walk(self) -> Iterator[Scope]:
        """This scope and all that are nested in it, outer ones first."""
        waiting = [self]
        while waiting:
            scope = waiting.pop()
            yield scope
            waiting.extend(reversed(list(scope.inner())))


def scope_of(container: Any) -> Scope:
    """The scope of an instance of a container."""
    scope: Scope = container._scope
    return scope
