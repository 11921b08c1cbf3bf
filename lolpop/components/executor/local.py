"""Doing many things at once on this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import NonNegativeInt, PositiveInt

from lolpop._import_order import import_ufuncs
from lolpop._processors import THREAD_VARIABLES, let_threads_sleep, processors
from lolpop.components.executor import Executor
from lolpop.components.executor._checks import lost_worker, require_counts
from lolpop.components.executor._interrupts import children_are_deaf, hear_again, interrupts_wait
from lolpop.components.executor._payloads import packed, unpacked

if TYPE_CHECKING:
    from lolpop.kernel.specs import Call

__all__ = ["LocalExecutor"]

T = TypeVar("T")


class LocalExecutor(Executor):
    """Calls functions in processes of this machine, which start afresh for every ``map`` and end with it.

    Each process imports what it needs by itself, so that threads, connections and locks of this one do not
    matter; a script that maps needs ``if __name__ == "__main__":`` around its code. A process that makes
    a ``Call`` builds its container once, and closes it at its end. Processes share the processors: unless
    the environment says otherwise (``OMP_NUM_THREADS``), libraries start no more threads than their share.
    When a process is lost, all are started again, and repeat the items that they were working on.

    Parameters
    ----------
    workers : int, optional
        How many processes work at once; by default one for each processor.
    retries : int
        How often an item is repeated after a process was lost.
    """

    def __init__(self, workers: PositiveInt | None = None, retries: NonNegativeInt = 1) -> None:
        require_counts(workers, retries)
        self._workers = workers
        self._retries = retries

    def map(self, function: Callable[[Any], T] | Call, items: Iterable[Any]) -> list[T]:
        """Results of ``function`` for ``items``, in their order.

        Raises what the first failing call raised, once the calls that had begun are done; on Ctrl-C the
        processes are stopped at once.

        Raises
        ------
        WiringError
            If other processes cannot have ``function``, or the container of a Call; or a Call is made outside
            a run.
        LolpopError
            If processes were lost too often.
        """
        waiting = list(items)
        if not waiting:
            return []
        with self._pool(function, len(waiting)) as pool:
            return [pool.result(work) for work in [pool.begin(item) for item in waiting]]

    @contextmanager
    def workers(
        self, function: Callable[[Any], T] | Call, max_concurrency: int
    ) -> Iterator[Callable[[Any], T]]:
        """Give what has ``function`` called for one item and waits for its result, inside the block.

        The processes live until the block ends; errors are those of ``map``.
        """
        with self._pool(function, max_concurrency) as pool:
            yield lambda item: pool.result(pool.begin(item))

    @contextmanager
    def _pool(self, function: Callable[[Any], Any] | Call, max_concurrency: int) -> Iterator[_Pool]:
        work = packed(function)
        available = processors()
        count = min(self._workers or available, max_concurrency)
        pool = _Pool(count, (work, max(1, available // count)), self._retries)
        try:
            yield pool
        except Exception:
            pool.shutdown(wait=True)
            raise
        except BaseException:
            pool.stop()
            raise
        pool.shutdown(wait=True)


class _Pool:
    """Processes that are started again when one of them is lost."""

    def __init__(self, count: int, arguments: tuple[bytes, int], retries: int) -> None:
        self._processes = _Processes()
        self._start = partial(ProcessPoolExecutor, count, self._processes, _prepare, arguments)
        self._lock = threading.Lock()
        self._pool = self._start()
        self._unfinished: dict[_Work, None] = {}
        self._stopped = False
        self._retries = retries

    def begin(self, item: Any) -> _Work:
        """Let ``item`` be worked on."""
        with self._lock:
            work = _Work(item, self._pool, _submitted(self._pool, item))
            self._unfinished[work] = None
            return work

    def result(self, work: _Work) -> Any:
        """The result of ``work``; it is repeated when a process was lost. Raises what the call raised."""
        try:
            for _ in range(self._retries):
                pool, future = work.pool, work.future
                try:
                    return future.result()
                except BrokenProcessPool:
                    self._replace(pool)
            return self._answer(work.future)
        finally:
            self._unfinished.pop(work, None)

    def _answer(self, future: Future[Any]) -> Any:
        try:
            return future.result()
        except BrokenProcessPool as error:
            raise lost_worker(
                "A worker process",
                self._retries,
                "A script that starts workers needs `if __name__ == '__main__':` around its code.",
            ) from error

    def shutdown(self, *, wait: bool) -> None:
        """Let the processes end, once what they work on is done."""
        self._pool.shutdown(wait=wait, cancel_futures=True)

    def stop(self) -> None:
        """Stop the processes at once, and start no others."""
        self._stopped = True
        self.shutdown(wait=False)
        self._processes.stop()

    def _replace(self, lost: ProcessPoolExecutor) -> None:
        """Start processes instead of ``lost``, and let them do what is left of the work."""
        with self._lock:
            if self._stopped or self._pool is not lost:
                return  # or another thread has
            lost.shutdown()
            self._pool = self._start()
            for work in list(self._unfinished):
                if work.pool is lost and _is_lost(work.future):
                    work.pool, work.future = self._pool, _submitted(self._pool, work.item)


@dataclass(slots=True, eq=False)
class _Work:
    """An item, the processes that work on it, and the result to come."""

    item: Any
    pool: ProcessPoolExecutor
    future: Future[Any]


class _Processes(SpawnContext):
    """Starts processes, and can stop them."""

    def __init__(self) -> None:
        super().__init__()
        self._started: list[SpawnProcess] = []

    def Process(self, *args: Any, **kwargs: Any) -> SpawnProcess:  # type: ignore[override]  # noqa: N802  (a class there)
        process = _Process(*args, **kwargs)
        self._started.append(process)
        return process

    def stop(self) -> None:
        """Stop all processes that were started."""
        for process in self._started:
            if process.pid is not None:
                process.terminate()


class _Process(SpawnProcess):
    """A process that Ctrl-C neither strikes in its beginnings, nor keeps half-started."""

    def start(self) -> None:
        with interrupts_wait(), children_are_deaf():
            super().start()


def _submitted(pool: ProcessPoolExecutor, item: Any) -> Future[Any]:
    try:
        return pool.submit(_work, item)
    except BrokenProcessPool as error:
        failed: Future[Any] = Future()
        failed.set_exception(error)
        return failed


def _is_lost(future: Future[Any]) -> bool:
    return isinstance(future.exception(), BrokenProcessPool)


# Of a worker process, as a pool gives its workers no other place: what it was started for, and what it calls
# for each item once that is unpickled.
_pickled = b""
_function: Callable[[Any], Any] | None = None


def _prepare(pickled: bytes, threads: int) -> None:
    global _pickled
    _pickled = pickled
    for name in THREAD_VARIABLES:
        os.environ.setdefault(name, str(threads))
    let_threads_sleep()
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()
    # Ctrl-C goes to every process of the terminal: the first one stops the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    hear_again()
    import_ufuncs()


def _end_with_parent() -> None:
    """End this process when the one that started it is gone: killed, it stops nobody."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(item: Any) -> Any:
    global _function
    if _function is None:
        _function = _unpickled(_pickled)
    return _function(item)


def _unpickled(pickled: bytes) -> Callable[[Any], Any]:
    from multiprocessing.util import Finalize

    function, worker = unpacked(pickled)
    if worker is not None:
        Finalize(worker, worker.close, exitpriority=0)
    return function
