"""Constructors that take the parameters of a base class too, and those that do not call it."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

import pytest

from lolpop import Component, Inherited, Pipeline, Problem, Runner, RunnerContainer, providers, task, workflow
from lolpop.errors import VerificationError
from lolpop.pipelines.deploy import DeployPipeline
from lolpop.runners.classification import ClassificationRunner
from lolpop.signatures import signature_of


class Clock(Component):
    def now(self) -> str:
        return "noon"


class Bell(Component):
    pass


class Greeter(Component):
    """Greets.

    Parameters
    ----------
    greeting
        What it says first.
    """

    def __init__(self, greeting: str = "hello", *, clock: Clock):
        self.greeting, self.clock = greeting, clock

    def greet(self) -> str:
        return f"{self.greeting}, it is {self.clock.now()}"


class Ringing(Greeter):
    """Rings too.

    Parameters
    ----------
    rings
        How often it rings.
    """

    def __init__(self, rings: int = 1, *, bell: Bell, **inherited: Inherited):
        super().__init__(**inherited)
        self.rings, self.bell = rings, bell


class Twice(Ringing):
    def __init__(self, rings: int = 2, **inherited: Inherited):
        super().__init__(rings=rings, **inherited)


class GreeterContainer(RunnerContainer):
    clock = providers.Component(Clock, default=Clock)
    bell = providers.Component(Bell, default=Bell)
    greeter = providers.Component(Greeter, default=Ringing)


def test_a_constructor_takes_the_parameters_of_its_base_class():
    """It has its own and inherited parameters, described by both docstrings."""
    signature = signature_of(Ringing)
    assert list(signature.settings) == ["rings", "greeting"]
    assert list(signature.injected) == ["bell", "clock"]
    assert signature.injected["clock"].annotation is Clock
    assert signature.problems == ()
    assert signature.descriptions() == {"rings": "How often it rings.", "greeting": "What it says first."}
    assert signature.json_schema()["properties"]["greeting"]["default"] == "hello"


def test_a_container_sets_and_injects_them():
    """Inherited settings are in the same section, and inherited dependencies are injected."""
    c = GreeterContainer.load(overrides={"greeter.greeting": "hi", "greeter.rings": 3}, environ={})
    greeter = c.greeter()
    assert (greeter.greet(), greeter.rings, greeter.bell) == ("hi, it is noon", 3, c.bell())


def test_a_parameter_that_is_restated_is_the_subclass_s():
    """The default of the subclass counts, through any number of classes."""
    assert signature_of(Twice).settings["rings"].default == 2
    c = GreeterContainer.load(overrides={"greeter.use": Twice}, environ={})
    assert (c.greeter().rings, c.greeter().greet()) == (2, "hello, it is noon")


def test_misspelt_settings_of_the_base_are_findings():
    """Names of both classes are proposed."""
    c = GreeterContainer.load(overrides={"greeter.greetng": "hi"}, environ={})
    with pytest.raises(VerificationError, match="Did you mean greeting"):
        c.verify()


def test_several_base_classes_are_read_in_the_order_of_super():
    """A mixin passes the keywords to the next class."""

    class Mixin(Component):
        def __init__(self, *, bell: Bell, **inherited: Inherited):
            super().__init__(**inherited)
            self.bell = bell

    class Both(Mixin, Greeter):
        pass

    class More(Both):
        def __init__(self, size: int = 0, **inherited: Inherited):
            super().__init__(**inherited)

    for owner, settings in ((Both, ["greeting"]), (More, ["size", "greeting"])):
        signature = signature_of(owner)
        assert (list(signature.settings), list(signature.injected)) == (settings, ["bell", "clock"])


def test_keywords_that_are_not_inherited_are_still_refused():
    """A plain **kwargs hides parameters; the finding says what to write."""

    class Hiding(Greeter):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)

    [(name, message, hint)] = signature_of(Hiding).problems
    assert (name, message.partition(" takes ")[2]) == ("kwargs", "**kwargs, which hides its settings")
    assert hint == "Write **kwargs: Inherited (from lolpop) and super().__init__(**kwargs)."


def test_a_stock_runner_is_extended_by_one_pipeline():
    """A subclass of the ready-made runner adds a pipeline and inherits the rest."""

    class Enriching(ClassificationRunner):
        def __init__(self, *, enrich: DeployPipeline, **inherited: Inherited):
            super().__init__(**inherited)
            self.enrich = enrich

    stock, extended = signature_of(ClassificationRunner), signature_of(Enriching)
    assert extended.settings == stock.settings
    assert set(extended.injected) == {*stock.injected, "enrich"}
    assert extended.injected["problem"].annotation is Problem


def test_a_constructor_that_does_not_call_its_base_is_a_finding():
    """Inherited methods would fail: the finding has the subclass and the attributes."""

    class Forgetful(Greeter):
        def __init__(self, *, bell: Bell):
            self.bell = bell

    c = GreeterContainer.load(overrides={"greeter": Forgetful}, environ={})
    with pytest.raises(VerificationError) as error:
        c.verify()
    assert "Forgetful does not call super().__init__, which sets clock and greeting of Greeter" in str(
        error.value
    )
    with pytest.raises(VerificationError, match="Forgetful does not call"):
        c.greeter()


def test_a_subclass_that_needs_nothing_of_its_base_may_leave_it_out():
    """A class that sets the attributes, or replaces the methods that read them, is valid."""

    class SetsThem(Greeter):
        def __init__(self, *, clock: Clock):
            self.greeting = "hey"
            self._take(clock)

        def _take(self, clock):
            self.clock = clock

    class Replaces(Greeter):
        def __init__(self):
            pass

        def greet(self) -> str:
            return "-"

    @dataclass
    class AsData(Greeter):
        greeting: str = "hi"
        _: KW_ONLY
        clock: Clock | None = None

    class Work(Pipeline):
        def __init__(self, *, clock: Clock):
            self.clock = clock

        @task
        def work(self) -> Clock:
            return self.clock

    class Fake(Work):
        def __init__(self):
            pass

        @task
        def work(self) -> Clock:
            return Clock()

    @dataclass(frozen=True)
    class Frozen(Greeter):
        greeting: str = "hi"
        _: KW_ONLY
        clock: Clock | None = None

    for owner in (SetsThem, Replaces, AsData, Frozen, Fake):
        assert signature_of(owner).problems == ()


def test_tasks_and_workflows_are_looked_into():
    """Attributes that a decorated method reads count, too."""

    class Main(Runner):
        def __init__(self, *, clock: Clock):
            self._clock = clock

        @workflow
        def run(self) -> str:
            return self._clock.now()

    class Forgetful(Main):
        def __init__(self, *, bell: Bell):
            self.bell = bell

    [(_, message, _)] = signature_of(Forgetful).problems
    assert "which sets _clock of Main" in message
