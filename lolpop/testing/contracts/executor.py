"""The contract of executors."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, TypeAlias

from lolpop.components.executor import Executor
from lolpop.errors import DataError, WiringError
from lolpop.testing.contracts._expected import raised, require
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["ExecutorContract"]

Make: TypeAlias = Callable[[], Executor]


class ExecutorContract(ComponentContract):
    """The checks that every executor must pass.

    Fixtures: ``make()`` makes an executor.
    """

    interface: ClassVar[type[Any]] = Executor

    def test_results_are_in_the_order_of_items(self, make: Make) -> None:
        """Each item of any iterable has its result, in the order of the items."""
        results = make().map(_squared, iter([3, 1, 2]))
        require(results == [9, 1, 4], "[9, 1, 4]", results)

    def test_no_items_have_no_results(self, make: Make) -> None:
        """Without items, the function is not called."""
        require(make().map(_squared, []) == [], "[]", "something else")

    def test_raises_what_a_call_raised(self, make: Make) -> None:
        """The error of the first item that fails is raised. The executor still works after it."""
        executor = make()
        error = raised(DataError, lambda: executor.map(_refuses_odd, [2, 3, 5]))
        require("3 is odd" in str(error), "'3 is odd'", error)
        require(executor.map(_refuses_odd, [2]) == [2], "[2]", "something else")

    def test_workers_take_items_one_by_one(self, make: Make) -> None:
        """Workers process items that are not known in advance, for several threads at once."""
        with make().workers(_squared, 2) as work, ThreadPoolExecutor(2) as pool:
            results = list(pool.map(work, [1, 2, 3, 4]))
        require(results == [1, 4, 9, 16], "[1, 4, 9, 16]", results)

    def test_refuses_a_call_outside_a_run(self, make: Make) -> None:
        """A Call needs the container of the open run, so it is refused if no run is open."""
        from lolpop.kernel.specs import Call

        raised(WiringError, lambda: make().map(Call("train.model_trainer", "title"), [1]))


def _squared(number: int) -> int:
    return number * number


def _refuses_odd(number: int) -> int:
    if number == 3:
        time.sleep(0.3)  # so that a later item fails before
    if number % 2:
        raise DataError(f"{number} is odd")
    return number
