"""Overrides by path: several providers of a tree that are overridden together."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar, cast

from lolpop._names import one_of
from lolpop.errors import WiringError
from lolpop.kernel.lifetimes import Lifetime, Override
from lolpop.kernel.paths import TreePaths, provider_at
from lolpop.kernel.providers.nesting import Nested
from lolpop.kernel.providers.overriding import Placed, stand_in
from lolpop.kernel.providers.slots import Slot, bound
from lolpop.kernel.providers.uncached_cells import uncached_cell
from lolpop.kernel.scopes import Scope

__all__ = ["Overrides", "override_all"]

P = ParamSpec("P")
R = TypeVar("R")


class Overrides:
    """Overrides that begin and end together: for a ``with`` block, or around each call of a function.

    They are in force from the moment they are made, as a single override is. As a decorator they are in
    force during the calls of the function only.
    """

    def __init__(self, scope: Scope, stand_ins: Mapping[str, Any]) -> None:
        self._stand_ins = tuple((placed_at(scope, path), by) for path, by in stand_ins.items())
        self._lifetime: Lifetime = scope.lifetime
        self._active: tuple[Override, ...] = ()
        self._begin()

    def _begin(self) -> None:
        overrides = tuple(stand_in(placed, by) for placed, by in self._stand_ins)
        self._lifetime.begin(*overrides)
        self._active = overrides

    @property
    def active(self) -> tuple[Override, ...]:
        """The overrides that are in force."""
        return self._active

    def end(self) -> None:
        """End the overrides and close what was built because of them."""
        active, self._active = self._active, ()
        self._lifetime.end(*active)

    async def aend(self) -> None:
        """``end``, awaiting what closes asynchronously."""
        active, self._active = self._active, ()
        await self._lifetime.aend(*active)

    def __enter__(self) -> None:
        if self._stand_ins and not self._active:
            paths = ", ".join(placed.path for placed, _ in self._stand_ins)
            raise WiringError(
                f"these overrides of {paths} have ended", "Call override({…}) again for each block."
            )

    def __exit__(self, *_: object) -> None:
        self.end()

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(self, *_: object) -> None:
        await self.aend()

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorate ``function``: the overrides are in force while it runs, and not between its calls."""
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise WiringError(
                f"{function.__qualname__} is a generator, which overrides cannot decorate",
                "Write a `with` block in it.",
            )
        self.end()
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
                async with self._reread():
                    return await function(*args, **kwargs)

            return cast("Callable[P, R]", awaited)

        @functools.wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            with self._reread():
                return function(*args, **kwargs)

        return called

    def _reread(self) -> Overrides:
        """The same overrides, begun again: calls may be nested, and each ends its own."""
        overrides = Overrides.__new__(Overrides)
        overrides._stand_ins, overrides._lifetime, overrides._active = self._stand_ins, self._lifetime, ()
        overrides._begin()
        return overrides


def override_all(scope: Scope, stand_ins: Mapping[str, Any]) -> Overrides:
    """Override providers by their paths from ``scope``.

    Raises WiringError, and overrides nothing, if any path names no provider, or if a value cannot stand in.
    """
    wrong = [path for path in stand_ins if provider_at(scope, path) is None]
    if wrong:
        paths = TreePaths(scope)
        named = ", ".join(map(repr, wrong))
        hints = (paths.did_you_mean(path) for path in wrong)
        if len(wrong) == 1:
            hint = next(hints) or one_of(wrong[0], paths.paths, what="Providers")
            raise WiringError(f"there is no provider {named}", hint)
        near = (f"{path}: {near}" for path in wrong if (near := paths.did_you_mean(path)))
        raise WiringError(f"there are no providers {named}", " ".join(near) or None)
    return Overrides(scope, stand_ins)


def placed_at(scope: Scope, path: str) -> Placed:
    """The provider at ``path``. Raises WiringError if it cannot be overridden."""
    provider = provider_at(scope, path)
    if isinstance(provider, Slot):
        return cast("Placed", bound(provider))
    if provider is not None and (cell := uncached_cell(provider)) is not None:
        return cell
    if isinstance(provider, Nested):
        inner = ", ".join(f"{path}.{name}" for name in provider.providers)
        raise WiringError(f"{path} is a container and cannot be overridden", f"Override one of: {inner}.")
    kind = type(provider).__name__
    raise WiringError(
        f"{path} is dependency-injector's {kind}, which cannot be overridden by its path",
        "Declare it with a provider of lolpop.providers.",
    )
