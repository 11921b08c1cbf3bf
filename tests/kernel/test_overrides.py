"""Overriding: what stands in for a provider, what is built anew for it, and what comes back."""

import threading
from dataclasses import dataclass
from typing import ClassVar
from unittest.mock import create_autospec

import pytest
from greeter_app import App, AppContainer, Clock, FakeClock, Greet, Greeter
from hypothesis import given, settings
from hypothesis import strategies as st

from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.errors import VerificationError, WiringError


class Closing(Component):
    """Writes down in which order its kind is closed."""

    def __init__(self, closed: list | None = None):
        self.closed = closed

    def close(self):
        if self.closed is not None:
            self.closed.append(self)


class Engine(Closing):
    pass


class Table(Component):
    def __init__(self, rows: int = 10, *, engine: Engine):
        self.rows, self.engine, self.closings = rows, engine, 0

    def close(self):
        self.closings += 1
        if self.engine.closed is not None:
            self.engine.closed.append(self)


class Report(Component):
    def __init__(self, *, table: Table):
        self.table = table

    def close(self):
        if self.table.engine.closed is not None:
            self.table.engine.closed.append(self)


class Beside(Component):
    pass


class Work(Pipeline):
    def __init__(self, *, report: Report, beside: Beside):
        self.report, self.beside = report, beside

    @task
    def work(self) -> Table:
        return self.report.table


class Boss(Runner):
    def __init__(self, *, work: Work):
        self.work = work

    @workflow
    def run(self) -> Table:
        return self.work.work()


class WorkContainer(PipelineContainer):
    report = providers.Component(Report, default=Report)
    beside = providers.Component(Beside, default=Beside)
    pipeline = providers.Pipeline(Work)


class BossContainer(RunnerContainer):
    engine = providers.Component(Engine, default=Engine)
    table = providers.Component(Table, default=Table)
    work = providers.nested(WorkContainer)
    runner = providers.Runner(Boss)


def test_a_fake_is_seen_inside_the_block_and_the_former_objects_return():
    """The fake is wired inside the block; after it, all former objects return."""
    c = AppContainer()
    before = c.runner(), c.greet.pipeline(), c.greet.greeter(), c.clock()
    fake = FakeClock()
    with c.clock.override(fake):
        assert c.clock() is fake
        assert c.runner().run() == "hello world, it is midnight"
        inside = c.runner(), c.greet.pipeline(), c.greet.greeter()
        assert all(new is not old for new, old in zip(inside, before, strict=False))
    after = c.runner(), c.greet.pipeline(), c.greet.greeter(), c.clock()
    assert all(new is old for new, old in zip(after, before, strict=True))
    assert c.runner().run() == "hello world, it is noon"


def test_what_does_not_depend_on_it_stays_the_same_object_throughout():
    """Only dependents of an overridden provider are rebuilt."""
    c = BossContainer()
    beside, engine = c.work.beside(), c.engine()
    with c.table.override(Table(engine=Engine())):
        assert c.runner().run() is c.table()
        assert c.work.beside() is beside
        assert c.engine() is engine
        assert c.runner().work.beside is beside
    assert c.work.beside() is beside


def test_what_was_built_inside_is_closed_last_first_and_what_was_given_is_not():
    """The end of the block closes instances built in it, and not the override itself."""
    c, closed = BossContainer(), []
    outside = c.work.report()
    fake = Engine(closed)
    with c.engine.override(fake):
        inside = c.work.report()
        assert closed == []
    assert closed == [inside, inside.table]
    assert c.work.report() is outside
    with c:
        pass
    assert closed == [inside, inside.table]


def test_an_object_given_as_override_is_not_closed_by_the_container():
    """A container that is closed inside the block does not close the object, and the rest once."""
    c, closed = BossContainer(), []
    with c.engine.override(Engine(closed)):
        with c:
            report = c.work.report()
        assert closed == [report, report.table]
    assert closed == [report, report.table]
    assert report.table.closings == 1


def test_nested_overrides_of_one_provider_come_back_in_turn():
    """The last override counts; at its end the objects of the earlier one return."""
    c = AppContainer()
    first, second = FakeClock(), FakeClock()
    with c.clock.override(first):
        greeter = c.greet.greeter()
        with c.clock.override(second):
            assert c.greet.greeter().clock is second
        assert c.greet.greeter() is greeter
        assert greeter.clock is first


def test_overrides_may_end_in_any_order():
    """Ending the earlier of two overrides leaves the later one, with its instances."""
    c = AppContainer()
    original = c.greet.greeter()
    first, second = c.clock.override(FakeClock()), c.clock.override(FakeClock())
    under_second = c.greet.greeter()
    first.__exit__(None, None, None)
    assert c.greet.greeter() is under_second
    second.__exit__(None, None, None)
    assert c.greet.greeter() is original


def test_overrides_of_two_providers_may_interleave():
    """Instances built under both are closed with the first end; those under one return."""
    c, fake = BossContainer(), Engine()
    original = c.work.report()
    engine_override = c.engine.override(fake)
    under_engine = c.work.report()
    table = Table(engine=Engine())
    table_override = c.table.override(table)
    assert c.work.report().table is table
    table_override.__exit__(None, None, None)
    assert c.work.report() is under_engine
    engine_override.__exit__(None, None, None)
    assert c.work.report() is original


def test_an_override_without_a_block_ends_by_reset():
    """override() takes effect at once; reset_override restores the former objects."""
    c = AppContainer()
    clock, greeter = c.clock(), c.greet.greeter()
    c.clock.override(FakeClock())
    c.greet.greeter.override(Greeter("moin", clock=FakeClock()))
    assert c.runner().run() == "moin world, it is midnight"
    c.reset_override()
    assert c.clock() is clock
    assert c.greet.greeter() is greeter


def test_ending_an_override_twice_does_nothing():
    """A block whose override was reset ends without an error."""
    c = AppContainer()
    with c.clock.override(FakeClock()):
        c.clock.reset_override()
        assert type(c.clock()) is Clock
    with pytest.raises(WiringError, match="clock is not overridden"):
        c.clock.reset_last_overriding()


def test_an_exception_ends_the_override():
    """A block that fails restores what was before."""
    c = AppContainer()
    clock = c.clock()
    with pytest.raises(ZeroDivisionError), c.clock.override(FakeClock()):
        raise ZeroDivisionError
    assert c.clock() is clock


def test_override_by_an_object_provider():
    """A dependency-injector Object overrides with its value."""
    c, fake = AppContainer(), FakeClock()
    with c.clock.override(providers.Object(fake)):
        assert c.clock() is fake
        assert c.runner().run() == "hello world, it is midnight"


def test_override_by_a_factory():
    """A dependency-injector Factory makes one object for each dependent."""
    c = AppContainer()
    with c.clock.override(providers.Factory(FakeClock)):
        assert c.clock() is not c.clock()
        assert c.greet.greeter() is c.greet.greeter()
        assert c.runner().run() == "hello world, it is midnight"
    assert c.runner().run() == "hello world, it is noon"


def test_override_by_a_component_ignores_the_sections_settings():
    """The override has the settings of its declaration, and none of the section's."""
    c = BossContainer.load(overrides={"table.rows": 77}, environ={})
    assert c.table().rows == 77
    with c.table.override(providers.Component(Table, default=Table)):
        assert c.table().rows == 10
    with c.table.override(providers.Component(Table, default=Table, settings={"rows": 5})) as stand_in:
        assert c.table().rows == 5
        assert c.table().engine is c.engine()
        assert c.runner().run() is c.table()
        assert stand_in() is c.table()
    assert c.table().rows == 77


def test_a_component_that_stood_in_is_closed():
    """The container closes the instance of an overriding provider at the end of the block."""
    c, closed = BossContainer(), []
    with c.engine.override(providers.Component(Engine, default=Engine, settings={"closed": closed})):
        engine = c.engine()
        engine.closed = closed
    assert closed == [engine]


def test_a_stand_in_may_be_chosen_by_import_path():
    """Its default is a name, an import path or a class, as in declarations."""
    c = AppContainer()
    with c.clock.override(providers.Component(Clock, default="greeter_app:FakeClock")):
        assert c.runner().run() == "hello world, it is midnight"


def test_override_by_another_provider_of_the_same_tree():
    """A provider of the tree can override another, with its own overrides."""

    class TwoContainer(BossContainer):
        spare = providers.Component(Engine, default=Engine)

    c = TwoContainer()
    original = c.table()
    with c.engine.override(c.spare):
        assert c.engine() is c.spare()
        under_spare = c.table()
        assert under_spare.engine is c.spare()
        fake = Engine()
        with c.spare.override(fake):
            assert c.engine() is fake
            assert c.table().engine is fake
        assert c.table() is under_spare
    assert c.table() is original


def test_override_of_a_local_component():
    """A component of a nested container is overridden by its path."""
    c = AppContainer()
    with c.greet.greeter.override(Greeter("moin", clock=FakeClock())):
        assert c.runner().run("you") == "moin you, it is midnight"
    assert c.runner().run() == "hello world, it is noon"


def test_override_of_a_pipeline():
    """A pipeline is overridden by its provider, also for dependents of the nested container."""

    class FakeGreet(Greet):
        def __init__(self):
            pass

        @task
        def greet(self, name: str) -> str:
            return f"no {name}"

    c = AppContainer()
    with c.greet.pipeline.override(FakeGreet()):
        assert c.runner().run() == "no world"
    with c.greet.pipeline.override(providers.Pipeline(FakeGreet)):
        assert c.runner().run() == "no world"
    assert c.runner().run() == "hello world, it is noon"


def test_override_of_a_runner():
    """The runner itself may be overridden."""

    class Other(App):
        @workflow
        def run(self, name: str = "world") -> str:
            return f"other {name}"

    c = AppContainer()
    with c.runner.override(providers.Runner(Other)):
        assert c.runner().run() == "other world"
    assert c.runner().run() == "hello world, it is noon"


class Toolbox(Component):
    def __init__(self, *, tools: list[Engine], size: int):
        self.tools, self.size = tools, size


class ToolContainer(RunnerContainer):
    tools = providers.Components(Engine, default=[Engine])
    size = providers.Settings(int, default=3)
    toolbox = providers.Component(Toolbox, default=Toolbox)


def test_override_of_a_list_of_components():
    """A list of components is overridden by a list, or by another Components."""
    c = ToolContainer()
    before, fakes = c.toolbox(), [Engine(), Engine()]
    with c.tools.override(fakes):
        assert c.toolbox().tools == fakes
    with c.tools.override(providers.Components(Engine, default=[Engine, Engine])):
        assert len(c.toolbox().tools) == 2
    with c.tools.override(providers.Components(Engine)):
        assert c.toolbox().tools == []
    assert c.toolbox() is before


def test_override_of_a_settings_section():
    """A section of the settings is overridden by a value, or by another Settings."""
    c = ToolContainer()
    before = c.toolbox()
    with c.size.override(9):
        assert c.size() == 9
        assert c.toolbox().size == 9
    with c.size.override(providers.Settings(int, default=8)):
        assert c.toolbox().size == 8
    assert c.toolbox() is before


def test_override_by_none():
    """None is a value like any other."""
    c = AppContainer()
    with c.clock.override(None):
        assert c.clock() is None
        assert c.greet.greeter().clock is None


def test_a_fake_need_not_inherit():
    """An overriding object may have any class, so that any double works."""

    class Double:
        def now(self):
            return "whenever"

    c = AppContainer()
    with c.clock.override(Double()):
        assert c.runner().run() == "hello world, it is whenever"


def test_an_integration_of_the_wrong_kind_is_refused_as_a_stand_in():
    """An integration with another interface is a finding."""
    c = AppContainer()
    with c.clock.override(Beside()), pytest.raises(VerificationError, match=r"clock: Clock.*provides Beside"):
        c.runner()


def test_overriding_while_a_run_is_open_is_refused():
    """No override begins or ends while a workflow runs."""
    c = AppContainer()
    attempts = []

    class Meddling(Clock):
        def now(self):
            for meddle in (lambda: c.clock.override(FakeClock()), c.greet.greeter.reset_last_overriding):
                with pytest.raises(WiringError, match="while a run of its container is open") as error:
                    meddle()
                attempts.append(error.value)
            return "noon"

    with c.clock.override(Meddling()), c.greet.greeter.override(Greeter("hey", clock=Meddling())):
        assert c.runner().run() == "hey world, it is noon"
    assert len(attempts) == 2


def test_what_was_never_asked_for_is_held_by_an_open_run_too():
    """Nested providers that were not used yet cannot be overridden, either."""

    class Meddling(Engine):
        def meddle(self):
            with pytest.raises(WiringError, match="while a run of its container is open"):
                c.work.unasked.override(Beside())

    class Meddle(Boss):
        @workflow
        def run(self):
            c.engine().meddle()

    class WithUnasked(WorkContainer):
        unasked = providers.Component(Beside, default=Beside)

    class Meddled(BossContainer):
        work = providers.nested(WithUnasked)
        runner = providers.Runner(Meddle)

    c = Meddled()
    with c.engine.override(Meddling()):
        c.runner().run()


def test_an_override_of_another_container_is_no_matter_to_an_open_run():
    """Only the container of the open run refuses overrides."""
    one, two = AppContainer(), AppContainer()

    class Meddling(Clock):
        def now(self):
            with two.clock.override(FakeClock()):
                return two.greet.pipeline().greet("inner")

    with one.clock.override(Meddling()):
        assert one.runner().run() == "hello world, it is hello inner, it is midnight"


def test_what_cannot_stand_in_is_refused():
    """A slot of another container, the slot itself, a nested container and a class are refused."""
    one, two = AppContainer(), AppContainer()
    with pytest.raises(WiringError, match=r"by the class FakeClock.*Pass an object"):
        one.clock.override(FakeClock)
    with pytest.raises(WiringError, match="provider of another container"):
        one.clock.override(two.clock)
    with pytest.raises(WiringError, match="by itself"):
        one.clock.override(one.clock)
    with pytest.raises(WiringError, match="Override its providers"):
        one.clock.override(one.providers["greet"])
    with pytest.raises(WiringError, match="belongs to no container"):
        AppContainer.clock.override(FakeClock())


def test_a_container_is_not_overridden_but_its_providers_are():
    """The error lists the paths of its providers."""
    for attempt in (
        lambda: AppContainer().greet.override(1),
        lambda: AppContainer().providers["greet"].override(1),
        lambda: AppContainer(greet=1),
    ):
        with pytest.raises(WiringError, match=r"greet is a container.*: greet\.greeter, greet\.pipeline\."):
            attempt()
    with pytest.raises(WiringError, match=r"AppContainer is a container.* clock, runner"):
        AppContainer().override(AppContainer())


def test_overrides_given_to_the_constructor():
    """Container(name=…) overrides from the start, as in dependency-injector."""
    c = AppContainer(clock=FakeClock())
    assert c.runner().run() == "hello world, it is midnight"


def test_a_factory_that_stands_in_follows_the_slots_it_is_made_of():
    """A factory that uses slots follows their overrides."""
    c, fake = BossContainer(), Engine()
    with c.table.override(providers.Factory(Table, engine=c.engine)):
        report = c.work.report()
        with c.engine.override(fake):
            assert c.work.report().table.engine is fake
        assert c.work.report() is report


def test_a_mock_that_says_what_it_is_stands_in():
    """A mock with a spec counts as the class of the spec."""
    mock = create_autospec(Clock, instance=True)
    mock.now.return_value = "whenever"
    c = AppContainer()
    with c.clock.override(mock):
        assert c.runner().run() == "hello world, it is whenever"


def test_an_override_that_ends_in_another_thread():
    """Overrides apply to the whole container, in every thread."""
    c = AppContainer()
    seen = []
    with c.clock.override(FakeClock()):
        thread = threading.Thread(target=lambda: seen.append(c.greet.pipeline().greet("you")))
        thread.start()
        thread.join(5)
    assert seen == ["hello you, it is midnight"]


class Part(Component):
    parts: tuple = ()


class B(Part):
    def __init__(self, *, a: Part):
        self.parts = (a,)


class C(Part):
    def __init__(self, *, a: Part, b: Part):
        self.parts = (a, b)


class D(Part):
    def __init__(self, *, c: Part):
        self.parts = (c,)


class FourContainer(RunnerContainer):
    d = providers.Component(Part, default=D)
    c = providers.Component(Part, default=C)
    b = providers.Component(Part, default=B)
    a = providers.Component(Part, default=Part)


class OverrideModel:
    """What each provider should be made of: itself and its parts, or the override that is in force."""

    needs: ClassVar = {"a": "", "b": "a", "c": "ab", "d": "c"}

    def __init__(self, container):
        self.container = container
        self.active = {name: [] for name in self.needs}
        self.instances = {}

    def recipe(self, name):
        return self.active[name][-1] if self.active[name] else (name, *map(self.recipe, self.needs[name]))

    def begin(self, name):
        self.active[name].append(getattr(self.container, name).override(Part()))

    def end(self, name, index):
        if self.active[name]:
            ended = self.active[name].pop(index % len(self.active[name]))
            ended.__exit__(None, None, None)
            self.instances = {
                key: value for key, value in self.instances.items() if not self.mentions(key, ended)
            }

    def mentions(self, recipe, override):
        return recipe is override or (
            isinstance(recipe, tuple) and any(self.mentions(part, override) for part in recipe)
        )

    def check(self):
        for name, needs in self.needs.items():
            component, recipe = getattr(self.container, name)(), self.recipe(name)
            if isinstance(recipe, tuple):
                assert self.instances.setdefault(recipe, component) is component
                assert component.parts == tuple(getattr(self.container, need)() for need in needs)
            else:
                assert component is recipe.provider()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abcd"), st.integers(0, 9)), max_size=14))
def test_any_sequence_of_overrides_keeps_identities(steps):
    """The instance of a provider depends on the active overrides only, not on earlier ones."""
    model = OverrideModel(FourContainer())
    model.check()
    for begins, name, index in steps:
        if begins:
            model.begin(name)
        else:
            model.end(name, index)
        model.check()


@dataclass
class Url:
    text: str = "real"


class Client(Component):
    def __init__(self, *, url: Url):
        self.url = url


class ClientContainer(RunnerContainer):
    url = providers.Factory(Url)
    client = providers.Component(Client, default=Client)


def test_an_override_of_a_factory_reaches_what_is_built_from_it():
    """Overriding providers of dependency-injector has the same effect."""
    c = ClientContainer()
    before = c.client()
    with c.url.override(providers.Object(Url("fake"))):
        assert c.client().url.text == "fake"
    assert c.client() is before


def test_a_factory_beside_is_not_overridden_while_a_run_is_open():
    """As with slots."""
    refused = []

    class Overriding(Runner):
        @workflow
        def run(self):
            with pytest.raises(WiringError, match="while a run of its container is open"):
                c.url.override(Url("fake"))
            refused.append(c.client().url.text)

    class Container(ClientContainer):
        runner = providers.Runner(Overriding)

    c = Container()
    c.runner().run()
    assert refused == ["real"]


@pytest.mark.parametrize("name", ["clock", "greet"])
def test_a_provider_is_not_replaced_by_an_assignment(name):
    """An assignment would leave the wiring as it is, so it says how to override."""
    container = AppContainer()
    for owner in (container, AppContainer):
        with pytest.raises(WiringError, match=rf"'{name}' is a provider.*container\.{name}\.override"):
            setattr(owner, name, FakeClock())
    container.note = "other attributes are the user's"


def test_an_override_that_has_ended_is_not_entered_again():
    """A second block would be without the stand-in, in silence."""
    container = AppContainer()
    one, several = (
        container.clock.override(FakeClock()),
        container.override({"clock": FakeClock(), "greet.greeter": Greeter(clock=FakeClock())}),
    )
    for ended, path in ((one, "clock"), (several, r"clock, greet\.greeter")):
        with ended:
            pass
        with pytest.raises(WiringError, match=rf"overrides? of {path} ha(s|ve) ended"), ended:
            pass
    with container.override({}), container.override({}):
        pass


def test_none_stands_in_only_where_it_is_accepted():
    """A required dependency that is overridden by None is a finding."""

    class Needs(Component):
        def __init__(self, *, engine: Engine):
            self.engine = engine

    class Can(Component):
        def __init__(self, *, engine: Engine | None = None):
            self.engine = engine

    class Both(PipelineContainer):
        engine = providers.Component(Engine, default=Engine)
        needs = providers.Component(Needs, default=Needs)
        can = providers.Component(Can, default=Can)

    container = Both(engine=None)
    with pytest.raises(VerificationError) as raised:
        container.verify()
    assert [finding.path for finding in raised.value.findings] == ["needs"]
    assert container.can().engine is None


@pytest.mark.parametrize(
    ("name", "stand_in", "expected"),
    [
        (
            "listed",
            {"a": Engine()},
            "by an object of type dict. Override it by a list of objects of type Engine",
        ),
        ("listed", [Engine(), 3], "by an object of type int. Override it by objects of type Engine"),
        (
            "keyed",
            [Engine()],
            "by an object of type list. Override it by a mapping of objects of type Engine",
        ),
        ("keyed", {"a": 3}, "by an object of type int. Override it by objects of type Engine"),
        ("listed", [Engine()], None),
        ("keyed", {"a": Engine()}, None),
    ],
)
def test_what_stands_in_for_several_components_holds_components(name, stand_in, expected):
    """A list or mapping of something else is a finding, as a single object is."""

    class Engines(PipelineContainer):
        listed = providers.Components(Engine)
        keyed = providers.Mapping(Engine)

    container = Engines(**{name: stand_in})
    if expected is None:
        assert container.verify() == []
        return
    with pytest.raises(VerificationError) as raised:
        container.verify()
    assert expected in str(raised.value)


def test_an_error_of_closing_names_the_component():
    """The error itself is the component's own, and a note says whose."""

    class Broken(Engine):
        def close(self):
            raise OSError("gone")

    class Holding(PipelineContainer):
        engine = providers.Component(Engine, default=Broken)

    container = Holding()
    container.engine()
    with pytest.raises(OSError, match="gone") as raised:
        container.close()
    assert raised.value.__notes__ == ["It was raised while engine was being closed."]
