"""How many threads numerical libraries use."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lolpop._processors import free_processors, processors

if TYPE_CHECKING:
    from threadpoolctl import LibController

# Up to this many values (rows times columns), one thread is about as fast as two, at half the cost
# (benchmarks/neighbours.py).
_VALUES_OF_ONE_THREAD = 500_000
_VALUES_OF_ONE_OPENMP_THREAD = 50_000


def threads_for(rows: int, columns: int) -> int:
    """How many threads to use for a table: one for a small one, all processors for others.

    It depends on the table alone, as the last digits of a result may depend on it.
    """
    return 1 if rows * columns <= _VALUES_OF_ONE_THREAD else _most_threads()


def openmp_threads_for(rows: int, columns: int) -> int:
    """How many threads of OpenMP to use for a table, where their number does not change the result.

    One for a small table; for others, as many as there are processors that are free now. Threads wait for
    each other thousands of times in a fit, and all wait for one whose processor another process has taken.
    """
    return 1 if rows * columns <= _VALUES_OF_ONE_OPENMP_THREAD else min(_most_threads(), free_processors())


@contextmanager
def at_most(threads: int, *, openmp: int | None = None) -> Iterator[None]:
    """Limit the threads of numerical libraries inside the block; those of OpenMP to ``openmp``, if given.

    Blocks may be nested, and entered by several threads at once: the smallest limit holds.
    """
    with _of_this_thread(openmp or threads), _PROCESS.limited(threads):
        yield


@contextmanager
def one_thread() -> Iterator[None]:
    """Let numerical libraries work in one thread inside the block.

    Threads cost more than they bring where each call has few rows, and far more on a busy machine.
    """
    with at_most(1):
        yield


def _most_threads() -> int:
    """The processors of this process, or the limit of the environment if that is less."""
    stated = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return min(processors(), int(stated)) if stated.isdigit() and int(stated) else processors()


class _Libraries:
    """The thread pools of all loaded libraries; finding them takes a millisecond."""

    def __init__(self) -> None:
        self._modules = -1
        self._controllers: list[LibController] = []

    def of(self, kind: str) -> list[LibController]:
        if len(sys.modules) != self._modules:
            import sklearn.ensemble  # noqa: F401  (only the threads of libraries that are loaded can be limited)
            from threadpoolctl import ThreadpoolController

            self._controllers = ThreadpoolController().lib_controllers
            self._modules = len(sys.modules)
        return [
            library for library in self._controllers if (library.user_api == "openmp") == (kind == "openmp")
        ]


_LIBRARIES = _Libraries()


@contextmanager
def _of_this_thread(threads: int) -> Iterator[None]:
    """Limit OpenMP, which has a number of threads for each thread that calls it."""
    before = [(library, library.num_threads) for library in _LIBRARIES.of("openmp")]
    lowered = [(library, number) for library, number in before if number is not None and number > threads]
    for library, _ in lowered:
        library.set_num_threads(threads)
    try:
        yield
    finally:
        for library, number in lowered:
            library.set_num_threads(number)


class _ProcessLimit:
    """A limit of BLAS, which has one number of threads for the whole process: the least that is wanted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: list[int] = []
        self._before: list[tuple[Any, int]] = []

    @contextmanager
    def limited(self, threads: int) -> Iterator[None]:
        with self._lock:
            if not self._requests:
                libraries = _LIBRARIES.of("blas")
                self._before = [
                    (library, number) for library in libraries if (number := library.num_threads) is not None
                ]
            self._requests.append(threads)
            self._apply()
        try:
            yield
        finally:
            with self._lock:
                self._requests.remove(threads)
                self._apply()

    def _apply(self) -> None:
        for library, number in self._before:
            library.set_num_threads(min([number, *self._requests]))


_PROCESS = _ProcessLimit()
