"""The names of providers that are visible from a container, and the places of the others."""

from __future__ import annotations

from lolpop._names import Names
from lolpop.kernel.scopes import Scope

__all__ = ["VisibleNames"]


class VisibleNames:
    """Finds similar names among the providers of a tree; the index is built once."""

    def __init__(self, root: Scope) -> None:
        self._homes: dict[str, list[str]] = {}
        self._names: dict[Scope, Names] = {}
        for scope in root.walk():
            for name in scope.providers:
                self._homes.setdefault(name, []).append(".".join(scope.path) or "the root")

    def homes(self, name: str) -> list[str]:
        """The paths of the containers that have a provider of this name."""
        return self._homes.get(name, [])

    def among(self, scope: Scope) -> Names:
        """The names that are visible from a container."""
        if scope not in self._names:
            visible: set[str] = set()
            outward: Scope | None = scope
            while outward is not None:
                visible.update(outward.providers)
                outward = outward.outer
            self._names[scope] = Names(visible)
        return self._names[scope]
