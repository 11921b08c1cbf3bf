"""Reusing results of calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from lolpop.components.cache_manager import CachedResult, CacheManager
from lolpop.components.interceptor import CallCaching, Interceptor, TaskCall
from lolpop.components.notifier import Notifier, notify_all
from lolpop.errors import CacheError, UnkeptValueError
from lolpop.resources import Resource, holds_resource

__all__ = ["CacheInterceptor"]


class CacheInterceptor(Interceptor):
    """Returns the cached result of an earlier call with the same dependencies.

    Calls that act outside (``effects=True``), return nothing, or depend on what cannot be determined are
    always made. Resources are not cached: the store records which call made them.

    Parameters
    ----------
    on : str
        Pattern over paths of tasks and workflows, such as ``train.*``.
    """

    is_cache: ClassVar[bool] = True

    def __init__(
        self, on: str = "*", *, cache_manager: CacheManager, notifiers: Sequence[Notifier] = ()
    ) -> None:
        self.on = on
        self._cache_manager = cache_manager
        self._notifiers = notifiers
        self._sent: set[str] = set()

    def around(self, call: TaskCall) -> Any:
        """Return what is kept of ``call``, or call and keep the result."""
        caching = call.caching
        if caching is None:
            return call.proceed()
        with self._cache_manager.lock(caching.key):
            if (result := self._get(call, caching)) is not None:
                caching.reuse(result.task_id)
                return result.value
            value = call.proceed()
            self._put(call, caching, value)
            return value

    def _get(self, call: TaskCall, caching: CallCaching) -> CachedResult | None:
        try:
            result = self._cache_manager.get(caching.key)
        except CacheError as error:
            self._warn_once(f"{call.path} is called again: {error}")
            return None
        if result is None or caching.is_of_store(result.task_id):
            return result
        # Others share the cache: resources have the same names in their stores, and are not the same.
        return None if caching.names_resources or holds_resource(result.value) else result

    def _put(self, call: TaskCall, caching: CallCaching, value: Any) -> None:
        if value is None or isinstance(value, Resource) or not caching.is_settled():
            return
        try:
            self._cache_manager.put(caching.key, CachedResult(value, caching.task_id), caching.trainers())
        except UnkeptValueError as error:
            self._warn_once(f"The result of {call.path} is not cached: {error}")
        except CacheError as error:
            self._warn_once(f"Results are not cached: {error}")

    def _warn_once(self, message: str) -> None:
        if message not in self._sent:
            self._sent.add(message)
            notify_all(self._notifiers, message, "warning")
