"""Lazy injection: who gets a provider, when it builds, what verify and overrides know of it."""

from collections.abc import Callable

import pytest
from greeter_app import Clock, FakeClock

from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.containers import scope_of
from lolpop.errors import VerificationError, WiringError
from lolpop.kernel.specs import Call, spec_of


class Watch(Component):
    def __init__(self, *, clock: Callable[[], Clock]):
        self.clock = clock

    def now(self, _: object = None) -> str:
        return self.clock().now()


class LazyWatch(Watch):
    def __init__(self, *, clock: providers.Lazy[Clock]):
        super().__init__(clock=clock)


class CountedClock(Clock):
    built = 0

    def __init__(self):
        type(self).built += 1


class WatchContainer(RunnerContainer):
    clock = providers.Component(Clock, default=CountedClock)
    watch = providers.Component(Watch, default=Watch)


class Author(Component):
    def __init__(self, *, editor: providers.Lazy["Editor"]):
        self.editor = editor


class Editor(Component):
    def __init__(self, *, author: Author):
        self.author = author


class CircleContainer(RunnerContainer):
    author = providers.Component(Author, default=Author)
    editor = providers.Component(Editor, default=Editor)


@pytest.mark.parametrize("watch", [Watch, LazyWatch])
def test_a_lazy_parameter_gets_a_provider_that_builds_at_the_first_call(watch):
    """Nothing is built before the call, and every call gives the one shared object."""
    CountedClock.built = 0
    c = WatchContainer.load(overrides={"watch": watch}, environ={})
    built = c.watch()
    assert CountedClock.built == 0
    assert built.clock() is built.clock() is c.clock()
    assert CountedClock.built == 1


def test_a_lazy_parameter_breaks_a_circle():
    """Two components that need each other are verified and built if one of them is lazy."""
    c = CircleContainer()
    assert c.verify() == []
    assert c.author().editor() is c.editor()
    assert c.editor().author is c.author()


def test_a_circle_without_a_lazy_parameter_says_how_to_break_it():
    """The finding names the annotation that breaks a cycle."""

    class Eager(Author):
        def __init__(self, *, editor: Editor):
            super().__init__(editor=lambda: editor)

    class EagerContainer(CircleContainer):
        author = providers.Component(Author, default=Eager)

    with pytest.raises(VerificationError, match=r"author -> editor -> author.*providers\.Lazy"):
        EagerContainer().verify()


def test_asking_in_the_constructor_of_a_circle_is_an_error():
    """A constructor in a cycle cannot call its lazy parameter."""

    class Hasty(Author):
        def __init__(self, *, editor: providers.Lazy[Editor]):
            super().__init__(editor=editor)
            editor()

    c = CircleContainer.load(overrides={"author": Hasty}, environ={})
    with pytest.raises(WiringError, match="author requests itself while it is being built"):
        c.editor()


def test_an_object_of_the_wrong_type_is_a_finding():
    """What the provider gives is judged by the type that the annotation names."""

    class WrongContainer(WatchContainer):
        clock = providers.Component(Author, default=Author)

    with pytest.raises(
        VerificationError, match="'Watch' requires clock: Clock, but 'clock' provides Author"
    ) as e:
        WrongContainer().verify()
    assert "editor" in str(e.value)


def test_a_missing_provider_is_a_finding_unless_there_is_a_default():
    """A lazy parameter is required like any other."""

    class LonelyContainer(RunnerContainer):
        watch = providers.Component(Watch, default=Watch)

    with pytest.raises(VerificationError, match="needs 'clock'"):
        LonelyContainer().verify()

    class Optional(Component):
        def __init__(self, *, clock: providers.Lazy[Clock] | None = None):
            self.clock = clock

    class OptionalContainer(RunnerContainer):
        watch = providers.Component(Optional, default=Optional)

    assert OptionalContainer().watch().clock is None

    class BothContainer(OptionalContainer):
        clock = providers.Component(Clock, default=Clock)

    assert BothContainer().watch().clock().now() == "noon"


def test_a_component_that_is_asked_for_lazily_is_used():
    """Verification does not report it as unused."""

    class Main(Runner):
        def __init__(self, *, watch: Watch):
            self.watch = watch

    class MainContainer(WatchContainer):
        runner = providers.Runner(Main)

    assert MainContainer().verify() == []


def test_layers_hold_for_lazy_parameters_too():
    """A component cannot take a pipeline lazily, either."""

    class Work(Pipeline):
        pass

    class Wrong(Component):
        def __init__(self, *, work: providers.Lazy[Work]):
            pass

    class WorkContainer(PipelineContainer):
        wrong = providers.Component(Wrong, default=Wrong)
        pipeline = providers.Pipeline(Work)

    class OuterContainer(RunnerContainer):
        work = providers.nested(WorkContainer)

    with pytest.raises(VerificationError, match="requires the pipeline 'work'"):
        OuterContainer().verify()


def test_what_asks_lazily_is_built_anew_for_an_override():
    """It might store the instance, so an override builds it again; after it the former one returns."""

    class Keeping(Watch):
        def now(self, _: object = None) -> str:
            self.first = getattr(self, "first", None) or self.clock()
            return self.first.now()

    c = WatchContainer.load(overrides={"watch": Keeping}, environ={})
    before = c.watch()
    assert before.now() == "noon"
    with c.clock.override(FakeClock()):
        assert c.watch().now() == "midnight"
    assert c.watch() is before
    assert before.now() == "noon"


def test_overrides_reach_through_circles_and_chains():
    """An override below a lazily injected object rebuilds everything that depends on it."""

    class Desk(Component):
        def __init__(self, *, watch: providers.Lazy[Watch]):
            self.watch = watch

    class DeskContainer(WatchContainer):
        desk = providers.Component(Desk, default=Desk)
        author = providers.Component(Author, default=Author)
        editor = providers.Component(Editor, default=Editor)

    c = DeskContainer()
    desk, author = c.desk(), c.author()
    with c.clock.override(FakeClock()):
        assert c.desk() is not desk
        assert c.desk().watch().now() == "midnight"
        assert c.author() is author
    assert c.desk() is desk


def test_a_factory_is_asked_anew_each_time():
    """A lazy Factory makes an object for each call; an Object that is a function is that function."""

    class Maker(Component):
        def __init__(self, *, clock: Callable[[], Clock], name: Callable[[], str]):
            self.clock, self.name = clock, name

    class MakerContainer(RunnerContainer):
        clock = providers.Factory(Clock)
        name = providers.Object(lambda: "maker")
        maker = providers.Component(Maker, default=Maker)

    c = MakerContainer()
    c.verify()
    maker = c.maker()
    assert maker.clock() is not maker.clock()
    assert maker.name() == "maker"


def test_a_setting_and_a_list_may_be_asked_for_lazily():
    """Settings and groups of components are provided lazily as components are."""

    class Reader(Component):
        def __init__(self, *, weight: Callable[[], float], clocks: Callable[[], list[Clock]]):
            self.weight, self.clocks = weight, clocks

    class ReaderContainer(RunnerContainer):
        weight = providers.Settings(float, default=2.5)
        clocks = providers.Components(Clock, default=[Clock, FakeClock])
        reader = providers.Component(Reader, default=Reader)

    c = ReaderContainer()
    c.verify()
    assert c.reader().weight() == 2.5
    assert [clock.now() for clock in c.reader().clocks()] == ["noon", "midnight"]


def test_a_nested_pipeline_may_be_asked_for_lazily():
    """A runner gets a provider of the nested pipeline; its calls are recorded."""

    class Work(Pipeline):
        @task
        def work(self) -> int:
            return 7

    class WorkContainer(PipelineContainer):
        pipeline = providers.Pipeline(Work)

    class Main(Runner):
        def __init__(self, *, work: providers.Lazy[Work]):
            self._work = work

        @workflow
        def run(self) -> int:
            return self._work().work()

    class MainContainer(RunnerContainer):
        work = providers.nested(WorkContainer)
        runner = providers.Runner(Main)

    c = MainContainer()
    assert c.runner().run() == 7
    assert len(c.runs()) == 1


def test_a_closed_container_gives_nothing_lazily():
    """After the container is closed, the call raises."""
    with WatchContainer() as c:
        watch = c.watch()
    with pytest.raises(WiringError, match="its container is closed"):
        watch.now()


def test_a_container_that_is_built_again_from_its_spec_injects_lazily():
    """What a worker builds has lazy parameters as here."""
    spec = spec_of(scope_of(WatchContainer()))
    with spec.build() as again:
        assert spec.resolve(again, Call("watch", "now"))(None) == "noon"


def test_by_hand_any_function_will_do():
    """The classes do not depend on containers."""
    assert LazyWatch(clock=FakeClock).now() == "midnight"
