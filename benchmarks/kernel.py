"""What containers cost: building, asking, verifying, beside plain code and raw dependency-injector."""

from __future__ import annotations

import gc
import timeit
from collections.abc import Iterator
from itertools import pairwise

from dependency_injector import containers as di_containers
from dependency_injector import providers as di

from benchmarks.budget import Budget, median
from lolpop import Component, RunnerContainer, providers


class Part(Component):
    """One of a chain of components, each of which takes the next."""

    def __init__(self, size: int = 1, *, part: Component | None = None) -> None:
        self.size, self.part = size, part


def budgets() -> Iterator[Budget]:
    yield _cached_call()
    for count in (1_000, 5_000):
        yield _build(count)
    yield _verify(1_000)


def _chain(count: int) -> type[RunnerContainer]:
    """A container of ``count`` components, declared last first, each with a class of its own."""
    namespace: dict[str, object] = {}
    for name, following in pairwise([f"part_{index}" for index in range(count + 1)]):
        namespace[name] = providers.Component(Part, default=_part_that_takes(following))
    namespace[f"part_{count}"] = providers.Component(Part, default=Part)
    return type("Chain", (RunnerContainer,), dict(reversed(namespace.items())))


def _part_that_takes(name: str) -> type[Part]:
    namespace: dict[str, object] = {"Component": Component}
    exec(  # the name of a parameter cannot be computed otherwise
        f"def __init__(self, size: int = 1, *, {name}: Component): self.size, self.part = size, {name}",
        namespace,
    )
    return type(f"Takes_{name}", (Part,), {"__init__": namespace["__init__"]})


def _cached_call() -> Budget:
    container = _chain(10)()
    container.part_0()
    raw = di_containers.DynamicContainer()
    raw.part = di.ThreadSafeSingleton(Part)
    raw.part()
    ours, theirs = (
        min(timeit.repeat("ask()", globals={"ask": ask}, number=200_000, repeat=5)) / 200_000 * 1e6
        for ask in (container.part_0, raw.part)
    )
    return Budget("a cached provider call", ours, 0.5, "µs", f"ThreadSafeSingleton {theirs:.2f} µs")


def _build(count: int) -> Budget:
    chain = _chain(count)
    plain = {f"part_{index}": di.ThreadSafeSingleton(Part) for index in range(count)}
    raw = type("Raw", (di_containers.DeclarativeContainer,), plain)

    def construct() -> None:
        part = None
        for _ in range(count):
            part = Part(part=part)

    gc.collect()
    ours, theirs, bare = (median(make, repeat=7) / count * 1e6 for make in (chain, raw, construct))
    beside = f"raw dependency-injector {theirs:.1f} µs, plain constructors {bare:.2f} µs"
    return Budget(f"container build, per provider of {count:,}", ours, 30, "µs", beside)


def _verify(count: int) -> Budget:
    chain = _chain(count)
    chain().verify()
    taken = median(lambda: chain().verify(), repeat=5)
    building = median(chain, repeat=5)
    return Budget(f"verify() of {count:,} providers", (taken - building) * 1e3, 100, "ms")
