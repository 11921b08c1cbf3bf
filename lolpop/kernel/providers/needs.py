"""What providers need, and what is behind them, with overrides in force."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dependency_injector import providers as di

from lolpop.kernel.providers.dependencies import effective_provider
from lolpop.kernel.providers.slots import Slot, bound
from lolpop.kernel.providers.uncached_cells import uncached_cell

__all__ = ["drawn", "is_scoped", "name_of", "needs_of", "providers_behind"]


def needs_of(provider: di.Provider[Any]) -> list[di.Provider[Any]]:
    """The cells that a provider needs, of its override if it has one."""
    if isinstance(provider, Slot):
        needed: Sequence[di.Provider[Any] | None] = bound(provider).needed()
    elif provider.last_overriding is not None:
        needed = [provider.last_overriding]
    elif isinstance(provider, di.Container):
        needed = []  # an object is returned as it is
    else:
        needed = list(provider.related)
    return [effective for effective in map(effective_provider, needed) if effective is not None]


def providers_behind(provider: di.Provider[Any]) -> Iterator[di.Provider[Any]]:
    """A provider that is not a slot, and the providers that it needs, down to the first slots."""
    seen, waiting = {provider}, [provider]
    while waiting:
        current = waiting.pop()
        yield current
        if not isinstance(current, Slot):
            for needed in needs_of(current):
                if needed not in seen:
                    seen.add(needed)
                    waiting.append(needed)


def name_of(provider: di.Provider[Any]) -> str:
    """A provider in messages: its path, or its kind if it has no path."""
    if isinstance(provider, Slot):
        return bound(provider).path
    cell = uncached_cell(provider)
    return type(provider).__name__ if cell is None else cell.path


def drawn(cycle: Sequence[di.Provider[Any]]) -> str:
    """A cycle as messages show it."""
    return " -> ".join(map(name_of, cycle))


def is_scoped(provider: di.Provider[Any]) -> bool:
    """Whether the object of a provider is another one in each unit of work."""
    seen: set[di.Provider[Any]] = set()  # providers that override each other are a finding of their own
    waiting: list[di.Provider[Any] | None] = [provider]
    while waiting:
        current = effective_provider(waiting.pop())
        if current is None or current in seen:
            continue
        seen.add(current)
        if not isinstance(current, Slot):
            waiting += needs_of(current)
            continue
        cell = bound(current)
        if cell.overrides:
            waiting.append(cell.active)
        elif cell.is_scoped:
            return True
        else:
            waiting += cell.based_on()
    return False
