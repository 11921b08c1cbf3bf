"""The wiring of a tree of containers, as boxes and arrows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lolpop.kernel.providers import Component, Pipeline, Runner, Settings
from lolpop.kernel.providers.cells import Cell, cell_of
from lolpop.kernel.providers.groups import ComponentGroup
from lolpop.kernel.providers.nesting import Nested
from lolpop.kernel.providers.slots import Slot

if TYPE_CHECKING:
    from lolpop.kernel.scopes import Scope

__all__ = ["Box", "Container", "given_settings", "is_shown", "owner_of", "wiring_of"]


@dataclass(frozen=True, slots=True)
class Box:
    """One provider: its implementation, its settings, and the providers that it is built from."""

    path: str
    name: str
    use: str = ""
    settings: tuple[str, ...] = ()
    needs: tuple[tuple[str, str], ...] = ()
    """Each parameter that is injected, with the path of its provider."""
    is_settings: bool = False
    is_overridden: bool = False


@dataclass(frozen=True, slots=True)
class Container:
    """A container: the pipeline or runner that it is for, its providers, and the containers inside it."""

    owner: Box
    boxes: tuple[Box, ...] = ()
    nested: tuple[Container, ...] = field(default=())

    def walk(self) -> Iterator[Container]:
        """This container and all inside it, outer ones first."""
        yield self
        for inner in self.nested:
            yield from inner.walk()

    def arrows(self) -> list[tuple[str, str, str]]:
        """Each injection in the tree: the path of the slot, the parameter, the path of the injected
        provider.
        """
        boxes = [box for container in self.walk() for box in (container.owner, *container.boxes)]
        paths = {box.path for box in boxes}
        return [
            (box.path, parameter, provider)
            for box in boxes
            for parameter, provider in box.needs
            if provider in paths
        ]


def wiring_of(root: Scope, name: str) -> Container:
    """The wiring of a tree of containers; ``name`` is what the root is called."""
    return _container(root, name)


def _container(scope: Scope, name: str) -> Container:
    shown = [(key, provider) for key, provider in scope.providers.items() if is_shown(provider)]
    owner = owner_of(scope)
    path = ".".join(scope.path)
    return Container(
        Box(path, name) if owner is None else _box(owner, path, name),
        tuple(
            _group(cell_of(provider), key) if isinstance(provider, ComponentGroup) else _slot(provider, key)
            for key, provider in shown
            if not isinstance(provider, Nested)
        ),
        tuple(
            _container(provider.scope_inside, key)
            for key, provider in shown
            if isinstance(provider, Nested) and provider.scope_inside is not None
        ),
    )


def _slot(slot: Slot[Any], name: str) -> Box:
    cell = cell_of(slot)
    return _box(cell, cell.path, name, is_settings=isinstance(slot, Settings))


def _group(cell: Cell, name: str) -> Box:
    elements = [cell_of(element) for element in cell.elements]
    needs = dict.fromkeys(need for element in elements for need in _needs(element))
    uses = ", ".join(element.plan.use.rpartition(":")[2] for element in elements)
    settings = tuple(setting for element in elements for setting in given_settings(element))
    return Box(cell.path, name, uses, settings, tuple(needs), is_overridden=bool(cell.overrides))


def _box(cell: Cell, path: str, name: str, *, is_settings: bool = False) -> Box:
    use = cell.plan.use.rpartition(":")[2]
    return Box(
        path,
        name,
        use,
        tuple(given_settings(cell)),
        tuple(_needs(cell)),
        is_settings=is_settings,
        is_overridden=bool(cell.overrides),
    )


def _needs(cell: Cell) -> Iterator[tuple[str, str]]:
    for dependency in cell.dependencies:
        provider = dependency.provider
        if isinstance(provider, Slot):
            provided = cell_of(provider)
            # A pipeline or runner stands for its container.
            is_owner = owner_of(provided.scope) is provided
            yield dependency.parameter.name, ".".join(provided.scope.path) if is_owner else provided.path
        elif isinstance(provider, Nested) and provider.scope_inside is not None:
            yield dependency.parameter.name, ".".join(provider.scope_inside.path)


def is_shown(provider: Any) -> bool:
    """Whether a provider is worth showing: lists without elements and factories are not."""
    if isinstance(provider, ComponentGroup):
        return bool(cell_of(provider).elements)
    return isinstance(provider, Component | Settings | Nested)


def owner_of(scope: Scope) -> Cell | None:
    """The pipeline or runner of a container."""
    owners = (slot for slot in scope.providers.values() if isinstance(slot, Pipeline | Runner))
    return next(map(cell_of, owners), None)


def given_settings(cell: Cell) -> Iterator[str]:
    """The settings that a source gave, secrets masked; of a plain value, the value."""
    for name, setting in cell.plan.settings.items():
        if name and setting.is_given:
            yield f"{name}={_short(setting.shown)}"
        elif not name:
            shown = setting.shown
            if not isinstance(shown, dict):
                yield _short(shown)
            elif setting.node is not None and isinstance(setting.node.value, dict):
                names = (key for key, child in setting.node.value.items() if not child.is_default)
                yield from (f"{key}={_short(shown[key])}" for key in names if key in shown)


def _short(value: Any, limit: int = 40) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
