"""verify: everything that is wrong with a container, at once, with place and advice."""

import json
import textwrap
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import pytest
from greeter_app import App, AppContainer, Clock, Greet, Greeter
from pydantic import BaseModel, PositiveInt

from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers
from lolpop._names import Names
from lolpop.components.hyperparameter_tuner import HyperparameterTuner
from lolpop.components.logger import Logger
from lolpop.components.notifier import Notifier
from lolpop.errors import Finding, Origin, SettingsError, VerificationError


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def errors_of(container) -> list[Finding]:
    """The errors that verify raises, as values; none where it does not raise."""
    try:
        container.verify()
    except VerificationError as error:
        return [finding for finding in error.findings if finding.severity == "error"]
    return []


def only(container) -> Finding:
    findings = errors_of(container)
    assert len(findings) == 1, findings
    return findings[0]


def declare(**slots) -> Any:
    """An instance of a runner container with these providers."""
    return type("SomeContainer", (RunnerContainer,), slots)()


def loaded(tmp_path, container, text: str, **options) -> Any:
    """An instance with the settings of a lolpop.yaml."""
    (tmp_path / "lolpop.yaml").write_text(textwrap.dedent(text))
    return container.load(**{"environ": {}} | options)


class One(Component):
    def __init__(self, *, two: Component):
        self.two = two


class Two(Component):
    def __init__(self, *, three: Component):
        self.three = three


class Three(Component):
    def __init__(self, *, one: Component):
        self.one = one


def test_a_cycle_of_three_is_drawn():
    """A cycle is reported once, with its path."""
    container = declare(
        one=providers.Component(One, default=One),
        two=providers.Component(Two, default=Two),
        three=providers.Component(Three, default=Three),
    )
    finding = only(container)
    assert finding.path == "one"
    assert "one -> two -> three -> one" in finding.message
    assert finding.hint


def test_resolving_a_cycle_is_an_error_that_draws_it():
    """Without verification, a cycle is a readable error and no endless recursion."""
    container = declare(
        one=providers.Component(One, default=One),
        two=providers.Component(Two, default=Two),
        three=providers.Component(Three, default=Three),
    )
    with pytest.raises(Exception, match="one -> two -> three -> one"):
        container.one()


def test_a_cycle_across_containers():
    """A component that requires another which requires it is a cycle, across containers too."""

    class Local(Component):
        def __init__(self, *, pipeline_log: Component):
            self.pipeline_log = pipeline_log

    class Log(Component):
        def __init__(self, *, local: Component):
            self.local = local

    container = declare(
        local=providers.Component(Component, default=Local),
        pipeline_log=providers.Component(Component, default=Log),
    )
    assert "local -> pipeline_log -> local" in only(container).message


class NeedsGreeter(Pipeline):
    def __init__(self, *, greeter: Greeter):
        self.greeter = greeter


class NeedsGreeterContainer(PipelineContainer):
    pipeline = providers.Pipeline(NeedsGreeter)


def test_a_parameter_that_exists_only_in_another_pipeline_says_where():
    """Local components are not visible to siblings: the finding names the container that has it."""

    class Container(AppContainer):
        other = providers.nested(NeedsGreeterContainer)

    finding = only(Container())
    assert finding.path == "other.pipeline"
    assert "needs 'greeter' (Greeter)" in finding.message
    assert "'greeter' is local to 'greet'" in finding.hint


def test_a_parameter_that_exists_nowhere_proposes_a_near_name():
    """A missing dependency gets the near name of a visible provider."""

    class Misspelt(Component):
        def __init__(self, *, clok: Clock):
            self.clok = clok

    container = declare(
        clock=providers.Component(Clock, default=Clock),
        misspelt=providers.Component(Misspelt, default=Misspelt),
    )
    finding = only(container)
    assert finding.path == "misspelt"
    assert finding.hint == "Did you mean clock?"


class Upward(Component):
    def __init__(self, *, greet: Greet):
        self.greet = greet


class UpwardUntyped(Component):
    def __init__(self, *, greet: object):
        self.greet = greet


@pytest.mark.parametrize("upward", [Upward, UpwardUntyped])
def test_a_component_that_asks_for_a_pipeline_is_refused(upward):
    """Components take components only, whatever the annotation says."""
    finding = only(
        type("Upwards", (AppContainer,), {"upward": providers.Component(Component, default=upward)})()
    )
    assert finding.path == "upward"
    assert "requires the pipeline 'greet'; components take components only" in finding.message


class AskingItsOwner(Component):
    def __init__(self, *, pipeline: object):
        self.pipeline = pipeline


class AskingTheRunner(Component):
    def __init__(self, *, runner: object):
        self.runner = runner


@pytest.mark.parametrize("asking", [AskingItsOwner, AskingTheRunner])
def test_a_component_that_asks_for_the_pipeline_or_runner_above_it_is_refused(asking):
    """A component cannot take what is above it, whatever the annotation is."""

    class Inner(PipelineContainer):
        local = providers.Component(Component, default=asking)
        pipeline = providers.Pipeline(Pipeline)

    class Container(RunnerContainer):
        inner = providers.nested(Inner)
        runner = providers.Runner(Runner)

    finding = only(Container())
    assert finding.path == "inner.local"
    assert "components take components only" in finding.message


class Middle(Pipeline):
    pass


class Sibling(Pipeline):
    def __init__(self, *, middle: object):
        self.middle = middle


class Child(Pipeline):
    def __init__(self, *, pipeline: object):
        self.pipeline = pipeline


def test_a_siblings_pipeline_is_refused():
    """Pipelines are independent of each other."""

    class MiddleContainer(PipelineContainer):
        pipeline = providers.Pipeline(Middle)

    class SiblingContainer(PipelineContainer):
        pipeline = providers.Pipeline(Sibling)

    class Container(RunnerContainer):
        middle = providers.nested(MiddleContainer)
        sibling = providers.nested(SiblingContainer)

    finding = only(Container())
    assert finding.path == "sibling.pipeline"
    assert "the pipeline of 'middle', which is not nested in its own container" in finding.message
    assert "independent of their siblings" in finding.hint


def test_a_grandchilds_pipeline_is_refused():
    """A runner sees its own pipelines, not those nested in them."""

    class InnerContainer(PipelineContainer):
        pipeline = providers.Pipeline(Middle)

    class OuterContainer(PipelineContainer):
        middle = providers.nested(InnerContainer)
        pipeline = providers.Pipeline(Pipeline)

    class Impatient(Runner):
        def __init__(self, *, outer: Pipeline, middle: Middle):
            self.outer, self.middle = outer, middle

    class Container(RunnerContainer):
        outer = providers.nested(OuterContainer)
        runner = providers.Runner(Impatient)

    finding = only(Container())
    assert finding.path == "runner"
    assert "needs 'middle'" in finding.message
    assert "'middle' is local to 'outer'" in finding.hint


def test_a_pipeline_that_asks_for_the_one_around_it_is_refused():
    """A pipeline cannot take what is above it."""

    class InnerContainer(PipelineContainer):
        pipeline = providers.Pipeline(Child)

    class OuterContainer(PipelineContainer):
        inner = providers.nested(InnerContainer)
        pipeline = providers.Pipeline(Middle)

    class Container(RunnerContainer):
        outer = providers.nested(OuterContainer)

    finding = only(Container())
    assert finding.path == "outer.inner.pipeline"
    assert "'pipeline'" in finding.message


def test_nothing_takes_a_runner():
    """A runner is above everything."""

    class Wants(Pipeline):
        def __init__(self, *, runner: App):
            self.runner = runner

    class WantsContainer(PipelineContainer):
        pipeline = providers.Pipeline(Wants)

    class Container(AppContainer):
        wants = providers.nested(WantsContainer)

    finding = only(Container())
    assert finding.path == "wants.pipeline"
    assert "requires the runner 'runner'" in finding.message


def test_a_container_without_a_pipeline_cannot_be_asked_for():
    """Asking for a nested container by name gives its pipeline, so it must have one."""

    class Empty(PipelineContainer):
        pass

    class Container(RunnerContainer):
        greet = providers.nested(Empty)
        runner = providers.Runner(App)

    finding = only(Container())
    assert finding.path == "runner"
    assert "without a pipeline" in finding.message


def test_a_provider_of_the_wrong_type_is_found():
    """What a name resolves to must be what the parameter is annotated with."""

    class NoClock(Component):
        pass

    container = declare(
        clock=providers.Component(NoClock, default=NoClock),
        greeter=providers.Component(Greeter, default=Greeter),
    )
    finding = only(container)
    assert finding.path == "greeter"
    assert "requires clock: Clock, but 'clock' provides NoClock" in finding.message
    assert finding.hint


def test_a_wrong_type_is_found_for_optional_parameters_too():
    """A default applies only if no visible provider has the name."""

    class Optional(Component):
        def __init__(self, *, clock: Clock | None = None):
            self.clock = clock

    class NoClock(Component):
        pass

    assert errors_of(declare(optional=providers.Component(Optional, default=Optional))) == []
    container = declare(
        clock=providers.Component(NoClock, default=NoClock),
        optional=providers.Component(Optional, default=Optional),
    )
    assert "but 'clock' provides NoClock" in only(container).message


def test_an_implementation_that_is_not_of_the_slots_interface(tmp_path):
    """The class that `use` names must inherit from the interface; the finding has its place."""
    container = loaded(tmp_path, AppContainer, "\nclock:\n  use: greeter_app:Greeter\n")
    finding = only(container)
    assert finding.path == "clock"
    assert finding.message == "Greeter is not a Clock, it is a Component"
    assert finding.origin == Origin("lolpop.yaml", 3, 8)
    assert finding.hint == "Let it inherit from Clock."


class Abstract(Component):
    @abstractmethod
    def work(self) -> None: ...

    @abstractmethod
    def rest(self) -> None: ...


class Lazy(Abstract):
    def rest(self) -> None:
        pass


def test_an_implementation_that_leaves_a_method_out():
    """The finding names the missing abstract method."""
    finding = only(declare(lazy=providers.Component(Abstract, default=Lazy)))
    assert (finding.path, finding.message) == (
        "lazy",
        "Lazy does not implement all methods of Abstract: work",
    )
    assert finding.hint


def test_an_unknown_implementation_proposes_a_near_name(tmp_path):
    """An unregistered name in `use` gets a near name."""

    class Container(RunnerContainer):
        tuner = providers.Component(HyperparameterTuner, default="optuna")

    container = loaded(tmp_path, Container, "tuner: {use: optunna, n_trials: 3}")
    finding = only(container)
    assert finding.path == "tuner"
    assert "optunna" in finding.message
    assert finding.origin == Origin("lolpop.yaml", 1, 14)
    assert finding.hint == "Did you mean optuna?"


@pytest.mark.parametrize(
    ("use", "message", "hint"),
    [
        ("no.such_module:Thing", "there is no module 'no'", "importable"),
        ("greeter_app:Klock", "'greeter_app' has no 'Klock'", "Did you mean Clock?"),
        ("greeter_app:providers", "'greeter_app:providers' is not a class", "module"),
        ("greeter_app:", "'greeter_app:' is no import path", "package.module:Class"),
        (":Clock", "':Clock' is no import path", "package.module:Class"),
    ],
)
def test_an_import_path_that_leads_nowhere(tmp_path, use, message, hint):
    """The finding says which part of the import path is wrong."""
    finding = only(loaded(tmp_path, AppContainer, f"clock: {{use: '{use}'}}"))
    assert finding.path == "clock"
    assert message in finding.message
    assert hint in finding.hint


@pytest.mark.parametrize("value", ["5", "[a, b]", "{use: {a: b}}", "{use: [a]}", "true"])
def test_use_that_is_no_text(tmp_path, value):
    """The finding shows the invalid value."""
    finding = only(loaded(tmp_path, AppContainer, f"clock: {value}"))
    assert finding.path == "clock"
    assert "`use` should be text" in finding.message
    assert "Node" not in finding.message


def test_no_implementation_at_all():
    """A slot without default and setting lists its implementations."""
    finding = only(declare(tuner=providers.Component(HyperparameterTuner)))
    assert "no implementation is chosen" in finding.message
    assert "optuna" in finding.hint


class Boosted(Component):
    requires = ("no_such_library_at_all", "sys")
    install = "lolpop[boost]"


def test_an_extra_that_is_not_installed():
    """The finding has the command that installs the extra."""
    finding = only(declare(boosted=providers.Component(Component, default=Boosted)))
    assert finding.path == "boosted"
    assert "needs no_such_library_at_all, which is not installed" in finding.message
    assert finding.hint == "Install it with: pip install 'lolpop[boost]'."


class Place(BaseModel):
    name: str
    floor: PositiveInt = 1


class Deep(BaseModel):
    place: Place
    others: list[Place] = []
    named: dict[str, Place] = {}
    either: Place | str = ""


class Located(Component):
    def __init__(self, place: Place | None = None, size: PositiveInt = 3):
        self.place, self.size = place, size


class LocatedPipeline(Pipeline):
    def __init__(self, speed: float = 1.0, *, located: Located):
        self.speed, self.located = speed, located


class LocatedContainer(PipelineContainer):
    located = providers.Component(Located, default=Located)
    pipeline = providers.Pipeline(LocatedPipeline)


class LocatedRunner(Runner):
    def __init__(self, loud: bool = False, *, inner: LocatedPipeline, deep: Deep, notifiers: list[Notifier]):
        self.loud, self.inner, self.deep, self.notifiers = loud, inner, deep, notifiers


class DeepContainer(RunnerContainer):
    deep = providers.Settings(Deep, default={"place": {"name": "here"}})
    notifiers = providers.Components(Notifier)
    inner = providers.nested(LocatedContainer)
    runner = providers.Runner(LocatedRunner)


def test_unknown_keys_at_every_level_are_found_together(tmp_path):
    """A key that nothing reads is an error, with line, column and a near name."""
    container = loaded(
        tmp_path,
        DeepContainer,
        """\
        sead: 3
        deep:
          place: {name: x, flor: 2}
          others: [{name: y, nam: z}]
          named: {a: {name: y, nme: z}}
          either: {name: x, floors: 2}
        inner:
          sped: 2.0
          located: {siez: 3, place: {name: y, flo: 1}}
        notifiers: [{use: console, leval: info}]
        lolpop: {runer: x}
        """,
    )
    findings = {finding.path: finding for finding in errors_of(container)}
    assert {path: (f.origin.line, f.origin.column, f.hint) for path, f in findings.items()} == {
        "sead": (1, 1, "Did you mean seed?"),
        "deep.place.flor": (3, 20, "Did you mean floor?"),
        "deep.others.0.nam": (4, 22, "Did you mean name?"),
        "deep.named.a.nme": (5, 24, "Did you mean name?"),
        "deep.either.floors": (6, 21, "Did you mean floor?"),
        "inner.sped": (8, 3, "Did you mean speed?"),
        "inner.located.siez": (9, 13, "Did you mean size?"),
        "inner.located.place.flo": (9, 39, "Did you mean floor?"),
        "notifiers.0.leval": (10, 28, "Did you mean level?"),
        "lolpop.runer": (11, 10, "Did you mean runner?"),
    }
    assert all("unknown setting" in finding.message for finding in findings.values())


def test_unknown_variables_are_found():
    """A LOLPOP_ variable that names no setting is an error whose origin is the variable."""
    environ = {
        "LOLPOP_SEDE": "3",
        "LOLPOP_GREET__GREETER__GREATING": "x",
        "LOLPOP_GREET__X__Y": "1",
        "HOME": "/",
    }
    findings = {finding.path: finding for finding in errors_of(AppContainer.load(environ=environ))}
    assert {path: str(finding.origin) for path, finding in findings.items()} == {
        "sede": "$LOLPOP_SEDE",
        "greet.greeter.greating": "$LOLPOP_GREET__GREETER__GREATING",
        "greet.x": "$LOLPOP_GREET__X__Y",
    }
    assert findings["sede"].hint == "Did you mean seed?"


def test_unknown_keys_of_a_container_without_a_pipeline(tmp_path):
    """A container that has no pipeline knows the names of its providers only."""

    class Bare(PipelineContainer):
        located = providers.Component(Located, default=Located)

    class Container(RunnerContainer):
        bare = providers.nested(Bare)

    container = loaded(tmp_path, Container, "bare: {loacted: {size: 2}}\nbaer: 1\n")
    assert {finding.path: finding.hint for finding in errors_of(container)} == {
        "bare.loacted": "Did you mean located?",
        "baer": "Did you mean bare?",
    }


def test_what_is_injected_is_no_setting(tmp_path):
    """A setting for an injected parameter is a finding that says so."""
    finding = only(loaded(tmp_path, AppContainer, "greet: {greeter: {clock: x}}"))
    assert finding.path == "greet.greeter.clock"
    assert "injected" in finding.message


def test_wrong_types_are_located(tmp_path):
    """Every value that does not validate is a finding at its own line and column."""
    container = loaded(
        tmp_path,
        DeepContainer,
        """\
        seed: many
        deep: {place: {name: x, floor: -1}}
        inner:
          speed: fast
          located: {size: 0, place: {floor: 1}}
        """,
    )
    findings = {finding.path: finding for finding in errors_of(container)}
    assert {path: (f.origin.line, f.origin.column) for path, f in findings.items()} == {
        "seed": (1, 7),
        "deep.place.floor": (2, 32),
        "inner.speed": (4, 10),
        "inner.located.size": (5, 19),
        "inner.located.place.name": (5, 29),
    }
    assert "greater than 0 (got -1)" in findings["deep.place.floor"].message
    assert findings["inner.located.place.name"].message == "is required and is not set"


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        ("q", "many", "input should be a valid number or 'auto' (got 'q')"),
        (3.5, "many", None),
        (
            {"a": "x"},
            "shares",
            "input should be a valid number, unable to parse string as a number (got 'x')",
        ),
        (3, "shares", "input should be a mapping or 'even' (got 3)"),
        (["b", 1], "sizes", "input should be a valid integer or 'a' (got 'b')"),
        (-1, "sizes", "input should be a list or greater than 0 (got -1)"),
    ],
)
def test_a_value_that_is_nothing_of_a_union_is_one_finding(value, path, message):
    """It lists all alternatives; if one fits except for a part, only what that part requires."""

    class Choosing(Component):
        def __init__(
            self,
            many: float | Literal["auto"] = "auto",
            shares: dict[str, float] | Literal["even"] = "even",
            sizes: list[int | Literal["a"]] | PositiveInt = 1,
        ):
            pass

    class ChoosingContainer(RunnerContainer):
        part = providers.Component(Choosing, default=Choosing)

    container = ChoosingContainer.load(environ={}, overrides={f"part.{path}": value})
    assert [finding.message for finding in errors_of(container)] == ([] if message is None else [message])


def test_a_required_setting_that_nothing_sets():
    """A setting without default must be given."""

    class Strict(Component):
        def __init__(self, size: int):
            self.size = size

    strict = providers.Component(Strict, default=Strict)
    finding = only(declare(strict=strict))
    assert finding.path == "strict.size"
    assert "requires this setting" in finding.message
    assert errors_of(declare(strict=providers.Component(Strict, default=Strict, settings={"size": 3}))) == []


def test_a_required_section_that_nothing_sets():
    """A Settings section without default must be given."""
    finding = only(declare(place=providers.Settings(Place)))
    assert (finding.path, finding.message) == ("place", "is required and is not set")


class Catching(Component):
    def __init__(self, size: int = 1, **kwargs: Any):
        self.size = size


class Unannotated(Component):
    def __init__(self, *, clock):
        self.clock = clock


class Anything(Component):
    def __init__(self, *, clock: Any):
        self.clock = clock


class Before(Component):
    def __init__(self, clock: Clock):
        self.clock = clock


@dataclass
class BeforeInDataclass(Component):
    clock: Clock


class BeforeInList(Component):
    def __init__(self, clocks: list[Clock] | None = None):
        self.clocks = clocks


class ByPosition(Component):
    def __init__(self, size: int = 1, /):
        self.size = size


@pytest.mark.parametrize(
    ("implementation", "message", "hint"),
    [
        (ByPosition, "takes the setting 'size' by position only", "Leave out the /"),
        (Catching, "Catching takes **kwargs", "Inherited (from lolpop)"),
        (Unannotated, "Unannotated does not annotate its parameter 'clock'", "Annotate"),
        (Anything, "Anything does not annotate its parameter 'clock'", "Annotate"),
        ("far_away:Shy", "annotation of 'clock' in Shy cannot be resolved", "outside TYPE_CHECKING"),
        (Before, "Before takes the integration 'clock' as a setting", "after the *"),
        (BeforeInList, "takes the integration 'clocks' as a setting", "after the *"),
        (BeforeInDataclass, "takes the integration 'clock' as a setting", "`_: KW_ONLY`"),
    ],
)
def test_a_constructor_that_cannot_be_wired(implementation, message, hint):
    """The finding says how to write the constructor."""
    container = declare(
        clock=providers.Component(Clock, default=Clock),
        odd=providers.Component(Component, default=implementation),
    )
    finding = next(finding for finding in errors_of(container) if finding.path == "odd")
    assert message in finding.message
    assert hint in finding.hint


@pytest.mark.parametrize("implementation", [Before, BeforeInDataclass])
def test_a_misplaced_parameter_is_one_finding(implementation):
    """That no source sets it, as a setting, is a consequence."""
    container = declare(
        clock=providers.Component(Clock, default=Clock),
        odd=providers.Component(Component, default=implementation),
    )
    assert "as a setting" in only(container).message


class Ticking(Protocol):
    def tick(self) -> None: ...


class NeedsTicking(Component):
    def __init__(self, *, clock: Ticking | None = None):
        self.clock = clock


def test_a_protocol_that_is_not_fulfilled_says_what_is_missing():
    """The names of the types do not say it, as those of classes do."""
    container = declare(
        clock=providers.Component(Clock, default=Clock),
        odd=providers.Component(Component, default=NeedsTicking),
    )
    assert only(container).message.endswith("'clock' provides Clock: it has no 'tick'")


def test_a_parameter_without_annotation_is_one_finding():
    """There is no second finding about its type."""
    container = declare(
        clock=providers.Component(Clock, default=Clock),
        odd=providers.Component(Component, default=Unannotated),
    )
    assert only(container).message == "Unannotated does not annotate its parameter 'clock'"


def test_a_dependency_injector_singleton_that_depends_on_a_slot():
    """A caching provider would keep instances from before an override."""
    clock = providers.Component(Clock, default=Clock)
    container = declare(clock=clock, cached=di_singleton(Greeter, clock=clock))
    finding = only(container)
    assert finding.path == "cached"
    assert "Singleton caches the object built from 'clock'" in finding.message
    assert finding.hint


def di_singleton(*args, **kwargs):
    from dependency_injector.providers import Singleton

    return Singleton(*args, **kwargs)


def test_a_setting_and_a_provider_of_one_name():
    """The settings of a pipeline share its container's section with the providers there."""

    class Clashing(Pipeline):
        def __init__(self, located: int = 3):
            self.located = located

    class ClashingContainer(PipelineContainer):
        located = providers.Component(Located, default=Located)
        pipeline = providers.Pipeline(Clashing)

    finding = only(declare(inner=providers.nested(ClashingContainer)))
    assert finding.path == "inner.located"
    assert "both have the name 'located'" in finding.message


def test_what_nothing_uses_is_a_warning():
    """An unused component is a warning."""

    class Container(AppContainer):
        spare = providers.Component(Located, default=Located)

    warnings = Container().verify()
    assert [(finding.path, finding.severity) for finding in warnings] == [("spare", "warning")]
    assert Container().runner().run() == "hello world, it is noon"


def test_what_another_implementation_would_use_is_no_warning():
    """A component that only another implementation uses is no warning, unless it was set."""

    class Needs(Component):
        def __init__(self, *, spare: Located):
            self.spare = spare

    class Alone(Needs):
        def __init__(self):
            pass

    class User(Runner):
        def __init__(self, *, needs: Needs):
            self.needs = needs

    class Container(RunnerContainer):
        spare = providers.Component(Located, default=Located)
        needs = providers.Component(Needs, default=Needs)
        runner = providers.Runner(User)

    def warned(**overrides):
        container = Container.load(overrides={"needs": Alone, **overrides}, environ={})
        return [finding.path for finding in container.verify()]

    assert warned() == []
    assert warned(spare=Located) == ["spare"]


def test_an_implementation_may_find_more():
    """check_settings adds findings with paths of its own, which get the origin of that setting."""

    class Picky(Component):
        def __init__(self, params: dict[str, int] | None = None):
            self.params = params

        @classmethod
        def check_settings(cls, settings):
            for name in settings["params"] or {}:
                yield Finding(f"params.{name}", "no such parameter", hint="None is known.")

    container = type("C", (RunnerContainer,), {"picky": providers.Component(Picky, default=Picky)}).load(
        overrides={"picky.params.depth": 3}, environ={}
    )
    finding = only(container)
    assert finding == Finding(
        "picky.params.depth", "no such parameter", "error", Origin("overrides"), "None is known."
    )


def test_everything_is_reported_together(tmp_path):
    """One VerificationError has all findings, one a line, with place, path, message and hint."""

    class Container(DeepContainer):
        one = providers.Component(One, default=One)
        two = providers.Component(Two, default=Two)
        three = providers.Component(Three, default=Three)
        lazy = providers.Component(Abstract, default=Lazy)
        boosted = providers.Component(Component, default=Boosted)
        missing = providers.Component(Greeter, default=Greeter)

    container = loaded(tmp_path, Container, "sead: 1\nseed: x\n", environ={"LOLPOP_NOPE": "1"})
    with pytest.raises(VerificationError) as error:
        container.verify()
    paths = [finding.path for finding in error.value.findings if finding.severity == "error"]
    assert sorted(paths) == ["boosted", "lazy", "missing", "nope", "one", "sead", "seed"]
    assert "lolpop.yaml:1:1  sead: unknown setting. Did you mean seed?" in str(error.value).splitlines()


def test_verify_builds_nothing():
    """Verification constructs no component, also where everything is right."""

    class Loud(Clock):
        def __init__(self):
            raise AssertionError

    assert AppContainer.load(overrides={"clock.use": Loud}, environ={}).verify() == []


def test_a_constructor_that_fails_names_itself():
    """The error has the path and the implementation."""

    class Refusing(Clock):
        def __init__(self, size: int = 3):
            raise ValueError(f"size cannot be {size}")

    container = declare(clock=providers.Component(Clock, default=Refusing))
    with pytest.raises(
        Exception, match=r"clock: .*Refusing could not be built: ValueError: size cannot be 3"
    ):
        container.clock()


class LoggedContainer(AppContainer):
    logger = providers.Component(Logger, default="console")


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("greet.gret", "Did you mean greet.greet?"),
        ("nothing.*", None),
        ("greet.*", ""),
        ("run", ""),
        ("*", ""),
    ],
)
def test_an_interceptor_that_intercepts_nothing_is_a_warning(tmp_path, pattern, hint):
    """A pattern without a matching task or workflow is a warning at its place."""
    text = f'interceptors:\n  - {{use: log, "on": "{pattern}"}}\n'
    container = loaded(tmp_path, LoggedContainer, text)
    warnings = [warning for warning in container.verify() if warning.path == "interceptors.0.on"]
    assert bool(warnings) is (hint != "")
    for warning in warnings:
        assert (warning.severity, warning.hint) == ("warning", hint)
        assert str(warning.origin) == "lolpop.yaml:2:22"


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("lolpop: 3", "input should be a mapping (got 3)"),
        ("lolpop: [cache]", "input should be a mapping"),
        ("lolpop: {cache: 3}", "input should be a valid boolean or a valid string or a list (got 3)"),
        ("lolpop: {cache: {on: true}}", "input should be a valid boolean or a valid string or a list"),
        ("lolpop: {report: banana}", "is reserved for later versions"),
        ("lolpop: {runner: [classification]}", "input should be a valid string"),
        ("lolpop: {cash: true}", "unknown setting"),
    ],
)
def test_what_nothing_reads_is_not_accepted_in_the_frameworks_own_section(tmp_path, section, message):
    """A key without effect is an error in the framework's section, too."""
    finding = only(loaded(tmp_path, AppContainer, section))
    assert finding.message == message
    assert (finding.origin.source, finding.origin.line) == ("lolpop.yaml", 1)


@pytest.mark.parametrize(
    "section",
    ["lolpop: {}", "lolpop:", "lolpop: {runner: classification}", "x-common: {a: 1}", "x-a: &a {use: b}"],
)
def test_what_is_empty_or_the_users_own_is_accepted(tmp_path, section):
    """An empty section, and root keys that start with x-, are valid."""
    assert errors_of(loaded(tmp_path, AppContainer, section)) == []


def test_an_unknown_section_is_reported_where_its_own_key_stands(tmp_path):
    """The place is that of the section's key, not of its first child."""
    finding = only(loaded(tmp_path, AppContainer, "# settings\nclok:\n  # about time\n  zone: 3\n"))
    assert (finding.path, finding.origin.line, finding.origin.column) == ("clok", 2, 1)


def test_findings_come_in_the_order_of_the_file(tmp_path):
    """Independently of their kind."""
    text = "seed: many\nclok: {a: 1}\ngreet:\n  greter: {b: 2}\nclock: {zome: 1}\nlolpop: {report: 1}\n"
    lines = [finding.origin.line for finding in errors_of(loaded(tmp_path, AppContainer, text))]
    assert lines == [1, 2, 4, 5, 6]


def test_a_long_value_is_cut_in_a_message(tmp_path):
    """A message has one line for a value of any length."""
    finding = only(loaded(tmp_path, AppContainer, f"seed: {'x' * 10_000}"))
    assert len(str(finding)) < 400
    assert "characters)" in finding.message


@pytest.mark.parametrize(
    "source",
    [
        {"overrides": {"clock": json.loads('{"a":' * 150 + "1" + "}" * 150)}},
        {"overrides": {".".join(["clock"] * 150): 1}},
        {"environ": {"LOLPOP_CLOCK": "[" * 150 + "]" * 150}},
        {"environ": {"LOLPOP_" + "__".join(["CLOCK"] * 150): "1"}},
    ],
)
def test_settings_that_nest_too_deeply_are_refused(source):
    """The message has the limit, instead of a RecursionError."""
    with pytest.raises(SettingsError, match="more than 100 levels deep"):
        AppContainer.load(**({"environ": {}} | source))


def test_typos_among_many_names_are_told_the_near_one():
    """Among very many names, a misspelt one gets a near name."""
    names = Names(f"setting_{word}_{number}" for number in range(2_000) for word in ("alpha", "beta"))
    assert names.near("setting_alhpa_1234") == "setting_alpha_1234"
    assert names.near("seting_beta_77") == "setting_beta_77"
    assert names.near("qqq") is None


@pytest.mark.parametrize(
    ("clock", "message"),
    [
        ({"use": None}, "clock: `use` is empty. Set `use` to"),
        ({"Use": "x"}, "clock.Use: unknown setting of 'Clock'. Did you mean use?"),
        ("shop.clocks.Quartz", "An import path has a colon before the class: shop.clocks:Quartz."),
        (Clock(), "An object is no setting: write container.clock.override(…) for it."),
    ],
)
def test_a_wrong_use_says_what_to_write(clock, message):
    """Usual mistakes in naming an implementation are corrected, not only listed."""
    container = type(
        "SomeContainer", (RunnerContainer,), {"clock": providers.Component(Clock, default=Clock)}
    )
    with pytest.raises(VerificationError) as raised:
        container.load(environ={}, overrides={"clock": clock}).verify()
    with pytest.raises(AttributeError, match=r"a method of the class: SomeContainer\.load"):
        _ = container().load
    assert message in str(raised.value)
