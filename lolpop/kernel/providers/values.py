"""Values: sections of the settings, and the folder that paths start from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

from lolpop.annotations import REQUIRED, is_base_settings
from lolpop.data.places import Places as PlacesValue
from lolpop.errors import Origin, VerificationError
from lolpop.kernel.lifetimes import Instance
from lolpop.kernel.plans import Plan, copied, plan_value
from lolpop.kernel.providers.cells import Cell
from lolpop.kernel.providers.slots import Slot
from lolpop.kernel.providers.wrapping import WrappableSlot
from lolpop.kernel.scopes import Scope
from lolpop.settings.fields import declared_keys
from lolpop.settings.nodes import Layer, Statement, node_of
from lolpop.settings.tree import Section, merge
from lolpop.signatures import Parameter

__all__ = ["Folder", "Places", "Settings"]

T = TypeVar("T")


class Settings(WrappableSlot[T]):
    """A section of the settings, validated as any type that pydantic knows and injected as a value.

    Parameters
    ----------
    type
        The type, such as a pydantic model, a dataclass or ``int``.
    default
        The value where no source sets one. A mapping counts as the weakest source of the section, key by key.
    """

    takes_section = True

    def __init__(self, type: Callable[..., T], /, *, default: Any = REQUIRED) -> None:  # noqa: A002
        super().__init__()
        if default is REQUIRED and is_base_settings(type):
            default = {}  # the class declares which of its fields are required
        self.type, self.default = type, default

    def _unbound_copy(self) -> Self:
        return type(self)(self.type, default=self.default)

    def _make_cell(self, scope: Scope, name: str) -> Cell:
        return _SettingsCell(self, scope, name)


class _SettingsCell(Cell):
    __slots__ = ()
    slot: Settings[Any]

    @property
    def provided_type(self) -> Any:
        return self.slot.type

    @property
    def section(self) -> Section:
        statements = self.statements()
        if isinstance(self.slot.default, Mapping):
            declared_as = self.scope.declared_as.__name__
            node = node_of(self.slot.default, Origin(f"default of {declared_as}"))
            statements = [Statement(-1, Layer(declared_as, node), node), *statements]
        return merge(statements, known_keys=lambda path: declared_keys(self.slot.type, path), as_value=True)

    def _make_plan(self) -> Plan:
        default = REQUIRED if isinstance(self.slot.default, Mapping) else self.slot.default
        return plan_value(
            self.path,
            Parameter(self.name, self.slot.type, default),
            self.section,
            self.scope.configuration.links,
            self.scope.declared_as.__name__,
        )

    def own_instance(self, epoch: int) -> Instance:
        del epoch  # a value depends on nothing that could change
        plan = self.plan
        if plan.errors or "" not in plan.settings:
            raise VerificationError(plan.errors)
        instance = self._instances.get(())
        if instance is None:
            value = plan.settings[""].value
            # Each dependent gets its own list or mapping.
            is_shared = type(value) in (list, dict, set)
            instance = Instance(value, source=(lambda: copied(value)) if is_shared else None)
            instance = self._instances.setdefault((), instance)
        return instance


class Folder(Slot[Path]):
    """The folder that relative paths start from: that of the first settings file, or the current one."""

    def _unbound_copy(self) -> Self:
        return type(self)()

    def _make_cell(self, scope: Scope, name: str) -> Cell:
        return _FolderCell(self, scope, name)


class _FolderCell(Cell):
    __slots__ = ()

    @property
    def provided_type(self) -> Any:
        return Path

    def own_instance(self, epoch: int) -> Instance:
        del epoch  # a value depends on nothing that could change
        instance = self._instances.get(())
        if instance is None:
            folder = self.scope.configuration.folder or Path.cwd()
            instance = self._instances.setdefault((), Instance(folder))
        return instance


class Places(Slot[PlacesValue]):
    """All files that the settings of the container name: output must not replace any of them."""

    def _unbound_copy(self) -> Self:
        return type(self)()

    def _make_cell(self, scope: Scope, name: str) -> Cell:
        return _PlacesCell(self, scope, name)


class _PlacesCell(Cell):
    __slots__ = ()

    @property
    def provided_type(self) -> Any:
        return PlacesValue

    def own_instance(self, epoch: int) -> Instance:
        del epoch  # it reads the settings and overrides of the moment
        instance = self._instances.get(())
        if instance is None:
            root = self.scope.root
            places = PlacesValue(lambda: root.runtime.places(root))
            instance = self._instances.setdefault((), Instance(places))
        return instance
