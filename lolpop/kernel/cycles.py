"""The order in which objects are built, each after those that it needs, and the cycles that prevent it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

__all__ = ["build_order"]

N = TypeVar("N")


def build_order(
    starts: Iterable[N],
    needs: Callable[[N], Iterable[N]],
    on_cycle: Callable[[list[N]], None],
    *,
    is_built: Callable[[N], bool] = lambda _: False,
) -> list[N]:
    """``starts`` and everything that they need, in an order that puts dependencies first.

    ``on_cycle`` is called for each cycle, with the path that leads from something back to it. What is built
    already is left out.
    """
    order: list[N] = []
    entered: set[N] = set()
    for start in starts:
        if start in entered or is_built(start):
            continue
        entered.add(start)
        path: dict[N, Iterator[N]] = {start: iter(needs(start))}
        while path:
            current, waiting = next(reversed(path.items()))
            for needed in waiting:
                if needed in path:
                    names = [*path]
                    on_cycle([*names[names.index(needed) :], needed])
                elif needed not in entered and not is_built(needed):
                    entered.add(needed)
                    path[needed] = iter(needs(needed))
                    break
            else:
                order.append(current)
                del path[current]
    return order
