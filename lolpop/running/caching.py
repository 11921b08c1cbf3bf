"""Caching: which calls reuse results, and the facts that the cache interceptor needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, cast

from lolpop.components.cache_manager import CacheManager
from lolpop.components.interceptor import Interceptor
from lolpop.kernel.framework import framework_plan, settings_in
from lolpop.running.open_runs import runs_of

if TYPE_CHECKING:
    from lolpop.components.store import Store
    from lolpop.kernel.scopes import Scope
    from lolpop.running.fingerprints.calls import CallFingerprint

__all__ = ["Interception", "cached_paths", "interceptions", "is_in_cache", "is_of_store"]


@dataclass(frozen=True, slots=True)
class Interception:
    """An interceptor, and the patterns of the paths of calls that it is around."""

    interceptor: Interceptor
    patterns: Sequence[str]

    def is_around(self, path: str) -> bool:
        """Whether it is around calls of ``path``."""
        return any(fnmatchcase(path, pattern) for pattern in self.patterns)


def interceptions(root: Scope) -> list[Interception]:
    """The interceptors of a container, outermost first; the cache of the settings is the last."""
    provider = root.providers.get("interceptors")
    around = (
        []
        if provider is None
        else [Interception(interceptor, (interceptor.on,)) for interceptor in provider()]
    )
    if patterns := cached_paths(root):
        from lolpop.components.interceptor.cache import CacheInterceptor

        notifiers: Any = root.providers.get("notifiers")
        interceptor = CacheInterceptor(
            cache_manager=_cache_manager(root), notifiers=[] if notifiers is None else notifiers()
        )
        around.append(Interception(interceptor, patterns))
    return around


def cached_paths(root: Scope) -> tuple[str, ...]:
    """The patterns of the calls that the settings, or the command line, want cached."""
    configuration, options = root.configuration, runs_of(root).options
    if options.cache:
        return ("*",)
    return settings_in(framework_plan(configuration.tree, configuration.links)).cached_paths


def is_in_cache(root: Scope, fingerprint: CallFingerprint) -> bool:
    """Whether the result of a call with ``fingerprint`` would be reused."""
    if fingerprint.digest is None:
        return False
    from lolpop.running.reusing import has_earlier_call

    if has_earlier_call(root, fingerprint.digest):
        return True
    maker = _cache_manager(root).maker(fingerprint.digest)
    return maker is not None and (not fingerprint.names_resources or is_of_store(root, maker))


def is_of_store(root: Scope, task_id: str) -> bool:
    """Whether a task was recorded in the store of a container: caches are shared, stores need not be."""
    store: Store = cast("Any", root.providers["store"])()
    return store.task(task_id) is not None


def _cache_manager(root: Scope) -> CacheManager:
    provider: Any = root.providers.get("cache_manager")
    manager: Any = None if provider is None else provider()
    if isinstance(manager, CacheManager):
        return manager
    from lolpop.components.cache_manager.local import LocalCacheManager

    store: Any = root.providers["store"]
    return LocalCacheManager(store=store(), folder=root.configuration.folder)
