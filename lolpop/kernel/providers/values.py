"""Values: sections of the settings, and the folder that paths start from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from lolpop.annotations import REQUIRED
from lolpop.errors import Origin, VerificationError
from lolpop.kernel.plans import Plan, plan_value
from lolpop.kernel.providers.slots import Slot
from lolpop.kernel.scopes import Variant
from lolpop.settings.nodes import Layer, Statement, node_of
from lolpop.settings.reading import declared_keys
from lolpop.settings.tree import Section, merge
from lolpop.signatures import Parameter

__all__ = ["Folder", "Settings"]

T = TypeVar("T")


class Settings(Slot[T]):
    """A section of the settings, validated as any type that pydantic knows and injected as a value.

    A ``default`` that is a mapping, of a section that is not, is the weakest source of it.
    """

    takes_section = True

    def __init__(self, type: Callable[..., T], /, *, default: Any = REQUIRED) -> None:  # noqa: A002
        super().__init__()
        self.type, self.default = type, default

    def _undeclared(self) -> Slot[T]:
        return Settings(self.type, default=self.default)

    @property
    def provides(self) -> Any:
        """The type of the value."""
        return self.type

    def _plan(self) -> Plan:
        scope = self._scope
        default = REQUIRED if isinstance(self.default, Mapping) else self.default
        return plan_value(
            self.path,
            Parameter(self.name, self.type, default),
            self._section(),
            scope.configuration.links,
            scope.declared_as.__name__,
        )

    def _section(self) -> Section:
        statements = self._statements()
        if isinstance(self.default, Mapping):
            declared_as = self._scope.declared_as.__name__
            node = node_of(self.default, Origin(f"default of {declared_as}"))
            statements = [Statement(-1, Layer(declared_as, node), node), *statements]
        return merge(statements, known=lambda path: declared_keys(self.type, path), as_value=True)

    def _own_variant(self, epoch: int) -> Variant:
        del epoch  # a value depends on nothing that could change
        plan = self.plan
        if plan.errors or "" not in plan.settings:
            raise VerificationError(plan.errors)
        found = self._variants.get(())
        if found is None:
            found = self._variants.setdefault((), Variant(plan.settings[""].value))
        return found


class Folder(Slot[Path]):
    """The folder that relative paths start from: of the first settings file, else the current one."""

    def _undeclared(self) -> Slot[Path]:
        return Folder()

    @property
    def provides(self) -> Any:
        """``pathlib.Path``."""
        from pathlib import Path

        return Path

    def _plan(self) -> Plan:
        return Plan(self.path)

    def _own_variant(self, epoch: int) -> Variant:
        from pathlib import Path

        del epoch  # a value depends on nothing that could change
        found = self._variants.get(())
        if found is None:
            folder = self._scope.configuration.folder or Path.cwd()
            found = self._variants.setdefault((), Variant(folder))
        return found
