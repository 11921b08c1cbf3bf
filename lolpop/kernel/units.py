"""Units of work: child scopes of a container, such as one request, with objects of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Generic, TypeVar, cast

from dependency_injector import providers as di

from lolpop.errors import WiringError
from lolpop.kernel.deadlocks import Builder
from lolpop.kernel.lifetimes import Instance, Lifetime

__all__ = ["ChildScope", "Unit", "UnitPart", "current_unit"]

C = TypeVar("C")


class UnitPart:
    """The instances of one slot in one unit of work."""

    __slots__ = ("builder", "current", "instances")

    def __init__(self) -> None:
        self.builder = Builder()
        self.current: tuple[int, Instance] | None = None
        """The epoch for which the instance is known, and the instance."""
        self.instances: dict[Any, Instance] = {}


class Unit(Lifetime):
    """The lifetime of one unit of work: the scoped slots of a tree of containers, and their instances."""

    __slots__ = ("_parts", "_tree")

    def __init__(self, tree: Lifetime) -> None:
        super().__init__()
        self.lock, self.waiting = tree.lock, tree.waiting
        self._tree = tree
        self._parts: dict[Any, UnitPart] = {}
        with self.lock:
            tree.units[self] = None

    def belongs_to(self, tree: Lifetime) -> bool:
        """Whether it is a unit of a tree of containers."""
        return self._tree is tree

    def part(self, slot: Any) -> UnitPart:
        """Its instances of a slot."""
        with self.lock:
            return self._parts.setdefault(slot, UnitPart())

    def check_open(self, path: str) -> None:
        """Raise WiringError if the unit, or the whole tree, was closed."""
        self._tree.check_open(path)
        if self.is_closed:
            raise WiringError(f"{path}: its scope is closed", "Use it inside the `with` block of the scope.")

    def _end(self) -> list[Instance]:
        with self.lock:
            self._tree.units.pop(self, None)
            self._parts.clear()
            return super()._end()

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Make this the current unit inside the ``with`` block."""
        token = _UNITS.set((*_UNITS.get(), self))
        try:
            yield
        finally:
            _UNITS.reset(token)


_UNITS: ContextVar[tuple[Unit, ...]] = ContextVar("lolpop_units", default=())
"""The units that this context is in, of any container, outer ones first."""


def current_unit(tree: Lifetime) -> Unit | None:
    """The innermost unit of a tree of containers that this context is in."""
    return next((unit for unit in reversed(_UNITS.get()) if unit.belongs_to(tree)), None)


class ChildScope(Generic[C]):
    """The ``with`` block of one unit of work, such as one request.

    In the block, scoped components are built once for this unit; all others are those of the container. At
    its end, the components of the unit are closed, last first. The block returns a container for the unit,
    which other threads may use too. The container itself returns components of the unit only inside the
    block, and in asyncio tasks that begin there.
    """

    def __init__(self, container: C, tree: Lifetime) -> None:
        self._container, self._tree = container, tree
        self._unit: Unit | None = None

    def __enter__(self) -> C:
        if self._unit is not None:
            raise WiringError("this scope was entered before", "Open a new scope: container.scope().")
        self._tree.check_open("the scope")
        self._unit = Unit(self._tree)
        _UNITS.set((*_UNITS.get(), self._unit))
        return cast("C", _UnitContainer(self._container, self._unit))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        unit = self._leave()
        try:
            unit.close()
        except Exception as failure:
            if error is None:
                raise
            error.add_note(f"Closing the scope failed too: {failure!r}")

    async def __aenter__(self) -> C:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        unit = self._leave()
        try:
            await unit.aclose()
        except Exception as failure:
            if error is None:
                raise
            error.add_note(f"Closing the scope failed too: {failure!r}")

    def _leave(self) -> Unit:
        unit = cast("Unit", self._unit)
        # A web framework may leave the block in another context than it entered it in, where a token is
        # invalid.
        _UNITS.set(tuple(other for other in _UNITS.get() if other is not unit))
        return unit


class _UnitContainer:
    """A container as one unit of work sees it."""

    def __init__(self, container: Any, unit: Unit) -> None:
        self.__container, self.__unit = container, unit

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.__container, name)
        if isinstance(value, di.Provider):
            return _UnitProvider(value, self.__unit)
        is_nested = type(value) is type(self.__container)
        return _UnitContainer(value, self.__unit) if is_nested else value

    def __repr__(self) -> str:
        return f"<scope of {self.__container!r}>"


class _UnitProvider:
    """A provider as one unit of work sees it."""

    def __init__(self, provider: di.Provider[Any], unit: Unit) -> None:
        self.__provider, self.__unit = provider, unit

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with self.__unit.entered():
            return self.__provider(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__provider, name)

    def __repr__(self) -> str:
        return f"<{self.__provider!r} of a scope>"
