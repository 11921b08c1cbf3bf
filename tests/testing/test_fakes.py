"""Fakes of interfaces."""

from __future__ import annotations

import asyncio
from typing import Any, Generic, TypeVar

import pytest

from lolpop import Component, Pipeline, PipelineContainer, RunnerContainer, providers, task
from lolpop.components.interceptor import Interceptor
from lolpop.components.model_trainer import Int, ModelTrainer
from lolpop.components.notifier import Notifier
from lolpop.errors import DataError, WiringError
from lolpop.integrations import Runner, workflow
from lolpop.testing import calls_of, fake


class Clock(Component):
    def __init__(self, zone: str, *, notifier: Notifier) -> None:
        raise AssertionError("a fake is built without settings")

    def now(self, zone: str = "UTC", *, seconds: bool = False) -> str:
        raise AssertionError("a fake does not do what it stands for")

    def set(self, time: str) -> None:
        raise AssertionError("a fake does not do what it stands for")


class SystemClock(Clock):
    def __init__(self) -> None:
        pass


class GreetPipeline(Pipeline):
    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    @task
    def greet(self, name: str) -> str:
        return f"Hello {name}, it is {self._clock.now()}"


class GreetContainer(PipelineContainer):
    clock = providers.Component(Clock, default=SystemClock)
    pipeline = providers.Pipeline(GreetPipeline)


class GreetRunner(Runner):
    def __init__(self, *, greet: GreetPipeline) -> None:
        self._greet = greet

    @workflow
    def run(self, name: str) -> str:
        return self._greet.greet(name)


class AppContainer(RunnerContainer):
    greet = providers.nested(GreetContainer)
    runner = providers.Runner(GreetRunner)


def test_fake_stands_for_a_component_in_a_container():
    """An override by a fake is verified, and the workflow gets its result."""
    container = AppContainer()
    clock = fake(Clock, now="noon")
    with container.greet.clock.override(clock):
        container.verify()
        assert container.runner().run("Ada") == "Hello Ada, it is noon"
    assert [(call.method, call.arguments) for call in calls_of(clock)] == [
        ("now", {"zone": "UTC", "seconds": False})
    ]


def test_fake_of_a_pipeline_is_called_by_the_runner():
    """A pipeline can be faked, and its tasks are recorded."""
    container = AppContainer()
    with container.greet.pipeline.override(fake(GreetPipeline, greet=lambda name: name.upper())):
        assert container.runner().run("Ada") == "ADA"


def test_fake_is_an_instance_of_the_interface():
    """Also of an abstract interface."""
    assert isinstance(fake(ModelTrainer), ModelTrainer)
    assert isinstance(fake(Clock), Clock)


def test_what_the_interface_lacks_fails():
    """A method that the interface lacks is an AttributeError; a result for one gets near names."""
    with pytest.raises(AttributeError, match="fitt"):
        fake(ModelTrainer).fitt(None, None)
    with pytest.raises(WiringError, match=r"ModelTrainer has no 'fitt'.*fit"):
        fake(ModelTrainer, fitt=None)
    with pytest.raises(WiringError, match=r"no method 'fitt'.*fit"):
        calls_of(fake(ModelTrainer), "fitt")
    with pytest.raises(WiringError, match="is not a fake"):
        calls_of(Clock)
    with pytest.raises(WiringError, match="is not a class"):
        fake("ModelTrainer")


@pytest.mark.parametrize("arguments", [("UTC", "seconds"), ("UTC", "more", "yet more")])
def test_wrong_arguments_fail(arguments):
    """Arguments that do not fit the signature are a TypeError with the method's name."""
    with pytest.raises(TypeError, match=r"Clock\.now\(\): too many positional arguments"):
        fake(Clock, now="noon").now(*arguments)
    with pytest.raises(TypeError, match=r"Clock\.now\(\): got an unexpected keyword argument 'hours'"):
        fake(Clock, now="noon").now(hours=True)


def test_method_without_a_result_says_so():
    """A method without a result raises, unless its signature returns None."""
    clock = fake(Clock)
    with pytest.raises(AssertionError, match=r"asked for 'now'.*fake\(Clock, now=…\)"):
        clock.now()
    assert clock.set("noon") is None
    assert [call.arguments for call in calls_of(clock, "set")] == [{"time": "noon"}]


def test_results_are_values_functions_and_errors():
    """A function gets the arguments, and an error is raised."""
    assert fake(Clock, now=lambda zone="UTC", *, seconds=False: f"{zone} {seconds}").now("CET") == "CET False"
    with pytest.raises(DataError, match="broken"):
        fake(Clock, now=DataError("broken")).now()


def test_results_are_of_the_declared_type():
    """A result of another type is refused when the fake is made."""
    with pytest.raises(WiringError, match=r"Clock\.now returns str, but its result in the fake is 3"):
        fake(Clock, now=3)
    with pytest.raises(WiringError, match=r"ModelTrainer\.title returns str"):
        fake(ModelTrainer, title=3)


def test_what_an_interface_implements_stays():
    """Concrete methods of an abstract interface call the faked ones."""
    trainer = fake(
        ModelTrainer, search_space={"depth": Int(1, 3)}, fit=lambda frame, target, params=None: frame
    )
    assert trainer.fit_many([(1, 2), (3, 4)]) == [1, 3]
    assert len(calls_of(trainer, "fit")) == 2
    assert trainer.search_space() == {"depth": Int(1, 3)}
    assert trainer.title == "FakeModelTrainer"
    assert fake(ModelTrainer, title="A trainer").title == "A trainer"


def test_attributes_take_results():
    """Annotated attributes can be set, too."""
    interceptor = fake(Interceptor, on="train.*", around=lambda call: call.proceed())
    assert interceptor.on == "train.*"


def test_two_fakes_share_nothing():
    """Each fake has its own calls and results."""
    one, other = fake(Clock, now="noon"), fake(Clock, now="midnight")
    assert (one.now(), other.now()) == ("noon", "midnight")
    assert len(calls_of(one)) == 1


T = TypeVar("T")


class Feed(Component, Generic[T]):
    async def read(self, size: int = 1) -> str:
        raise AssertionError("a fake does not do what it stands for")

    def first(self) -> T:
        raise AssertionError("a fake does not do what it stands for")

    def anything(self) -> Any:
        raise AssertionError("a fake does not do what it stands for")

    def untyped(self, size):
        raise AssertionError("a fake does not do what it stands for")

    @staticmethod
    def scale(size: int) -> int:
        raise AssertionError("a fake does not do what it stands for")


async def _text(size: int = 1) -> str:
    return "x" * size


def test_coroutines_of_a_fake_are_awaited() -> None:
    """A fake of a method that is `async` is one, whether its result is a value, a function or an error."""
    assert asyncio.run(fake(Feed, read="text").read()) == "text"
    assert asyncio.run(fake(Feed, read=_text).read(3)) == "xxx"
    with pytest.raises(DataError, match="gone"):
        asyncio.run(fake(Feed, read=DataError("gone")).read())
    stand_in = fake(Feed, read="text")
    asyncio.run(stand_in.read(2))
    assert [call.arguments for call in calls_of(stand_in, "read")] == [{"size": 2}]


@pytest.mark.parametrize("interface", [Feed, Feed[int]])
def test_results_of_any_type_are_taken_where_none_is_declared(interface: Any) -> None:
    """A method without a type of result, or with a variable, returns what the test says."""
    stand_in = fake(interface, first=3, anything=[1], untyped="u")
    assert (stand_in.first(), stand_in.anything(), stand_in.untyped(1)) == (3, [1], "u")


def test_calls_of_static_methods_are_recorded_too() -> None:
    """They have no object, and belong to the fake all the same."""
    stand_in = fake(Feed, scale=lambda size: 2 * size)
    assert stand_in.scale(4) == 8
    assert [(call.method, call.arguments) for call in calls_of(stand_in)] == [("scale", {"size": 4})]
