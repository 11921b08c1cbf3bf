"""Paths of providers: finding a provider by its path, and suggestions for misspelt paths."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

from dependency_injector import providers as di

from lolpop._names import Names
from lolpop.kernel.scopes import Scope

__all__ = ["TreePaths", "provider_at"]

_SHOWN = 3
"""How many paths a hint lists."""


def provider_at(scope: Scope, path: str) -> di.Provider[Any] | None:
    """The provider at a dotted path below ``scope``; None if there is none."""
    *outer, name = path.split(".")
    inside: Scope | None = scope
    for step in outer:
        inside = getattr(inside.providers.get(step), "scope_inside", None) if inside is not None else None
        if not isinstance(inside, Scope):
            return None
    return None if inside is None else inside.providers.get(name)


class TreePaths:
    """The paths of all providers below a scope, relative to it, and of ``others`` such as settings."""

    def __init__(
        self,
        scope: Scope,
        others: Iterable[str] = (),
        counts: Callable[[di.Provider[Any]], bool] = lambda provider: not isinstance(provider, di.Self),
    ) -> None:
        self._scope = scope
        self._others = others
        self._counts = counts

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Outer containers first."""
        depth = len(self._scope.path)
        providers = (
            ".".join((*scope.path, name)[depth:])
            for scope in self._scope.walk()
            for name, provider in scope.providers.items()
            if self._counts(provider)
        )
        return tuple(dict.fromkeys((*providers, *self._others)))

    @cached_property
    def _names(self) -> Names:
        return Names(self.paths)

    @cached_property
    def _by_last_name(self) -> dict[str, list[str]]:
        by_name: dict[str, list[str]] = {}
        for path in self.paths:
            by_name.setdefault(path.rpartition(".")[2], []).append(path)
        return by_name

    def near(self, path: str) -> list[str]:
        """The paths that ``path`` may mean, the likeliest first.

        The same name elsewhere in the tree is likelier than another spelling.
        """
        return list(dict.fromkeys(self._candidates(path)))[:_SHOWN]

    def same_name(self, path: str) -> list[str]:
        """The paths whose last name is that of ``path``, or that differ from it in ``_`` and ``.`` only."""
        return list(dict.fromkeys(self._same(path)))[:_SHOWN]

    def did_you_mean(self, path: str) -> str | None:
        """The sentence that proposes the paths that ``path`` may mean; None if none is near."""
        near = self.near(path)
        return f"Did you mean {' or '.join(near)}?" if near else None

    @cached_property
    def _by_folded(self) -> dict[str, list[str]]:
        by_folded: dict[str, list[str]] = {}
        for path in self.paths:
            by_folded.setdefault(_folded(path), []).append(path)
        return by_folded

    def _same(self, path: str) -> list[str]:
        if same := self._by_folded.get(_folded(path)):
            return same  # a variable with one underscore where two separate the parts
        elsewhere = self._by_last_name.get(path.rpartition(".")[2], [])
        within = [other for other in elsewhere if other.startswith(f"{path.partition('.')[0]}.")]
        return within or elsewhere

    def _candidates(self, path: str) -> Iterator[str]:
        name = path.rpartition(".")[2]
        if same := self._same(path):
            yield from same
            return
        if (candidate := self._names.near(path)) is not None:
            yield candidate
            return
        if (candidate := self._last_names.near(name)) is not None:
            yield from self._by_last_name[candidate]

    @cached_property
    def _last_names(self) -> Names:
        return Names(self._by_last_name)


def _folded(path: str) -> str:
    return path.lower().replace("_", ".")
