"""Closing: what closes asynchronously, what threads leave behind, and what is nobody else's."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import pytest
from greeter_app import Clock
from pydantic import BaseModel

from lolpop import Component, PipelineContainer, providers
from lolpop.containers import scope_of
from lolpop.errors import VerificationError, WiringError

TIMEOUT = 60


class Closing(Clock):
    log: ClassVar[list] = []

    def close(self):
        self.log.append(type(self).__name__)


class AsyncClose(Closing):
    async def close(self):
        self.log.append("AsyncClose")


class AClose(Clock):
    async def aclose(self):
        Closing.log.append("AClose")


class Both(AClose, Closing):
    pass


class ClosingContainer(PipelineContainer):
    one = providers.Component(Clock, default=Closing)
    two = providers.Component(Clock, default=AsyncClose)
    three = providers.Component(Clock, default=AClose)
    four = providers.Component(Clock, default=Both)


def built():
    Closing.log.clear()
    c = ClosingContainer()
    return c, [c.one(), c.two(), c.three(), c.four()]


def test_what_closes_asynchronously_is_awaited_in_reverse_order():
    """`async with` awaits close() and aclose(); aclose() has precedence."""

    async def main():
        c, _ = built()
        async with c:
            pass

    asyncio.run(main())
    assert Closing.log == ["AClose", "AClose", "AsyncClose", "Closing"]


def test_what_closes_asynchronously_is_awaited_by_a_plain_block_too():
    """Without a running event loop, one is created."""
    c, _ = built()
    with c:
        pass
    assert Closing.log == ["Both", "AClose", "AsyncClose", "Closing"]


def test_a_plain_block_inside_an_event_loop_says_that_it_cannot_wait():
    """It raises, and closes the others."""

    async def main():
        c, _ = built()
        with pytest.raises(WiringError, match="Use `async with`") as error, c:
            pass
        here, other = error.value.__notes__
        assert here == "It was raised while three was being closed."
        assert other.startswith("Closing two failed too: WiringError(")

    asyncio.run(main())
    assert Closing.log == ["Both", "Closing"]


def test_an_override_may_end_asynchronously():
    """Instances that were built for it are awaited."""

    async def main():
        c, _ = built()
        async with c.one.override(providers.Component(Clock, default=AClose)):
            c.one()
        assert Closing.log == ["AClose"]
        assert type(c.one()) is Closing

    asyncio.run(main())


def test_one_asynchronous_failure_does_not_stop_the_others():
    """As with synchronous components."""

    class Failing(Clock):
        async def aclose(self):
            raise ZeroDivisionError

    async def main():
        c, _ = built()
        with c.three.override(providers.Component(Clock, default=Failing)):
            c.three()
            async with c:
                pass

    with pytest.raises(ZeroDivisionError):
        asyncio.run(main())
    assert Closing.log == ["AClose", "AClose", "AsyncClose", "Closing"]


@pytest.mark.parametrize("names", [("__enter__", "__exit__"), ("__aenter__", "__aexit__")])
def test_a_context_manager_without_close_is_a_finding(names):
    """The container would not enter or leave it."""
    manager = type("Manager", (Clock,), dict.fromkeys(names, lambda self, *_: self))
    c = type("C", (PipelineContainer,), {"clock": providers.Component(Clock, default=manager)})()
    with pytest.raises(VerificationError, match=r"is a context manager.*close\(\)"):
        c.verify()
    closing = type("Closing", (manager,), {"close": lambda self: None})
    c = type("C", (PipelineContainer,), {"clock": providers.Component(Clock, default=closing)})()
    assert c.verify() == []


def test_a_stand_in_may_be_used_again_and_in_other_containers():
    """Each override has its own provider, whose instances are closed with it."""
    fake, closed = providers.Component(Clock, default=Closing), []
    Closing.log.clear()
    for container in (ClosingContainer(), ClosingContainer()):
        for _ in range(3):
            with container.one.override(fake), container.two.override(fake):
                assert container.one() is not container.two()
                closed += [container.one(), container.two()]
    assert Closing.log == ["Closing"] * 12
    assert len(set(map(id, closed))) == 12


def test_threads_that_resolve_while_an_override_ends_leave_nothing_open():
    """An instance that was built under an ending override is closed and built again without it."""
    begun, ended = threading.Event(), threading.Event()

    class Slow(Closing):
        def __init__(self):
            begun.set()
            ended.wait(TIMEOUT)
            self.closings = 0

        def close(self):
            self.closings += 1
            slow.append(self)

    slow: list = []
    c = ClosingContainer()
    override = c.one.override(providers.Component(Clock, default=Slow))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(c.one)
        assert begun.wait(TIMEOUT)
        override.__exit__(None, None, None)
        ended.set()
        clock = asked.result(TIMEOUT)
    assert type(clock) is Closing
    assert [instance.closings for instance in slow] == [1]
    assert next(iter(scope_of(c).lifetime.built.values())).value is clock
    assert len(scope_of(c).lifetime.built) == 1


def test_many_threads_and_overrides_leave_nothing_open():
    """After random resolving and overriding in threads, everything is closed."""
    opened, closed, lock = [], [], threading.Lock()

    class Counting(Clock):
        def __init__(self):
            with lock:
                opened.append(self)

        def close(self):
            with lock:
                closed.append(self)

    class Holding(Component):
        def __init__(self, *, one: Clock):
            self.one = one

    class Container(PipelineContainer):
        one = providers.Component(Clock, default=Counting)
        holding = providers.Component(Holding, default=Holding)

    fake, c, stop = providers.Component(Clock, default=Counting), Container(), threading.Event()

    def ask():
        while not stop.is_set():
            c.holding()

    with c:
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(100):
            with c.one.override(fake):
                c.holding()
        stop.set()
        for thread in threads:
            thread.join(TIMEOUT)
        assert len(scope_of(c).lifetime.built) <= 2
    assert sorted(map(id, opened)) == sorted(map(id, closed))


def test_defaults_and_lists_are_not_shared():
    """Changing a value from a container changes neither the container nor another one."""

    class Limits(BaseModel):
        values: list[int] = []

    class Container(PipelineContainer):
        limits = providers.Settings(Limits, default=Limits())
        numbers = providers.Settings(list[int], default=[1])
        names = providers.Settings(dict[str, list[int]], default={"a": [1]})
        clocks = providers.Components(Clock, default=[Clock])
        clock = providers.Component(Clock, default=Clock)

    one, other = Container(), Container()
    one.limits().values.append(2)
    one.numbers().append(2)
    one.names()["a"].append(2)
    one.clocks().append("no clock")
    for c in (one, other):
        assert (c.numbers(), c.names(), len(c.clocks())) == ([1], {"a": [1]}, 1)
    assert other.limits().values == []


def test_what_is_built_anew_gets_settings_of_its_own():
    """A component that changes a list of its settings does not change it for other instances."""

    class Growing(Component):
        def __init__(self, names: list[str], *, clock: Clock):
            self.names = names
            names.append("more")

    class Container(PipelineContainer):
        clock = providers.Component(Clock, default=Clock)
        growing = providers.Component(Growing, default=Growing)

    c = Container.load(environ={}, overrides={"growing.names": ["a"]})
    assert c.growing().names == ["a", "more"]
    with c.clock.override(Clock()):
        assert c.growing().names == ["a", "more"]
