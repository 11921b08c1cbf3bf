"""The contract of interceptors."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, Literal, TypeAlias

from lolpop.components.interceptor import Interceptor, TaskCall
from lolpop.errors import DataError
from lolpop.testing.contracts._expected import raised, require
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["InterceptorContract"]

Make: TypeAlias = Callable[[], Interceptor]


class InterceptorContract(ComponentContract):
    """The checks that every interceptor must pass.

    Fixtures: ``make()`` makes an interceptor. One that may replace the result of a call, as a cache does,
    sets ``answers_itself``.
    """

    interface: ClassVar[type[Any]] = Interceptor
    answers_itself: ClassVar[bool] = False

    def test_says_what_it_stands_around(self, make: Make) -> None:
        """It has a pattern of paths."""
        require(isinstance(make().on, str) and bool(make().on), "a pattern in `on`", make().on)

    def test_passes_the_result_on(self, make: Make) -> None:
        """The result of the call is returned unchanged, including None and False."""
        for result in (object(), None, False, 0, []):
            for kind in ("task", "workflow"):
                actual = make().around(_call(lambda result=result: result, kind))  # type: ignore[misc]
                same = actual == result if self.answers_itself else actual is result
                require(same, f"the result {result!r} itself", actual)

    def test_passes_errors_on(self, make: Make) -> None:
        """An error of lolpop is raised unchanged."""
        expected = DataError("on purpose")

        def proceed() -> None:
            raise expected

        error = raised(DataError, lambda: make().around(_call(proceed)))
        require(error is expected, "the error itself", error)

    def test_lets_an_interruption_through(self, make: Make) -> None:
        """Ctrl-C is not swallowed, and the call is not repeated."""
        calls = []

        def proceed() -> None:
            calls.append(1)
            raise KeyboardInterrupt

        try:
            make().around(_call(proceed))
        except KeyboardInterrupt:
            require(len(calls) == 1, "one call", len(calls))
        else:
            raise AssertionError("Expected KeyboardInterrupt to be raised, but it was swallowed.")

    def test_calls_once(self, make: Make) -> None:
        """A call that succeeds is made once."""
        calls: list[int] = []
        make().around(_call(lambda: calls.append(1)))
        require(len(calls) == 1, "one call", len(calls))

    def test_may_be_nested(self, make: Make) -> None:
        """Nested calls of the same interceptor are passed on as well."""
        interceptor = make()
        inner = _call(lambda: "inner")
        outer = _call(lambda: (interceptor.around(inner), "outer"), "workflow")
        require(interceptor.around(outer) == ("inner", "outer"), "both results", "others")

    def test_works_in_threads(self, make: Make) -> None:
        """Concurrent calls in several threads get their own results."""
        interceptor = make()

        def around(number: int) -> Any:
            return interceptor.around(_call(lambda: number, path=f"train.task_{number}"))

        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(around, range(20)))
        require(results == list(range(20)), "each call's own result", results)


def _call(
    proceed: Callable[[], Any],
    kind: Literal["task", "workflow"] = "task",
    path: str = "train.train_model",
) -> TaskCall:
    return TaskCall(kind, path, "20240101-120000-abcdef", {"number": 1}, proceed)
