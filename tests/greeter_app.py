"""The greeter: one component beside another, a pipeline, a runner, and their containers."""

from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow


class Clock(Component):
    def now(self) -> str:
        return "noon"


class FakeClock(Clock):
    def now(self) -> str:
        return "midnight"


class Greeter(Component):
    def __init__(self, greeting: str = "hello", *, clock: Clock):
        self.greeting, self.clock = greeting, clock


class Greet(Pipeline):
    def __init__(self, *, greeter: Greeter):
        self.greeter = greeter

    @task
    def greet(self, name: str) -> str:
        return f"{self.greeter.greeting} {name}, it is {self.greeter.clock.now()}"


class App(Runner):
    def __init__(self, *, greet: Greet):
        self.greet = greet

    @workflow
    def run(self, name: str = "world") -> str:
        return self.greet.greet(name)


class GreetContainer(PipelineContainer):
    greeter = providers.Component(Greeter, default=Greeter)
    pipeline = providers.Pipeline(Greet)


class AppContainer(RunnerContainer):
    clock = providers.Component(Clock, default=Clock)
    greet = providers.nested(GreetContainer)
    runner = providers.Runner(App)
