"""Overriding several providers by their paths, around a block or a function, and wrapping the real object."""

import asyncio

import pytest
from greeter_app import AppContainer, Clock, FakeClock, Greeter

from lolpop import Component, PipelineContainer, RunnerContainer, providers
from lolpop.errors import WiringError


class Loud(Clock):
    def __init__(self, real: Clock):
        self.real = real

    def now(self) -> str:
        return self.real.now().upper()

    def close(self):
        raise AssertionError("a wrapper belongs to whoever wrapped")


class ClosingClock(Clock):
    closings = 0

    def close(self):
        type(self).closings += 1


def test_several_providers_are_overridden_until_the_block_ends():
    """All overrides are wired inside the block, and the former objects return after it."""
    c = AppContainer()
    before = c.runner()
    with c.override({"clock": FakeClock(), "greet.greeter": Greeter("moin", clock=Clock())}):
        assert c.clock().now() == "midnight"
        assert c.runner().run() == "moin world, it is noon"
    assert c.runner() is before


def test_paths_start_from_the_container_that_is_asked():
    """A nested container overrides its own providers by their names."""
    c = AppContainer()
    with c.greet.override({"greeter": Greeter("moin", clock=Clock())}):
        assert c.runner().run() == "moin world, it is noon"


def test_one_wrong_path_overrides_nothing():
    """All misspelt paths are in one error, with near names, and nothing is overridden."""
    c = AppContainer()
    with pytest.raises(WiringError) as error:
        c.override({"clock": FakeClock(), "greeter": FakeClock(), "greet.pipline": None, "zzz": None})
    assert error.value.message == "there are no providers 'greeter', 'greet.pipline', 'zzz'"
    assert "greeter: Did you mean greet.greeter?" in error.value.hint
    assert "greet.pipline: Did you mean greet.pipeline?" in error.value.hint
    assert c.clock().now() == "noon"


def test_a_stand_in_that_is_refused_overrides_nothing():
    """A class instead of an object is refused before any override begins."""
    c = AppContainer()
    with pytest.raises(WiringError, match="cannot be overridden by the class FakeClock"):
        c.override({"greet.greeter": Greeter(clock=FakeClock()), "clock": FakeClock})
    assert c.greet.greeter().clock.now() == "noon"


def test_a_container_is_no_provider_that_can_be_overridden():
    """The error for a nested container lists the paths of its providers."""
    with pytest.raises(WiringError, match=r"greet is a container.*greet\.greeter, greet\.pipeline"):
        AppContainer().override({"greet": FakeClock()})


def test_overrides_decorate_a_function():
    """They are active while the function runs, at each call, and not between calls."""
    c = AppContainer()

    @c.override({"clock": FakeClock()})
    def greet(name, *, mark="."):
        return c.runner().run(name) + mark

    assert c.runner().run() == "hello world, it is noon"
    assert greet("Ada", mark="!") == "hello Ada, it is midnight!"
    assert c.clock().now() == "noon"
    assert greet("Bob") == "hello Bob, it is midnight."
    assert greet.__name__ == "greet"


def test_a_decorated_function_that_fails_ends_its_overrides():
    """An exception leaves the container as it was."""
    c = AppContainer()

    @c.override({"clock": FakeClock()})
    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert c.clock().now() == "noon"


def test_overrides_decorate_a_coroutine_function():
    """They are active until the coroutine ends, and close asynchronously."""
    c, closed = AppContainer(), []

    class Server(FakeClock):
        async def aclose(self):
            closed.append(self)

    @c.override({"clock": providers.Component(Clock, default=Server)})
    async def greet():
        await asyncio.sleep(0)
        return c.clock().now()

    assert asyncio.run(greet()) == "midnight"
    assert len(closed) == 1
    assert c.clock().now() == "noon"


def test_a_generator_cannot_be_decorated():
    """A generator function returns before it starts, so it is refused."""
    c = AppContainer()

    def items():
        yield 1

    with pytest.raises(WiringError, match="is a generator"):
        c.override({"clock": FakeClock()})(items)


def test_what_several_overrides_caused_is_closed_last_first():
    """Dependents of any of the overrides are closed in reverse order of building."""
    closed = []

    class Part(Component):
        def close(self):
            closed.append(type(self).__name__)

    class One(Part):
        pass

    class Two(Part):
        pass

    class Both(Part):
        def __init__(self, *, one: One, two: Two):
            pass

    class PartsContainer(RunnerContainer):
        one = providers.Component(One, default=One)
        two = providers.Component(Two, default=Two)
        both = providers.Component(Both, default=Both)

    c = PartsContainer()
    one, two = providers.Component(One, default=One), providers.Component(Two, default=Two)
    with c.override({"two": two, "one": one}):
        c.both()
    assert closed == ["Both", "Two", "One"]


def test_a_factory_is_overridden_by_its_path_too():
    """Providers that cache nothing are overridden like the others."""

    class FactoryContainer(PipelineContainer):
        clock = providers.Factory(Clock)

    c = FactoryContainer()
    with c.override({"clock": providers.Factory(FakeClock)}):
        assert c.clock().now() == "midnight"
    assert c.clock().now() == "noon"
    with pytest.raises(WiringError, match="clock returns a new object at each call and cannot be wrapped"):
        c.override({"clock": providers.Wrap(Loud)})


def test_a_wrapper_gets_the_real_object():
    """The wrapper is injected instead of the real object, which is inside it and returns after the block."""
    c = AppContainer()
    real = c.clock()
    with c.clock.wrap(Loud):
        assert c.clock().real is real
        assert c.clock() is c.clock()
        assert c.runner().run() == "hello world, it is NOON"
    assert c.clock() is real


def test_a_wrapper_may_be_given_by_path():
    """providers.Wrap in a mapping does what wrap does for one provider."""
    c = AppContainer()
    with c.override({"clock": providers.Wrap(lambda real: Loud(real))}):
        assert c.runner().run() == "hello world, it is NOON"


def test_wrappers_nest_around_each_other_and_around_stand_ins():
    """A wrapper gets the object of the earlier override; ending that one keeps the wrapper."""
    c = AppContainer()
    fake = c.clock.override(FakeClock())
    with c.clock.wrap(Loud), c.clock.wrap(Loud):
        assert type(c.clock().real) is Loud
        assert c.clock().now() == "MIDNIGHT"
        fake.__exit__()
        assert c.clock().now() == "NOON"
    assert c.clock().now() == "noon"


def test_a_wrapper_follows_what_the_real_object_is_built_from():
    """If a dependency is overridden, the real object is rebuilt and wrapped again."""
    c = AppContainer()

    class Polite(Greeter):
        def __init__(self, real: Greeter):
            super().__init__(f"{real.greeting} dear", clock=real.clock)

    with c.greet.greeter.wrap(Polite):
        polite = c.greet.greeter()
        assert c.runner().run() == "hello dear world, it is noon"
        with c.clock.override(FakeClock()):
            assert c.runner().run() == "hello dear world, it is midnight"
        assert c.greet.greeter() is polite


def test_the_container_closes_the_real_object_and_not_the_wrapper():
    """The end of the block does not close the real object; the container closes it once."""

    class ClosingContainer(AppContainer):
        clock = providers.Component(Clock, default=ClosingClock)

    ClosingClock.closings = 0
    with ClosingContainer() as c:
        with c.clock.wrap(Loud):
            c.runner()
        assert ClosingClock.closings == 0
    assert ClosingClock.closings == 1


def test_a_wrapped_provider_is_still_verified():
    """The settings of the real object are findings as before."""
    c = AppContainer.load(overrides={"greet.greeter.greetng": "hi"}, environ={})
    with c.greet.greeter.wrap(lambda real: real), pytest.raises(Exception, match="Did you mean greeting"):
        c.verify()


def test_a_wrapper_that_fails_is_named_with_its_provider():
    """The message names the provider and the error."""
    c = AppContainer()
    with (
        c.clock.wrap(lambda real: real.missing),
        pytest.raises(WiringError, match=r"^clock: the wrapper .*missing"),
    ):
        c.clock()


def test_a_wrap_is_no_declaration():
    """A container class refuses providers.Wrap, which only overrides."""
    with pytest.raises(WiringError, match=r"clock: providers\.Wrap only overrides another provider"):
        type("Wrong", (PipelineContainer,), {"clock": providers.Wrap(Loud)})


def test_a_container_is_closed_by_a_call_too():
    """close() closes as the end of the block does, once, and aclose() awaits."""

    class ClosingContainer(AppContainer):
        clock = providers.Component(Clock, default=ClosingClock)

    ClosingClock.closings = 0
    c = ClosingContainer()
    c.clock()
    c.close()
    c.close()
    assert ClosingClock.closings == 1
    with pytest.raises(WiringError, match="its container is closed"):
        c.clock()
    other = ClosingContainer()
    other.clock()
    asyncio.run(other.aclose())
    assert ClosingClock.closings == 2
