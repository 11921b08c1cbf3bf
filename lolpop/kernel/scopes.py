"""Scopes: the nesting of containers, in which names resolve, and the lifetime of what they build."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lolpop.errors import WiringError
from lolpop.settings.links import Links
from lolpop.settings.tree import Tree

if TYPE_CHECKING:
    from lolpop.running.resuming import Completed
    from lolpop.runs import OpenRun
    from lolpop.settings.nodes import SettingPath

__all__ = ["Configuration", "Lifetime", "Override", "Scope", "Variant"]


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings of a whole tree of containers, and where they came from."""

    tree: Tree = field(default_factory=Tree)
    links: Links = field(default_factory=lambda: Links(Tree(), {}))
    folder: Path | None = None
    """The folder of the first settings file; None where the current directory stands for it."""
    profile: str | None = None
    group: str | None = None
    recorded: bool = False
    """Whether runs are kept in the store even if nothing else uses it."""
    replays: str | None = None
    """Id of the run that these settings are recorded of."""
    resumes: Completed | None = None
    """What that run completed, where this goes on with it."""
    files: tuple[Path, ...] = ()
    """Files that settings are read from."""


class Override:
    """A provider that stands in for a slot. As a context manager it ends with its block."""

    __slots__ = ("built", "end", "provider", "variant", "variants")

    def __init__(self, provider: Any, variant: Variant | None, end: Any) -> None:
        self.provider = provider
        self.variant = variant
        """What it gives, if it is an object; a provider may give something else in every epoch."""
        self.variants: dict[Any, Variant] = {}
        """What a provider gave, by what stands for that, with this override added to those it depends on."""
        self.end = end
        self.built: list[tuple[dict[Any, Variant], Any]] = []
        """Where what was built because of it is kept: a map and the key in it."""

    def __enter__(self) -> Any:
        return self.provider if self.variant is None else self.variant.value

    def __exit__(self, *_: object) -> None:
        self.end(self)


class Variant:
    """A value that a slot gives, and the overrides that it was built under.

    ``source`` gives the value anew at each call, as providers of dependency-injector do that are no slots.
    """

    __slots__ = ("overrides", "source", "value")

    def __init__(self, value: Any, overrides: frozenset[Override] = frozenset(), source: Any = None) -> None:
        self.value = value
        self.overrides = overrides
        self.source = source

    def get(self) -> Any:
        """The value to be injected."""
        return self.value if self.source is None else self.source()


class Lifetime:
    """What a tree of containers has built, until it is closed.

    ``epoch`` grows with every override that begins or ends, and when the tree is closed: what a slot
    remembers holds for one epoch. The lock guards these few fields and is never held while user code runs.
    """

    __slots__ = ("built", "closed", "epoch", "lock", "memory", "open_runs", "run_ids", "verified", "waiting")

    def __init__(self) -> None:
        self.epoch = 0
        self.lock = threading.RLock()
        self.built: list[Variant] = []
        self.closed = False
        self.open_runs: list[OpenRun] = []
        self.verified = False
        self.waiting: dict[int, int | None] = {}
        """Of each thread that waits for something to be built, by its ident, which one builds it."""
        self.memory: Any = None
        """What records runs where no store does."""
        self.run_ids: list[str] = []
        """Of the runs that this tree made, in order."""

    def begin_run(self, run: OpenRun) -> None:
        """Hold the tree as it is while ``run`` is open."""
        with self.lock:
            self.open_runs.append(run)
            self.run_ids.append(run.run_id)

    def end_run(self, run: OpenRun) -> None:
        """Let go of the tree for ``run``."""
        with self.lock:
            self.open_runs.remove(run)

    def check_open(self, path: str) -> None:
        """Raise WiringError if the tree was closed."""
        if self.closed:
            raise WiringError(
                f"{path}: its container is closed", "Ask inside the `with` block, or make a new container."
            )

    def keep(self, variant: Variant, variants: dict[Any, Variant], key: Any, path: str) -> None:
        """Remember what was built, to close it when its overrides end or with the tree.

        What was built while another thread closed the tree is closed at once.
        """
        with self.lock:
            if not self.closed:
                variants[key] = variant
                self.built.append(variant)
                for override in variant.overrides:
                    override.built.append((variants, key))
                return
        _close([variant])
        self.check_open(path)

    @contextmanager
    def changing(self, path: str) -> Iterator[None]:
        """Change inside the ``with`` block what a provider gives; after it everything is looked at anew."""
        with self.lock:
            self._check_no_run(path)
            yield
            self.epoch += 1

    def begin(self, overrides: list[Override], override: Override, path: str) -> None:
        """Let ``override`` stand on top of a slot's ``overrides``."""
        with self.changing(path):
            self.check_open(path)
            overrides.append(override)

    def end(self, overrides: list[Override], override: Override, path: str) -> None:
        """Take ``override`` away and close what was built because of it, last first."""
        with self.lock:
            if override not in overrides:
                return
            self._check_no_run(path)
            overrides.remove(override)
            self.epoch += 1
            doomed = [variants.pop(key) for variants, key in override.built if key in variants]
            gone, open_ = set(map(id, doomed)), set(map(id, self.built))
            doomed = [variant for variant in doomed if id(variant) in open_]
            self.built = [variant for variant in self.built if id(variant) not in gone]
        _close(doomed)

    def close(self) -> None:
        """Close everything that was built, last first, each even if another fails."""
        with self.lock:
            if self.closed:
                return
            self.closed = True
            self.epoch += 1
            built, self.built = self.built, []
        _close(built)

    def _check_no_run(self, path: str) -> None:
        if self.open_runs:
            raise WiringError(
                f"{path} cannot be overridden while a run of its container is open",
                "Override before the workflow starts, and end the override after it.",
            )


class Scope:
    """One container in a tree of containers: its providers by name, and the scope around it."""

    __slots__ = ("_configuration", "_lifetime", "declared_as", "name", "outer", "providers")

    def __init__(self, declared_as: type, providers: Mapping[str, Any]) -> None:
        self.declared_as = declared_as
        self.providers = providers
        self.name = ""
        self.outer: Scope | None = None
        self._lifetime = Lifetime()
        self._configuration = Configuration()

    @property
    def root(self) -> Scope:
        """The outermost scope."""
        scope = self
        while scope.outer is not None:
            scope = scope.outer
        return scope

    @property
    def path(self) -> SettingPath:
        """The names that lead here from the root; empty for the root."""
        return () if self.outer is None else (*self.outer.path, self.name)

    @property
    def lifetime(self) -> Lifetime:
        """The lifetime of the whole tree."""
        return self.root._lifetime

    @property
    def configuration(self) -> Configuration:
        """The settings of the whole tree."""
        return self.root._configuration

    @configuration.setter
    def configuration(self, configuration: Configuration) -> None:
        self.root._configuration = configuration

    def lookup(self, name: str) -> Any | None:
        """The provider of that name here, else in the scope around this one, and so on up."""
        scope: Scope | None = self
        while scope is not None:
            if (provider := scope.providers.get(name)) is not None:
                return provider
            scope = scope.outer
        return None

    def inner(self) -> Iterator[Scope]:
        """The scopes nested directly in this one."""
        for provider in self.providers.values():
            inner = getattr(provider, "scope_inside", None)
            if isinstance(inner, Scope):
                yield inner

    def walk(self) -> Iterator[Scope]:
        """This scope and all that are nested in it, outer ones first."""
        waiting = [self]
        while waiting:
            scope = waiting.pop()
            yield scope
            waiting.extend(reversed(list(scope.inner())))


def _close(variants: list[Variant]) -> None:
    """Close what was built, last first; what failed first is raised, and tells of the others."""
    failures: list[BaseException] = []
    for variant in reversed(variants):
        try:
            if callable(close := getattr(variant.value, "close", None)):
                close()
        except BaseException as failure:  # noqa: BLE001  (Ctrl-C included: the others hold resources too)
            failures.append(failure)
    if failures:
        first, *others = failures
        for other in others:
            first.add_note(f"Closing another component failed too: {other!r}")
        raise first
