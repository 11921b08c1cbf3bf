"""Names: where they resolve, what containers may hold, and what they may be called."""

import copy
import pickle
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Protocol

import pytest
from dependency_injector import providers as di
from greeter_app import App, AppContainer, Clock, FakeClock, Greet, GreetContainer
from hypothesis import given, settings
from hypothesis import strategies as st

from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.errors import VerificationError, WiringError


class Note(Component):
    def __init__(self, text: str = ""):
        self.text = text


class Inner(Pipeline):
    def __init__(self, *, note: Note, clock: Clock):
        self.note, self.clock = note, clock

    @task
    def work(self) -> str:
        return f"{self.note.text} at {self.clock.now()}"


class InnerContainer(PipelineContainer):
    note = providers.Component(Note, default=Note)
    pipeline = providers.Pipeline(Inner)


class Outer(Pipeline):
    def __init__(self, *, first: Inner, second: Inner):
        self.first, self.second = first, second

    @task
    def work(self) -> str:
        return f"{self.first.work()}, {self.second.work()}"


class OuterContainer(PipelineContainer):
    first = providers.nested(InnerContainer)
    second = providers.nested(InnerContainer)
    pipeline = providers.Pipeline(Outer)


class Top(Runner):
    def __init__(self, *, outer: Outer):
        self.outer = outer

    @workflow
    def run(self) -> str:
        return self.outer.work()


class TopContainer(RunnerContainer):
    clock = providers.Component(Clock, default=Clock)
    outer = providers.nested(OuterContainer)
    runner = providers.Runner(Top)


def test_three_levels_run_and_one_container_stands_under_two_names():
    """A pipeline runs its children; each nesting of a container has its own settings."""
    overrides = {"outer.first.note.text": "one", "outer.second.note.text": "two"}
    c = TopContainer.load(overrides=overrides, environ={})
    assert c.verify() == []
    assert c.runner().run() == "one at noon, two at noon"
    assert c.outer.first.note() is not c.outer.second.note()
    assert c.outer.first.pipeline() is c.runner().outer.first
    assert [task.path for task in recorded(c)] == ["outer.work", "outer.first.work", "outer.second.work"]


def recorded(container):
    from lolpop.containers import scope_of
    from lolpop.running.recorders import recorder_for

    (run, *_) = container.runs()
    return recorder_for(scope_of(container)).tasks(run.run_id)


class Log(Component):
    def __init__(self, prefix: str = ""):
        self.prefix = prefix

    def line(self, text: str) -> str:
        return self.prefix + text


class WrappingLog(Log):
    def __init__(self, prefix: str = "local ", *, logger: Log):
        self.prefix, self.logger = prefix, logger

    def line(self, text: str) -> str:
        return self.logger.line(self.prefix + text)


class Logging(Pipeline):
    def __init__(self, *, logger: Log):
        self.logger = logger


class LoggingContainer(PipelineContainer):
    logger = providers.Component(Log, default=WrappingLog)
    pipeline = providers.Pipeline(Logging)


class LoggingRunnerContainer(RunnerContainer):
    logger = providers.Component(Log, default=Log, settings={"prefix": "global "})
    logging = providers.nested(LoggingContainer)


def test_a_local_component_wraps_the_global_one_of_its_name():
    """A parameter with the slot's own name is looked up from the enclosing container."""
    c = LoggingRunnerContainer()
    c.verify()
    assert c.logging.pipeline().logger.line("x") == "global local x"
    assert c.logging.logger().logger is c.logger()


class WrappingAll(Log):
    def __init__(self, prefix: str = "", *, loggers: list[Log]):
        self.prefix, self.loggers = prefix, loggers


def test_an_element_of_a_local_list_wraps_the_global_list():
    """An element with a parameter named as its list gets the list of the enclosing container."""

    class Inside(PipelineContainer):
        loggers = providers.Components(Log, default=[WrappingAll])

    class Container(RunnerContainer):
        loggers = providers.Components(Log, default=[Log])
        inside = providers.nested(Inside)

    c = Container()
    c.verify()
    assert c.inside.loggers()[0].loggers == c.loggers()


class Warehouse(Component):
    pass


class Lake(Warehouse):
    pass


class Reader(Component):
    def __init__(self, *, warehouse: Warehouse):
        self.warehouse = warehouse


class Engined(Component):
    def __init__(self, *, engine: Warehouse):
        self.engine = engine


@dataclass
class Made:
    warehouse: Warehouse


class Reading(Pipeline):
    def __init__(self, *, reader: Reader, warehouse: Warehouse):
        self.reader, self.warehouse = reader, warehouse


class ReadContainer(PipelineContainer):
    reader = providers.Component(Reader, default=Reader)
    pipeline = providers.Pipeline(Reading)


class BaseContainer(RunnerContainer):
    warehouse = providers.Component(Warehouse, default=Warehouse)
    reader = providers.Component(Reader, default=Reader)
    engined = providers.Component(Engined, default=Engined, engine=warehouse)
    made = providers.Factory(Made, warehouse=warehouse)
    made_by_call = providers.Callable(Made, warehouse)
    read = providers.nested(ReadContainer)


class LakeContainer(BaseContainer):
    warehouse = providers.Component(Warehouse, default=Lake)


@pytest.mark.parametrize(("container", "kind"), [(BaseContainer, Warehouse), (LakeContainer, Lake)])
def test_a_redeclared_provider_reaches_everything_that_uses_it(container, kind):
    """Siblings, nested containers, keywords and factories use the provider of the subclass."""
    c = container()
    c.verify()
    warehouse = c.warehouse()
    assert type(warehouse) is kind
    assert c.reader().warehouse is warehouse
    assert c.engined().engine is warehouse
    assert c.made().warehouse is warehouse
    assert c.made_by_call().warehouse is warehouse
    assert c.read.reader().warehouse is warehouse
    assert c.read.pipeline().warehouse is warehouse


def test_overriding_what_was_redeclared():
    """An override of a redeclared provider reaches keywords and factories, too."""
    c, fake = LakeContainer(), Lake()
    with c.warehouse.override(fake):
        assert c.engined().engine is fake
        assert c.made().warehouse is fake
        assert c.read.pipeline().reader.warehouse is fake
    assert c.made().warehouse is c.warehouse()


def test_a_keyword_names_a_provider_of_dependency_injector():
    """The provider may be written as the keyword's value."""

    class Container(RunnerContainer):
        engined = providers.Component(Engined, default=Engined, engine=providers.Factory(Lake))

    c = Container()
    c.verify()
    assert type(c.engined().engine) is Lake
    assert c.engined() is c.engined()


def test_a_keyword_names_the_provider_of_an_enclosing_class():
    """A keyword may name an inherited provider through its class."""

    class Container(BaseContainer):
        other = providers.Component(Engined, default=Engined, engine=BaseContainer.warehouse)

    assert Container().other().engine.__class__ is Warehouse


def test_a_keyword_that_is_no_provider_is_refused():
    """The error for a value says where values belong."""
    with pytest.raises(WiringError, match=r"is not a provider.*settings="):
        providers.Component(Engined, default=Engined, engine="sqlite://")


def test_a_keyword_that_the_container_does_not_hold_is_refused():
    """The provider of a keyword must have a name in the container."""
    with pytest.raises(WiringError, match="engine= is a provider that the container does not hold"):

        class Container(RunnerContainer):
            engined = providers.Component(
                Engined, default=Engined, engine=providers.Component(Warehouse, default=Lake)
            )


def test_a_keyword_for_a_parameter_that_does_not_exist_is_found():
    """A misspelt keyword is a finding with a near name."""

    class Container(RunnerContainer):
        warehouse = providers.Component(Warehouse, default=Warehouse)
        engined = providers.Component(Engined, default=Engined, engin=warehouse, engine=warehouse)

    with pytest.raises(VerificationError, match=r"engined: .*engin.*Did you mean engine\?"):
        Container().verify()


RESERVED = ["load", "verify", "runs", "parent", "providers", "override_providers", "reset_override", "wire"]


@pytest.mark.parametrize("name", [*RESERVED, "lolpop", "set_provider", "traverse", "declarative_parent"])
def test_the_containers_own_names_are_reserved(name):
    """A provider with a reserved name is refused when the class is defined."""
    with pytest.raises(WiringError, match=f"C.{name}: the name is reserved by the container"):
        type("C", (RunnerContainer,), {name: providers.Component(Clock, default=Clock)})


@pytest.mark.parametrize("value", [3, "x", Clock, GreetContainer, lambda self: 3, property(lambda self: 3)])
def test_public_attributes_that_are_no_providers_are_refused(value):
    """Instances of dependency-injector would not have them."""
    with pytest.raises(
        WiringError, match=r"C\.thing is .*but a container holds providers only\. Write thing = providers\."
    ):
        type("C", (PipelineContainer,), {"thing": value})


def test_two_runners_are_refused():
    """A container has one runner or pipeline."""
    with pytest.raises(WiringError, match="declares runner and second, but a container has only one"):

        class Container(AppContainer):
            second = providers.Runner(App)


NAMES = [
    "path", "outer", "settings", "root", "name", "plan", "edges", "interface", "elements", "container",
    "declared", "bind", "pipeline_", "call", "copy", "provided", "related", "scope_inside", "plans",
    "config", "use_", "self_", "kind", "closed", "lifetime", "provider", "args", "kwargs", "cls",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_slots_may_have_any_other_name(name):
    """A slot may have a name that the framework uses internally."""
    scope: dict = {}
    exec(  # the parameter's name is what is tested
        f"class Wants(Pipeline):\n def __init__(self, *, {name}: Note): self.it = {name}\n"
        " @task\n def work(self): return self.it\n",
        {"Pipeline": Pipeline, "Note": Note, "task": task},
        scope,
    )
    inner = type(
        "Inner",
        (PipelineContainer,),
        {name: providers.Component(Note, default=Note), "pipeline": providers.Pipeline(scope["Wants"])},
    )

    class Run(Runner):
        def __init__(self, *, inner: Pipeline):
            self.inner = inner

        @workflow
        def run(self):
            return self.inner.work()

    slots = {"inner": providers.nested(inner), "runner": providers.Runner(Run)}
    c = type("Container", (RunnerContainer,), slots).load(overrides={f"inner.{name}.text": "hi"}, environ={})
    c.verify()
    assert c.runner().run().text == "hi"
    assert getattr(c.inner, name)() is c.runner().inner.it
    with getattr(c.inner, name).override(Note("fake")):
        assert c.runner().run().text == "fake"
    assert c.runs()[0].wiring["components"][f"inner.{name}"]["use"] == "overridden"


@dataclass(slots=True)
class SlottedNote(Note):
    text: str = "slotted"
    _: KW_ONLY
    clock: Clock


@dataclass(frozen=True, slots=True)
class FrozenGreet(Greet):
    loud: bool = True
    _: KW_ONLY
    note: Note

    @task
    def greet(self, name: str) -> str:
        return f"{self.note.text} {name}"


@dataclass(slots=True)
class SlottedPipeline(Pipeline):
    _: KW_ONLY
    note: Note

    @task
    def work(self) -> str:
        return self.note.text


@dataclass(frozen=True, slots=True)
class SlottedRunner(Runner):
    _: KW_ONLY
    inner: SlottedPipeline

    @workflow
    def run(self) -> str:
        return self.inner.work()


def test_integrations_may_have_nothing_but_slots():
    """A pipeline and a runner without __dict__ are wired, recorded and overridden."""

    class Inside(PipelineContainer):
        note = providers.Component(Note, default=Note, settings={"text": "hi"})
        pipeline = providers.Pipeline(SlottedPipeline)

    class Container(RunnerContainer):
        inner = providers.nested(Inside)
        runner = providers.Runner(SlottedRunner)

    c = Container()
    assert c.runner().run() == "hi"
    assert [task.path for task in recorded(c)] == ["inner.work"]
    assert not hasattr(c.runner(), "__dict__")
    with c.inner.note.override(Note("fake")):
        assert c.runner().run() == "fake"


@dataclass(frozen=True)
class FrozenApp(App):
    name: str = "you"
    _: KW_ONLY
    greet: Greet

    @workflow
    def run(self, name: str | None = None) -> str:
        return self.greet.greet(name or self.name)


class DataclassGreetContainer(PipelineContainer):
    note = providers.Component(Note, default=SlottedNote)
    pipeline = providers.Pipeline(FrozenGreet)


class DataclassContainer(RunnerContainer):
    clock = providers.Component(Clock, default=Clock)
    greet = providers.nested(DataclassGreetContainer)
    runner = providers.Runner(FrozenApp)


def test_slots_and_frozen_dataclasses_are_integrations_like_any():
    """Integrations may be dataclasses with slots, or frozen; their runs are recorded."""
    c = DataclassContainer.load(overrides={"greet.note.text": "hi", "name": "all"}, environ={})
    c.verify()
    assert c.runner().run() == "hi all"
    assert [task.path for task in recorded(c)] == ["greet.greet"]
    assert c.runner() == FrozenApp("all", greet=c.greet.pipeline())
    assert not hasattr(c.greet.note(), "__dict__") or vars(c.greet.note()) == {}


def test_the_framework_sets_no_attribute_of_its_own():
    """Instances have the attributes of their class only."""
    c = AppContainer()
    assert set(vars(c.runner())) == {"greet"}
    assert set(vars(c.greet.pipeline())) == {"greeter"}
    assert vars(c.clock()) == {}


def test_settings_may_be_called_as_they_like():
    """Names of pydantic and of the framework are allowed."""

    class Odd(Component):
        def __init__(
            self, schema: str = "a", copy: bool = False, json: int = 1, model_config: float = 1.0,
            path: Path = Path(), default: int = 0, settings: str = "", interface: str = "", type: int = 0,  # noqa: A002
        ):  # fmt: skip
            self.arguments = (schema, copy, json, model_config, path, default, settings, interface, type)

    class Container(RunnerContainer):
        odd = providers.Component(Odd, default=Odd)

    arguments = {"schema": "s", "copy": True, "json": 2, "model_config": 2.5, "path": "p", "default": 3}
    arguments |= {"settings": "t", "interface": "i", "type": 4}
    c = Container.load(overrides={"odd": arguments}, environ={})
    assert c.odd().arguments == ("s", True, 2, 2.5, Path("p"), 3, "t", "i", 4)


def test_a_setting_called_use_is_refused():
    """`use` chooses the implementation, so it cannot be a setting."""

    class Using(Component):
        def __init__(self, use: str = ""):
            self.use = use

    class Container(RunnerContainer):
        using = providers.Component(Using, default=Using)

    with pytest.raises(VerificationError, match=r"using: .*'use'"):
        Container().verify()


def test_an_unknown_provider_proposes_a_near_one():
    """A misspelt provider is an AttributeError with a near name."""
    with pytest.raises(AttributeError, match=r"AppContainer has no provider 'clok'. Did you mean clock\?"):
        AppContainer().clok  # noqa: B018
    with pytest.raises(
        AttributeError, match=r"GreetContainer has no provider 'greter'. Did you mean greeter\?"
    ):
        AppContainer().greet.greter  # noqa: B018


def test_nothing_is_put_into_a_container_that_exists():
    """An instance has the providers of its class only."""
    with pytest.raises(WiringError, match="cannot be put into a container that exists"):
        AppContainer().clock = providers.Component(Clock, default=FakeClock)


def test_containers_are_not_copied():
    """A copy would lose settings or share instances, so copying and pickling are refused."""
    container = AppContainer()
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        for part in (container, container.greet):
            with pytest.raises(WiringError, match=r"Load another one"):
                copied(part)


def test_containers_and_providers_show_their_names():
    """The repr has the class and the place."""
    container = AppContainer()
    assert repr(container) == "<AppContainer>"
    assert repr(container.greet) == "<GreetContainer 'greet'>"
    assert repr(container.greet.greeter) == "<Component 'greet.greeter'>"
    assert repr(AppContainer.clock) == "<Component 'clock'>"


class TwoTuple(Component):
    def __init__(self, *, logs: tuple[Log, ...]):
        self.logs = logs


def test_lists_are_injected_as_tuples_where_those_are_asked_for():
    """A list of components fits list, tuple and Sequence."""

    class Container(RunnerContainer):
        logs = providers.Components(Log, default=[Log, WrappingNothing])
        asks = providers.Component(TwoTuple, default=TwoTuple)

    c = Container()
    c.verify()
    assert c.asks().logs == tuple(c.logs())


class WrappingNothing(Log):
    pass


class Speaks(Protocol):
    def now(self) -> str: ...


def test_a_protocol_may_be_asked_for():
    """A parameter may have a protocol that the provided class satisfies."""

    class Speaking(Component):
        def __init__(self, *, clock: Speaks):
            self.clock = clock

    class Singing(Component):
        def __init__(self, *, note: Speaks):
            self.note = note

    class Container(AppContainer):
        note = providers.Component(Note, default=Note)
        speaking = providers.Component(Speaking, default=Speaking)
        singing = providers.Component(Singing, default=Singing)

    with pytest.raises(
        VerificationError, match=r"singing: .*requires note: Speaks, but 'note' provides Note"
    ):
        Container().verify()


def test_values_that_may_be_of_several_types_fit_a_parameter_that_takes_them_all():
    """A union fits the same or a wider union, and not a narrower one."""

    class Wide(Component):
        def __init__(self, *, size: int | str | float):
            self.size = size

    class Narrow(Component):
        def __init__(self, *, size: int):
            self.size = size

    class Container(RunnerContainer):
        size = providers.Settings(int | str, default=3)
        wide = providers.Component(Wide, default=Wide)

    assert Container().verify() == []
    narrow = type("N", (Container,), {"narrow": providers.Component(Narrow, default=Narrow)})
    with pytest.raises(VerificationError, match=r"narrow: .*requires size: int"):
        narrow().verify()


def test_three_thousand_dependencies_declared_backwards():
    """A long chain is resolved and verified without recursion."""
    count = 3000

    class Link(Component):
        pass

    def link(index):
        scope: dict = {}
        exec(
            f"def __init__(self, *, c{index + 1}: Link): self.next = c{index + 1}", {"Link": Link}, scope
        )  # a class for each name
        return type(f"Link{index}", (Link,), scope)

    slots = {f"c{i}": providers.Component(Link, default=link(i)) for i in range(count)}
    slots[f"c{count}"] = providers.Component(Link, default=Link)
    c = type("Chain", (RunnerContainer,), slots)()
    c.verify()
    assert c.c0().next is c.c1()
    fake = Link()
    with getattr(c, f"c{count}").override(fake):
        assert getattr(c, f"c{count - 1}")().next is fake
        assert c.c0() is c.c0()


def test_three_thousand_keyword_injections():
    """A long chain through keywords is declared, copied and resolved without recursion."""

    class Link(Component):
        def __init__(self, *, link: Component | None = None):
            self.link = link

    slots = {"c0": providers.Component(Link, default=Link)}
    for i in range(1, 3000):
        slots[f"c{i}"] = providers.Component(Link, default=Link, link=slots[f"c{i - 1}"])
    c = type("Chain", (RunnerContainer,), slots)()
    assert c.c2999().link is c.c2998()


@st.composite
def shapes(draw):
    """A tree of containers: for each the names that it provides, and the containers nested in it."""
    names = st.sets(st.sampled_from("abcde"), max_size=3)
    leaf = st.tuples(names, st.just({}))
    tree = st.recursive(
        leaf,
        lambda below: st.tuples(names, st.dictionaries(st.sampled_from(["x", "y"]), below, max_size=2)),
        max_leaves=5,
    )
    return draw(tree)


def wanting(name):
    scope: dict = {}
    exec(f"def __init__(self, *, {name}: Note | None = None): self.note = {name}", {"Note": Note}, scope)
    return type(f"Wants{name.upper()}", (Component,), scope)


WANTING = {name: wanting(name) for name in "abcde"}


def container_of(shape, base=PipelineContainer):
    names, nested = shape
    slots = {name: providers.Component(Note, default=Note) for name in names}
    slots |= {f"wants_{name}": providers.Component(Component, default=WANTING[name]) for name in "abcde"}
    slots |= {name: providers.nested(container_of(inner)) for name, inner in nested.items()}
    return type("Shape", (base,), slots)


@settings(max_examples=40, deadline=None)
@given(shapes())
def test_names_resolve_lexically_in_any_tree(shape):
    """A parameter gets the provider of its name in the same container, or in the nearest enclosing one."""

    def check(container, shape, visible):
        names, nested = shape
        visible = visible | {name: getattr(container, name)() for name in names}
        for name in "abcde":
            assert getattr(container, f"wants_{name}")().note is visible.get(name)
        for name, inner in nested.items():
            check(getattr(container, name), inner, visible)

    check(container_of(shape, RunnerContainer)(), shape, {})


def test_providers_of_dependency_injector_beside_slots():
    """Object, Factory and Callable are injected by name."""

    class Counting(Component):
        def __init__(self, *, limit: int, made: Made, now: str):
            self.limit, self.made, self.now = limit, made, now

    class Container(BaseContainer):
        limit = providers.Object(3)
        now = providers.Callable(lambda: "noon")
        counting = providers.Component(Counting, default=Counting)
        configuration = di.Configuration()

    c = Container()
    c.verify()
    assert (c.counting().limit, c.counting().now) == (3, "noon")
    assert c.counting().made.warehouse is c.warehouse()
    assert c.runs() == []
