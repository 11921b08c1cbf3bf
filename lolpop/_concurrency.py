"""Waiting for many results at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import TypeVar

T = TypeVar("T")
S = TypeVar("S")

_AHEAD = 2
"""Items that are begun, or done and not taken yet, for each one that is waited for at once."""


def in_order(function: Callable[[S], T], items: Iterable[S], at_once: int) -> Iterator[T]:
    """Results of ``function`` for ``items``, in their order, as they come; ``at_once`` threads wait for them.

    Items are taken as results are, so that neither ever are all held. Raises what the first failing call
    raised; others are not waited for then.
    """
    waiting: deque[Future[T]] = deque()
    source = iter(items)
    threads = ThreadPoolExecutor(at_once, thread_name_prefix="lolpop-results")

    def begin(number: int) -> None:
        for _ in range(number):
            for item in source:
                context: Context = copy_context()
                waiting.append(threads.submit(context.run, function, item))
                break

    try:
        begin(_AHEAD * at_once)
        while waiting:
            result = waiting.popleft().result()
            begin(1)
            yield result
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
