"""Caching the results of calls."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.components.model_trainer import ModelTrainer

__all__ = ["CacheManager", "CachedResult"]


@dataclass(frozen=True, slots=True)
class CachedResult:
    """A cached result and the task that made it.

    Parameters
    ----------
    value
        What the call returned.
    task_id
        Id of the task that made it.
    """

    value: Any
    task_id: str


class CacheManager(Component):
    """Keeps results by key: the digest of everything that a call depends on.

    Safe to share between threads and processes.
    """

    __slots__ = ()

    affects_results: ClassVar[bool] = False

    @abstractmethod
    def get(self, key: str) -> CachedResult | None:
        """The result that is stored under ``key``; None if there is none.

        Raises CacheError, after removing it, for an entry that is damaged or cannot be read.
        """

    def maker(self, key: str) -> str | None:
        """The id of the task whose result is kept under ``key``; None if there is none."""
        result = self.get(key)
        return None if result is None else result.task_id

    @abstractmethod
    def put(self, key: str, result: CachedResult, trainers: Sequence[ModelTrainer] = ()) -> None:
        """Store ``result`` under ``key``.

        A fitted model is saved by the one of ``trainers`` that fitted it. Raises UnkeptValueError for a value
        that would not come back unchanged, and CacheError if it cannot be written.
        """

    @abstractmethod
    def lock(self, key: str) -> AbstractContextManager[None]:
        """Lock ``key`` inside the ``with`` block, against other threads and processes."""
