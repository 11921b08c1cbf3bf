"""The contract of cache managers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

import pandas as pd

from lolpop.components.cache_manager import CachedResult, CacheManager
from lolpop.errors import UnkeptValueError
from lolpop.testing.contracts._expected import raised, require
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["CacheManagerContract"]

Make: TypeAlias = Callable[[], CacheManager]

_KEY, _OTHER = "ab" * 32, "cd" * 32


class CacheManagerContract(ComponentContract):
    """The checks that every cache manager must pass.

    Fixtures: ``make()`` makes a cache manager. Within a test, every call returns a new one for the same
    location, which is empty at first.
    """

    interface: ClassVar[type[Any]] = CacheManager

    def test_gives_back_what_was_put(self, make: Make) -> None:
        """Plain values, even falsy ones, are returned with their task, by other cache managers as well."""
        for value in ([1, 2.5, "text"], {"a": (1, None)}, 0, False, ""):
            make().put(_KEY, CachedResult(value, "task"))
            result = make().get(_KEY)
            require(result == CachedResult(value, "task"), f"{value!r} and its task", result)
            require(make().maker(_KEY) == "task", "the task that made it", make().maker(_KEY))

    def test_gives_back_frames(self, make: Make) -> None:
        """A dataframe is returned with its columns, dtypes and index."""
        frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}, index=[5, 3])
        make().put(_KEY, CachedResult(frame, "task"))
        result = make().get(_KEY)
        require(result is not None and frame.equals(result.value), "the same frame", result)

    def test_knows_nothing_of_other_keys(self, make: Make) -> None:
        """A key without a value is not found."""
        make().put(_KEY, CachedResult(1, "task"))
        require(make().get(_OTHER) is None, "nothing", make().get(_OTHER))
        require(make().maker(_OTHER) is None, "no task", make().maker(_OTHER))

    def test_refuses_what_would_not_come_back(self, make: Make) -> None:
        """A function cannot be cached."""
        raised(UnkeptValueError, lambda: make().put(_KEY, CachedResult(lambda: 1, "task")))
        require(make().get(_KEY) is None, "nothing", make().get(_KEY))

    def test_locks_a_key(self, make: Make) -> None:
        """A locked key blocks others that request it. Other keys are not affected."""
        entered = threading.Event()

        def enter() -> None:
            with make().lock(_KEY):
                entered.set()

        thread = threading.Thread(target=enter)
        with make().lock(_KEY), make().lock(_OTHER):
            thread.start()
            require(not entered.wait(0.1), "one holder of the key at a time", "two")
        thread.join(10)
        require(entered.is_set(), "the key to be free at the end", "held")
