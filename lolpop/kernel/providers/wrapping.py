"""Wraps: overrides that are made from the object that they override."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Self, TypeVar, cast

from dependency_injector import providers as di

from lolpop.annotations import return_type
from lolpop.errors import LolpopError, WiringError
from lolpop.integrations import Integration
from lolpop.kernel.lifetimes import Instance, Override
from lolpop.kernel.masking import masked
from lolpop.kernel.plans import Plan
from lolpop.kernel.providers.cells import Cell, Dependency, cell_of, is_scoped, overriding_instance
from lolpop.kernel.providers.scoped_cells import ScopedCell
from lolpop.kernel.providers.slots import Slot, bind_slot, bound
from lolpop.kernel.scopes import Scope
from lolpop.signatures import Parameter

__all__ = ["Wrap", "WrappableSlot", "lacks_interface"]

T = TypeVar("T")

_VALUES = (type(None), bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset)
"""Types whose objects are settings, and never stand in for an integration."""


class Wrap(Slot[T]):
    """Stands in for a provider with a wrapper around its object.

    The container closes the wrapped object when it is closed itself, and does not close what ``wrapper``
    returns.

    Parameters
    ----------
    wrapper
        Takes the object and returns what stands in for it. It is called once for each object.
    """

    wraps: ClassVar[bool] = True

    def __init__(self, wrapper: Callable[[T], T], /) -> None:
        super().__init__()
        self.wrapper = wrapper

    def _unbound_copy(self) -> Self:
        return type(self)(self.wrapper)

    def _make_cell(self, scope: Scope, name: str) -> Cell:
        return _WrapCell(self, scope, name)


class WrappableSlot(Slot[T]):
    """A slot whose object may be wrapped."""

    def wrap(self, wrapper: Callable[[T], T], /) -> Override:
        """Override the object with the result of ``wrapper(object)``.

        The wrapper is called once for each object, which may be that of an earlier override. Use
        ``providers.Wrap`` to override several providers at once.
        """
        return bound(self).override(Wrap(wrapper))


class _WrapCell(ScopedCell):
    __slots__ = ()
    slot: Wrap[Any]

    @property
    def is_scoped(self) -> bool:
        """Whether the wrapped object is another one in each unit of work."""
        return is_scoped(self._beneath)

    @property
    def _beneath(self) -> Slot[Any]:
        return cast("Slot[Any]", self.dependencies[0].provider)

    @property
    def provided_type(self) -> Any:
        declared = return_type(self.slot.wrapper)
        return declared if isinstance(declared, type) and issubclass(declared, Integration) else None

    @property
    def wrapped(self) -> Cell | None:
        return cast("_BeneathCell", cell_of(self._beneath)).standing

    def _find_dependencies(self) -> Iterator[Dependency]:
        override = self.stands_in
        if override is None:
            raise WiringError(
                f"{self.path} is a providers.Wrap, which only overrides another provider",
                "Pass it to override(…).",
            )
        wrapped_slot: Slot[Any] = _Beneath(cast("Cell", override.overridden), override)
        bind_slot(wrapped_slot, self.scope, self.name)
        yield Dependency(Parameter("real", object), wrapped_slot)

    def _build(self, parts: dict[str, Any]) -> Any:
        real = parts["real"]
        try:
            wrapping = self.slot.wrapper(real)
        except LolpopError:
            raise
        except Exception as error:
            failed = f"{self.path}: the wrapper that overrides it failed: {type(error).__name__}: {error}"
            raise WiringError(masked(self.scope.root, failed)) from error
        if isinstance(real, Integration) and lacks_interface(wrapping, type(real)):
            raise WiringError(
                f"{self.path}: the wrapper that overrides it returned an object of type "
                f"{type(wrapping).__name__}",
                f"Return what stands in for the {type(real).__name__}.",
            )
        return wrapping

    def _make_instance(self, value: Any, overrides: frozenset[Override]) -> Instance:
        return Instance(value, overrides, owned=False)


class _Beneath(Slot[Any]):
    """The object of a slot without one of its overrides and those that began later."""

    def __init__(self, real: Cell, override: Override) -> None:
        super().__init__()
        self.real, self.override_above = real, override

    def _unbound_copy(self) -> Self:
        return type(self)(self.real, self.override_above)

    def _make_cell(self, scope: Scope, name: str) -> Cell:
        return _BeneathCell(self, scope, name)


class _BeneathCell(Cell):
    __slots__ = ()
    slot: _Beneath

    @property
    def provided_type(self) -> Any:
        return self.slot.real.provided_type

    @property
    def standing(self) -> Cell | None:
        """The cell of the wrapped object, if its provider is a slot."""
        below = self._below()
        if not below:
            return self.slot.real
        return cell_of(below[-1].provider) if isinstance(below[-1].provider, Slot) else None

    @property
    def is_scoped(self) -> bool:
        return not self._below() and self.slot.real.is_scoped

    def based_on(self) -> Sequence[di.Provider[Any]]:
        below = self._below()
        return [below[-1].provider] if below else self.slot.real.based_on()

    def needed(self) -> Sequence[di.Provider[Any] | None]:
        below = self._below()
        return [below[-1].provider] if below else self.slot.real.needed_by_itself()

    def _make_plan(self) -> Plan:
        return self.slot.real.plan

    def evaluate(self, epoch: int) -> Instance:
        # Nothing is cached of a unit of work: the slot that builds the object does that.
        return self.own_instance(epoch) if is_scoped(self.slot) else super().evaluate(epoch)

    def own_instance(self, epoch: int) -> Instance:
        below = self._below()
        return overriding_instance(below[-1], epoch) if below else self.slot.real.own_instance(epoch)

    def _below(self) -> tuple[Override, ...]:
        overrides, above = self.slot.real.overrides, self.slot.override_above
        return overrides[: overrides.index(above)] if above in overrides else overrides


def lacks_interface(value: object, interface: Any) -> bool:
    """Whether ``value`` cannot stand in for an implementation of ``interface``, not even as a fake.

    A fake need not inherit the interface, nor have all of its methods, but it has one of them.
    """
    if isinstance(value, _VALUES):
        return not (isinstance(interface, type) and isinstance(value, interface))
    names = {name for name in dir(interface) if not name.startswith("_")} - set(dir(Integration))
    return bool(names) and not any(hasattr(value, name) for name in names)
