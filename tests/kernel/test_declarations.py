"""Declarations: what a container class, a task or a workflow may be, and what is refused where it is declared."""

import functools
from contextlib import contextmanager

import pytest
from dependency_injector.wiring import Closing, Provide, inject

from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.errors import VerificationError, WiringError


class Clock(Component):
    def __init__(self, n: int = 1):
        self.n = n


class Inner(PipelineContainer):
    clock = providers.Component(Clock, default=Clock)


class Outer(PipelineContainer):
    one = providers.nested(Inner)
    two = providers.nested(Inner)


CLOCK = providers.Component(Clock, default=Clock)
NESTED = providers.nested(Inner)
FACTORY = providers.Factory(dict)


@pytest.mark.parametrize("provider", [CLOCK, NESTED, FACTORY])
def test_one_provider_under_two_names_is_refused(provider):
    """It could have the settings of one name only."""
    with pytest.raises(WiringError, match=r"C\.b is the same provider as a"):
        type("C", (PipelineContainer,), {"a": provider, "b": provider})
    base = type("Base", (PipelineContainer,), {"a": provider})
    with pytest.raises(WiringError, match=r"C\.b is the same provider as a"):
        type("C", (base,), {"b": provider})


def test_one_provider_in_two_container_classes_is_two_providers():
    """Each class has a copy under its own name."""
    one = type("One", (PipelineContainer,), {"a": CLOCK})
    two = type("Two", (PipelineContainer,), {"b": CLOCK})
    assert one.load(environ={}, overrides={"a.n": 2}).a().n == 2
    assert two.load(environ={}, overrides={"b.n": 3}).b().n == 3


def test_of_several_base_classes_the_first_counts():
    """As in Python, unlike in dependency-injector."""

    class Base(PipelineContainer):
        x = providers.Object("base")

    class Left(Base):
        x = providers.Object("left")

    class Right(Base):
        x = providers.Object("right")
        y = providers.Object("right")

    class Both(Left, Right):
        pass

    assert (Both().x(), Both().y()) == ("left", "right")
    assert Both.x is Left.x


def test_providers_of_a_class_that_is_no_container_are_refused():
    """They would be ignored silently."""

    class Mixin:
        clock = providers.Component(Clock, default=Clock)

    with pytest.raises(WiringError, match="inherits clock from Mixin, which is not a container"):
        type("C", (Mixin, PipelineContainer), {})


def test_a_class_that_exists_takes_no_provider():
    """Instances, and subclasses that exist, would not have it."""
    with pytest.raises(WiringError, match="Declare it in the class, or in a subclass"):
        Inner.other = providers.Object(1)


def test_nothing_is_taken_out_of_a_container():
    """Neither an instance nor a class allows deleting a provider."""

    class Holder(PipelineContainer):
        part = providers.Component(Clock, default=Clock)

    with pytest.raises(WiringError, match="'part' cannot be taken out of a container"):
        del Holder().part
    with pytest.raises(WiringError, match="'part' cannot be taken out of Holder"):
        del Holder.part
    assert Holder().verify() == []


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (
            lambda: providers.Component(Clock, default=Clock()),
            "the default is an object of Clock, not a class",
        ),
        (lambda: providers.Components(Clock, default=[Clock, Clock()]), "the default is an object of Clock"),
        (lambda: providers.Mapping(Clock, default={"one": Clock()}), "the default is an object of Clock"),
        (lambda: providers.Component("Clock", default=Clock), "the interface is 'Clock', not a class"),
        (lambda: providers.Components(3), "the interface is 3, not a class"),
    ],
)
def test_a_slot_is_declared_with_classes(declare, message):
    """An object instead of a class is refused in the class definition, with the provider's name."""
    with pytest.raises(WiringError, match=rf"Holder\.part: {message}"):
        type("Holder", (PipelineContainer,), {"part": declare()})


def test_a_keyword_that_names_no_provider_is_refused():
    """A misspelt keyword of a container's constructor is an error of wiring, with a near name."""
    holder = type("Holder", (PipelineContainer,), {"part": providers.Component(Clock, default=Clock)})
    with pytest.raises(WiringError, match=r"Holder has no provider 'prt'\. Did you mean part\?"):
        holder(prt=Clock())


def test_two_classes_of_one_name_are_told_apart():
    """A class that was imported twice, or shares its name, is shown with its module."""
    namesake = type("Clock", (Component,), {"__module__": "elsewhere"})
    holder = type("Holder", (PipelineContainer,), {"part": providers.Component(Clock, default=namesake)})
    with pytest.raises(VerificationError, match=r"elsewhere\.Clock is not a .*test_declarations\.Clock"):
        holder().verify()


def test_containers_nest_as_deep_as_the_limit():
    """A deeper class is refused, instead of a RecursionError."""
    container = Inner
    for _ in range(64):
        container = type("Deeper", (PipelineContainer,), {"inner": providers.nested(container)})
    c = container()
    assert c.verify() == []
    for _ in range(64):
        c = c.inner
    assert isinstance(c.clock(), Clock)
    with pytest.raises(WiringError, match="more than 64 levels deep"):
        providers.nested(container)


# Tasks and workflows


def findings_of(interface, implementation, **slots):
    """What the proof finds about an implementation."""
    kind = {Component: "Component", Pipeline: "Pipeline", Runner: "Runner"}[interface]
    slot = providers.Component(interface, default=implementation)
    if kind != "Component":
        slot = getattr(providers, kind)(implementation)
    c = type("Some", (RunnerContainer,), {"x": slot})()
    try:
        c.verify()
    except VerificationError as error:
        return str(error)
    return ""


class TaskOnComponent(Component):
    @task
    def work(self): ...


class WorkflowOnPipeline(Pipeline):
    @workflow
    def work(self): ...


class TaskOnRunner(Runner):
    @task
    def work(self): ...


class ClassMethod(Pipeline):
    @classmethod
    @task
    def work(cls): ...


class StaticMethod(Runner):
    @staticmethod
    @workflow
    def work(): ...


class CachedTask(Pipeline):
    @functools.cache  # noqa: B019  (the point is what is said of it)
    @task
    def work(self): ...


class Inheriting(TaskOnComponent):
    pass


@pytest.mark.parametrize(
    ("interface", "implementation", "message"),
    [
        (
            Component,
            TaskOnComponent,
            "TaskOnComponent.work is a task, but those of a component are not recorded",
        ),
        (Component, Inheriting, "Inheriting.work is a task"),
        (Pipeline, WorkflowOnPipeline, "those of a pipeline are not recorded. Decorate it with @task"),
        (Runner, TaskOnRunner, "those of a runner are not recorded. Decorate it with @workflow"),
        (Pipeline, ClassMethod, "is a task and a classmethod"),
        (Runner, StaticMethod, "is a workflow and a staticmethod"),
        (Pipeline, CachedTask, "whose results are kept outside of it"),
    ],
)
def test_a_call_that_would_not_be_recorded_is_a_finding(interface, implementation, message):
    """A decorator without effect is reported."""
    assert message in findings_of(interface, implementation)


@pytest.mark.parametrize("decorator", [task, workflow])
@pytest.mark.parametrize(
    "method",
    [
        classmethod(lambda cls: None),
        staticmethod(lambda: None),
        property(lambda self: None),
        functools.cached_property(lambda self: None),
        functools.singledispatchmethod(lambda self, x: None),
        functools.partialmethod(lambda self: None),
        functools.partial(print),
        contextmanager(lambda self: (yield)),
        task(lambda self: None),
        workflow(lambda self: None),
        3,
    ],
    ids=lambda method: type(method).__name__,
)
def test_what_cannot_be_recorded_cannot_be_decorated(decorator, method):
    """The decorator refuses it, with its kind."""
    with pytest.raises(TypeError, match=f"cannot be a {decorator.__name__}"):
        decorator(method)


def test_every_stacking_of_decorators_that_is_a_method_is_recorded():
    """A task may be cached below its decorator, wrapped above and below it, abstract, or a property's getter."""

    def logged(method):
        @functools.wraps(method)
        def call(*args, **kwargs):
            return method(*args, **kwargs)

        return call

    class Work(Pipeline):
        @task
        @functools.lru_cache  # noqa: B019  (the point is what it does)
        def cached(self) -> int:
            return 1

        @logged
        @task
        @logged
        def wrapped(self) -> int:
            return 2

        @property
        @task
        def getter(self) -> int:
            return 3

        again = functools.partialmethod(wrapped)

    class Main(Runner):
        def __init__(self, *, work: Work):
            self.work = work

        @workflow
        def run(self) -> int:
            work = self.work
            return work.cached() + work.cached() + work.wrapped() + work.getter + work.again()

    class WorkContainer(PipelineContainer):
        pipeline = providers.Pipeline(Work)

    class MainContainer(RunnerContainer):
        work = providers.nested(WorkContainer)
        runner = providers.Runner(Main)

    from lolpop.containers import scope_of
    from lolpop.running.recorders import recorder_for

    c = MainContainer()
    assert c.verify() == []
    assert c.runner().run() == 9
    [run] = c.runs()
    tasks = recorder_for(scope_of(c)).tasks(run.run_id)
    assert [task.path for task in tasks] == [
        f"work.{n}" for n in ("cached", "cached", "wrapped", "getter", "wrapped")
    ]


# Wiring


@inject
def nested_one(clock=Provide[Outer.one.clock]):
    return clock


@inject
def nested_two(clock=Provide[Outer.two.clock]):
    return clock


@inject
def by_text(clock=Provide["one.clock"]):
    return clock


@inject
def misspelt(clock=Closing[Provide["one.clokc"]]):
    return clock


def test_markers_of_nested_providers_are_wired(monkeypatch):
    """Provide[Container.nested.provider] gives that provider, overrides included."""
    monkeypatch.delitem(globals(), "misspelt")
    c = Outer()
    c.wire(modules=[__name__])
    try:
        assert nested_one() is by_text() is c.one.clock()
        assert nested_two() is c.two.clock() is not nested_one()
        with c.one.clock.override(Clock(9)):
            assert nested_one().n == 9
        assert c.verify() == []
    finally:
        c.unwire()


def test_a_marker_that_names_no_provider_is_a_finding():
    """A misspelt marker would inject itself."""
    c = Outer()
    c.wire(modules=[__name__])
    try:
        with pytest.raises(VerificationError, match=r"misspelt\(clock\) names 'one\.clokc'"):
            c.verify()
    finally:
        c.unwire()
    assert c.verify() == []


def test_a_container_class_has_nothing_to_reset():
    """reset_override of a class does nothing; of an instance, it resets the whole tree."""
    assert Outer.reset_override() is None
    c = Outer()
    c.one.clock.override(Clock(9))
    c.reset_override()
    assert c.one.clock().n == 1


def test_a_provider_of_a_class_belongs_to_no_container():
    """It can be a marker, and cannot be called."""
    with pytest.raises(WiringError, match="belongs to no container"):
        Outer.one.clock()
    with pytest.raises(AttributeError, match=r"Inner has no provider 'clokc'\. Did you mean clock"):
        _ = Outer.one.clokc


def test_a_function_in_a_container_class_becomes_a_callable():
    """A function is no type of settings."""
    with pytest.raises(WiringError, match=r"x is a function, .*Write x = providers\.Callable"):
        type("Some", (PipelineContainer,), {"x": lambda: 3})
