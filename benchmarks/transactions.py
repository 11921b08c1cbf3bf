"""Transactions on databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def counted_transactions() -> Iterator[Counter[str]]:
    """Count the transactions of this process on any database."""
    from sqlalchemy import Engine, event

    counter: Counter[str] = Counter()

    def count(connection: object) -> None:
        del connection
        counter["begin"] += 1

    event.listen(Engine, "begin", count)
    try:
        yield counter
    finally:
        event.remove(Engine, "begin", count)
