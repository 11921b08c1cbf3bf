"""Lifetimes: the objects that a tree of containers has built, the overrides in force, and when each ends."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from lolpop.errors import WiringError

__all__ = ["Instance", "Lifetime", "Overridable", "Override", "OverrideEnded"]


class Overridable(Protocol):
    """Something that can be overridden."""

    @property
    def path(self) -> str:
        """Its path, for messages."""

    @property
    def overrides(self) -> tuple[Override, ...]:
        """The overrides; the last one is in force."""

    def set_overrides(self, overrides: tuple[Override, ...]) -> None:
        """Set the overrides."""


class Override:
    """A provider that replaces another one. As a context manager, it ends with its block."""

    __slots__ = ("built", "ended", "instance", "instances", "lifetime", "overridden", "provider")

    def __init__(
        self, overridden: Overridable, lifetime: Lifetime, provider: Any, value: Any = None, *, live: bool
    ) -> None:
        self.overridden = overridden
        self.lifetime = lifetime
        self.provider = provider
        self.instance = Instance(value, frozenset({self})) if live else None
        """The object that replaces; a provider may return another object in every epoch."""
        self.instances: dict[Any, Instance] = {}
        """Instances of the replacing provider, by source, with this override added to those that they depend
        on."""
        self.ended = False
        self.built: list[tuple[dict[Any, Instance], Any]] = []
        """Where the instances are stored that were built because of it: a dictionary and a key in it."""

    def __enter__(self) -> Any:
        if self.ended:
            raise WiringError(
                f"this override of {self.overridden.path} has ended", "Call override(…) again for each block."
            )
        return self.provider if self.instance is None else self.instance.value

    def __exit__(self, *_: object) -> None:
        self.lifetime.end(self)

    async def __aenter__(self) -> Any:
        return self.__enter__()

    async def __aexit__(self, *_: object) -> None:
        await self.lifetime.aend(self)


class OverrideEnded(Exception):  # noqa: N818  (it is no error: who built meanwhile begins anew)
    """An override ended in another thread while this one built an object that depends on it."""


class Instance:
    """The value of a slot, and the overrides that it was built under.

    ``source`` makes a new value at each call, for providers that cache nothing. A value that is not
    ``owned`` is closed by somebody else.
    """

    __slots__ = ("overrides", "owned", "path", "source", "value")

    def __init__(
        self,
        value: Any,
        overrides: frozenset[Override] = frozenset(),
        source: Callable[[], Any] | None = None,
        *,
        owned: bool = True,
    ) -> None:
        self.value = value
        self.overrides = overrides
        self.source = source
        self.owned = owned
        self.path = ""
        """The path of its provider, for messages."""

    def get(self) -> Any:
        """The value to be injected."""
        return self.value if self.source is None else self.source()


class Lifetime:
    """The objects that a tree of containers has built and not closed yet.

    ``epoch`` grows with every override that begins or ends, and when the tree is closed: the caches of slots
    are valid for one epoch. The lock guards these few fields and is never held while user code runs.
    """

    __slots__ = ("_closed", "_holds", "built", "epoch", "lock", "units", "verified", "waiting")

    def __init__(self) -> None:
        self.epoch = 0
        self.lock = threading.RLock()
        self.verified = False
        self.waiting: dict[int, int | None] = {}
        """For each waiting thread, by its ident, the thread that it waits for."""
        self.built: dict[int, Instance] = {}
        self.units: dict[Lifetime, None] = {}
        """The lifetimes of the units of work that are open."""
        self._closed = False
        self._holds = 0

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Keep the wiring as it is inside the ``with`` block: no override begins or ends meanwhile."""
        with self.lock:
            self._holds += 1
        try:
            yield
        finally:
            with self.lock:
                self._holds -= 1

    def check_open(self, path: str) -> None:
        """Raise WiringError if the tree was closed."""
        if self._closed:
            raise WiringError(
                f"{path}: its container is closed",
                "Use it inside the `with` block, or create a new container.",
            )

    def keep(self, instance: Instance, instances: dict[Any, Instance], key: Any, path: str) -> None:
        """Remember an instance, to close it when its overrides end or with the tree.

        If another thread has meanwhile closed the tree, or ended one of the overrides, the instance is
        closed at once, and WiringError or OverrideEnded is raised.
        """
        instance.path = path
        with self.lock:
            ended = any(override.ended for override in instance.overrides)
            if not self._closed and not ended:
                instances[key] = instance
                self.built[id(instance)] = instance
                for override in instance.overrides:
                    override.built.append((instances, key))
                return
        _close([instance])
        self.check_open(path)
        raise OverrideEnded

    def begin(self, *overrides: Override) -> None:
        """Begin overrides, each on top of those of the same provider; all begin, or none."""
        with self.lock:
            for override in overrides:
                self._check_not_held(override.overridden.path)
                self.check_open(override.overridden.path)
            for override in overrides:
                overridden = override.overridden
                overridden.set_overrides((*overridden.overrides, override))
            self.epoch += 1

    def end(self, *overrides: Override) -> None:
        """End overrides and close the objects that were built because of them, last first."""
        _close(self._take_away(overrides))

    async def aend(self, *overrides: Override) -> None:
        """``end``, awaiting objects that close asynchronously."""
        await _aclose(self._take_away(overrides))

    def _take_away(self, overrides: Iterable[Override]) -> list[Instance]:
        """End overrides, and return the instances to close, in the order in which they were built."""
        with self.lock:
            active = [override for override in overrides if not override.ended]
            for override in active:
                self._check_not_held(override.overridden.path)
            ending: list[Instance] = []
            for override in active:
                override.ended = True
                overridden = override.overridden
                others = (other for other in overridden.overrides if other is not override)
                overridden.set_overrides(tuple(others))
                ending += [instances.pop(key) for instances, key in override.built if key in instances]
                override.built.clear()
                override.instances.clear()
            if active:
                self.epoch += 1
            if len(active) > 1:  # an instance that depends on several overrides is listed with the first
                places = {key: place for place, key in enumerate(self.built)}
                ending.sort(key=lambda instance: places.get(id(instance), -1))
            return [instance for instance in ending if self.built.pop(id(instance), None) is not None]

    def close(self) -> None:
        """Close all instances, last first, even if closing one of them fails."""
        _close(self._end())

    async def aclose(self) -> None:
        """``close``, awaiting objects that close asynchronously."""
        await _aclose(self._end())

    def _end(self) -> list[Instance]:
        with self.lock:
            if self._closed:
                return []
            self._closed = True
            self.epoch += 1
            built = list(self.built.values())
            self.built.clear()
            for unit in list(self.units):
                built += unit._end()
        return built

    def _check_not_held(self, path: str) -> None:
        if self._holds:
            raise WiringError(
                f"{path} cannot be overridden while a run of its container is open",
                "Override before the workflow starts, and end the override after it.",
            )


def _close(instances: Iterable[Instance]) -> None:
    """Close instances, last first. The first error is raised, with notes about the others."""
    failures: list[tuple[BaseException, str]] = []
    for instance in _last_first(instances):
        try:
            result = _begin_closing(instance.value, asynchronously=False)
            if inspect.isawaitable(result):
                _finish(result, instance.value)
        except BaseException as failure:  # noqa: BLE001  (Ctrl-C included: the others hold resources too)
            failures.append((failure, instance.path))
    _raise_first(failures)


async def _aclose(instances: Iterable[Instance]) -> None:
    """``_close``, awaiting objects that close asynchronously."""
    failures: list[tuple[BaseException, str]] = []
    for instance in _last_first(instances):
        try:
            result = _begin_closing(instance.value, asynchronously=True)
            if inspect.isawaitable(result):
                await result
        except BaseException as failure:  # noqa: BLE001  (Ctrl-C included: the others hold resources too)
            failures.append((failure, instance.path))
    _raise_first(failures)


def _last_first(instances: Iterable[Instance]) -> list[Instance]:
    return [instance for instance in instances if instance.owned][::-1]


def _begin_closing(value: Any, *, asynchronously: bool) -> Any:
    """Call ``close()`` or ``aclose()`` of a value; the result may have to be awaited."""
    names = ("aclose", "close") if asynchronously else ("close", "aclose")
    for name in names:
        if callable(close := getattr(value, name, None)):
            return close()
    return None


def _finish(closing: Awaitable[Any], value: Any) -> None:
    """Await closing, in a new event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(_awaited(closing))
        return
    if inspect.iscoroutine(closing):
        closing.close()
    raise WiringError(
        f"{type(value).__name__} closes asynchronously, and an event loop is running here",
        "Use `async with` for the container, or for the override.",
    )


async def _awaited(closing: Awaitable[Any]) -> None:
    await closing


def _raise_first(failures: list[tuple[BaseException, str]]) -> None:
    if failures:
        (first, path), *others = failures
        if path:
            first.add_note(f"It was raised while {path} was being closed.")
        for other, path in others:
            first.add_note(f"Closing {path or 'another component'} failed too: {other!r}")
        raise first
