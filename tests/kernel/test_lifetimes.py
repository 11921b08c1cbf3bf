"""Lifetimes: what containers build, in which threads, for how long, and how it is closed."""

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from greeter_app import App, AppContainer, Clock, FakeClock, Greeter

from lolpop import Component, PipelineContainer, RunnerContainer, providers, workflow
from lolpop.errors import WiringError
from lolpop.kernel import deadlocks

TIMEOUT = 60


class Log(Component):
    """Hears what happens to the others."""

    def __init__(self):
        self.lines = []


class First(Component):
    def __init__(self, fails: bool = False, *, log: Log):
        self.fails, self.log = fails, log
        log.lines.append(f"open {type(self).__name__}")

    def close(self):
        self.log.lines.append(f"close {type(self).__name__}")
        if self.fails:
            raise OSError(f"{type(self).__name__} does not close")


class Second(First):
    def __init__(self, fails: bool = False, *, log: Log, first: First):
        super().__init__(fails, log=log)


class Third(First):
    def __init__(self, fails: bool = False, *, log: Log, second: Second):
        super().__init__(fails, log=log)


class LocalContainer(PipelineContainer):
    third = providers.Component(Third, default=Third)


class ClosingContainer(RunnerContainer):
    second = providers.Component(Second, default=Second)
    first = providers.Component(First, default=First)
    log = providers.Component(Log, default=Log)
    local = providers.nested(LocalContainer)


CLOSED = ["close Third", "close Second", "close First"]


def test_what_was_built_is_closed_last_first():
    """The end of the block closes everything in reverse order of building, nested containers too."""
    with ClosingContainer() as c:
        lines = c.log().lines
        c.local.third()
        assert lines == ["open First", "open Second", "open Third"]
    assert lines[3:] == CLOSED


def test_what_was_not_built_is_not_closed():
    """Closing builds nothing."""
    with ClosingContainer() as c:
        lines = c.log().lines
        c.first()
    assert lines == ["open First", "close First"]


def test_one_failing_close_does_not_stop_the_others():
    """Each is closed even if another fails; the first failure is raised, with notes about others."""
    overrides = {"local.third.fails": True, "first.fails": True}
    c = ClosingContainer.load(overrides=overrides, environ={})
    lines = c.log().lines
    with pytest.raises(OSError, match="Third does not close") as error, c:
        c.local.third()
    assert lines[3:] == CLOSED
    assert error.value.__notes__ == [
        "It was raised while local.third was being closed.",
        "Closing first failed too: OSError('First does not close')",
    ]


@pytest.mark.parametrize("failure", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_an_exception_in_the_block_closes_and_is_not_masked(failure):
    """After an error or Ctrl-C everything is closed, and that error is raised."""
    c = ClosingContainer.load(overrides={"second.fails": True}, environ={})
    lines = c.log().lines

    def work():
        with c:
            c.local.third()
            raise failure

    with pytest.raises(failure) as error:
        work()
    assert lines[3:] == CLOSED
    assert "Second does not close" in error.value.__notes__[0]


def test_after_closing_nothing_is_given():
    """Resolving in a closed container raises, for built and unbuilt instances."""
    with ClosingContainer() as c:
        c.first()
    for provider in (c.first, c.local.third, c.seed, c.interceptors):
        with pytest.raises(WiringError, match="its container is closed"):
            provider()
    with pytest.raises(WiringError, match="its container is closed"):
        c.first.override(First(log=Log()))


def test_closing_twice_does_nothing():
    """A second block closes nothing again."""
    with ClosingContainer() as c:
        lines = c.log().lines
        c.first()
    with c:
        pass
    assert lines == ["open First", "close First"]


def test_a_container_that_is_used_after_an_override_closes_all():
    """Instances that returned after an override are closed once, with the container."""
    with ClosingContainer() as c:
        lines = c.log().lines
        c.local.third()
        with c.first.override(First(log=Log())):
            c.local.third()
        assert lines[3:] == ["open Second", "open Third", "close Third", "close Second"]
        del lines[3:]
    assert lines[3:] == CLOSED


def test_a_failing_close_at_the_end_of_an_override_leaves_the_former_objects():
    """The override has ended, although a close failed."""
    c = ClosingContainer.load(overrides={"second.fails": True}, environ={})
    second = c.second()
    with pytest.raises(OSError, match="does not close"), c.first.override(First(log=Log())):
        assert c.second() is not second
    assert c.second() is second


def test_sixteen_threads_get_one_object():
    """A new container builds one instance of each provider, for all threads."""
    built = []

    class Slow(Clock):
        def __init__(self):
            built.append(self)
            threading.Event().wait(0.02)

    for _ in range(5):
        built.clear()
        c = AppContainer.load(overrides={"clock.use": Slow}, environ={})
        barrier = threading.Barrier(16)

        def ask(c=c, barrier=barrier):
            barrier.wait(TIMEOUT)
            return c.runner()

        with ThreadPoolExecutor(16) as pool:
            runners = [future.result(TIMEOUT) for future in [pool.submit(ask) for _ in range(16)]]
        assert len({id(runner) for runner in runners}) == 1
        assert len(built) == 1


def in_thread(function):
    """The result of ``function`` in a thread of its own, or TimeoutError."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function()), daemon=True)
    thread.start()
    thread.join(TIMEOUT)
    if not results:
        raise TimeoutError
    return results[0]


def test_a_constructor_may_resolve_another_component_from_a_thread():
    """The resolution in the thread does not wait for a lock."""
    holder = {}

    class Waiting(Clock):
        def __init__(self):
            self.other = in_thread(lambda: holder["c"].other())

    class Container(RunnerContainer):
        clock = providers.Component(Clock, default=Waiting)
        other = providers.Component(Log, default=Log)

    holder["c"] = c = Container()
    assert in_thread(c.clock).other is c.other()


def joined(function):
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def submitted(function):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


def mapped(function):
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda _: function(), range(2)))


def test_a_thread_that_waits_long_for_what_another_builds_says_so(monkeypatch):
    """A deadlock that cannot be detected is a message with both threads."""
    monkeypatch.setattr(deadlocks, "PATIENCE", 0.05)
    monkeypatch.setattr(deadlocks, "SLOW", 0.1)
    holder, asked = {}, []

    class Waiting(Clock):
        def __init__(self):
            asking = threading.Thread(target=lambda: asked.append(holder["c"].clock()))
            asking.start()
            asking.join(0.5)
            holder["asking"] = asking

    class Container(RunnerContainer):
        clock = providers.Component(Clock, default=Waiting)

    holder["c"] = c = Container()
    with pytest.warns(RuntimeWarning, match=r"clock: still being built after .* in the thread 'MainThread'"):
        c.clock()
    holder["asking"].join(TIMEOUT)
    assert asked == [c.clock()]


def test_two_constructors_in_two_threads_that_ask_for_each_other_are_an_error():
    """One of them gets the error, and the other continues."""
    holder, both = {}, threading.Barrier(2)

    def asking(name):
        class Asking(Clock):
            def __init__(self):
                both.wait(TIMEOUT)
                try:
                    self.other = holder["c"].providers[name]()
                except WiringError as error:
                    self.other = str(error)

        return Asking

    class Container(RunnerContainer):
        one = providers.Component(Clock, default=asking("two"))
        two = providers.Component(Clock, default=asking("one"))

    holder["c"] = c = Container()
    with ThreadPoolExecutor(2) as pool:
        one, two = (future.result(TIMEOUT) for future in [pool.submit(c.one), pool.submit(c.two)])
    assert [one.other is two, two.other is one].count(True) == 1
    assert any("deadlock" in str(component.other) for component in (one, two))


def test_a_thread_that_builds_long_is_waited_for():
    """Other threads get the instance that it builds."""
    begun = threading.Event()

    class Slow(Clock):
        def __init__(self):
            begun.set()
            joined(lambda: threading.Event().wait(1.2))

    class Container(RunnerContainer):
        clock = providers.Component(Clock, default=Slow)

    c = Container()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(c.clock)
        assert begun.wait(TIMEOUT)
        assert pool.submit(c.clock).result(TIMEOUT) is first.result(TIMEOUT)


def test_containers_share_no_lock():
    """A constructor may wait for a thread that resolves the same provider of another container."""
    two = AppContainer()

    class Waiting(Clock):
        def __init__(self):
            self.other = in_thread(two.clock)

    one = AppContainer.load(overrides={"clock.use": Waiting}, environ={})
    assert in_thread(one.clock).other is two.clock()


def test_a_constructor_that_asks_for_itself_is_an_error():
    """A component that resolves itself while it is built is an error, not a recursion."""
    holder = {}

    class Selfish(Clock):
        def __init__(self):
            holder["c"].greet.greeter()

    holder["c"] = c = AppContainer.load(overrides={"clock.use": Selfish}, environ={})
    with pytest.raises(WiringError, match="clock requests itself while it is being built"):
        c.clock()


def test_a_constructor_that_fails_is_tried_again():
    """An instance that could not be built is built at the next call."""
    attempts = []

    class Flaky(Clock):
        def __init__(self):
            attempts.append(1)
            if len(attempts) == 1:
                raise OSError("not yet")

    c = AppContainer.load(overrides={"clock.use": Flaky}, environ={})
    with pytest.raises(WiringError, match="OSError: not yet"):
        c.clock()
    assert c.greet.greeter().clock is c.clock()


def test_overrides_of_one_thread_while_another_resolves():
    """No instance mixes dependencies of before and after an override."""
    c, stop, wrong = AppContainer(), threading.Event(), []
    fake = FakeClock()
    real = c.clock()

    def resolve():
        while not stop.is_set():
            greeter = c.greet.greeter()
            if greeter.clock is not real and greeter.clock is not fake:
                wrong.append(greeter)

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(resolve) for _ in range(4)]
        for _ in range(300):
            with c.clock.override(fake):
                if c.greet.greeter().clock is not fake:
                    wrong.append("not the fake")
            if c.greet.greeter().clock is not real:
                wrong.append("not the real one")
        stop.set()
        for future in futures:
            future.result(TIMEOUT)
    assert wrong == []


def test_a_container_and_all_it_built_are_collected():
    """Nothing global refers to a container: without references, it and its instances are collected."""
    c = AppContainer.load(overrides={"greet.greeter.greeting": "ahoy"}, environ={})
    c.runner().run()
    with c.clock.override(FakeClock()):
        c.runner().run()
    references = [
        weakref.ref(instance)
        for instance in (c, c.runner(), c.greet.pipeline(), c.greet.greeter(), c.clock())
    ]
    del c
    gc.collect()
    assert [ref() for ref in references] == [None] * 5


def test_what_an_override_built_is_let_go_when_it_ends():
    """After an override, nothing refers to the instances that were built for it."""
    c = AppContainer()
    with c.clock.override(FakeClock()):
        reference = weakref.ref(c.greet.greeter())
    c.greet.greeter()
    gc.collect()
    assert reference() is None


def test_container_classes_are_collected():
    """A container class without references is collected."""

    def make():
        class Local(Clock):
            pass

        class LocalRunner(App):
            @workflow
            def run(self, name: str = "") -> str:
                return super().run(name)

        class Container(AppContainer):
            clock = providers.Component(Clock, default=Local)
            runner = providers.Runner(LocalRunner)

        Container().runner().run()
        return weakref.ref(Local), weakref.ref(LocalRunner), weakref.ref(Container)

    references = make()
    gc.collect()
    assert [ref() for ref in references] == [None] * 3


def test_a_runner_works_though_its_container_is_gone():
    """An instance keeps its container alive: calls are recorded without another reference to it."""
    runner = AppContainer.load(environ={}).runner()
    gc.collect()
    assert runner.run() == "hello world, it is noon"


def test_a_settings_folder_is_the_first_files(tmp_path, monkeypatch):
    """Relative paths start from the folder of the first settings file, or the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "a.yaml").write_text("seed: 3")
    assert AppContainer.load("conf/a.yaml", environ={}).folder() == tmp_path / "conf"
    assert AppContainer.load(environ={}).folder() == tmp_path
    assert AppContainer().folder() == Path.cwd()


def test_a_container_by_hand_of_a_component():
    """Components are plain classes that can be built without a container."""
    assert Greeter("hi", clock=FakeClock()).clock.now() == "midnight"
