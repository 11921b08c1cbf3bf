"""Cells that may build an object for each unit of work."""

from __future__ import annotations

from lolpop.errors import WiringError
from lolpop.kernel.lifetimes import Instance
from lolpop.kernel.providers.cells import Cell
from lolpop.kernel.units import Unit, current_unit

__all__ = ["ScopedCell"]


class ScopedCell(Cell):
    """A cell that builds one instance for each unit of work if it is scoped, else one instance."""

    __slots__ = ()

    def is_current(self, epoch: int) -> bool:
        """Whether its instance of this epoch is known, for this unit of work if it is scoped."""
        if not self.is_scoped or self.overrides:
            return super().is_current(epoch)
        current = self.unit().part(self).current
        return current is not None and current[0] == epoch

    def evaluate(self, epoch: int) -> Instance:
        """The instance of this epoch, for this unit of work if it is scoped."""
        if not self.is_scoped or self.overrides:
            return super().evaluate(epoch)
        return self.own_instance(epoch)

    def own_instance(self, epoch: int) -> Instance:
        """The instance of this epoch, overrides ignored."""
        if not self.is_scoped:
            return super().own_instance(epoch)
        unit = self.unit()
        unit.check_open(self.path)
        part = unit.part(self)
        if part.current is not None and part.current[0] == epoch:
            return part.current[1]
        instance = self._built_instance(epoch, part.instances, part.builder, unit)
        part.current = (epoch, instance)
        return instance

    def unit(self) -> Unit:
        """The unit of work that this context is in. Raises WiringError if it is in none."""
        unit = current_unit(self.scope.lifetime)
        if unit is None:
            raise WiringError(
                f"{self.path} is built for each scope, but no scope is open",
                f"Use it inside `with container.scope() as request:`, or call request.{self.path}().",
            )
        return unit
