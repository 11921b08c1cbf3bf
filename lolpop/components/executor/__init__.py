"""Doing many things at once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.kernel.specs import Call

__all__ = ["Executor"]

T = TypeVar("T")


class Executor(Component):
    """Calls a function for each of many items, in other processes where it can."""

    __slots__ = ()

    affects_results: ClassVar[bool] = False

    @abstractmethod
    def map(self, function: Callable[[Any], T] | Call, items: Iterable[Any]) -> list[T]:
        """Results of ``function`` for ``items``, in their order.

        ``function`` is a module-level function, or a Call of a method of an integration, which workers
        make on a container rebuilt from its spec. Raises what the first failing call raised.
        """

    @contextmanager
    def workers(
        self, function: Callable[[Any], T] | Call, max_concurrency: int
    ) -> Iterator[Callable[[Any], T]]:
        """Give what has ``function`` called for one item and waits for its result, inside the block.

        It is for items that are not known beforehand: ``max_concurrency`` threads may each wait for one. What
        workers have built and read is kept from item to item, as far as the implementation has workers
        that last.
        """
        del max_concurrency  # whoever waits has a map of its own
        yield lambda item: self.map(function, [item])[0]
