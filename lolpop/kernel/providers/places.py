"""The provider of the places that a tree of containers reads and writes."""

from __future__ import annotations

from typing import Any

from lolpop.data.places import Places as PlacesValue
from lolpop.kernel.plans import Plan
from lolpop.kernel.providers.slots import Slot
from lolpop.kernel.scopes import Variant

__all__ = ["Places"]


class Places(Slot[PlacesValue]):
    """All files that the settings of the container name: what is written must not replace any of them."""

    def _undeclared(self) -> Slot[PlacesValue]:
        return Places()

    @property
    def provides(self) -> Any:
        """``lolpop.data.places.Places``."""
        return PlacesValue

    def _plan(self) -> Plan:
        return Plan(self.path)

    def _own_variant(self, epoch: int) -> Variant:
        del epoch  # it looks at the settings and overrides of the moment when it is asked
        found = self._variants.get(())
        if found is None:
            root = self._scope.root
            found = self._variants.setdefault((), Variant(PlacesValue(lambda: _places_of(root))))
        return found


def _places_of(root: Any) -> Any:
    from lolpop.kernel.places import places_of

    return places_of(root)
