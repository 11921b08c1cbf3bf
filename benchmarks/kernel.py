"""What containers cost: building, asking, verifying, beside plain code and raw dependency-injector."""

from __future__ import annotations

import gc
import time
import timeit
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import pairwise
from typing import Any

from dependency_injector import containers as di_containers
from dependency_injector import providers as di

from benchmarks.budget import Budget, median
from lolpop import Component, PipelineContainer, Runner, RunnerContainer, providers, workflow
from lolpop.errors import VerificationError


class Part(Component):
    """One of a chain of components, each of which takes the next."""

    def __init__(self, size: int = 1, *, part: Component | None = None) -> None:
        self.size, self.part = size, part


def budgets() -> Iterator[Budget]:
    yield _cached_call()
    for count in (1_000, 5_000):
        yield _build(count)
    yield _verify(1_000)
    yield from _growth()


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


def _growth() -> Iterator[Budget]:
    """What takes time in proportion to its size: four times the size takes about four times as long."""
    yield _in_proportion("reset_override of {:,} overrides", 5_000, _overridden, lambda c: c.reset_override())
    yield _in_proportion("verify() of {:,} unused components", 4_000, _unused, lambda c: c.verify())
    yield _in_proportion("verify() of {:,} misspelt settings", 800, _misspelt, _verified)
    yield _in_proportion("verify() of a mapping of {:,} keys", 16_000, _mapping, lambda c: c.verify())
    yield _in_proportion("loading {:,} links in a row", 800, _chain_of_links, lambda load: load())
    yield _in_proportion(
        "loading links that double {:,} times", 16, _doubled_links, lambda load: load(), growth=16
    )


def _in_proportion(
    what: str, size: int, make: Callable[[int], Any], work: Callable[[Any], object], *, growth: int = 4
) -> Budget:
    """How many times as long a size takes as a quarter of it; ``growth`` is how much more it is to do."""
    small, large = (_fastest(partial(make, number), work) for number in (size // 4, size))
    beside = f"{large * 1e3:.0f} ms, a quarter of it {small * 1e3:.1f} ms"
    return Budget(what.format(size), large / small, 2 * growth, "x", beside)


def _fastest(make: Callable[[], Any], work: Callable[[Any], object], repeat: int = 5) -> float:
    """The shortest time that ``work`` takes, each time of something that was just made."""
    taken = []
    for _ in range(repeat):
        made = make()
        gc.collect()
        start = time.perf_counter()
        work(made)
        taken.append(time.perf_counter() - start)
    return min(taken)


class Holder(Component):
    """Holds a mapping of any keys."""

    def __init__(self, values: dict[str, Any] | None = None) -> None:
        self.values = values


class Main(Runner):
    """Runs, and uses nothing."""

    @workflow
    def run(self) -> None:
        """Nothing."""


def _overridden(count: int) -> Any:
    names = [f"part_{number}" for number in range(count)]
    slots = {name: providers.Component(Part, default=Part) for name in names}
    container = type("Wide", (PipelineContainer,), slots)()
    for name in names:
        container.providers[name]()
        container.providers[name].override(Part())
    return container


def _unused(count: int) -> Any:
    slots = {f"part_{number}": providers.Component(Part, default=Part) for number in range(count)}
    return type("Unused", (RunnerContainer,), {**slots, "runner": providers.Runner(Main)})()


def _misspelt(count: int) -> Any:
    slots = {f"setting_{number}": providers.Settings(int, default=1) for number in range(count)}
    container = type("Misspelt", (PipelineContainer,), slots)
    return container.load(environ={}, overrides={f"seting_{number}": 1 for number in range(count)})


def _verified(container: Any) -> None:
    with suppress(VerificationError):
        container.verify()


def _mapping(count: int) -> Any:
    container = type("Mapping", (PipelineContainer,), {"holder": providers.Component(Holder, default=Holder)})
    values = {f"key_{number}": number for number in range(count)}
    return container.load(environ={}, overrides={"holder.values": values})


def _chain_of_links(count: int) -> Callable[[], Any]:
    return _linked({f"a{number}": f"${{holder.values.a{number - 1}}}" for number in range(1, count)})


def _doubled_links(count: int) -> Callable[[], Any]:
    return _linked({f"a{number}": f"${{holder.values.a{number - 1}}}" * 2 for number in range(1, count)})


def _linked(values: dict[str, str]) -> Callable[[], Any]:
    container = type("Linked", (PipelineContainer,), {"holder": providers.Component(Holder, default=Holder)})
    return partial(container.load, environ={}, overrides={"holder.values": {"a0": "x", **values}})
