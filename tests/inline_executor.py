"""An executor that starts no processes, for tests of what becomes of the work of workers."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from lolpop.components.executor import Executor
from lolpop.components.executor._payloads import packed, unpacked


class InlineExecutor(Executor):
    """Calls functions in this process: on a container that is built again from bytes, with items and results
    that travel as bytes, as those of workers do.
    """

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        with self.workers(function, 1) as ask:
            return [ask(item) for item in items]

    @contextmanager
    def workers(self, function: Callable[[Any], Any], max_concurrency: int) -> Iterator[Callable[[Any], Any]]:
        call, worker = unpacked(packed(function))
        lock = Lock()

        def ask(item: Any) -> Any:
            with lock:
                return pickle.loads(pickle.dumps(call(pickle.loads(pickle.dumps(item)))))

        try:
            yield ask
        finally:
            if worker is not None:
                worker.close()
