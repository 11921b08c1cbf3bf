"""Providers of dependency-injector beside slots: overriding, the proof, and closing reach them too."""

import asyncio
from collections.abc import Iterator

import pytest
from dependency_injector import providers as di

from lolpop import Component, PipelineContainer, providers
from lolpop.containers import scope_of
from lolpop.errors import VerificationError, WiringError
from lolpop.kernel.specs import spec_of


class Clock(Component):
    pass


class User(Component):
    def __init__(self, *, values: dict):
        self.values, self.closings = values, 0

    def close(self):
        self.closings += 1


class Listing(Component):
    def __init__(self, *, values: list):
        self.values = values


def container_of(user: type = User, **slots):
    slots["user"] = providers.Component(user, default=user)
    return type("Some", (PipelineContainer,), slots)()


@pytest.mark.parametrize(
    "values",
    [
        lambda: di.Object({"v": "real"}),
        lambda: di.Factory(dict, v="real"),
        lambda: di.Callable(dict, v="real"),
        lambda: di.Singleton(dict, v="real"),
        lambda: di.ThreadSafeSingleton(dict, v="real"),
        lambda: di.Resource(dict, v="real"),
        lambda: di.Dict(v=di.Object("real")),
        lambda: providers.Object({"v": "real"}),
        lambda: providers.Factory(dict, v="real"),
        lambda: providers.Callable(dict, v="real"),
    ],
)
def test_an_override_reaches_what_is_built_from_it(values):
    """The fake is injected inside the block; after it the former object returns."""
    c = container_of(values=values())
    assert c.verify() == []
    before = c.user()
    with c.values.override(providers.Object({"v": "fake"})):
        inside = c.user()
        assert inside.values == {"v": "fake"}
        assert c.verify() == []
    assert c.user() is before
    assert before.values == {"v": "real"}
    assert (before.closings, inside.closings) == (0, 1)


@pytest.mark.parametrize(
    "values",
    [
        lambda: di.Configuration(),
        lambda: di.Selector(lambda: "a", a=di.Factory(dict)),
        lambda: di.ThreadLocalSingleton(dict),
        lambda: di.Dependency(dict),
        lambda: di.Factory(dict).provided,
    ],
)
def test_a_kind_whose_overrides_nobody_sees_is_a_finding(values):
    """A provider that cannot follow overrides is refused where a component takes it."""
    with pytest.raises(VerificationError, match="do not see its overrides"):
        container_of(values=values()).verify()
    assert container_of(Clock, values=values()).verify() == []


@pytest.mark.parametrize("own", [di, providers], ids=["theirs", "ours"])
def test_an_override_reaches_through_other_factories(own):
    """A factory that uses another one follows its override."""
    inner = own.Factory(dict, v="real")
    c = container_of(inner=inner, values=own.Factory(dict, inner=inner))
    before = c.user()
    with c.inner.override(providers.Object({"v": "fake"})):
        assert c.values() == {"inner": {"v": "fake"}}
        assert c.user().values == {"inner": {"v": "fake"}}
    assert c.user() is before


@pytest.mark.parametrize("own", [di, providers], ids=["theirs", "ours"])
def test_a_subclass_that_declares_a_factory_anew_changes_it_for_others(own):
    """Factories of the base class use the new one, overrides included."""

    class Base(PipelineContainer):
        inner = own.Factory(dict, v="base")
        values = own.Factory(dict, inner=inner)
        user = providers.Component(User, default=User)

    class Sub(Base):
        inner = own.Factory(dict, v="sub")

    c = Sub()
    assert c.user().values == {"inner": {"v": "sub"}}
    with c.inner.override(providers.Object({"v": "fake"})):
        assert c.user().values == c.values() == {"inner": {"v": "fake"}}
    assert Base().user().values == {"inner": {"v": "base"}}


def test_many_overrides_leave_nothing_behind():
    """Instances built under an override are closed with it, and not referenced."""
    c, closed = container_of(values=providers.Factory(dict)), []
    for number in range(50):
        with c.values.override(providers.Object({"n": number})):
            closed.append(c.user())
    assert [user.closings for user in closed] == [1] * 50
    assert len(scope_of(c).lifetime.built) == 0


def test_overrides_of_a_factory_may_end_in_any_order():
    """The last one in force counts, whichever ends."""
    c = container_of(values=providers.Factory(dict))
    first = c.values.override({"v": 1})
    second = c.values.override({"v": 2})
    first.__exit__(None, None, None)
    assert c.user().values == {"v": 2}
    second.__exit__(None, None, None)
    assert c.user().values == {}
    with pytest.raises(WiringError, match="values is not overridden"):
        c.values.reset_last_overriding()


class A(Component):
    def __init__(self, *, f: dict): ...


class B(Component):
    def __init__(self, *, a: A): ...


class Circle(PipelineContainer):
    b = providers.Component(B, default=B)
    f = providers.Factory(dict, b=b)
    a = providers.Component(A, default=A)


class Delegating(PipelineContainer):
    b = providers.Component(B, default=B)
    f = di.Factory(dict, b=b.provider)
    a = providers.Component(A, default=A)


class Pair(PipelineContainer):
    x = providers.Component(Clock, default=Clock)
    y = providers.Component(Clock, default=Clock)
    f = providers.Factory(dict)
    g = providers.Factory(dict, f=f)


@pytest.mark.parametrize("container", [Circle, Delegating])
def test_a_circle_through_a_factory_is_found(container):
    """The finding draws the cycle, through factories and delegates too."""
    with pytest.raises(VerificationError, match="has a circular dependency"):
        container().verify()
    with pytest.raises(WiringError, match="has a circular dependency"):
        container().b()


@pytest.mark.parametrize(("one", "other"), [("x", "y"), ("f", "g")])
def test_overrides_by_each_other_are_found(one, other):
    """Two providers that override each other are a finding."""
    c = Pair()
    one, other = c.providers[one], c.providers[other]
    with one.override(other), other.override(one):
        with pytest.raises(VerificationError, match="has a circular dependency"):
            c.verify()
        with pytest.raises(WiringError, match="has a circular dependency"):
            one()
    assert c.verify() == []


class TakesDict(Component):
    def __init__(self, *, f: dict):
        self.f = f


def test_factories_that_override_each_other_are_found_beside_what_takes_them():
    """Their type is unknown, so the cycle is the only finding."""
    slots = {"f": providers.Factory(dict), "g": providers.Factory(dict)}
    user = providers.Component(TakesDict, default=TakesDict)
    c = type("Taking", (PipelineContainer,), {**slots, "user": user})()
    with c.f.override(c.g), c.g.override(c.f), pytest.raises(VerificationError, match="circular dependency"):
        c.verify()
    assert c.verify() == []


class Sized:
    def __init__(self, size: int, name: str = ""):
        self.size = size


def text() -> str:
    return "x"


def numbers() -> Iterator[int]:
    yield 1


async def later() -> dict:
    return {}


def failing() -> dict:
    raise ZeroDivisionError("the reason")


class Takes(Component):
    def __init__(self, *, values: int): ...


class TakesSized(Component):
    def __init__(self, *, values: Sized): ...


class TakesAnything(Component):
    def __init__(self, *, values: object): ...


@pytest.mark.parametrize(
    ("user", "values", "message"),
    [
        (TakesSized, providers.Factory(Sized, y=1), "Sized cannot be called with the arguments"),
        (TakesSized, providers.Factory(Sized), "missing a required argument: 'size'"),
        (TakesSized, providers.Factory(Sized, 1, "n", 3), "too many positional arguments"),
        (TakesSized, providers.Factory(Sized, size="many"), "Sized requires size: int, not str"),
        (TakesSized, providers.Factory(Sized, size=providers.Callable(text)), "Sized requires size: int"),
        (Takes, providers.Callable(text), "provides str"),
        (Takes, providers.Factory(Sized, 1), "provides Sized"),
        (Takes, providers.Callable(numbers), "provides"),
        (User, providers.Callable(later), "provides collections.abc.Coroutine"),
        (TakesAnything, providers.Factory(numbers), "'values' is a generator that is never closed"),
    ],
)
def test_arguments_and_return_types_are_proved(user, values, message):
    """Arguments and result of a factory or function are verified before it is called."""
    with pytest.raises(VerificationError) as error:
        container_of(user, values=values).verify()
    assert message in str(error.value)


def test_a_factory_that_nobody_injects_may_wait_for_arguments():
    """The caller passes the rest."""
    c = container_of(Clock, sized=providers.Factory(Sized, name="n"))
    assert c.verify() == []
    assert c.sized(3).size == 3


def test_a_function_that_fails_is_named_with_its_reason():
    """The error of a user's function has the provider that it was for."""
    with pytest.raises(
        WiringError, match=r"user: 'values' could not be provided: ZeroDivisionError: the reason"
    ):
        container_of(values=providers.Callable(failing)).user()


@pytest.mark.parametrize(
    "override",
    [
        lambda c: c.values.override({"v": "fake"}),
        lambda c: c.values.override(providers.Factory(dict)),
        lambda c: c.user.override(c.other),
        lambda c: c.user.override(User(values={})),
        lambda c: c.user.override(providers.Component(User, default=User, values=c.values)),
        lambda c: c.size.override(providers.Settings(int, default=3)),
        lambda c: c.config.override({"a": 1}),
    ],
)
def test_an_override_that_cannot_travel_is_an_error(override):
    """Workers in other processes would build something else."""
    c = Travelling()
    with override(c), pytest.raises(WiringError, match="which other processes cannot use"):
        spec_of(scope_of(c))
    spec_of(scope_of(c))


class Travelling(PipelineContainer):
    values = providers.Factory(dict)
    user = providers.Component(User, default=User)
    other = providers.Component(User, default=User)
    size = providers.Settings(int, default=1)
    config = di.Configuration()


def test_a_resource_is_shut_down_with_the_container():
    """In reverse order of building, after its dependents."""
    log = []

    def opened() -> Iterator[dict]:
        log.append("opened")
        yield {}
        log.append("shut down")

    class Using(User):
        def close(self):
            log.append("closed")

    with container_of(Using, values=di.Resource(opened)) as c:
        c.user()
    assert log == ["opened", "closed", "shut down"]


def test_an_asynchronous_resource_is_shut_down_with_the_container():
    """`async with` awaits it."""
    log = []

    async def opened():
        log.append("opened")
        yield {}
        log.append("shut down")

    async def main():
        async with container_of(Clock, values=di.Resource(opened)) as c:
            assert await c.values() == {}

    asyncio.run(main())
    assert log == ["opened", "shut down"]


def test_options_of_a_configuration_are_read_once():
    """Looking at a Configuration makes no options in it, of which it would have ever more."""
    settings = di.Configuration(default={"size": 3})

    class Sized(Component):
        def __init__(self, *, sizes: dict):
            self.sizes = sizes

    class Configured(PipelineContainer):
        config = settings
        sizes = di.Factory(dict, size=settings.size)
        sized = providers.Component(Sized, default=Sized)

    container = Configured()
    assert container.verify() == []
    assert container.sized().sizes == {"size": 3}
    assert [option.get_name() for option in container.config.related] == ["config.size"]
