"""Slots: what container classes declare, and how it is called and overridden."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Protocol, Self, TypeVar

from dependency_injector import providers as di

from lolpop.errors import WiringError
from lolpop.kernel.lifetimes import Lifetime, Override

if TYPE_CHECKING:
    from lolpop.kernel.scopes import Scope

__all__ = ["BoundSlot", "Slot", "bind_slot", "bound", "is_bound", "unbound_copy"]

T = TypeVar("T")


class BoundSlot(Protocol):
    """The cell of a slot, as far as the slot needs it (see ``Cell``)."""

    cache: tuple[int, Any]
    """The epoch for which the instance is known, and the instance."""
    lifetime: Lifetime
    scope: Scope
    stands_in: Override | None
    overrides: tuple[Override, ...]

    @property
    def path(self) -> str:
        """The names that lead to it from the root, dotted."""

    @property
    def active(self) -> di.Provider[Any]:
        """The provider of its value: the slot itself, or its last override."""

    @property
    def is_scoped(self) -> bool:
        """Whether it builds another object in each unit of work, overrides ignored."""

    def needed(self) -> Sequence[di.Provider[Any] | None]:
        """The cells to evaluate before it."""

    def based_on(self) -> Sequence[di.Provider[Any]]:
        """The providers whose objects it is, or wraps, overrides ignored."""

    def setting_values(self) -> Iterator[Any]:
        """The values of its settings, as far as they were read."""

    def resolve(self) -> Any:
        """The instance; its dependencies are built first."""

    def override(self, provider: Any) -> Override:
        """Override this one with ``provider``."""

    def reset_last_override(self) -> None:
        """End the last override."""

    def reset_overrides(self) -> None:
        """End all overrides."""


class Slot(di.Provider[T]):
    """A provider that a container class declares.

    In an instance of the class, it has a cell, which knows its place and its instances.
    """

    takes_section: ClassVar[bool] = False
    """Whether a key of the settings is its own."""
    wraps: ClassVar[bool] = False
    """Whether it wraps the object of the slot that it overrides."""

    def __init__(self) -> None:
        super().__init__()
        self.name = ""
        self.injections: Mapping[str, di.Provider[Any]] = {}
        self.injection_names: Mapping[str, str] = {}
        self._cell: BoundSlot | None = None

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or name

    def __call__(self) -> T:  # type: ignore[override]  # slots take no arguments and do not await
        """The instance, built at the first call."""
        cell = self._cell
        if cell is None:
            self._refuse()
        epoch, value = cell.cache
        if epoch == cell.lifetime.epoch:
            return value  # type: ignore[no-any-return]  # the cache holds what this slot built
        return cell.resolve()  # type: ignore[no-any-return]

    def _provide(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        del args, kwargs  # dependency-injector's own way in; slots take no arguments
        return self()

    def override(self, provider: Any) -> Override:  # type: ignore[override]  # a context of our own
        """Override this slot with ``provider``: a provider or any object.

        It takes effect at once, and ends with the ``with`` block if there is one, else by ``reset_override``.
        Raises WiringError while a run of the container is open.
        """
        return bound(self).override(provider)

    def reset_last_overriding(self) -> None:
        """End the last override."""
        bound(self).reset_last_override()

    def reset_override(self) -> None:
        """End all overrides."""
        if self._cell is not None:
            self._cell.reset_overrides()

    def __deepcopy__(self, memo: dict[int, Any] | None) -> Self:
        memo = {} if memo is None else memo
        copied: Self | None = memo.get(id(self))
        if copied is None:
            copied = memo[id(self)] = self._unbound_copy()
            copied.name = self.name
            copied.injections = {
                name: di.deepcopy(provider, memo)
                for name, provider in self.injections.items()
                if name not in self.injection_names
            }
            copied.injection_names = self.injection_names
        return copied

    def __repr__(self) -> str:
        place = self.name if self._cell is None else self._cell.path
        return f"<{type(self).__name__} {place!r}>"

    __str__ = __repr__

    def _unbound_copy(self) -> Self:
        """A new slot with the same declaration, bound to nothing and without injections."""
        raise NotImplementedError

    def _make_cell(self, scope: Scope, name: str) -> BoundSlot:
        """The cell of the slot in a scope."""
        raise NotImplementedError

    def _refuse(self) -> NoReturn:
        raise WiringError(
            f"the provider {self.name!r} belongs to no container", "Use an instance of the container."
        )


def bind_slot(slot: Slot[Any], scope: Scope, name: str) -> BoundSlot:
    """Make ``slot`` the provider ``name`` of ``scope``."""
    slot.name = name
    slot._cell = slot._make_cell(scope, name)
    return slot._cell


def bound(slot: Slot[Any]) -> BoundSlot:
    """The cell of a slot. Raises WiringError if the slot belongs to no container."""
    if slot._cell is None:
        slot._refuse()
    return slot._cell


def is_bound(slot: Slot[Any]) -> bool:
    """Whether a slot belongs to a container."""
    return slot._cell is not None


def unbound_copy(slot: Slot[Any]) -> Slot[Any]:
    """A slot with the same declaration and injections that belongs to no container yet."""
    copied = slot._unbound_copy()
    copied.name = slot.name
    copied.injections, copied.injection_names = slot.injections, slot.injection_names
    return copied
