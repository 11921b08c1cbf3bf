"""Parts of rows that workers of an executor take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from lolpop._concurrency import in_order

if TYPE_CHECKING:
    from lolpop.components.executor import Executor
    from lolpop.kernel.specs import Call

P = TypeVar("P")


@contextmanager
def by_workers(executor: Executor, call: Call, parts: Sequence[P], jobs: int) -> Iterator[Iterator[Any]]:
    """What ``jobs`` workers at most make of ``parts`` by ``call``, in their order."""
    at_once = min(jobs, len(parts))
    ask: Callable[[P], Any]
    with executor.workers(call, at_once) as ask:
        yield in_order(ask, parts, at_once)
